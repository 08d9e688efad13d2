package play

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/notification"
)

const (
	// sweepEvery is how often the database is asked what is due: what the wheel
	// of no node has fired.
	sweepEvery = 500 * time.Millisecond
	// sweepLate is how late something is before a sweep takes it from the wheel's node.
	sweepLate = 300 * time.Millisecond
	maxSwept  = 500
	// maxAtOnce commands of the server's own run at the same time.
	maxAtOnce = 32
	// deadAfter beats a silent node counts as dead.
	deadAfter    = 3
	clockEvery   = time.Minute
	clockAlarm   = 250 * time.Millisecond
	audienceTick = 250 * time.Millisecond
)

// Run lets time pass in the parties until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	s.setClock(ctx)
	var wg sync.WaitGroup
	for _, work := range []func(context.Context){s.turnWheel, s.sweep, s.watchNodes, s.tellLost, s.tellLater, s.tellAudience, s.forgetOld} {
		wg.Go(func() { work(ctx) })
	}
	wg.Wait()
	return nil
}

// setClock measures how far this node's clock is from that of all.
func (s *Service) setClock(ctx context.Context) {
	before := s.opts.Now()
	at, err := s.deps.Store.PlayClock(ctx)
	if err != nil || at.IsZero() {
		return // the node's own clock has to do
	}
	took := s.opts.Now().Sub(before)
	offset := at.Sub(before.Add(took / 2))
	if offset.Abs() > clockAlarm {
		s.opts.Logger.Warn("this node's clock is not that of the database", "offset", offset)
	}
	s.offset.Store(int64(offset))
}

// turnWheel fires what is due at its time.
func (s *Service) turnWheel(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.wheel.wake:
		}
		ids, next := s.wheel.take(s.now().UnixMilli())
		s.tickAll(ctx, ids)
		if len(ids) > 0 {
			next = 0
		}
		timer.Reset(next)
	}
}

// tickAll ticks parties, some at a time.
func (s *Service) tickAll(ctx context.Context, ids []ID) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, maxAtOnce)
	for _, id := range ids {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			r, err := s.do(ctx, id, Cmd{Kind: Tick})
			switch {
			case err == nil:
				s.wheel.set(id, r.State.DueMs()) // also if nothing was due: another node has moved it
			case errs.CodeOf(err) != errs.NotFound && ctx.Err() == nil:
				s.opts.Logger.Warn("a deadline is late", "party", id, "error", err) // the sweep finds it again
			}
		})
	}
	wg.Wait()
}

// sweep fires what nobody has fired.
func (s *Service) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	measured := s.opts.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if s.opts.Now().Sub(measured) > clockEvery {
			measured = s.opts.Now()
			s.setClock(ctx)
		}
		ids, err := s.deps.Store.DuePlays(ctx, s.now().Add(-sweepLate), maxSwept)
		if err != nil {
			if ctx.Err() == nil {
				s.opts.Logger.Warn("look for deadlines", "error", err)
			}
			continue
		}
		s.tickAll(ctx, ids)
	}
}

// watchNodes says that this node lives, and takes the connections of dead ones away.
func (s *Service) watchNodes(ctx context.Context) {
	ticker := time.NewTicker(s.opts.Beat)
	defer ticker.Stop()
	for known := false; ; known = true {
		first, err := s.deps.Store.BeatNode(ctx, s.opts.Node, s.now())
		if err == nil && first && known {
			s.reattach(ctx)
		}
		if err == nil {
			err = s.buryDead(ctx, !known && !s.opts.Shared)
		}
		if err != nil && ctx.Err() == nil {
			s.opts.Logger.Warn("watch the nodes", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// buryDead ends what dead nodes have left; alone: there can be no other node.
func (s *Service) buryDead(ctx context.Context, alone bool) error {
	since := s.now().Add(-deadAfter * s.opts.Beat)
	if alone {
		since = s.now().Add(time.Hour)
	}
	dead, err := s.deps.Store.SilentNodes(ctx, s.opts.Node, since)
	if err != nil {
		return err
	}
	for _, node := range dead {
		for range 1000 { // parties without end would mean that something is wrong
			ids, err := s.deps.Store.PlaysOfNode(ctx, node, maxSwept)
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				break
			}
			for _, id := range ids {
				if _, err := s.do(ctx, id, Cmd{Kind: LoseNode, Node: node}); err != nil {
					return err
				}
			}
		}
		if err := s.deps.Store.ForgetNode(ctx, node); err != nil {
			return err
		}
	}
	return nil
}

// later has f called soon; what is too much is left out.
func (s *Service) later(f func(context.Context)) {
	select {
	case s.news <- f:
	default:
		s.opts.Logger.Warn("too many notifications of parties at once; one is left out")
	}
}

func (s *Service) tellLater(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-s.news:
			f(ctx)
		}
	}
}

// notify tells players who are not there what concerns them.
func (s *Service) notify(_ context.Context, before *State, w *work) {
	after := w.state
	if after.Settings.Pace == Mail {
		anew := after.Round != before.Round || len(after.Tied) != len(before.Tied)
		for i := range after.Seats {
			seat := &after.Seats[i]
			if len(seat.Links) > 0 || !after.WaitsFor(seat.User) || !anew && before.WaitsFor(seat.User) || w.acted(seat.User) {
				continue
			}
			s.send(after, notification.PlayYourTurn, []auth.UserID{seat.User}, "", "Your turn in “"+after.Title+"”",
				fmt.Sprintf("turn:%s:%d:%d:%d", after.ID, after.Round, len(after.Tied), seat.No))
		}
	}
	if before.Status == Paused && before.Reason == ByHost && after.Status == Playing {
		var away []auth.UserID
		for i := range after.Seats {
			if seat := &after.Seats[i]; !seat.gone() && len(seat.Links) == 0 {
				away = append(away, seat.User)
			}
		}
		s.send(after, notification.PlayResumed, away, after.Host, "“"+after.Title+"” goes on",
			fmt.Sprintf("resumed:%s:%d", after.ID, after.Seq))
	}
}

// acted reports whether somebody did something in this write: they know what came of it.
func (w *work) acted(user auth.UserID) bool {
	return slices.ContainsFunc(w.calls, func(c *call) bool { return c.cmd.Actor == user })
}

// send notifies people of a party in the background. The key makes it once.
func (s *Service) send(state *State, t notification.Type, to []auth.UserID, actor auth.UserID, title, key string) {
	if len(to) == 0 {
		return
	}
	data, _ := json.Marshal(map[string]any{"sessionId": state.ID, "storyId": state.StoryID}) // strings always marshal
	in := notification.Draft{UserIDs: to, Type: t, Title: title, Link: "/party/" + string(state.ID), Actor: actor, Data: data, Key: key[:min(len(key), notification.MaxKey)]}
	s.later(func(ctx context.Context) {
		if _, _, err := s.deps.Notifier.Create(ctx, in); err != nil {
			s.opts.Logger.Warn("notify of a party", "party", state.ID, "type", t, "error", err)
		}
	})
}

// crowd gathers for a moment which audiences have voted, or have become others.
type crowd struct {
	mu    sync.Mutex // guards the fields below
	due   map[ID]int // round
	moved map[ID]bool
}

func (c *crowd) move(id ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved[id] = true
}

func (c *crowd) voted(id ID, round int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due[id] = round
}

// tellAudience tells how the audiences have voted and how large they are, a few
// times a second at most.
func (s *Service) tellAudience(ctx context.Context) {
	ticker := time.NewTicker(audienceTick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		s.crowd.mu.Lock()
		due, moved := s.crowd.due, s.crowd.moved
		s.crowd.due, s.crowd.moved = make(map[ID]int), make(map[ID]bool)
		s.crowd.mu.Unlock()
		for id := range moved {
			if n, err := s.deps.Store.Watchers(ctx, id); err == nil {
				s.deps.Publisher.PlayWatched(ctx, id, n)
			}
		}
		for id, round := range due {
			counts, err := s.deps.Store.AudienceVotes(ctx, id, round)
			if err == nil {
				s.deps.Publisher.PlayAudience(ctx, id, round, counts)
			}
		}
	}
}
