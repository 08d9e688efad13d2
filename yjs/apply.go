package yjs

// pendingUpdate is what was applied but cannot be integrated yet.
type pendingUpdate struct {
	structs []byte            // an update without deletes, or nil
	missing map[uint64]uint64 // structs are tried again when the document has more of one of these clients
	deletes []idRange         // of structs that are not here
}

// Apply integrates an update of a source that is trusted: one's own log, a snapshot, a server. Like Y.applyUpdate it
// integrates what it can and keeps the rest pending until what it depends on arrives; unlike it, it applies an update
// that is not well formed, or that exceeds what this package can hold, not even in part. Only Apply comes back to what is
// pending; a document that takes strangers' updates by Check and Commit alone never has any.
//
// The error is always an *Error, and then the document is as it was. Apply keeps no reference to data.
func (d *Doc) Apply(data []byte) error { return d.apply(data, (*Doc).merge) }

// Load returns a document with the state that EncodeState has written. Where Apply merges all structs that it can, Load
// keeps them apart as they were: a document that was loaded stays equal, byte by byte, to the one that wrote the state,
// when both are given the same updates from there on.
//
// The error is always an *Error. Load keeps no reference to state.
func Load(state []byte) (*Doc, error) {
	d := New()
	if err := d.apply(state, (*Doc).rejoin); err != nil {
		return nil, err
	}
	return d, nil
}

// apply integrates an update; merge joins structs at the end of the transaction.
func (d *Doc) apply(data []byte, merge func(*Doc)) error {
	u, err := Decode(data)
	if err != nil {
		return err
	}
	p := d.plan(u)
	if err := p.checkPlaces(false, nil); err != nil {
		return err
	}
	d.begin()
	d.revisit(p)
	d.execute(p)
	retry := d.postpone(p)
	if d.pending != nil {
		late := d.pending.deletes
		d.pending.deletes = nil
		d.retryDeletes(late)
	}
	d.postponeDeletes(p.late)
	if retry {
		d.retryStructs()
	}
	d.finish(merge)
	return nil
}

// Pending reports whether the document holds structs or deletes that wait for others.
func (d *Doc) Pending() bool { return d.pending != nil }

// postpone keeps the rest of a plan, and reports whether what is pending may be integrated now.
func (d *Doc) postpone(p *Plan) (retry bool) {
	if d.pending != nil {
		for client, clock := range d.pending.missing {
			if clock < d.state(client) {
				retry = true
			}
		}
	}
	rest := p.rest()
	if rest == nil {
		return retry
	}
	if d.pending == nil {
		d.pending = &pendingUpdate{}
	}
	if d.pending.structs == nil {
		d.pending.structs, d.pending.missing = rest, p.missing
		return retry
	}
	d.pending.structs = mustMerge(d.pending.structs, rest)
	for client, clock := range p.missing {
		if have, ok := d.pending.missing[client]; !ok || clock < have {
			d.pending.missing[client] = clock
		}
	}
	return retry
}

// rest writes the structs that the plan left out.
func (p *Plan) rest() []byte {
	if len(p.missing) == 0 {
		return nil
	}
	var w updateWriter
	for _, gi := range p.u.descending() {
		if g := p.groups[gi]; g.gone {
			for i := g.rest; i < p.u.groups[gi].end; i++ {
				w.add(p.u.groups[gi].client, &p.u.structs[i], 0)
			}
		}
	}
	return w.finish(nil)
}

// retryDeletes does the pending deletes of structs that have come, and keeps the others.
func (d *Doc) retryDeletes(ranges []idRange) {
	var late []idRange
	for _, r := range ranges {
		d.removeRange(r)
		if state := d.state(r.client); r.end() > state {
			from := max(r.clock, state)
			late = append(late, idRange{r.client, from, r.end() - from})
		}
	}
	d.postponeDeletes(late)
}

func (d *Doc) postponeDeletes(late []idRange) {
	if len(late) > 0 && d.pending == nil {
		d.pending = &pendingUpdate{}
	}
	if d.pending == nil {
		return
	}
	d.pending.deletes = normalize(append(d.pending.deletes, late...))
	if len(d.pending.deletes) == 0 && d.pending.structs == nil {
		d.pending = nil
	}
}

// retryStructs applies what is pending once more, in the same transaction.
func (d *Doc) retryStructs() {
	u := mustDecode(d.pending.structs)
	d.pending.structs, d.pending.missing = nil, nil
	p := d.plan(u)
	if p.checkPlaces(false, nil) != nil {
		return // types nested too deep, which nothing that comes can change: dropped
	}
	d.revisit(p)
	d.execute(p)
	d.postpone(p)
	late := d.pending.deletes
	d.pending.deletes = nil
	d.retryDeletes(late)
}

// mergeInto returns an update of the state and of what is pending.
func (p *pendingUpdate) mergeInto(state []byte, have StateVector) []byte {
	updates := []*Update{mustDecode(state)}
	if len(p.deletes) > 0 {
		updates = append(updates, &Update{deletes: p.deletes})
	}
	if p.structs != nil {
		updates = append(updates, mustDecode(mustDecode(p.structs).diff(have)))
	}
	return mergeDecoded(updates)
}

// mustDecode decodes what this package wrote.
func mustDecode(data []byte) *Update {
	u, err := Decode(data)
	if err != nil {
		panic(err)
	}
	return u
}

func mustMerge(a, b []byte) []byte { return mergeDecoded([]*Update{mustDecode(a), mustDecode(b)}) }
