package play_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/tale"
)

func TestWayHasAnEnd(t *testing.T) {
	p := newParty(t, book(t, ":: Start\n[[On->Start]]\n[[Too->Start]]\n"), mode(tale.ModeFirst), "ann")
	p.start()
	for range play.MaxPath + 5 {
		p.choose("ann", "On")
	}
	if n := len(p.s.Path); n != play.MaxPath {
		t.Errorf("the way has %d steps, want %d", n, play.MaxPath)
	}
	p.refused(errs.WrongState, play.Cmd{Kind: play.Rewind, Actor: "ann", Round: 3})
	p.check()
}

// stuck is a store whose writes wait until it is told to go on.
type stuck struct {
	play.Store
	goOn chan struct{}
}

func (s stuck) CommitPlay(ctx context.Context, w play.Write, committed func()) error {
	<-s.goOn
	return s.Store.CommitPlay(ctx, w, committed)
}

// TestCommandsThatWaitHaveALimit: while a party's write is stuck, so many
// commands wait and the rest is refused; then those that waited are carried out.
func TestCommandsThatWaitHaveALimit(t *testing.T) {
	s := newSite(t, fork, 1)
	first, _ := s.node("n1", true)
	id := s.party(first, play.Change{Mode: text(string(tale.ModeUnanimous))}, "ann", "ben")
	db := stuck{s.db, make(chan struct{})}
	n, _ := s.nodeOn("n2", db, s.now)
	const sent = 600 // more than wait and are written at once
	options := s.row(id).State.Options
	refused := make(chan error, sent)
	var all sync.WaitGroup
	for i := range sent {
		all.Go(func() {
			_, err := n.Do(t.Context(), auth.UserID("ann"), id, play.Cmd{Kind: play.Choose, ID: fmt.Sprint(i), Round: 1, Option: options[i%2].ID})
			if err != nil {
				refused <- err
			}
		})
	}
	var err error
	select {
	case err = <-refused:
	case <-time.After(patience):
		t.Errorf("all %d commands wait", sent)
	}
	close(db.goOn)
	all.Wait()
	close(refused)
	for ; err != nil; err = <-refused {
		if errs.CodeOf(err) != errs.RateLimited {
			t.Fatalf("a command too many is refused with %v", err)
		}
	}
	if votes := len(s.replay(id)); votes < 100 {
		t.Errorf("after the wait the log has %d events", votes)
	}
}
