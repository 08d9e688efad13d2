package yjs

// maxEffort bounds what one update of a stranger may make a document do, in items that are passed or moved: less than a
// tenth of a second. Without it some thousand small structs that all go to one place would hold everybody up.
const maxEffort = 2 << 20

// gapKey names what decides where the search for the place of a struct begins: the unit to its left, or the beginning of
// its list.
type gapKey struct {
	origin wireID
	list   place // without an origin
}

// gapUse is the last struct of an update that began at a gapKey.
type gapUse struct {
	first  wireID
	effort int
}

// effort returns how many items the search for the place of a struct may pass, and splitting its neighbours may move. It
// is on the safe side, but no more than a few for what honest people write: a struct after another one of its own
// update, or directly before it, or between two items of the document that are next to each other.
func (pl *placer) effort(o planned, s *wireStruct, at *place, sofar int) int {
	if at.gone {
		return 0
	}
	doc, client := pl.p.doc, pl.p.u.groups[o.group].client
	var key gapKey
	hasLeft := o.offset > 0 || s.has(bitOrigin)
	switch {
	case o.offset > 0:
		key.origin = wireID{client, s.clock + uint64(o.offset) - 1}
	case hasLeft:
		key.origin = s.origin
	default:
		key.list = *at
	}
	var left *item
	if hasLeft {
		left = doc.lookup(key.origin)
	}
	last, again := pl.gaps[key]
	effort := 1
	switch {
	case again && s.has(bitRight) && s.right == last.first:
		effort = last.effort
	case hasLeft && left == nil: // items of the document cannot refer to it, so the first of them ends the search
		if again {
			effort += sofar
		}
	default:
		gap := pl.gap(left, s, at)
		if effort += gap; gap > 0 || again {
			effort += sofar
		}
		effort += doc.splitEffort(key.origin.client)
	}
	if pl.gaps == nil && len(pl.p.order) > 1 {
		pl.gaps = make(map[gapKey]gapUse)
	}
	if pl.gaps != nil {
		pl.gaps[key] = gapUse{first: wireID{client, s.clock + uint64(o.offset)}, effort: effort}
	}
	return effort
}

// gap counts the items of the document between the neighbours of a struct.
func (pl *placer) gap(left *item, s *wireStruct, at *place) int {
	var right, next *item
	if s.has(bitRight) {
		right = pl.p.doc.lookup(s.right)
	}
	switch {
	case left != nil && left == right || at.parent == nil:
		return 0
	case left != nil:
		next = left.right
	case !at.inMap:
		next = at.parent.list.current
	case at.parent.slots[at.key] != nil:
		next = at.parent.slots[at.key].first()
	}
	n := 0
	for ; next != nil && next != right && n <= maxEffort; next = next.right {
		if n++; left != nil && next.origin == none { // it does not belong behind left, which ends the search
			break
		}
	}
	return n
}

// splitEffort is what it costs to make room for one more item of a client, compared to passing one.
func (d *Doc) splitEffort(client uint64) int {
	if i, ok := d.byID[client]; ok {
		return len(d.clients[i].items) / 256
	}
	return 0
}
