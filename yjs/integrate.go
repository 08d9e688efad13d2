package yjs

// Commit integrates what a plan found. It cannot fail; that a plan of another document, or of an earlier state of this
// one, is given to it is an error of the program, and it panics.
func (d *Doc) Commit(p *Plan) {
	if p.doc != d || p.version != d.version {
		panic("yjs: Commit of a plan that was made for another state")
	}
	d.begin()
	d.execute(p)
	d.finish()
}

// itemsAtOnce is how many items share an allocation: as one of them keeps the others in memory, not too many.
const itemsAtOnce = 16

func (d *Doc) execute(p *Plan) {
	d.room = make([]item, 0, min(len(p.order), itemsAtOnce))
	for i, o := range p.order {
		if len(d.room) == cap(d.room) {
			d.room = make([]item, 0, min(len(p.order)-i, itemsAtOnce))
		}
		d.integrate(p.u.groups[o.group].client, &p.u.structs[o.s], o.offset)
	}
	for _, r := range p.deletes {
		d.removeRange(r)
	}
	d.room = nil
}

// integrate adds one struct, of which the first offset units are known.
func (d *Doc) integrate(client uint64, s *wireStruct, offset uint32) {
	c := d.client(client)
	d.touch(c)
	d.room = append(d.room, item{
		id: ref{c.index, uint32(s.clock) + offset}, origin: none, rightOrigin: none, len: uint32(s.len) - offset, kind: s.kind,
	})
	it := &d.room[len(d.room)-1]
	if !s.item() || !d.resolve(it, s, offset) {
		it.kind, it.deleted = Collected, true
		it.left, it.right, it.slot, it.origin, it.rightOrigin = nil, nil, nil, none, none
		c.items = append(c.items, it)
		return
	}
	if it.raw = s.raw; offset > 0 {
		_, it.raw, _ = splitContent(s.kind, s.raw, int(s.len), int(offset))
	}
	it.borrowed = len(it.raw) > 0
	if s.kind == ContentType {
		it.typ = &branch{item: it, kind: s.typ, name: string(s.raw), depth: it.parent.depth + 1}
		it.raw, it.borrowed = nil, false
	}
	d.insert(c, it)
}

// resolve finds the neighbours and the parent of an item. It answers false when the item has no place any more.
func (d *Doc) resolve(it *item, s *wireStruct, offset uint32) bool {
	if offset > 0 {
		it.origin = ref{it.id.client, it.id.clock - 1}
		it.left = d.cleanEnd(it.origin)
	} else if s.has(bitOrigin) {
		it.origin = d.ref(s.origin)
		it.left = d.cleanEnd(it.origin)
	}
	if s.has(bitRight) {
		it.rightOrigin = d.ref(s.right)
		it.right = d.cleanStart(it.rightOrigin)
	}
	if it.left != nil && it.left.kind == Collected || it.right != nil && it.right.kind == Collected {
		return false
	}
	switch {
	case it.left != nil:
		it.parent, it.slot = it.left.parent, it.left.slot
		return true
	case it.right != nil:
		it.parent, it.slot = it.right.parent, it.right.slot
		return true
	case s.has(flagRoot):
		it.parent = d.root(string(s.root))
	default:
		if it.parent = d.lookup(s.parent).typ; it.parent == nil {
			return false
		}
	}
	if s.has(bitSub) {
		it.slot = it.parent.slotFor(s.sub)
	}
	return true
}

// insert links an item, whose neighbours are those it was written between, to those it gets.
func (d *Doc) insert(c *clientStructs, it *item) {
	left, right := it.left, it.right
	if left == nil && (right == nil || right.left != nil) || left != nil && left.right != right {
		it.left = d.conflict(it)
	}
	switch {
	case it.left != nil:
		it.right, it.left.right = it.left.right, it
	case it.slot != nil:
		it.right = it.slot.first()
	default:
		it.right, it.parent.start = it.parent.start, it
	}
	if it.right != nil {
		it.right.left = it
	} else if it.slot != nil {
		it.slot.current = it
		if it.left != nil {
			d.remove(it.left)
		}
	}
	if it.slot == nil && it.kind.countable() {
		it.parent.length += it.len
	}
	c.items = append(c.items, it)
	if it.kind == Deleted {
		it.deleted = true
		d.txn.deletes = append(d.txn.deletes, refRange{it.id, it.len})
	}
	if it.parent.item != nil && it.parent.item.deleted || it.slot != nil && it.right != nil {
		d.remove(it)
	}
}

// conflict is the heart of YATA: among the items that others wrote into the same gap it finds the one after which this
// one goes, such that every replica finds the same. before holds what was passed, from conflicting on what has not been
// decided to be left of the item.
func (d *Doc) conflict(it *item) *item {
	left := it.left
	o := it.parent.start
	if left != nil {
		o = left.right
	} else if it.slot != nil {
		o = it.slot.first()
	}
	before := passed{list: d.scratch.passed[:0]}
	conflicting := 0
	for ; o != nil && o != it.right; o = o.right {
		before.add(o)
		if it.origin == o.origin {
			if d.clients[o.id.client].id < d.clients[it.id.client].id {
				left, conflicting = o, len(before.list)
			} else if it.rightOrigin == o.rightOrigin {
				break
			}
			continue
		}
		if o.origin == none {
			break
		}
		c := d.clients[o.origin.client]
		at := before.index(c.items[c.find(o.origin.clock)])
		if at < 0 {
			break
		}
		if at < conflicting {
			left, conflicting = o, len(before.list)
		}
	}
	clear(before.list)
	d.scratch.passed = before.list[:0]
	return left
}

// passed is a list of items that answers where in it an item is.
type passed struct {
	list []*item
	at   map[*item]int // once the list is too long to look through
}

func (p *passed) add(it *item) {
	p.list = append(p.list, it)
	if p.at != nil {
		p.at[it] = len(p.list) - 1
	} else if len(p.list) > 32 {
		p.at = make(map[*item]int, 128)
		for i, it := range p.list {
			p.at[it] = i
		}
	}
}

func (p *passed) index(it *item) int {
	if p.at != nil {
		if i, ok := p.at[it]; ok {
			return i
		}
		return -1
	}
	for i := len(p.list) - 1; i >= 0; i-- {
		if p.list[i] == it {
			return i
		}
	}
	return -1
}
