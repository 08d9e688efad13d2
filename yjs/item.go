package yjs

// ref is a wireID inside of one document: the client by its place in Doc.clients. Half the size, and compared at once.
type ref struct{ client, clock uint32 }

// none is the ref of nothing: there is no client of that number.
var none = ref{client: 1<<32 - 1}

// item is one run of units in a document: content at a place in a shared type, or, when kind is Collected, only the
// memory that these ids were used. Fields are ordered and sized for 96 bytes: documents are made of these.
type item struct {
	left, right *item   // neighbours in home
	home        *slot   // the list or the map entry it is in; nil when Collected
	typ         *branch // the shared type that a ContentType holds
	raw         []byte  // the content, as in wireStruct
	id          ref
	origin      ref // of the unit that was to the left when it was written
	rightOrigin ref
	len         uint32
	seen        uint32 // by the last conflict search that passed it
	kind        ContentKind
	deleted     bool
	borrowed    bool // raw is the caller's memory: copied before the transaction ends
}

func (it *item) parent() *branch { return it.home.parent }

func (it *item) end() uint32 { return it.id.clock + it.len }
func (it *item) last() ref   { return ref{it.id.client, it.end() - 1} }

// branch is a shared type: a list of items, and a map from keys to items.
type branch struct {
	list   slot
	slots  map[string]*slot
	order  []*slot // as the keys came first: yjs walks its maps in this order
	item   *item   // that holds it; nil for a root type
	name   string  // of a root type, an XML element or hook
	length uint32  // countable units that are not deleted
	depth  uint16  // of types above it
	kind   TypeKind
}

// newBranch returns an empty shared type.
func newBranch(kind TypeKind) *branch {
	b := &branch{kind: kind}
	b.list.parent = b
	return b
}

// slot is where items are: the list of a type, or one key of its map with all values it ever had, the current one last.
type slot struct {
	parent  *branch
	current *item // the value of the key; of a list the first item
	key     string
	inMap   bool
}

// setCurrent notes the item that has become the last one.
func (s *slot) setCurrent(it *item) {
	if s.inMap {
		s.current = it
	}
}

// slotFor returns the entry of key, made at need.
func (b *branch) slotFor(key []byte) *slot {
	if s, ok := b.slots[string(key)]; ok {
		return s
	}
	if b.slots == nil {
		b.slots = make(map[string]*slot)
	}
	s := &slot{parent: b, key: string(key), inMap: true}
	b.slots[s.key] = s
	b.order = append(b.order, s)
	return s
}

// first returns the first item of the list, or the oldest value of the key.
func (s *slot) first() *item {
	it := s.current
	for s.inMap && it != nil && it.left != nil {
		it = it.left
	}
	return it
}

// collect forgets the content of a deleted item, and everything in the type it holds. With its parent gone too, nothing
// but the ids remains. The recursion is bounded by maxDepth.
func (it *item) collect(parentGone bool) {
	if it.typ != nil {
		for child := it.typ.list.current; child != nil; {
			next := child.right
			child.collect(true)
			child = next
		}
		for _, s := range it.typ.order {
			for child := s.current; child != nil; {
				next := child.left
				child.collect(true)
				child = next
			}
		}
		it.typ.list.current, it.typ.slots, it.typ.order = nil, nil, nil
	}
	it.typ, it.raw, it.borrowed = nil, nil, false
	it.kind = Deleted
	if parentGone {
		*it = item{id: it.id, len: it.len, kind: Collected, deleted: true, origin: none, rightOrigin: none}
	}
}

// mergeable reports whether right, the next struct of the same client, continues left.
func mergeable(left, right *item) bool {
	if left.deleted != right.deleted || left.kind != right.kind {
		return false
	}
	switch left.kind {
	case Collected:
		return true
	case Deleted, ContentJSON, ContentString, ContentAny:
		return left.right == right && right.origin == left.last() && left.rightOrigin == right.rightOrigin
	}
	return false
}

// clientStructs are the items of one client, in the order of their clocks and without holes.
type clientStructs struct {
	id     uint64
	index  uint32
	items  []*item
	txn    uint64 // the transaction that changed it last
	before uint32 // state when that transaction began
}

func (c *clientStructs) state() uint32 {
	if len(c.items) == 0 {
		return 0
	}
	return c.items[len(c.items)-1].end()
}

// find returns the index of the item that holds clock, which must be below state.
func (c *clientStructs) find(clock uint32) int {
	hi := len(c.items) - 1
	if c.items[hi].id.clock <= clock {
		return hi
	}
	lo := 0
	for lo < hi { // the last item that starts at or before clock is in [lo, hi)
		mid := int(uint(lo+hi) / 2)
		if c.items[mid].id.clock <= clock {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

// mergeLefts joins items[pos] with as many items before it as continue into each other, and returns how many vanished.
func (c *clientStructs) mergeLefts(pos int) int {
	first := pos
	for first > 0 && mergeable(c.items[first-1], c.items[first]) {
		first--
	}
	if first < pos {
		c.join(first, pos)
	}
	return pos - first
}

// join makes one item of items[first] to items[pos].
func (c *clientStructs) join(first, pos int) {
	left, last := c.items[first], c.items[pos]
	for _, it := range c.items[first+1 : pos+1] {
		left.len += it.len
		if len(it.raw) > 0 {
			left.raw = append(left.raw, it.raw...)
			left.borrowed = false // a borrowed slice has no room, so this was a copy
		}
	}
	if left.kind != Collected {
		if left.right = last.right; left.right != nil {
			left.right.left = left
		}
		if last.home.inMap && last.home.current == last {
			last.home.current = left
		}
	}
	n := copy(c.items[first+1:], c.items[pos+1:])
	clear(c.items[first+1+n:])
	c.items = c.items[:first+1+n]
}
