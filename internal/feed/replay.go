package feed

import (
	"cmp"
	"context"
	"slices"
)

// Limits of a replay; beyond, a room has a gap.
const (
	MaxRoom  = 500   // events of one room
	MaxTotal = 1_000 // of all rooms of a connection
)

// Want is a room of a connection that comes back, and the position up to which
// the client has heard it.
type Want struct {
	Room  string
	After int64
}

// Replay is what a connection has missed; see [Feed.Prepare].
type Replay struct {
	wants  []Want
	origin string
	read   map[string][]*Event // from the database, by room
	upTo   int64               // that far
	gaps   []string            // rooms that have missed too much
}

// Missed is the end of a Replay.
type Missed struct {
	Cursor int64    // what comes above it is told live
	Events []*Event // in order
	Gaps   []string // rooms of which events are missing, so that none is told
}

// Prepare reads what the recent events do not have. origin is whose events count
// whether or not it is in their rooms, as [Event.Origin]; empty: nobody's.
func (f *Feed) Prepare(ctx context.Context, wants []Want, origin string) (*Replay, error) {
	r := &Replay{wants: wants, origin: origin, read: map[string][]*Event{}}
	f.mu.Lock()
	floor := f.recent.floor
	r.upTo = f.cursor
	f.mu.Unlock()
	for _, w := range wants {
		if w.After >= floor {
			continue
		}
		events, err := f.opts.Source.Room(ctx, w.Room, w.After, MaxRoom+1)
		if err != nil {
			return nil, err
		}
		if len(events) > MaxRoom {
			r.gaps = append(r.gaps, w.Room)
		}
		r.read[w.Room] = events
	}
	return r, nil
}

// Hold calls do with what is missed while nothing is delivered: whoever joins its
// rooms in do hears each event either now or live. do must not block, nor call
// the Feed. Hold reports false, without calling do, if the events that are kept
// have overtaken r; then it is to be prepared again. r nil: nothing is missed.
func (f *Feed) Hold(r *Replay, do func(Missed)) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := Missed{Cursor: f.cursor}
	if r == nil {
		do(m)
		return true
	}
	m.Gaps = slices.Clone(r.gaps)
	for _, w := range r.wants {
		after := w.After
		events, below := r.read[w.Room]
		if below {
			after = r.upTo
		}
		if after < f.recent.floor {
			return false
		}
		if slices.Contains(m.Gaps, w.Room) {
			continue
		}
		// What the database had and is not delivered yet comes live.
		found := slices.Clip(slices.DeleteFunc(slices.Clone(events), func(e *Event) bool { return e.Pos > r.upTo }))
		found = append(found, f.recent.since(w.Room, after)...)
		if len(found) > MaxRoom {
			m.Gaps = append(m.Gaps, w.Room)
			continue
		}
		m.Events = append(m.Events, found...)
	}
	m.add(f.own(r))
	m.Events = slices.DeleteFunc(m.Events, func(e *Event) bool { return e.Except && r.origin != "" && e.Origin == r.origin })
	if len(m.Events) > MaxTotal {
		m.overflow()
	}
	do(m)
	return true
}

// own returns the recent events that r's origin caused, since the first position
// it wants anything from. The caller holds mu.
func (f *Feed) own(r *Replay) []*Event {
	if r.origin == "" || len(r.wants) == 0 {
		return nil
	}
	after := max(f.recent.floor, slices.MinFunc(r.wants, func(a, b Want) int { return cmp.Compare(a.After, b.After) }).After)
	return f.recent.since(originRoom(r.origin), after)
}

// add puts more events among the others, in order, each once.
func (m *Missed) add(more []*Event) {
	m.Events = append(m.Events, more...)
	slices.SortFunc(m.Events, func(a, b *Event) int { return cmp.Compare(a.Pos, b.Pos) })
	m.Events = slices.CompactFunc(m.Events, func(a, b *Event) bool { return a.Pos == b.Pos })
	m.Events = slices.DeleteFunc(m.Events, func(e *Event) bool { return slices.Contains(m.Gaps, e.Room) })
}

// overflow gives up the rooms with the most events until the rest is few enough.
func (m *Missed) overflow() {
	for len(m.Events) > MaxTotal {
		counts := map[string]int{}
		most := m.Events[0].Room
		for _, e := range m.Events {
			if counts[e.Room]++; counts[e.Room] > counts[most] {
				most = e.Room
			}
		}
		m.Gaps = append(m.Gaps, most)
		m.Events = slices.DeleteFunc(m.Events, func(e *Event) bool { return e.Room == most })
	}
}
