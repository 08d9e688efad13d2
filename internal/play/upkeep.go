package play

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"
)

const (
	// forgetEvery is how often a node looks for logs that are too old.
	forgetEvery = time.Hour
	// maxForgotten events are deleted in one write, so that no other waits long for it.
	maxForgotten = 500
)

// Observer is told what a Service does, for metrics. Its methods are called by
// many goroutines and must be quick.
type Observer interface {
	// PlayWritten is told of a write of so many commands that took so many tries:
	// more than one if others wrote the party at the same time.
	PlayWritten(commands, tries int)
	// PlayChecked is told of a party whose log was replayed after its end, and
	// whether it made the state that is stored.
	PlayChecked(same bool)
	// PlayForgotten is told how many events were deleted.
	PlayForgotten(events int)
}

type unobserved struct{}

func (unobserved) PlayWritten(int, int) {}
func (unobserved) PlayChecked(bool)     {}
func (unobserved) PlayForgotten(int)    {}

// checkSome replays the log of a party that has ended, by chance.
func (s *Service) checkSome(id ID) {
	if rand.Float64() < s.opts.Check {
		s.later(func(ctx context.Context) { s.check(ctx, id) })
	}
}

// check replays the log of a party and compares what comes of it with its state.
func (s *Service) check(ctx context.Context, id ID) {
	same, err := s.logIsState(ctx, id)
	if err != nil {
		s.opts.Logger.Warn("check the log of a party", "party", id, "error", err)
		return
	}
	s.opts.Observer.PlayChecked(same)
	if !same {
		s.opts.Logger.Error("the log of a party does not make its state", "party", id)
	}
}

func (s *Service) logIsState(ctx context.Context, id ID) (bool, error) {
	row, err := s.deps.Store.Play(ctx, id)
	if err != nil {
		return false, err
	}
	replayed := new(State)
	for replayed.Seq < row.State.Seq {
		limit := min(row.State.Seq-replayed.Seq, maxForgotten)
		events, err := s.deps.Store.PlayEvents(ctx, id, replayed.Seq, int(limit))
		if err != nil {
			return false, err
		}
		if len(events) == 0 {
			return false, nil
		}
		for i := range events {
			if events[i].Seq != replayed.Seq+1 {
				return false, nil
			}
			Apply(replayed, &events[i])
		}
	}
	got, err := json.Marshal(replayed)
	if err != nil {
		return false, err
	}
	want, err := json.Marshal(row.State)
	return bytes.Equal(got, want), err
}

// forgetOld deletes the logs of parties that have ended long ago, now and then.
func (s *Service) forgetOld(ctx context.Context) {
	timer := time.NewTimer(rand.N(forgetEvery)) // not all nodes at once
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := s.forgetLogs(ctx); err != nil && ctx.Err() == nil {
			s.opts.Logger.Warn("delete old logs of parties", "error", err)
		}
		timer.Reset(forgetEvery)
	}
}

func (s *Service) forgetLogs(ctx context.Context) error {
	for more := true; more && ctx.Err() == nil; {
		var n int
		var err error
		n, more, err = s.deps.Store.ForgetEvents(ctx, s.now().Add(-s.opts.Keep), maxForgotten)
		if err != nil {
			return err
		}
		s.opts.Observer.PlayForgotten(n)
	}
	return nil
}
