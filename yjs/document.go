package yjs

import (
	"cmp"
	"slices"
)

const (
	maxClock = 1<<31 - 1 // the state of a client stays below it: half of what a clock in memory can hold
	maxDepth = 256       // of shared types in each other, so that recursion over them is bounded
)

// Doc is one replica of a Yjs document. The zero value is not usable; call New.
type Doc struct {
	roots   map[string]*branch
	clients []*clientStructs // as they came; ref.client is an index into it
	byID    map[uint64]uint32
	sorted  []*clientStructs // by descending id, as everything is written

	txn     transaction
	version uint64 // counts transactions
	pending *pendingUpdate
	room    []item // for new items, during a transaction
	passed  uint32 // items that conflict searches have passed, ever: see item.seen
	scratch scratch
}

// scratch is memory that is used again and means nothing in between.
type scratch struct {
	targets []int     // of orderer
	stack   []planned // of orderer
	places  []place   // of placer
}

// New returns an empty document.
func New() *Doc {
	return &Doc{roots: make(map[string]*branch), byID: make(map[uint64]uint32)}
}

// state returns how many units of client the document has.
func (d *Doc) state(client uint64) uint64 {
	if i, ok := d.byID[client]; ok {
		return uint64(d.clients[i].state())
	}
	return 0
}

// client returns the structs of a client, made at need, and notes its state before the transaction.
func (d *Doc) client(id uint64) *clientStructs {
	i, ok := d.byID[id]
	if !ok {
		i = uint32(len(d.clients))
		c := &clientStructs{id: id, index: i}
		d.clients = append(d.clients, c)
		d.byID[id] = i
		at, _ := slices.BinarySearchFunc(d.sorted, id, func(c *clientStructs, id uint64) int { return cmp.Compare(id, c.id) })
		d.sorted = slices.Insert(d.sorted, at, c)
	}
	return d.clients[i]
}

// ref translates an id that the document has.
func (d *Doc) ref(id wireID) ref { return ref{d.byID[id.client], uint32(id.clock)} }

// lookup returns the item that holds id, or nil when the document does not have it.
func (d *Doc) lookup(id wireID) *item {
	i, ok := d.byID[id.client]
	if !ok {
		return nil
	}
	c := d.clients[i]
	if id.clock >= uint64(c.state()) {
		return nil
	}
	return c.items[c.find(uint32(id.clock))]
}

// root returns the root type of that name, made at need.
func (d *Doc) root(name string) *branch {
	b, ok := d.roots[name]
	if !ok {
		b = newBranch(Untyped)
		b.name = name
		d.roots[name] = b
	}
	return b
}

// cleanStart returns the item that starts with r, splitting one that only holds it.
func (d *Doc) cleanStart(r ref) *item {
	c := d.clients[r.client]
	i := c.find(r.clock)
	if it := c.items[i]; it.id.clock == r.clock || it.kind == Collected {
		return it
	}
	return d.split(c, i, r.clock-c.items[i].id.clock)
}

// cleanEnd returns the item that ends with r, splitting one that goes on after it.
func (d *Doc) cleanEnd(r ref) *item {
	c := d.clients[r.client]
	i := c.find(r.clock)
	it := c.items[i]
	if it.end() != r.clock+1 && it.kind != Collected {
		d.split(c, i, r.clock-it.id.clock+1)
	}
	return it
}

// split cuts items[i] before its unit n and returns the right part.
func (d *Doc) split(c *clientStructs, i int, n uint32) *item {
	left := c.items[i]
	right := &item{
		left: left, right: left.right, home: left.home,
		id: ref{c.index, left.id.clock + n}, origin: ref{c.index, left.id.clock + n - 1}, rightOrigin: left.rightOrigin,
		len: left.len - n, kind: left.kind, deleted: left.deleted, borrowed: left.borrowed,
	}
	var owned bool
	left.raw, right.raw, owned = splitContent(left.kind, left.raw, int(left.len), int(n))
	if owned {
		left.borrowed, right.borrowed = false, false
	}
	left.right, left.len = right, n
	if right.right != nil {
		right.right.left = right
	} else {
		right.home.setCurrent(right)
	}
	c.items = slices.Insert(c.items, i+1, right)
	d.txn.mergeLater(right)
	return right
}
