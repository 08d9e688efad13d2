package coedit_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/yjs"
)

// quiet hears nothing.
type quiet struct{}

func (quiet) Updated(story.ID, coedit.Update, uint64, string) {}
func (quiet) AwarenessChanged(story.ID, []byte, string)       {}
func (quiet) CursorsMoved([]string, story.ID, []byte)         {}
func (quiet) RoleChanged(string, story.ID, story.Role)        {}
func (quiet) ResetNeeded(string, story.ID, errs.Code)         {}
func (quiet) DocClosed(story.ID)                              {}
func (quiet) NoteChanged(story.ID, coedit.Note)               {}
func (quiet) DocPublished(story.ID, coedit.Release)           {}

// BenchmarkPush is one writer with 64 letters on their way, on a log in memory.
func BenchmarkPush(b *testing.B) {
	log := newMemory()
	r := &roles{members: map[auth.UserID]story.Role{}}
	s := coedit.NewService(coedit.Deps{
		Log: log, Writers: log, Versions: log, Notes: log, Invitations: log, Stories: r, Members: r, People: people{},
		Notifications: &inbox{}, Publisher: quiet{}, Releases: &shelf{}, Seed: seed,
	}, coedit.Options{Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	defer running.Wait()
	defer cancel()
	opened, err := s.Open(b.Context(), coedit.Visitor{Conn: "a", User: user.Profile{ID: "ada"}, Client: 5000}, lighthouse, nil)
	if err != nil {
		b.Fatal(err)
	}
	doc := yjs.New()
	if err := doc.Apply(opened.Update); err != nil {
		b.Fatal(err)
	}
	v, _ := doc.Root("passages", yjs.Map).Get(passage)
	v, _ = v.(*yjs.Type).Get("body")
	body := v.(*yjs.Type)
	const most = 10_000 // letters, before they are deleted and it begins anew
	updates := make([][]byte, b.N)
	for i := range updates {
		updates[i], err = doc.Edit(5000, func(tx *yjs.Txn) error {
			if n := body.Len(); n == most {
				return tx.Delete(body, 0, n)
			}
			return tx.InsertText(body, body.Len(), "a")
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 64)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		slots <- struct{}{}
		wg.Add(1)
		s.Push("a", "ada", lighthouse, updates[i], func(_ int64, err error) {
			if err != nil {
				b.Error(err)
			}
			<-slots
			wg.Done()
		})
	}
	wg.Wait()
	b.StopTimer()
	s.Disconnected("a")
}
