package play

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/tale"
)

const (
	// maxTries is how often a lost race is run again.
	maxTries = 8
	// maxWaiting commands of one party may wait; one more is refused.
	maxWaiting = 256
	// maxTogether commands share a write.
	maxTogether = 64
)

// mailbox is where the commands of one party meet on this node. Whoever finds
// it idle leads: reduces all that waits into one write, answers, and hands the
// lead to the next who waits.
type mailbox struct {
	id ID

	mu     sync.Mutex // guards the fields below
	busy   bool
	gone   bool // out of the table: there may be another one
	queue  []*call
	full   chan struct{} // while the leader waits for votes: closed when enough calls wait
	enough int

	// Only the leader uses these.
	row    Row // as this node knows it; no State: not read yet
	book   *tale.Book
	recent recent
}

// call is a command that waits.
type call struct {
	cmd   Cmd
	reply chan reply // of one
}

// reply answers a call, or makes it the leader.
type reply struct {
	result Result
	err    error
	lead   bool
	idle   bool // nothing happened
}

// Result is what became of a command.
type Result struct {
	Row
	Seq       int64 // of its first event, or of the last one before if nothing happened
	Duplicate bool  // it had been stored before
	Book      *tale.Book
}

// do carries out a command.
func (s *Service) do(ctx context.Context, id ID, cmd Cmd) (Result, error) {
	b := s.mailbox(id)
	b.mu.Lock()
	for b.gone {
		b.mu.Unlock()
		b = s.mailbox(id)
		b.mu.Lock()
	}
	c := &call{cmd: cmd, reply: make(chan reply, 1)}
	if len(b.queue) >= maxWaiting {
		b.mu.Unlock()
		return Result{}, &errs.Error{Op: "play.do", Code: errs.RateLimited, Message: "Too much happens in this party at once.", RetryAfter: time.Second}
	}
	b.queue = append(b.queue, c)
	lead := !b.busy
	b.busy = true
	if b.full != nil && len(b.queue) >= b.enough {
		close(b.full)
		b.full = nil
	}
	b.mu.Unlock()
	for {
		if lead {
			s.lead(context.WithoutCancel(ctx), b)
		}
		r := <-c.reply
		if !r.lead {
			return r.result, r.err
		}
		lead = true
	}
}

// lead carries out what waits, in one write, and hands the lead on.
func (s *Service) lead(ctx context.Context, b *mailbox) {
	s.gather(b)
	b.mu.Lock()
	n := min(len(b.queue), maxTogether)
	batch := b.queue[:n:n]
	b.queue = append([]*call(nil), b.queue[n:]...)
	b.mu.Unlock()

	s.run(ctx, b, batch)

	b.mu.Lock()
	var next *call
	if len(b.queue) > 0 {
		next = b.queue[0]
	} else {
		b.busy = false
	}
	b.mu.Unlock()
	if next != nil {
		next.reply <- reply{lead: true}
	}
}

// gather waits a moment where the first of several votes of a round has come, so
// that they share a write: not longer than it takes until all are there.
func (s *Service) gather(b *mailbox) {
	if s.opts.Gather <= 0 || b.row.State == nil {
		return
	}
	missing := b.row.State.missing()
	b.mu.Lock()
	first := b.queue[0].cmd
	if first.Kind != Choose || first.Round != b.row.State.Round || len(b.queue) >= missing {
		b.mu.Unlock()
		return
	}
	full := make(chan struct{})
	b.full, b.enough = full, missing
	b.mu.Unlock()
	timer := time.NewTimer(s.opts.Gather)
	defer timer.Stop()
	select {
	case <-timer.C:
		b.mu.Lock()
		b.full = nil
		b.mu.Unlock()
	case <-full:
	}
}

// run answers the calls of a batch. Lost races are run again on what the
// winner has written.
func (s *Service) run(ctx context.Context, b *mailbox, batch []*call) {
	for try := 0; ; try++ {
		known := b.row.State != nil
		if !known {
			if err := s.load(ctx, b); err != nil {
				answer(batch, reply{err: err})
				return
			}
		}
		work := s.reduce(ctx, b, batch)
		if known && s.opts.Shared && work.doubtful {
			b.row.State = nil // refused by what may be old: look again
			continue
		}
		err := s.write(ctx, b, work)
		switch {
		case err == nil:
			if len(work.events) > 0 {
				s.opts.Observer.PlayWritten(len(work.calls), try+1)
			}
			s.reply(ctx, b, work)
			return
		case errors.Is(err, ErrDuplicate):
			batch = s.answerStored(ctx, b, batch)
			if len(batch) == 0 {
				return
			}
		case !errors.Is(err, ErrConflict):
			b.row.State = nil
			answer(batch, reply{err: errs.Wrap("play.do", err)})
			return
		}
		b.row.State = nil
		if try+1 >= maxTries {
			answer(batch, reply{err: &errs.Error{Op: "play.do", Code: errs.Conflict, Message: "Too many acted at once. Try again.", RetryAfter: time.Second}})
			return
		}
		if try > 0 {
			time.Sleep(time.Duration(rand.IntN(1<<try)) * time.Millisecond) // the others go first, by chance
		}
	}
}

func answer(calls []*call, r reply) {
	for _, c := range calls {
		c.reply <- r
	}
}

func (s *Service) load(ctx context.Context, b *mailbox) error {
	row, err := s.deps.Store.Play(ctx, b.id)
	if err != nil {
		s.forget(b)
		return errs.Wrap("play.load", err)
	}
	book, err := s.book(ctx, row.State.ReleaseID)
	if err != nil {
		return err
	}
	b.row, b.book = row, book
	b.recent.reset(row.State)
	return nil
}

// work is a batch that is reduced but not stored.
type work struct {
	calls    []*call
	replies  []reply // of each call
	state    *State
	events   []Event
	doubtful bool // something was refused, or did nothing
}

// reduce reduces the calls of a batch one after the other.
func (s *Service) reduce(ctx context.Context, b *mailbox, batch []*call) *work {
	w := &work{calls: batch, replies: make([]reply, len(batch)), state: b.row.State}
	env := Env{Book: b.book, NowMs: s.now().UnixMilli()}
	if w.state.Settings.Audience == AudienceOneSeat && w.state.Status == Playing {
		counts, err := s.deps.Store.AudienceVotes(ctx, b.id, w.state.Round)
		if err != nil {
			s.opts.Logger.Error("count the audience's votes", "party", b.id, "error", err)
		}
		env.Audience = counts
	}
	seen := make(map[string]int, len(batch)) // commands that came twice in one batch
	for i, c := range batch {
		if first, twice := seen[c.cmd.ID]; twice && c.cmd.ID != "" {
			w.replies[i] = w.replies[first]
			w.replies[i].result.Duplicate = true
			continue
		}
		seen[c.cmd.ID] = i
		round := w.state.Round
		next, events, err := Reduce(w.state, c.cmd, env)
		if next.Round != round {
			env.Audience = nil // it has voted on the round before
		}
		w.replies[i] = reply{err: err, result: Result{Seq: w.state.Seq}}
		if len(events) > 0 {
			w.replies[i].result.Seq = events[0].Seq
		} else {
			w.replies[i].idle, w.doubtful = true, true
		}
		w.state, w.events = next, append(w.events, events...)
	}
	return w
}

// write stores what happened and tells it.
func (s *Service) write(ctx context.Context, b *mailbox, w *work) error {
	if len(w.events) == 0 {
		return nil
	}
	news := News{
		Row: Row{State: w.state, Version: b.row.Version + 1}, Events: w.events, Book: b.book,
		People: s.deps.People.Profiles(ctx, w.state.users()),
	}
	err := s.deps.Store.CommitPlay(ctx, Write{From: b.row.Version, Was: b.row.State, State: w.state, Events: w.events}, func() {
		news.Now = s.now()
		s.deps.Publisher.PlayChanged(ctx, news)
	})
	if err != nil {
		return err
	}
	before := b.row.State
	b.row = news.Row
	b.recent.add(w)
	s.wheel.set(b.id, w.state.DueMs())
	s.notify(ctx, before, w)
	if w.state.Status == Ended && before.Status != Ended {
		s.checkSome(b.id)
	}
	return nil
}

// reply answers the calls of a batch that is stored. What was refused, or did
// nothing, may have been stored by an earlier try.
func (s *Service) reply(ctx context.Context, b *mailbox, w *work) {
	for i, c := range w.calls {
		r := w.replies[i]
		if r.idle && c.cmd.ID != "" {
			seq, known := b.recent.find(&c.cmd)
			if !known || s.opts.Shared { // another node may have stored it
				var err error
				if seq, err = s.deps.Store.PlayCommand(ctx, b.id, c.cmd.ID); err != nil {
					seq = 0
				}
			}
			if seq > 0 {
				r = reply{result: Result{Seq: seq, Duplicate: true}}
			}
		}
		r.result.Row, r.result.Book = b.row, b.book
		c.reply <- r
	}
	if b.row.State.Status == Ended {
		s.forget(b)
	}
}

// answerStored answers the calls that have been stored before, and returns the others.
func (s *Service) answerStored(ctx context.Context, b *mailbox, batch []*call) []*call {
	if err := s.load(ctx, b); err != nil {
		answer(batch, reply{err: err})
		return nil
	}
	var rest []*call
	for _, c := range batch {
		seq, err := int64(0), error(nil)
		if c.cmd.ID != "" {
			seq, err = s.deps.Store.PlayCommand(ctx, b.id, c.cmd.ID)
		}
		switch {
		case err != nil:
			c.reply <- reply{err: errs.Wrap("play.do", err)}
		case seq > 0:
			c.reply <- reply{result: Result{Row: b.row, Seq: seq, Duplicate: true, Book: b.book}}
		default:
			rest = append(rest, c)
		}
	}
	return rest
}

// users returns everybody who has or had a seat.
func (s *State) users() []auth.UserID {
	ids := make([]auth.UserID, len(s.Seats))
	for i := range s.Seats {
		ids[i] = s.Seats[i].User
	}
	return ids
}

// mailbox returns the mailbox of a party.
func (s *Service) mailbox(id ID) *mailbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[id]
	if b == nil {
		if len(s.boxes) >= s.opts.CacheSize {
			s.makeRoom()
		}
		b = &mailbox{id: id}
		s.boxes[id] = b
	}
	return b
}

// makeRoom forgets a mailbox that is idle: it is read again when needed. The caller holds mu.
func (s *Service) makeRoom() {
	for id, b := range s.boxes {
		b.mu.Lock()
		idle := !b.busy
		b.gone = idle
		b.mu.Unlock()
		if idle {
			delete(s.boxes, id)
			return
		}
	}
}

func (s *Service) forget(b *mailbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boxes[b.id] == b {
		delete(s.boxes, b.id)
		b.mu.Lock()
		b.gone = true
		b.mu.Unlock()
	}
}
