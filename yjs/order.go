package yjs

import (
	"cmp"
	"slices"
)

// planned is one struct that will be integrated, from its unit offset on.
type planned struct {
	s      int // in Update.structs
	group  int
	offset uint32
}

// groupState is how far the ordering has come with one group of an update.
type groupState struct {
	next  int    // in Update.structs
	have  uint64 // state of the client before the update
	state uint64 // and once everything planned is integrated
	gone  bool   // the rest of the group waits for structs that are missing
	rest  int    // first struct of the rest, when gone
}

// orderer finds the order in which yjs integrates the structs of an update: by descending client, but what a struct
// refers to before the struct. The order decides nothing about the content, but something about the merging of structs.
type orderer struct {
	d       *Doc
	u       *Update
	groups  []groupState
	targets []int // groups by ascending client
	stack   []planned
	out     []planned
	missing map[uint64]uint64 // clock per client, of which more is needed before the rest is tried again
}

// order fills out, and marks as gone what cannot be integrated.
func (o *orderer) order() {
	o.targets, o.stack = o.d.scratch.targets[:0], o.d.scratch.stack[:0]
	defer func() { o.d.scratch.targets, o.d.scratch.stack = o.targets[:0], o.stack[:0] }()
	for i, g := range o.u.groups {
		have := o.d.state(g.client)
		o.groups = append(o.groups, groupState{next: g.start, have: have, state: have})
		o.targets = append(o.targets, i)
	}
	slices.SortFunc(o.targets, func(a, b int) int { return cmp.Compare(o.u.groups[a].client, o.u.groups[b].client) })
	for {
		head, ok := o.next()
		if !ok {
			return
		}
		o.place(head)
	}
}

// next takes a struct from the stack, or from the group with the highest client that has one left.
func (o *orderer) next() (planned, bool) {
	if n := len(o.stack); n > 0 {
		head := o.stack[n-1]
		o.stack = o.stack[:n-1]
		return head, true
	}
	for len(o.targets) > 0 {
		gi := o.targets[len(o.targets)-1]
		if head, ok := o.take(gi); ok {
			return head, true
		}
		o.targets = o.targets[:len(o.targets)-1]
	}
	return planned{}, false
}

func (o *orderer) take(gi int) (planned, bool) {
	g := &o.groups[gi]
	if g.gone || g.next == o.u.groups[gi].end {
		return planned{}, false
	}
	g.next++
	return planned{s: g.next - 1, group: gi}, true
}

// place plans head, or first what it depends on, or gives up on everything that waits.
func (o *orderer) place(head planned) {
	for {
		s := &o.u.structs[head.s]
		g := &o.groups[head.group]
		if s.kind == contentSkipped || s.end() <= g.state {
			return
		}
		if s.clock > g.state {
			o.giveUp(head, o.u.groups[head.group].client, s.clock-1)
			return
		}
		client, missing := o.dependency(s, o.u.groups[head.group].client)
		if !missing {
			head.offset = uint32(g.state - s.clock)
			o.out = append(o.out, head)
			g.state = s.end()
			return
		}
		gi := o.u.group(client)
		var dep planned
		ok := false
		if gi >= 0 {
			dep, ok = o.take(gi)
		}
		if !ok {
			o.giveUp(head, client, o.state(client))
			return
		}
		o.stack = append(o.stack, head)
		head = dep
	}
}

// dependency returns a client of whom s needs more than there is.
func (o *orderer) dependency(s *wireStruct, client uint64) (uint64, bool) {
	if s.has(bitOrigin) && s.origin.client != client && s.origin.clock >= o.state(s.origin.client) {
		return s.origin.client, true
	}
	if s.has(bitRight) && s.right.client != client && s.right.clock >= o.state(s.right.client) {
		return s.right.client, true
	}
	byID := s.item() && !s.has(bitOrigin|bitRight|flagRoot)
	if byID && s.parent.client != client && s.parent.clock >= o.state(s.parent.client) {
		return s.parent.client, true
	}
	return 0, false
}

func (o *orderer) state(client uint64) uint64 {
	if gi := o.u.group(client); gi >= 0 {
		return o.groups[gi].state
	}
	return o.d.state(client)
}

// giveUp leaves head and everything that waits for it, with all that follows in their groups, for later.
func (o *orderer) giveUp(head planned, client, clock uint64) {
	if o.missing == nil {
		o.missing = make(map[uint64]uint64)
	}
	if have, ok := o.missing[client]; !ok || clock < have {
		o.missing[client] = clock
	}
	for _, p := range append(o.stack, head) {
		if g := &o.groups[p.group]; !g.gone || p.s < g.rest {
			g.gone, g.rest = true, p.s
		}
	}
	o.stack = o.stack[:0]
}
