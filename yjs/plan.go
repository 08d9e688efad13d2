package yjs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Plan is what Check found to be new in an update. It belongs to the document and to the state it was made in.
type Plan struct {
	doc     *Doc
	version uint64
	u       *Update
	order   []planned
	groups  []groupState
	deletes []idRange // not yet done, as far as the structs exist
	late    []idRange // of structs that do not exist
	missing map[uint64]uint64

	orderBuf [1]planned
	groupBuf [1]groupState
}

// Check says what committing an update would do, or why it must not be: it accepts or refuses the update as a unit, and
// changes nothing. Refused is, besides what the policy forbids, whatever would stay pending (Gap), deletes what does not
// exist (FutureDelete), has no place in a shared type or neighbours in different ones (Malformed), and clocks that no
// writer can have reached (TooLarge). What the document has already is no error: it is left out.
//
// The error is always an *Error.
func (d *Doc) Check(u *Update, policy Policy) (*Plan, error) {
	policy = policy.withDefaults()
	if u.Size() > policy.MaxUpdate {
		return nil, refuse(TooLarge, "update of %d bytes", u.Size())
	}
	for i := range u.structs {
		if u.structs[i].kind == contentSkipped {
			return nil, refuse(Gap, "a hole of %d units", u.structs[i].len)
		}
	}
	p := d.plan(u)
	if len(p.missing) > 0 {
		client := slices.Min(slices.Collect(maps.Keys(p.missing)))
		return nil, refuse(Gap, "needs more than %d units of client %d", p.missing[client], client)
	}
	if len(p.late) > 0 {
		r := p.late[0]
		return nil, refuse(FutureDelete, "deletes units %d to %d of client %d", r.clock, r.end(), r.client)
	}
	if len(p.order) > policy.MaxStructs || len(p.deletes) > policy.MaxStructs {
		return nil, refuse(TooLarge, "%d new structs and %d new delete ranges", len(p.order), len(p.deletes))
	}
	if err := p.checkLimits(&policy); err != nil {
		return nil, err
	}
	if err := p.checkPlaces(true, policy.Schema); err != nil {
		return nil, err
	}
	return p, nil
}

// plan orders what is new in an update.
func (d *Doc) plan(u *Update) *Plan {
	p := &Plan{doc: d, version: d.version, u: u}
	o := orderer{d: d, u: u, out: p.orderBuf[:0], groups: p.groupBuf[:0]}
	if n := len(u.structs); n > 1 {
		o.out = make([]planned, 0, n)
	}
	o.order()
	p.order, p.groups, p.missing = o.out, o.groups, o.missing
	for _, r := range u.deletes {
		p.planDelete(r, o.state(r.client))
	}
	p.sortDeletes()
	return p
}

// sortDeletes sorts the deletes of each client by clock, which they are when yjs has written them: splitting long texts
// from the end would take long.
func (p *Plan) sortDeletes() {
	if !slices.IsSortedFunc(p.deletes, compareRanges) {
		slices.SortStableFunc(p.deletes, compareRanges)
	}
}

// planDelete adds the parts of r that are still to be done. state is the client's after the update.
func (p *Plan) planDelete(r idRange, state uint64) {
	if r.end() > state {
		from := max(r.clock, state)
		p.late = append(p.late, idRange{r.client, from, r.end() - from})
		if r.len = from - r.clock; r.len == 0 {
			return
		}
	}
	if i, ok := p.doc.byID[r.client]; ok {
		c := p.doc.clients[i]
		for have := uint64(c.state()); r.len > 0 && r.clock < have; {
			at := c.find(uint32(r.clock))
			for ; at < len(c.items) && c.items[at].deleted; at++ { // skip what is gone already
			}
			if at == len(c.items) {
				r.advance(have)
				break
			}
			r.advance(max(r.clock, uint64(c.items[at].id.clock)))
			end := r.clock
			for ; at < len(c.items) && !c.items[at].deleted && end < r.end(); at++ {
				end = min(uint64(c.items[at].end()), r.end())
			}
			if end > r.clock {
				p.deletes = append(p.deletes, idRange{r.client, r.clock, end - r.clock})
				r.advance(end)
			}
		}
	}
	if r.len > 0 {
		p.deletes = append(p.deletes, r)
	}
}

// advance drops the units before clock.
func (r *idRange) advance(clock uint64) {
	end := r.end()
	r.clock = min(clock, end)
	r.len = end - r.clock
}

// checkLimits applies everything in a policy that needs no place in the document.
func (p *Plan) checkLimits(policy *Policy) *Error {
	for gi, g := range p.u.groups {
		have, state := p.groups[gi].have, p.groups[gi].state
		if state-have > policy.MaxAdvance {
			return refuse(TooLarge, "%d new units of client %d", state-have, g.client)
		}
		if state > have && policy.Client != nil {
			if err := policy.Client(g.client); err != nil {
				return &Error{Code: ForeignID, Detail: fmt.Sprintf("client %d", g.client), Err: err}
			}
		}
	}
	for _, o := range p.order {
		s := &p.u.structs[o.s]
		switch {
		case s.kind != ContentString && len(s.raw) > policy.MaxValue:
			return refuse(TooLarge, "value of %d bytes", len(s.raw))
		case int(s.depth) > policy.MaxDepth:
			return refuse(TooLarge, "value nested %d deep", s.depth)
		case s.has(flagReserved):
			return refuse(SchemaBroken, "a key that names a prototype")
		}
	}
	return nil
}

// Empty reports whether the document has everything that is in the update: committing it changes nothing.
func (p *Plan) Empty() bool { return len(p.order) == 0 && len(p.deletes) == 0 }

// Clients returns the clients that bring new structs, in descending order.
func (p *Plan) Clients() []uint64 {
	var clients []uint64
	for i, g := range p.u.groups {
		if p.groups[i].state > p.groups[i].have {
			clients = append(clients, g.client)
		}
	}
	slices.SortFunc(clients, func(a, b uint64) int { return cmp.Compare(b, a) })
	return clients
}

// Added returns how much the update would bring: structs that have a place in the document, and UTF-16 units of text.
func (p *Plan) Added() (items, units int) {
	for _, o := range p.order {
		s := &p.u.structs[o.s]
		if s.item() {
			items++
		}
		if s.kind == ContentString {
			units += int(s.len) - int(o.offset)
		}
	}
	return items, units
}
