package yjs

import (
	"bytes"
	"cmp"
	"slices"
)

// refRange is an idRange inside of one document.
type refRange struct {
	ref
	len uint32
}

// transaction collects what one change did, for the cleaning up after it. One lives in each Doc and is used again.
type transaction struct {
	deletes []refRange
	merge   []ref            // right parts of splits, of splits saved, and old deletions, to look at again in the end
	touched []*clientStructs // with new structs
}

func (t *transaction) mergeLater(it *item) { t.merge = append(t.merge, it.id) }

// begin starts a transaction. finish ends it; in between the document is in no state to be read.
func (d *Doc) begin() {
	d.version++
	d.txn.deletes, d.txn.merge = d.txn.deletes[:0], d.txn.merge[:0]
	d.txn.touched = d.txn.touched[:0]
}

// touch notes the state of a client before its first new struct in the transaction.
func (d *Doc) touch(c *clientStructs) {
	if c.txn != d.version {
		c.txn, c.before = d.version, c.state()
		d.txn.touched = append(d.txn.touched, c)
	}
}

// older reports whether it was in the document before the transaction.
func (d *Doc) older(it *item) bool {
	c := d.clients[it.id.client]
	return c.txn != d.version || it.id.clock < c.before
}

// remove marks an item as deleted, and everything below it.
func (d *Doc) remove(it *item) {
	if it.deleted {
		return
	}
	if !it.home.inMap && it.kind.countable() {
		it.parent().length -= it.len
	}
	it.deleted = true
	d.txn.deletes = append(d.txn.deletes, refRange{it.id, it.len})
	if it.typ == nil {
		return
	}
	for child := it.typ.list.current; child != nil; child = child.right {
		d.removeChild(child)
	}
	for _, s := range it.typ.order {
		if s.current != nil {
			d.removeChild(s.current)
		}
	}
}

// removeChild removes what is in a removed type. What was deleted long ago becomes collected now, in a place where
// nothing else would look for neighbours to merge it with.
func (d *Doc) removeChild(it *item) {
	if !it.deleted {
		d.remove(it)
	} else if d.older(it) {
		d.txn.mergeLater(it)
	}
}

// removeRange removes the units of a delete range that the document has.
func (d *Doc) removeRange(r idRange) {
	i, ok := d.byID[r.client]
	if !ok {
		return
	}
	c := d.clients[i]
	state := uint64(c.state())
	if r.clock >= state {
		return
	}
	from, to := uint32(r.clock), uint32(min(r.end(), state))
	at := c.find(from)
	if it := c.items[at]; !it.deleted && it.id.clock < from {
		d.split(c, at, from-it.id.clock)
		at++
	}
	for ; at < len(c.items) && c.items[at].id.clock < to; at++ {
		it := c.items[at]
		if it.deleted {
			continue
		}
		if to < it.end() {
			d.split(c, at, to-it.id.clock)
		}
		d.remove(it)
	}
}

// revisit notes where yjs splits items for structs that the document has already: it looks up their neighbours before it
// finds that there is nothing to do. The halves would be joined again in the end, and with them what is beside them, which
// matters when that was collected in between. So it is enough to note the place.
func (d *Doc) revisit(p *Plan) {
	for gi, g := range p.u.groups {
		have := p.groups[gi].have
		for i := g.start; i < g.end && p.u.structs[i].clock < have; i++ {
			s := &p.u.structs[i]
			if s.has(bitOrigin) {
				d.revisitSplit(s.origin.client, s.origin.clock+1)
			}
			if s.has(bitRight) {
				d.revisitSplit(s.right.client, s.right.clock)
			}
		}
	}
}

// revisitSplit notes the item that a split before clock would cut, if there is one.
func (d *Doc) revisitSplit(client, clock uint64) {
	i, ok := d.byID[client]
	if !ok || clock >= d.state(client) {
		return
	}
	c := d.clients[i]
	if it := c.items[c.find(uint32(clock))]; uint64(it.id.clock) < clock && it.kind != Collected {
		d.txn.merge = append(d.txn.merge, ref{i, uint32(clock)})
	}
}

// finish collects the content of what was deleted, and lets merge join structs.
func (d *Doc) finish(merge func(*Doc)) {
	d.sortDeletes()
	deletes := d.txn.deletes
	for i := len(deletes) - 1; i >= 0; i-- {
		r := deletes[i]
		c := d.clients[r.client]
		for at := c.find(r.clock); at < len(c.items) && c.items[at].id.clock < r.clock+r.len; at++ {
			if it := c.items[at]; it.kind != Collected && it.deleted {
				it.collect(false)
			}
		}
	}
	merge(d)
	d.keep()
}

// merge joins structs where yjs looks for such that can be: it does not look everywhere, and the bytes of the state
// depend on it.
func (d *Doc) merge() {
	deletes := d.txn.deletes
	for i := len(deletes) - 1; i >= 0; i-- {
		r := deletes[i]
		c := d.clients[r.client]
		at := min(len(c.items)-1, 1+c.find(r.clock+r.len-1))
		for at > 0 && c.items[at].id.clock >= r.clock {
			at -= 1 + c.mergeLefts(at)
		}
	}
	for _, c := range d.txn.touched {
		first := max(c.find(c.before), 1)
		for at := len(c.items) - 1; at >= first; {
			at -= 1 + c.mergeLefts(at)
		}
	}
	d.mergeLeft()
}

// rejoin undoes the splits of the transaction, and nothing else.
func (d *Doc) rejoin() {
	for i := len(d.txn.merge) - 1; i >= 0; i-- {
		r := d.txn.merge[i]
		c := d.clients[r.client]
		if at := c.find(r.clock); at > 0 && c.items[at].id == r && mergeable(c.items[at-1], c.items[at]) {
			c.join(at-1, at)
		}
	}
}

// mergeLeft tries the neighbourhoods that were noted with mergeLater.
func (d *Doc) mergeLeft() {
	for i := len(d.txn.merge) - 1; i >= 0; i-- {
		r := d.txn.merge[i]
		c := d.clients[r.client]
		at := c.find(r.clock)
		if at+1 < len(c.items) && c.mergeLefts(at+1) > 1 {
			continue
		}
		if at > 0 {
			c.mergeLefts(at)
		}
	}
}

// keep copies what the new items still borrow from the message they came in.
func (d *Doc) keep() {
	for _, c := range d.txn.touched {
		for _, it := range c.items[c.find(c.before):] {
			if it.borrowed {
				it.raw, it.borrowed = bytes.Clone(it.raw), false
			}
		}
	}
}

func (d *Doc) sortDeletes() {
	deletes := d.txn.deletes
	if len(deletes) < 2 {
		return
	}
	slices.SortStableFunc(deletes, func(a, b refRange) int {
		if a.client != b.client {
			return cmp.Compare(a.client, b.client)
		}
		return cmp.Compare(a.clock, b.clock)
	})
	n := 0
	for _, r := range deletes[1:] {
		last := &deletes[n]
		if last.client == r.client && last.clock+last.len >= r.clock {
			last.len = max(last.len, r.clock+r.len-last.clock)
			continue
		}
		n++
		deletes[n] = r
	}
	d.txn.deletes = deletes[:n+1]
}
