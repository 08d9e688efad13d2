package feed

import (
	"context"
	"time"
)

// Run publishes this node's events and reads those that are missing, until ctx
// ends. It returns nil.
func (f *Feed) Run(ctx context.Context) error {
	poll := time.NewTicker(f.opts.PollEvery)
	defer poll.Stop()
	late := time.NewTimer(time.Hour)
	defer late.Stop()
	seen := int64(-1) // the head at the last poll
	for {
		f.publish()
		if wait, missing := f.missing(); !missing {
			late.Stop()
		} else if wait > 0 {
			late.Reset(wait)
		} else {
			f.read(ctx)
			continue // there may be another hole
		}
		select {
		case <-ctx.Done():
			f.publish() // the other nodes need not ask for it
			return nil
		case <-f.wake:
		case <-late.C:
		case <-poll.C:
			if !f.opts.Alone {
				seen = f.poll(ctx, seen)
			}
		}
	}
}

func (f *Feed) publish() {
	f.mu.Lock()
	events := f.outbox
	f.outbox = nil
	f.mu.Unlock()
	if len(events) > 0 {
		f.opts.Publish(events)
	}
}

// missing reports whether there is a hole, and how long it may still fill itself.
func (f *Feed) missing() (wait time.Duration, missing bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hole.IsZero() {
		return 0, false
	}
	return time.Until(f.hole.Add(f.opts.HoleWait)), true
}

// poll looks whether the database has events that no message told of: those that
// it had at the poll before. What is newer may still be on its way.
func (f *Feed) poll(ctx context.Context, before int64) (head int64) {
	head, err := f.opts.Source.Head(ctx)
	if err != nil {
		f.trouble(ctx, err)
		return before
	}
	if f.Cursor() < before {
		f.read(ctx)
	}
	return head
}

// read fills the hole, or what is missing at the end, from the database.
func (f *Feed) read(ctx context.Context) {
	f.mu.Lock()
	last := int64(0)
	for pos := range f.pending {
		last = max(last, pos)
	}
	f.mu.Unlock()
	head, err := f.opts.Source.Head(ctx)
	if err != nil {
		f.trouble(ctx, err)
		return
	}
	f.mu.Lock()
	after, upTo := f.cursor, head
	for pos := range f.pending {
		if pos > head && pos <= last {
			delete(f.pending, pos) // no node has committed it
			continue
		}
		upTo = min(upTo, pos-1) // what waits has come with its origin
	}
	f.mu.Unlock()
	for after < upTo {
		end := min(upTo, after+maxRange)
		events, err := f.opts.Source.Range(ctx, after, end)
		if err != nil {
			f.trouble(ctx, err)
			return
		}
		f.fill(events, end)
		after = end
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settle()
}

// trouble notes that the database did not answer; it is asked again.
func (f *Feed) trouble(ctx context.Context, err error) {
	if ctx.Err() == nil {
		f.opts.Logger.WarnContext(ctx, "read missing events", "error", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.hole.IsZero() {
		f.hole = time.Now().Add(f.opts.PollEvery)
	}
}

// fill delivers events that were read. A position up to end that has none belongs
// to what was deleted since.
func (f *Feed) fill(events []*Event, end int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range events {
		f.advance(e.Pos - 1)
		if e.Pos > f.cursor {
			delete(f.pending, e.Pos)
			f.deliver(e)
		}
	}
	f.advance(end)
}

// advance moves the cursor to pos, over what has come meanwhile and what is no
// more. The caller holds mu.
func (f *Feed) advance(pos int64) {
	for f.cursor < pos {
		e := f.pending[f.cursor+1]
		if e == nil {
			f.cursor++
			continue
		}
		delete(f.pending, e.Pos)
		f.deliver(e)
	}
}
