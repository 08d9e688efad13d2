package yjs

// Commit integrates what a plan found, with the bytes that applying Accepted gives. It cannot fail; that a plan of another document, or of an earlier state of this
// one, is given to it is an error of the program, and it panics.
func (d *Doc) Commit(p *Plan) {
	if p.doc != d || p.version != d.version {
		panic("yjs: Commit of a plan that was made for another state")
	}
	d.begin()
	d.execute(p)
	d.finish((*Doc).merge)
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
		it.left, it.right, it.home, it.origin, it.rightOrigin = nil, nil, nil, none, none
		c.items = append(c.items, it)
		return
	}
	if it.raw = s.raw; offset > 0 {
		_, it.raw, _ = splitContent(s.kind, s.raw, int(s.len), int(offset))
	}
	it.borrowed = len(it.raw) > 0
	if s.kind == ContentType {
		it.typ = newBranch(s.typ)
		it.typ.item, it.typ.name, it.typ.depth = it, string(s.raw), it.parent().depth+1
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
		it.home = it.left.home
		return true
	case it.right != nil:
		it.home = it.right.home
		return true
	}
	var parent *branch
	if s.has(flagRoot) {
		parent = d.root(string(s.root))
	} else if parent = d.lookup(s.parent).typ; parent == nil {
		return false
	}
	if it.home = &parent.list; s.has(bitSub) {
		it.home = parent.slotFor(s.sub)
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
	case it.home.inMap:
		it.right = it.home.first()
	default:
		it.right, it.home.current = it.home.current, it
	}
	if it.right != nil {
		it.right.left = it
	} else if it.home.inMap {
		it.home.current = it
		if it.left != nil {
			d.remove(it.left)
		}
	}
	if !it.home.inMap && it.kind.countable() {
		it.parent().length += it.len
	}
	c.items = append(c.items, it)
	if it.kind == Deleted {
		it.deleted = true
		d.txn.deletes = append(d.txn.deletes, refRange{it.id, it.len})
	}
	if holder := it.parent().item; holder != nil && holder.deleted || it.home.inMap && it.right != nil {
		d.remove(it)
	}
}

// conflict is the heart of YATA: among the items that others wrote into the same gap it finds the one after which this
// one goes, such that every replica finds the same. Each item it passes gets a number, so that the two sets the
// algorithm asks for are ranges: passed are those from passed on, conflicting, which are not known yet to be left of the
// item, those from conflicting on.
func (d *Doc) conflict(it *item) *item {
	if d.passed > 1<<31 {
		d.forgetPassed()
	}
	left, o := it.left, it.home.first()
	if left != nil {
		o = left.right
	}
	passed := d.passed + 1
	conflicting := passed
	for ; o != nil && o != it.right; o = o.right {
		d.passed++
		o.seen = d.passed
		if it.origin == o.origin {
			if d.clients[o.id.client].id < d.clients[it.id.client].id {
				left, conflicting = o, d.passed+1
			} else if it.rightOrigin == o.rightOrigin {
				break
			}
			continue
		}
		if o.origin == none {
			break
		}
		c := d.clients[o.origin.client]
		origin := c.items[c.find(o.origin.clock)]
		if origin.seen < passed {
			break
		}
		if origin.seen < conflicting {
			left, conflicting = o, d.passed+1
		}
	}
	return left
}

// forgetPassed starts counting anew, before the numbers run out.
func (d *Doc) forgetPassed() {
	d.passed = 0
	for _, c := range d.clients {
		for _, it := range c.items {
			it.seen = 0
		}
	}
}
