package yjs

import (
	"cmp"
	"slices"
)

// cursor walks over the structs of one update, by group, without the holes.
type cursor struct {
	u *Update
	i int // in Update.structs
	g int // in Update.groups
}

func newCursor(u *Update) *cursor {
	c := &cursor{u: u, i: -1}
	c.next()
	return c
}

func (c *cursor) done() bool { return c.g >= len(c.u.groups) }

func (c *cursor) next() {
	c.i++
	for c.g < len(c.u.groups) {
		for c.i < c.u.groups[c.g].end && c.u.structs[c.i].kind == contentSkipped {
			c.i++
		}
		if c.i < c.u.groups[c.g].end {
			return
		}
		c.g++
	}
}

func (c *cursor) client() uint64       { return c.u.groups[c.g].client }
func (c *cursor) current() *wireStruct { return &c.u.structs[c.i] }

// before orders cursors as their structs are written: by descending client and ascending clock.
func (c *cursor) before(d *cursor) bool {
	if c.client() != d.client() {
		return c.client() > d.client()
	}
	return c.current().clock < d.current().clock
}

// MergeUpdates joins updates into one that has the effect of all, as Y.mergeUpdates does. It needs no document
// and collects no garbage; what lies between structs that are not contiguous is written as a hole. With one update it
// returns that slice itself, otherwise the caller owns the result. The error is always an *Error.
func MergeUpdates(updates ...[]byte) ([]byte, error) {
	if len(updates) == 1 {
		if _, err := Decode(updates[0]); err != nil {
			return nil, err
		}
		return updates[0], nil
	}
	decoded := make([]*Update, len(updates))
	for i, data := range updates {
		u, err := Decode(data)
		if err != nil {
			return nil, err
		}
		decoded[i] = u
	}
	return mergeDecoded(decoded), nil
}

// Merge is MergeUpdates for updates that are decoded already.
func Merge(updates ...*Update) *Update {
	if len(updates) == 1 {
		return updates[0]
	}
	return mustDecode(mergeDecoded(updates))
}

func mergeDecoded(updates []*Update) []byte {
	m := merger{}
	var deletes []idRange
	for _, u := range updates {
		if c := newCursor(u); !c.done() {
			m.cursors = append(m.cursors, c)
		}
		deletes = append(deletes, u.deletes...)
	}
	slices.SortStableFunc(m.cursors, func(a, b *cursor) int {
		switch {
		case a.before(b):
			return -1
		case b.before(a):
			return 1
		}
		return 0
	})
	for len(m.cursors) > 0 {
		m.step()
		m.resort()
	}
	m.flush()
	return m.w.finish(normalize(deletes))
}

// merger follows yjs step by step, as it also cuts structs that overlap where yjs does.
type merger struct {
	cursors []*cursor // sorted, none done
	w       updateWriter
	held    wireStruct // not written yet: it may be joined with the next
	client  uint64     // of held
	holds   bool
}

func (m *merger) flush() {
	if m.holds {
		m.w.add(m.client, &m.held, 0)
	}
	m.holds = false
}

func (m *merger) hold(client uint64, s wireStruct) {
	m.flush()
	m.held, m.client, m.holds = s, client, true
}

// resort puts the first cursor, the only one that has moved, where it belongs now.
func (m *merger) resort() {
	c := m.cursors[0]
	if c.done() {
		m.cursors = m.cursors[1:]
		return
	}
	at := 1
	for at < len(m.cursors) && m.cursors[at].before(c) {
		m.cursors[at-1] = m.cursors[at]
		at++
	}
	m.cursors[at-1] = c
}

// step takes structs from the first cursor until another may have to go on.
func (m *merger) step() {
	c := m.cursors[0]
	first := c.client()
	if !m.holds {
		m.hold(first, *c.current())
		c.next()
	} else if !m.join(c, first) {
		return
	}
	for !c.done() && c.client() == first && c.current().clock == m.held.end() {
		m.hold(first, *c.current())
		c.next()
	}
}

// join adds the cursor's struct to what is held. It answers false when the cursors have to be sorted again first.
func (m *merger) join(c *cursor, first uint64) bool {
	moved := false
	for !c.done() && c.current().end() <= m.held.end() && c.client() >= m.client {
		c.next()
		moved = true
	}
	if c.done() || c.client() != first || moved && c.current().clock > m.held.end() {
		return false
	}
	s := *c.current()
	switch {
	case first != m.client:
		m.hold(first, s)
		c.next()
	case m.held.end() < s.clock:
		if m.held.kind == contentSkipped {
			m.held.len = s.end() - m.held.clock
		} else {
			hole := wireStruct{clock: m.held.end(), len: s.clock - m.held.end(), kind: contentSkipped}
			m.hold(first, hole)
		}
	default:
		m.overlap(c, first, s)
	}
	return true
}

// overlap adds a struct that starts in what is held, or directly after it.
func (m *merger) overlap(c *cursor, first uint64, s wireStruct) {
	if diff := m.held.end() - s.clock; diff > 0 {
		if m.held.kind == contentSkipped {
			m.held.len -= diff // the struct says more than the hole
		} else {
			s = s.slice(first, diff)
		}
	}
	if m.held.kind == s.kind && !s.item() { // only these merge without a document
		m.held.len += s.len
		return
	}
	m.hold(first, s)
	c.next()
}

// slice returns the struct from unit n on.
func (s *wireStruct) slice(client, n uint64) wireStruct {
	t := *s
	if s.item() {
		t.flags = s.flags&^flagRoot | bitOrigin
		t.origin = wireID{client, s.clock + n - 1}
		_, t.raw, _ = splitContent(s.kind, s.raw, int(s.len), int(n))
	}
	t.clock, t.len = s.clock+n, s.len-n
	return t
}

// DiffUpdate returns what of an update somebody with the given state vector lacks, in the bytes of Y.diffUpdate: structs
// from there on, and the whole delete set. The caller owns the result. The error is always an *Error.
func DiffUpdate(update []byte, have StateVector) ([]byte, error) {
	u, err := Decode(update)
	if err != nil {
		return nil, err
	}
	return u.diff(have), nil
}

func (u *Update) diff(have StateVector) []byte {
	var w updateWriter
	for _, g := range u.groups {
		writing := false
		for i := g.start; i < g.end; i++ {
			s := &u.structs[i]
			from := have[g.client]
			switch {
			case writing:
				w.add(g.client, s, 0)
			case s.kind == contentSkipped || s.end() <= from: // an update does not begin with a hole
			default:
				writing = true
				offset := uint64(0)
				if s.clock < from {
					offset = from - s.clock
				}
				w.add(g.client, s, offset)
			}
		}
	}
	deletes := slices.Clone(u.deletes)
	slices.SortStableFunc(deletes, func(a, b idRange) int { return cmp.Compare(b.client, a.client) })
	return w.finish(deletes)
}
