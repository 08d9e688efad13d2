package yjs

import (
	"encoding/json"
	"slices"
)

// Decode reads an update in format V1 to its last byte. It checks everything that can be known without a document:
// lengths, UTF-8, JSON, integers up to 2^53-1, the nesting of values, that no struct refers to itself or to a later one
// of its own client, and that no client is listed twice. Memory is taken for what was read, never for what was announced.
//
// The Update refers to data. The error is always an *Error with code Malformed.
func Decode(data []byte) (*Update, error) {
	u := &Update{size: len(data)}
	u.groups, u.structs, u.deletes = u.groupBuf[:0], u.structBuf[:0], u.deleteBuf[:0]
	r := reader{b: data}
	for n := r.count(3); n > 0; n-- {
		u.readGroup(&r)
	}
	u.readDeletes(&r)
	if r.err == nil && r.left() > 0 {
		r.fail("%d bytes too many", r.left())
	}
	if r.err != nil {
		return nil, r.err
	}
	return u, nil
}

func (u *Update) readGroup(r *reader) {
	n := r.count(2)
	client, clock := r.varUint(), r.varUint()
	if u.group(client) >= 0 {
		r.fail("client %d listed twice", client)
	}
	start := len(u.structs)
	for ; n > 0 && r.err == nil; n-- {
		if have := len(u.structs); have == cap(u.structs) {
			u.structs = slices.Grow(u.structs, min(n, have)) // what was announced, but not more than was read already
		}
		u.structs = append(u.structs, wireStruct{clock: clock})
		s := &u.structs[len(u.structs)-1]
		u.readStruct(r, s, client)
		if clock += s.len; clock > maxSafe {
			r.fail("clock above 2^53-1")
		}
	}
	u.groups = append(u.groups, group{client: client, start: start, end: len(u.structs)})
	if len(u.groups) > manyGroups {
		u.indexGroups()
	}
}

// indexGroups keeps index in step with groups once it is in use.
func (u *Update) indexGroups() {
	if u.index == nil {
		u.index = make(map[uint64]int, 2*len(u.groups))
		for i, g := range u.groups {
			u.index[g.client] = i
		}
	}
	last := len(u.groups) - 1
	u.index[u.groups[last].client] = last
}

func (u *Update) readStruct(r *reader, s *wireStruct, client uint64) {
	info := r.byte()
	s.kind = ContentKind(info & bitsKind)
	if !s.item() {
		if info&^bitsKind != 0 {
			r.fail("struct of kind %d with origins", s.kind)
		}
		if s.len = r.varUint(); s.len == 0 {
			r.fail("struct of no length")
		}
		return
	}
	s.flags = info & (bitOrigin | bitRight)
	if info&bitOrigin != 0 {
		s.origin = u.readID(r, s, client)
	}
	if info&bitRight != 0 {
		s.right = u.readID(r, s, client)
	}
	if info&(bitOrigin|bitRight) == 0 {
		if r.varUint() == 1 {
			s.flags |= flagRoot
			s.root = r.varString()
		} else {
			s.parent = u.readID(r, s, client)
		}
		if info&bitSub != 0 {
			s.flags |= bitSub
			if s.sub = r.varString(); reservedKey(s.sub) {
				s.flags |= flagReserved
			}
		}
	}
	s.readContent(r)
}

// readID reads a reference, which may be to anything but to the struct itself and what its client wrote after it.
func (u *Update) readID(r *reader, s *wireStruct, client uint64) wireID {
	id := wireID{client: r.varUint(), clock: r.varUint()}
	if id.client == client && id.clock >= s.clock {
		r.fail("struct %d of client %d refers to its own future", s.clock, client)
	}
	return id
}

func (s *wireStruct) readContent(r *reader) {
	s.len = 1
	var sh shape
	start := r.pos
	switch s.kind {
	case Deleted:
		s.len = r.varUint()
	case ContentJSON:
		n := r.count(1)
		s.len, start = uint64(n), r.pos
		for ; n > 0; n-- {
			if text := r.varString(); string(text) != "undefined" {
				r.checkJSON(text, &sh)
			}
		}
		s.raw = r.b[start:r.pos:r.pos]
	case ContentBinary:
		s.raw = r.varBytes()
	case ContentString:
		s.raw = r.varString()
		s.len = uint64(utf16Len(s.raw))
	case ContentEmbed:
		s.raw = r.varString()
		r.checkJSON(s.raw, &sh)
	case ContentFormat:
		r.varString()
		r.checkJSON(r.varString(), &sh)
		s.raw = r.b[start:r.pos:r.pos]
	case ContentType:
		s.readType(r)
	case ContentAny:
		n := r.count(1)
		s.len, start = uint64(n), r.pos
		for ; n > 0 && r.err == nil; n-- {
			r.skipAny(0, &sh)
		}
		s.raw = r.b[start:r.pos:r.pos]
	case ContentSubdoc:
		r.varString()
		r.skipAny(0, &sh)
		s.raw = r.b[start:r.pos:r.pos]
	default:
		r.fail("unknown content %d", s.kind)
	}
	if s.len == 0 {
		r.fail("struct of no length")
	}
	if s.depth = uint8(sh.depth); sh.reserved {
		s.flags |= flagReserved
	}
}

func (s *wireStruct) readType(r *reader) {
	ref := r.varUint()
	if ref > uint64(XMLText) {
		r.fail("unknown shared type %d", ref)
		return
	}
	if s.typ = TypeKind(ref); s.typ.named() {
		s.raw = r.varString()
	}
}

// checkJSON accepts what JSON.parse accepts, down to maxNesting.
func (r *reader) checkJSON(text []byte, sh *shape) {
	if r.err != nil {
		return
	}
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			sh.depth = max(sh.depth, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	if sh.depth > maxNesting {
		r.fail("JSON nested deeper than %d", maxNesting)
	} else if !json.Valid(text) {
		r.fail("not JSON")
	}
}

func (u *Update) readDeletes(r *reader) {
	for clients := r.count(2); clients > 0; clients-- {
		client := r.varUint()
		for n := r.count(2); n > 0 && r.err == nil; n-- {
			d := idRange{client: client, clock: r.varUint(), len: r.varUint()}
			if d.len == 0 {
				r.fail("delete range of no length")
			}
			if d.end() > maxSafe {
				r.fail("clock above 2^53-1")
			}
			u.deletes = append(u.deletes, d)
		}
	}
}
