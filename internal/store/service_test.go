package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// ledger is what the services tell; no lock: never two at a time.
type ledger struct {
	published map[story.ID][]int64
	pushed    map[auth.UserID][]int64 // revs
}

func (l *ledger) CommentCreated(_ context.Context, c comment.Comment, _ string) {
	l.published[c.StoryID] = append(l.published[c.StoryID], c.Seq)
}

func (l *ledger) TypingChanged(context.Context, comment.TypingChange) {}

func (l *ledger) NotificationCreated(_ context.Context, n notification.Stored) {
	id := n.Notification.UserID
	l.pushed[id] = append(l.pushed[id], n.Counts.Rev)
}

func (l *ledger) NotificationsRead(context.Context, auth.UserID, notification.Marked, string) {}

func services(st *store.Store) (*comment.Service, *story.Service, *ledger) {
	l := &ledger{published: make(map[story.ID][]int64), pushed: make(map[auth.UserID][]int64)}
	people := user.NewDirectory(st, user.Options{})
	stories := story.NewService(st, people, story.Options{})
	notes := notification.NewService(st, people, l, notification.Options{})
	return comment.NewService(comment.Deps{Store: st, Stories: stories, People: people, Publisher: l, Notifier: notes}, comment.Options{}), stories, l
}

// Readers see every comment once and in the order of its number, and inboxes
// rise in order, however many people post at once.
func TestPublishOrderIsSeqOrder(t *testing.T) {
	const posters, each, inStories = 20, 20, 3
	comments, stories, told := services(open(t, filepath.Join(t.TempDir(), "test.db")))
	for i := range inStories {
		if _, _, err := stories.Create(t.Context(), "ada", story.Draft{ID: story.ID(fmt.Sprint("s", i)), Title: "T"}); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for p := range posters {
		wg.Go(func() {
			last := make(map[story.ID]int64)
			for i := range each {
				in := comment.Draft{StoryID: story.ID(fmt.Sprint("s", (p+i)%inStories)), Content: "x", CID: fmt.Sprint(i)}
				c, duplicate, err := comments.Post(t.Context(), auth.UserID(fmt.Sprint("u", p)), in)
				if err != nil || duplicate || c.Seq <= last[c.StoryID] {
					t.Errorf("Post = %+v, %t, %v; want a seq above %d", c, duplicate, err, last[c.StoryID])
				}
				last[c.StoryID] = c.Seq
			}
		})
	}
	wg.Wait()
	total := 0
	for id, seqs := range told.published {
		total += len(seqs)
		for i, seq := range seqs {
			if seq != int64(i)+1 {
				t.Fatalf("%s: published %v, want 1, 2, 3 ...", id, seqs)
			}
		}
	}
	revs := told.pushed["ada"]
	for i, rev := range revs {
		if rev != int64(i)+1 {
			t.Fatalf("pushed revs %v, want 1, 2, 3 ...", revs)
		}
	}
	if total != posters*each || len(revs) != total {
		t.Errorf("published %d, pushed %d, want %d", total, len(revs), posters*each)
	}
}

// A hundred tries with one cid, at once and after a restart, are one comment.
func TestSameCIDIsOneComment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	st := open(t, path)
	comments, stories, told := services(st)
	if _, _, err := stories.Create(t.Context(), "ada", story.Draft{ID: "s1", Title: "T"}); err != nil {
		t.Fatal(err)
	}
	in := comment.Draft{StoryID: "s1", Content: "x", CID: "nonce"}
	var mu sync.Mutex
	var fresh int
	var first comment.Comment
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			c, duplicate, err := comments.Post(t.Context(), "bob", in)
			mu.Lock()
			defer mu.Unlock()
			if !duplicate {
				fresh++
			}
			if first.ID == "" {
				first = c
			}
			if err != nil || c != first {
				t.Errorf("Post = %+v, %v; want %+v", c, err, first)
			}
		})
	}
	wg.Wait()
	if fresh != 1 || len(told.published["s1"]) != 1 || len(told.pushed["ada"]) != 1 {
		t.Errorf("%d fresh, published %v, pushed %v; want one of each", fresh, told.published, told.pushed)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	comments, _, told = services(open(t, path))
	c, duplicate, err := comments.Post(t.Context(), "bob", in)
	if err != nil || !duplicate || c != first || len(told.published) != 0 {
		t.Errorf("after a restart: %+v, %t, %v, published %v; want %+v", c, duplicate, err, told.published, first)
	}
}
