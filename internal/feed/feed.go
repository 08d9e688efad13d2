package feed

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Body is an event as it is sent to clients.
type Body interface{ Size() int } // in bytes

// Event is one durable event. It is not changed once it was handed over.
type Event struct {
	Pos    int64
	Room   string // who hears it
	Origin string // the connection that caused it; empty: none
	// Except leaves the origin out. Otherwise it hears the event whether or not it
	// is in the room.
	Except bool
	Body   Body
}

// Source reads events from the database.
type Source interface {
	// Head returns the position of the last committed event.
	Head(ctx context.Context) (int64, error)
	// Range returns the events with after < Pos <= upTo, in order.
	Range(ctx context.Context, after, upTo int64) ([]*Event, error)
	// Room returns the newest events of a room with Pos > after, in order and at
	// most limit.
	Room(ctx context.Context, room string, after int64, limit int) ([]*Event, error)
}

// Defaults of Options.
const (
	defaultBytes     = 32 << 20 // of recent events
	defaultHoleWait  = 20 * time.Millisecond
	defaultPollEvery = time.Second
)

const (
	maxPending = 20_000 // events that wait behind a hole; beyond, the database has them
	maxRange   = 1_000  // positions in one read of the database
)

// Options of a Feed. The zero value of each optional field means its default.
type Options struct {
	Source  Source
	Deliver func(*Event) // tells an event to connections; must not block, nor call the Feed
	// Publish, if there are other nodes, sends them events of this one: in order,
	// several at a time. It is called by the goroutine of Run.
	Publish func([]*Event)
	// Alone says that all events are this node's: the database is not asked for others.
	Alone     bool
	Bytes     int           // of recent events that are kept; default 32 MiB
	HoleWait  time.Duration // default 20 ms, or 1 s if alone
	PollEvery time.Duration // default 1 s
	Logger    *slog.Logger  // default: discard
}

// Feed is this node's end of the durable events.
type Feed struct {
	opts Options
	wake chan struct{} // there is something for Run

	// mu guards the fields below. It is held while events are delivered, which only
	// appends to queues; it is taken before the locks of sockets.
	mu      sync.Mutex
	cursor  int64 // everything up to it is delivered
	recent  logs
	pending map[int64]*Event // above a hole
	hole    time.Time        // when it was noticed; zero: there is none
	outbox  []*Event         // to be published
	moved   chan struct{}    // closed when the cursor moves; nil: nobody waits
	watches map[string]map[*watch]struct{}
}

// watch is told when there is something in its rooms.
type watch struct{ rang chan struct{} }

// Open returns a Feed that delivers what is committed from now on.
func Open(ctx context.Context, o Options) (*Feed, error) {
	if o.Bytes <= 0 {
		o.Bytes = defaultBytes
	}
	if o.HoleWait <= 0 {
		o.HoleWait = defaultHoleWait
		if o.Alone {
			o.HoleWait = time.Second // there is none, unless a commit failed and is stored all the same
		}
	}
	if o.PollEvery <= 0 {
		o.PollEvery = defaultPollEvery
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	head, err := o.Source.Head(ctx)
	if err != nil {
		return nil, err
	}
	return &Feed{
		opts: o, wake: make(chan struct{}, 1), cursor: head,
		recent: newLogs(o.Bytes, head), pending: map[int64]*Event{}, watches: map[string]map[*watch]struct{}{},
	}, nil
}

// Cursor returns the position up to which everything is delivered.
func (f *Feed) Cursor() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cursor
}

// Commit takes an event that this node has stored, in the order of the commits.
// It does not block.
func (f *Feed) Commit(e *Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.take(e)
	if f.opts.Publish != nil && len(f.outbox) < maxPending { // else they read it
		f.outbox = append(f.outbox, e)
		f.signal()
	}
}

// Receive takes events of another node. It does not block.
func (f *Feed) Receive(events []*Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range events {
		f.take(e)
	}
}

// Nudge has the database asked at once: messages of other nodes may be missing.
func (f *Feed) Nudge() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.opts.Alone { // else it is about to be committed here
		f.miss(time.Time{}.Add(1))
	}
}

// miss notes that something is missing since a moment. The caller holds mu.
func (f *Feed) miss(since time.Time) {
	f.hole = since
	f.signal()
}

// take delivers an event, or keeps it until its turn. The caller holds mu.
func (f *Feed) take(e *Event) {
	switch {
	case e.Pos <= f.cursor: // it was read from the database meanwhile
	case e.Pos == f.cursor+1:
		f.deliver(e)
		f.settle()
	default:
		if len(f.pending) < maxPending {
			f.pending[e.Pos] = e
		}
		if f.hole.IsZero() {
			f.miss(time.Now())
		}
	}
}

// deliver tells the next event. The caller holds mu.
func (f *Feed) deliver(e *Event) {
	f.cursor = e.Pos
	f.recent.add(e)
	f.opts.Deliver(e)
	for w := range f.watches[e.Room] {
		select {
		case w.rang <- struct{}{}:
		default:
		}
	}
}

// Watch returns a channel that has a value when there is news in any of the
// rooms, for those who read instead of being told, until cancel is called.
func (f *Feed) Watch(rooms []string) (rang <-chan struct{}, cancel func()) {
	w := &watch{make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, room := range rooms {
		if f.watches[room] == nil {
			f.watches[room] = map[*watch]struct{}{}
		}
		f.watches[room][w] = struct{}{}
	}
	return w.rang, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, room := range rooms {
			if delete(f.watches[room], w); len(f.watches[room]) == 0 {
				delete(f.watches, room)
			}
		}
	}
}

// settle delivers what waited for the events before it. The caller holds mu.
func (f *Feed) settle() {
	for len(f.pending) > 0 {
		e := f.pending[f.cursor+1]
		if e == nil {
			break
		}
		delete(f.pending, e.Pos)
		f.deliver(e)
	}
	switch {
	case len(f.pending) == 0:
		f.hole = time.Time{}
	case !f.hole.IsZero():
		f.hole = time.Now() // another one
	}
	if f.moved != nil {
		close(f.moved)
		f.moved = nil
	}
}

func (f *Feed) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Reach waits until everything up to pos is delivered. It reports false if no
// event has that position yet, and the error of ctx or of the database.
func (f *Feed) Reach(ctx context.Context, pos int64) (bool, error) {
	for asked := false; ; asked = true {
		f.mu.Lock()
		if f.cursor >= pos {
			f.mu.Unlock()
			return true, nil
		}
		if f.moved == nil {
			f.moved = make(chan struct{})
		}
		moved := f.moved
		f.mu.Unlock()
		if !asked {
			head, err := f.opts.Source.Head(ctx)
			if err != nil || head < pos {
				return false, err
			}
			f.Nudge()
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
