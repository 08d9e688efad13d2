package yjs

// wireID names one unit of one client's structs.
type wireID struct{ client, clock uint64 }

// The bits of a struct's info byte, and of wireStruct.flags.
const (
	bitOrigin = 0x80
	bitRight  = 0x40
	bitSub    = 0x20
	bitsKind  = 0x1f

	flagRoot     = 0x01 // parent is the root type named by root; otherwise, without origins, it is parent
	flagReserved = 0x02 // a key in it is one of reservedKey
)

// wireStruct is one struct as it travels. Its slices point into the message it was read from.
type wireStruct struct {
	clock, len    uint64
	origin, right wireID
	parent        wireID
	root, sub     []byte
	raw           []byte // the payload without its count or length, see appendContent
	kind          ContentKind
	typ           TypeKind
	flags         uint8
	depth         uint8 // nesting of the values in raw
}

func (s *wireStruct) end() uint64      { return s.clock + s.len }
func (s *wireStruct) has(f uint8) bool { return s.flags&f != 0 }

// item reports whether the struct has a place in the document, as holes and collected structs have not.
func (s *wireStruct) item() bool { return s.kind != Collected && s.kind != contentSkipped }

// append writes the struct from unit offset on.
func (s *wireStruct) append(b []byte, client, offset uint64) []byte {
	if !s.item() {
		return appendVarUint(append(b, byte(s.kind)), s.len-offset)
	}
	origin, flags := s.origin, s.flags
	if offset > 0 {
		origin, flags = wireID{client, s.clock + offset - 1}, flags|bitOrigin
	}
	b = append(b, byte(s.kind)|flags&(bitOrigin|bitRight|bitSub))
	if flags&bitOrigin != 0 {
		b = appendVarUint(appendVarUint(b, origin.client), origin.clock)
	}
	if flags&bitRight != 0 {
		b = appendVarUint(appendVarUint(b, s.right.client), s.right.clock)
	}
	if flags&(bitOrigin|bitRight) == 0 {
		if flags&flagRoot != 0 {
			b = appendVarBytes(append(b, 1), s.root)
		} else {
			b = appendVarUint(appendVarUint(append(b, 0), s.parent.client), s.parent.clock)
		}
		if flags&bitSub != 0 {
			b = appendVarBytes(b, s.sub)
		}
	}
	return appendContent(b, s.kind, s.raw, int(s.len), int(offset), s.typ, string(s.raw))
}

// group is the run of structs that an update holds of one client. The clocks in it are contiguous.
type group struct {
	client     uint64
	start, end int // in Update.structs
}

// idRange is a run of units of one client, as delete sets list them.
type idRange struct{ client, clock, len uint64 }

func (r idRange) end() uint64 { return r.clock + r.len }

// Update is a decoded update. It refers to the bytes it was decoded from, which must not change as long as it is used;
// a document never keeps a reference to them.
type Update struct {
	size    int // bytes of the message
	groups  []group
	structs []wireStruct
	deletes []idRange
	index   map[uint64]int // client to group, once there are too many to look through

	// Most updates are one keystroke: room for it without another allocation.
	groupBuf  [1]group
	structBuf [1]wireStruct
	deleteBuf [1]idRange
}

// Size returns the length in bytes of the message that was decoded, or of those that were joined.
func (u *Update) Size() int { return u.size }

// manyGroups is where a map beats looking through the groups of an update.
const manyGroups = 8

// group returns the index of client's group, or -1.
func (u *Update) group(client uint64) int {
	if len(u.groups) > manyGroups {
		if i, ok := u.index[client]; ok {
			return i
		}
		return -1
	}
	for i := range u.groups {
		if u.groups[i].client == client {
			return i
		}
	}
	return -1
}

// find returns the index of the struct that holds id, or -1.
func (u *Update) find(id wireID) int {
	gi := u.group(id.client)
	if gi < 0 {
		return -1
	}
	g := u.groups[gi]
	return u.search(g, id.clock)
}

func (u *Update) search(g group, clock uint64) int {
	lo, hi := g.start, g.end
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if u.structs[mid].end() <= clock {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < g.end && u.structs[lo].clock <= clock {
		return lo
	}
	return -1
}
