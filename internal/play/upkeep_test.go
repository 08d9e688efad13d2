package play_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/tale"
)

// counts are what an observer was told.
type counts struct {
	mu                       sync.Mutex // guards the fields below
	same, differ, deleted    int
	writes, commands, repeat int
}

func (c *counts) PlayWritten(commands, tries int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	c.commands += commands
	c.repeat += tries - 1
}

func (c *counts) PlayChecked(same bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if same {
		c.same++
	} else {
		c.differ++
	}
}

func (c *counts) PlayForgotten(events int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deleted += events
}

func (c *counts) checked() (same, differ int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.same, c.differ
}

// untrue is a store whose log is not what it was.
type untrue struct{ play.Store }

func (u untrue) PlayEvents(ctx context.Context, id play.ID, after int64, limit int) ([]play.Event, error) {
	events, err := u.Store.PlayEvents(ctx, id, after, limit)
	for i := range events {
		if events[i].Type == play.Voted {
			events[i].Data.Option = "another"
		}
	}
	return events, err
}

// short is a store that has lost a log.
type short struct{ play.Store }

func (short) PlayEvents(context.Context, play.ID, int64, int) ([]play.Event, error) { return nil, nil }

func TestLogOfAPartyIsCheckedAtItsEnd(t *testing.T) {
	s := newSite(t, circle, 1)
	for what, test := range map[string]struct {
		db   play.Store
		same bool
	}{"true": {s.db, true}, "untrue": {untrue{s.db}, false}, "lost": {short{s.db}, false}} {
		c := &counts{}
		n, _ := s.run(test.db, play.Options{Now: s.now, Node: what, Check: 1, Observer: c})
		host := auth.UserID("host of " + what)
		id := s.party(n, play.Change{Mode: text(string(tale.ModeMajority))}, host, "ben")
		s.do(n, id, host, play.Cmd{Kind: play.Choose, ID: "vote", Round: 1, Option: s.row(id).State.Options[0].ID})
		s.do(n, id, host, play.Cmd{Kind: play.End, ID: "end"})
		for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			same, differ := c.checked()
			if same+differ > 0 {
				if (same == 1) != test.same {
					t.Errorf("%s: same %d, differs %d", what, same, differ)
				}
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: not checked", what)
			}
		}
	}
}

func TestOldLogsAreForgotten(t *testing.T) {
	s := newSite(t, circle, 1)
	c := &counts{}
	later := time.Duration(0)
	now := func() time.Time { return s.now().Add(later) }
	n := play.NewService(play.Deps{Store: s.db, Stories: s.stories, People: nobodies{}, Publisher: s, Notifier: nobodies{}},
		play.Options{Now: now, Node: "n1", Gather: -1, Check: -1, Keep: 24 * time.Hour, Observer: c})
	ended, open := s.party(n, play.Change{}, "ann", "ben"), s.party(n, play.Change{}, "ben", "ann")
	s.do(n, ended, "ann", play.Cmd{Kind: play.End, ID: "end"})
	before := s.row(ended)
	forget := func(want int) {
		t.Helper()
		if err := n.ForgetForTest(t.Context()); err != nil || c.deleted != want {
			t.Fatalf("%d events are deleted, want %d; %v", c.deleted, want, err)
		}
	}
	forget(0)
	later = 25 * time.Hour
	forget(int(before.State.Seq))
	forget(int(before.State.Seq))
	if after := s.row(ended); after.Version != before.Version || len(after.State.Path) != 1 {
		t.Errorf("what is left is version %d with the way %v", after.Version, after.State.Path)
	}
	if r, _, events, err := n.Sync(t.Context(), "ann", ended, 2); err != nil || events != nil || r.State.Status != play.Ended {
		t.Errorf("Sync of a party without a log: %v, %v; want its state", events, err)
	}
	if events, _, err := n.Log(t.Context(), "ann", ended, 0); err != nil || len(events) != 0 {
		t.Errorf("Log: %v, %v", events, err)
	}
	if events, err := s.db.PlayEvents(t.Context(), open, 0, 100); err != nil || int64(len(events)) != s.row(open).State.Seq {
		t.Errorf("the log of a party that goes on has %d events, %v", len(events), err)
	}
}

func TestLostRacesAreCounted(t *testing.T) {
	s := newSite(t, circle, 1)
	c := &counts{}
	n := play.NewService(play.Deps{Store: &losing{Store: s.db, times: 2}, Stories: s.stories, People: nobodies{}, Publisher: s, Notifier: nobodies{}},
		play.Options{Now: s.now, Node: "n1", Gather: -1, Observer: c})
	id := s.party(n, play.Change{}, "ann")
	if c.repeat != 2 || c.writes != 1 || c.commands != 1 {
		t.Errorf("%d writes of %d commands, %d again; want 1, 1, 2", c.writes, c.commands, c.repeat)
	}
	s.replay(id)
}

// losing is a store on which others are faster for some times.
type losing struct {
	play.Store
	times int
}

func (l *losing) CommitPlay(ctx context.Context, w play.Write, committed func()) error {
	if l.times > 0 {
		l.times--
		return play.ErrConflict
	}
	return l.Store.CommitPlay(ctx, w, committed)
}
