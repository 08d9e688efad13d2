package yjs

import (
	"cmp"
	"slices"
)

// updateWriter collects structs, client by client, and puts the counts before them when the update is complete.
type updateWriter struct {
	groups []writtenGroup
	body   []byte // structs of all groups
}

type writtenGroup struct {
	client, clock uint64
	count         uint64
	end           int // in body
}

// add writes a struct of client from unit offset on. Structs of one client follow each other.
func (w *updateWriter) add(client uint64, s *wireStruct, offset uint64) {
	if n := len(w.groups); n == 0 || w.groups[n-1].client != client {
		w.groups = append(w.groups, writtenGroup{client: client, clock: s.clock + offset})
	}
	g := &w.groups[len(w.groups)-1]
	g.count++
	w.body = s.append(w.body, client, offset)
	g.end = len(w.body)
}

// finish returns the update with that delete set, whose ranges are grouped by client.
func (w *updateWriter) finish(deletes []idRange) []byte {
	b := make([]byte, 0, len(w.body)+16*len(w.groups)+12*len(deletes)+4)
	b = appendVarUint(b, uint64(len(w.groups)))
	start := 0
	for _, g := range w.groups {
		b = appendVarUint(appendVarUint(appendVarUint(b, g.count), g.client), g.clock)
		b = append(b, w.body[start:g.end]...)
		start = g.end
	}
	return appendRanges(b, deletes)
}

// compareRanges orders ranges as delete sets list them: by descending client and ascending clock.
func compareRanges(a, b idRange) int {
	if a.client != b.client {
		return cmp.Compare(b.client, a.client)
	}
	return cmp.Compare(a.clock, b.clock)
}

// normalize sorts ranges by descending client and ascending clock, and joins those that touch.
func normalize(ranges []idRange) []idRange {
	ranges = slices.Clone(ranges)
	slices.SortStableFunc(ranges, compareRanges)
	out := ranges[:0]
	for _, r := range ranges {
		if n := len(out); n > 0 && out[n-1].client == r.client && out[n-1].end() >= r.clock {
			out[n-1].len = max(out[n-1].end(), r.end()) - out[n-1].clock
			continue
		}
		out = append(out, r)
	}
	return out
}

// appendRanges writes a delete set.
func appendRanges(b []byte, ranges []idRange) []byte {
	clients := 0
	for i := range ranges {
		if i == 0 || ranges[i].client != ranges[i-1].client {
			clients++
		}
	}
	b = appendVarUint(b, uint64(clients))
	for len(ranges) > 0 {
		n := 1
		for n < len(ranges) && ranges[n].client == ranges[0].client {
			n++
		}
		b = appendVarUint(appendVarUint(b, ranges[0].client), uint64(n))
		for _, r := range ranges[:n] {
			b = appendVarUint(appendVarUint(b, r.clock), r.len)
		}
		ranges = ranges[n:]
	}
	return b
}

// descending returns the indexes of u's groups by descending client.
func (u *Update) descending() []int {
	order := make([]int, len(u.groups))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(u.groups[b].client, u.groups[a].client) })
	return order
}

// Accepted writes what is new in the update, cut to size: this is what is stored and sent on, never what a stranger
// sent. It says the same before and after the plan is committed. The caller owns the result.
func (p *Plan) Accepted() []byte {
	var w updateWriter
	for _, gi := range p.u.descending() {
		g, have, state := p.u.groups[gi], p.groups[gi].have, p.groups[gi].state
		if state == have {
			continue
		}
		for i := p.u.search(g, have); i < g.end && p.u.structs[i].clock < state; i++ {
			s := &p.u.structs[i]
			offset := uint64(0)
			if s.clock < have {
				offset = have - s.clock
			}
			w.add(g.client, s, offset)
		}
	}
	return w.finish(normalize(p.deletes))
}
