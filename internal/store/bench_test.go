//go:build unix

package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/test/servers"
)

type silent struct{ comments atomic.Int64 }

func (s *silent) CommentCreated(context.Context, comment.Comment, string) { s.comments.Add(1) }
func (s *silent) TypingChanged(context.Context, comment.TypingChange)     {}
func (s *silent) Deliver(context.Context, []notification.Stored)          {}

// cpu returns the processor time used by the process so far.
func cpu(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchStories makes a story for each poster: their own, or one of somebody
// else's if they are guests.
func benchStories(b *testing.B, stories *story.Service, by string, posters int) []story.ID {
	b.Helper()
	ids := make([]story.ID, posters)
	for i := range ids {
		author := auth.UserID(fmt.Sprintf("%s-%d", by, i))
		if by == "guest" {
			author = "owner"
		}
		s, _, err := stories.Create(b.Context(), author, story.Draft{Title: "A story of their own"})
		if err != nil {
			b.Fatal(err)
		}
		ids[i] = s.ID
	}
	return ids
}

// BenchmarkPost is what 200 people do who each comment in a story of their
// own and wait for the answer before the next comment.
func BenchmarkPost(b *testing.B) {
	for _, test := range []struct{ by, cid string }{
		{"author", "timed"},  // a nonce that begins with the time, as a UUIDv7 does
		{"author", "random"}, // any other
		{"guest", "timed"},   // each comment notifies the story's author
	} {
		for _, database := range []string{"sqlite", "postgres"} {
			b.Run(database+"/"+test.by+"/"+test.cid, func(b *testing.B) { benchmarkPost(b, database, test.by, test.cid) })
		}
	}
}

func benchmarkPost(b *testing.B, database, by, cids string) {
	const posters = 200
	url := filepath.Join(b.TempDir(), "bench.db")
	if database == "postgres" {
		url = servers.Postgres(b)
	}
	st, err := store.Open(b.Context(), url, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	people := user.NewDirectory(st, user.Options{})
	stories := story.NewService(st, people, story.Options{})
	told := new(silent)
	comments := comment.NewService(comment.Deps{Store: st, Stories: stories, People: people, Publisher: told, Notifier: told}, comment.Options{})
	ids := benchStories(b, stories, by, posters)
	b.ResetTimer()
	before := cpu(b)
	var next atomic.Int64
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			me := auth.UserID(fmt.Sprintf("%s-%d", by, i))
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return
				}
				cid := fmt.Sprintf("%012x-%04x", n, i)
				if cids == "random" {
					cid = fmt.Sprintf("%017x", uint64(n)*0x9e3779b97f4a7c15)
				}
				_, _, err := comments.Post(b.Context(), me, comment.Draft{
					StoryID: id, CID: cid,
					Content: "She opened the door, and the sea was where the garden had been.",
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	// Steadier than the throughput on a machine with other work to do.
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-us/comment")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "comments/s")
	if got := told.comments.Load(); got != int64(b.N) {
		b.Errorf("told %d comments, want %d", got, b.N)
	}
}
