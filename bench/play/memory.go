//go:build linux

package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

const (
	weighedParties = 1000
	weighedRounds  = 20
	writers        = 64 // that make and play them at the same time
)

// nobody is told nothing.
type nobody struct{}

func (nobody) Profile(_ context.Context, id auth.UserID) user.Profile { return user.Nobody(id) }
func (nobody) Profiles(context.Context, []auth.UserID) map[auth.UserID]user.Profile {
	return nil
}
func (nobody) Create(context.Context, notification.Draft) ([]notification.Notification, bool, error) {
	return nil, false, nil
}
func (nobody) PlayChanged(context.Context, play.News)                     {}
func (nobody) PlaySaid(context.Context, play.Message)                     {}
func (nobody) PlayWatched(context.Context, play.ID, int)                  {}
func (nobody) PlayAudience(context.Context, play.ID, int, map[string]int) {}

// weigh returns how many bytes of the heap a party takes that has been played for a while.
func weigh(ctx context.Context, database string) (int64, error) {
	db, err := store.Open(ctx, database, store.Options{})
	if err != nil {
		return 0, err
	}
	defer db.Close()
	stories := story.NewService(db, nobody{}, story.Options{})
	plays := play.NewService(play.Deps{Store: db, Stories: stories, People: nobody{}, Publisher: nobody{}, Notifier: nobody{}},
		play.Options{Gather: -1, Logger: slog.New(slog.DiscardHandler)})
	imported, err := stories.Import(ctx, "author", story.Draft{}, "circle.twee", []byte(circle))
	if err != nil {
		return 0, err
	}
	if err := playAlone(ctx, plays, imported.Story.ID, "first"); err != nil { // what the first one costs, the others do not
		return 0, err
	}
	before := heap()
	next := make(chan int)
	errList := make(chan error, writers)
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for i := range next {
				if err := playAlone(ctx, plays, imported.Story.ID, fmt.Sprint("p", i)); err != nil {
					errList <- err
					return
				}
			}
		})
	}
	for i := range weighedParties {
		select {
		case next <- i:
		case err := <-errList:
			return 0, err // the writers end with the process
		}
	}
	close(next)
	all.Wait()
	size := (heap() - before) / weighedParties
	runtime.KeepAlive(plays)
	select {
	case err := <-errList:
		return 0, err
	default:
		return size, nil
	}
}

// playAlone makes a party of four and plays its rounds.
func playAlone(ctx context.Context, plays *play.Service, id story.ID, name string) error {
	who := func(seat int) auth.UserID { return auth.UserID(fmt.Sprint(name, "-", seat)) }
	mode, timer := "majority", 60
	r, err := plays.Create(ctx, who(0), play.Draft{StoryID: id, Change: play.Change{Mode: &mode, TimerSec: &timer}, CmdID: "create", Attach: true})
	if err != nil {
		return err
	}
	party := r.State.ID
	for seat := 1; seat < 4; seat++ {
		if _, err := plays.Enter(ctx, who(seat), play.Entry{ID: party, CmdID: "join", Attach: true}); err != nil {
			return err
		}
	}
	if r, err = plays.Do(ctx, who(0), party, play.Cmd{Kind: play.Start, ID: "start", Force: true}); err != nil {
		return err
	}
	for round := range weighedRounds {
		option := r.State.Options[round%2].ID
		for seat := range 3 {
			c := play.Cmd{Kind: play.Choose, ID: fmt.Sprint("c", round), Round: round + 1, Option: option}
			if r, err = plays.Do(ctx, who(seat), party, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// heap returns the bytes in use after everything else was collected.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one has found to be finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
