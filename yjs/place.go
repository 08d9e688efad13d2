package yjs

import "slices"

// place is where a struct of an update will go, or where an item is.
type place struct {
	parent *branch // in the document already
	root   string  // otherwise the root type of that name, when isRoot
	fresh  int     // otherwise the struct of the update that brings the type
	isRoot bool
	known  bool
	gone   bool // nowhere: it will be collected at once, as its parent was
	inMap  bool
	key    string
	depth  int // of the type it is in; 0 for a root
}

func (a *place) sameList(b *place) bool {
	return a.parent == b.parent && a.isRoot == b.isRoot && a.root == b.root && a.fresh == b.fresh && a.inMap == b.inMap && a.key == b.key
}

// placer finds the place of each planned struct.
type placer struct {
	p      *Plan
	strict bool
	places []place // per struct of the update, once known
	gaps   map[gapKey]gapUse
}

// checkPlaces refuses what cannot be integrated. Only a strict check refuses what yjs would take and then collect, or
// put between neighbours of different lists: in one's own log it may stand, and is treated in the same way.
func (p *Plan) checkPlaces(strict bool, schema func(*Change) error) error {
	for _, g := range p.u.groups {
		if g.end > g.start && p.u.structs[g.end-1].end() > maxClock {
			return refuse(TooLarge, "client %d at clock %d", g.client, p.u.structs[g.end-1].end())
		}
	}
	pl := placer{p: p, strict: strict, places: p.doc.scratch.places[:0]}
	pl.places = slices.Grow(pl.places, len(p.u.structs))[:len(p.u.structs)]
	defer func() {
		clear(pl.places) // of what points into the update
		if p.doc.scratch.places = pl.places[:0]; cap(pl.places) > 1024 {
			p.doc.scratch.places = nil
		}
	}()
	effort := 0
	for _, r := range p.deletes {
		effort += 2 * p.doc.splitEffort(r.client)
	}
	for i, o := range p.order {
		s := &p.u.structs[o.s]
		at := place{gone: true}
		if s.item() {
			var err *Error
			if at, err = pl.find(o, s); err != nil {
				return err
			}
		}
		at.known = true
		pl.places[o.s] = at
		if s.kind == ContentType && !at.gone && at.depth+1 > maxDepth {
			return refuse(TooLarge, "shared types nested deeper than %d", maxDepth)
		}
		if strict {
			effort += pl.effort(o, s, &at, i)
		}
		if effort > maxEffort {
			return refuse(TooLarge, "too many items between its places")
		}
		if schema != nil && !at.gone {
			if err := schema(pl.change(o, s, &at)); err != nil {
				return &Error{Code: SchemaBroken, Detail: "policy", Err: err}
			}
		}
	}
	return nil
}

// find follows Yjs: the place is that of the neighbour to the left, or to the right, or else it is written down.
func (pl *placer) find(o planned, s *wireStruct) (place, *Error) {
	var left, right place
	if o.offset > 0 {
		client := pl.p.u.groups[o.group].client
		left = pl.of(wireID{client, s.clock + uint64(o.offset) - 1})
	} else if s.has(bitOrigin) {
		left = pl.of(s.origin)
	}
	if s.has(bitRight) {
		right = pl.of(s.right)
	}
	switch {
	case left.gone || right.gone:
		return place{gone: true}, nil
	case left.known && right.known && pl.strict && !left.sameList(&right):
		return place{}, refuse(Malformed, "struct %d has neighbours in two lists", s.clock)
	case left.known:
		return left, nil
	case right.known:
		return right, nil
	}
	return pl.written(s)
}

// written returns the place that the struct itself names.
func (pl *placer) written(s *wireStruct) (place, *Error) {
	at := place{known: true, inMap: s.has(bitSub), key: string(s.sub)}
	if s.has(flagRoot) {
		if at.parent = pl.p.doc.roots[string(s.root)]; at.parent == nil {
			at.isRoot, at.root = true, string(s.root)
		}
		return at, nil
	}
	var kind ContentKind
	if it := pl.p.doc.lookup(s.parent); it != nil {
		if kind = it.kind; kind == ContentType {
			at.parent, at.depth = it.typ, int(it.typ.depth)
		}
	} else {
		i := pl.p.u.find(s.parent)
		kind = pl.p.u.structs[i].kind
		at.fresh, at.gone, at.depth = i, pl.places[i].gone, pl.places[i].depth+1
	}
	switch kind {
	case ContentType:
		return at, nil
	case Collected, Deleted:
		return place{gone: true}, nil
	}
	if pl.strict {
		return place{}, refuse(Malformed, "parent of struct %d is no shared type", s.clock)
	}
	return place{gone: true}, nil
}

// of returns the place of a unit that is in the document, or was planned before.
func (pl *placer) of(id wireID) place {
	it := pl.p.doc.lookup(id)
	if it == nil {
		return pl.places[pl.p.u.find(id)]
	}
	if it.kind == Collected {
		return place{gone: true}
	}
	at := place{known: true, parent: it.parent(), depth: int(it.parent().depth)}
	if it.home.inMap {
		at.inMap, at.key = true, it.home.key
	}
	return at
}

// change describes a struct to a schema.
func (pl *placer) change(o planned, s *wireStruct, at *place) *Change {
	c := &Change{
		Client: pl.p.u.groups[o.group].client, Clock: s.clock + uint64(o.offset),
		Key: at.key, InMap: at.inMap, Content: s.kind, Type: s.typ, Len: int(s.len) - int(o.offset), raw: s.raw,
	}
	if o.offset > 0 {
		_, c.raw, _ = splitContent(s.kind, s.raw, int(s.len), int(o.offset))
	}
	c.Parent = Untyped
	for first := true; ; first = false {
		if at.parent == nil && at.isRoot {
			c.Root = at.root
			break
		}
		if at.parent != nil {
			if first {
				c.Parent, c.ParentLen = at.parent.kind, int(at.parent.length)
			}
			c.Root, c.Path = at.parent.path(c.Path)
			break
		}
		if first {
			c.Parent = pl.p.u.structs[at.fresh].typ
		}
		at = &pl.places[at.fresh]
		c.Path = append(c.Path, at.key)
	}
	slices.Reverse(c.Path)
	return c
}

// path appends the keys from b up to its root to keys, innermost first.
func (b *branch) path(keys []string) (root string, _ []string) {
	for b.item != nil {
		key := ""
		if b.item.home.inMap {
			key = b.item.home.key
		}
		keys = append(keys, key)
		b = b.item.parent()
	}
	return b.name, keys
}
