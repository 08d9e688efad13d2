//go:build unix

package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/internal/store/storetest"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/test/servers"
)

func TestSuiteOnPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return open(t, servers.Postgres(t)) })
}

// Three nodes post to the same stories and notify the same people: each
// story is numbered without a hole, and all have one order.
func TestNodesShareOneOrder(t *testing.T) {
	const nodes, posters, each, stories = 3, 4, 15, 4
	url := servers.Postgres(t)
	var wg sync.WaitGroup
	list := make([]*store.Store, nodes)
	for i := range list { // all migrate the empty database
		wg.Go(func() {
			var err error
			if list[i], err = store.Open(t.Context(), url, store.Options{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for _, st := range list {
		t.Cleanup(func() { _ = st.Close() })
	}
	for i := range stories {
		newStory(t, list[0], story.ID(fmt.Sprint("s", i)))
	}
	var mu sync.Mutex
	at := make(map[int64]comment.Comment) // by position
	seen := make([]map[story.ID]int64, nodes)
	for node, st := range list {
		seen[node] = make(map[story.ID]int64)
		for p := range posters {
			wg.Go(func() {
				for i := range each {
					id := fmt.Sprint(node, "-", p, "-", i)
					c := newComment(id)
					c.StoryID = story.ID(fmt.Sprint("s", (p+i)%stories))
					n := notification.Notification{ID: notification.ID(id), UserID: "ada", CreatedAt: time.Now(), Actor: user.Profile{ID: "bob"}}
					_, err := st.InsertComment(t.Context(), c, time.Now().Add(-time.Hour), []notification.Notification{n}, func(r comment.Receipt) {
						if last := seen[node][r.Comment.StoryID]; r.Comment.Seq <= last {
							t.Errorf("node %d tells %d after %d", node, r.Comment.Seq, last)
						}
						seen[node][r.Comment.StoryID] = r.Comment.Seq
						mu.Lock()
						defer mu.Unlock()
						at[r.Comment.Pos], at[r.Notifications[0].Pos] = r.Comment, comment.Comment{}
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	const total = nodes * posters * each
	next := make(map[story.ID]int64)
	for pos := int64(1); pos <= 2*total; pos++ {
		c, ok := at[pos]
		if !ok {
			t.Fatalf("nothing has position %d of %d", pos, 2*total)
		}
		if c.ID != "" {
			if next[c.StoryID]++; c.Seq != next[c.StoryID] {
				t.Fatalf("position %d has %d of %s, want %d", pos, c.Seq, c.StoryID, next[c.StoryID])
			}
		}
	}
	if counts, err := list[1].NotificationCounts(t.Context(), "ada"); err != nil || counts != (notification.Counts{Unread: total, Rev: total}) {
		t.Errorf("counts = %+v, %v; want %d", counts, err, total)
	}
}

func TestSameCIDOnTwoNodesIsOneComment(t *testing.T) {
	url := servers.Postgres(t)
	nodes := []*store.Store{open(t, url), open(t, url)}
	newStory(t, nodes[0], "s1")
	var wg sync.WaitGroup
	receipts := make([]comment.Receipt, 40)
	for i := range receipts {
		wg.Go(func() {
			c := newComment(fmt.Sprint("c", i))
			c.CID = "nonce"
			var err error
			if receipts[i], err = nodes[i%2].InsertComment(t.Context(), c, time.Now().Add(-time.Hour), nil, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	fresh := 0
	for _, r := range receipts {
		if !r.Duplicate {
			fresh++
		}
		if r.Comment.ID != receipts[0].Comment.ID || r.Comment.Epoch != receipts[0].Comment.Epoch || r.Comment.Seq != 1 {
			t.Errorf("got %+v, want %+v", r.Comment, receipts[0].Comment)
		}
	}
	if fresh != 1 {
		t.Errorf("%d comments were made, want 1", fresh)
	}
}

func TestSchemaIsOnlyLookedAtWhenAskedTo(t *testing.T) {
	for name, url := range map[string]string{"sqlite": t.TempDir() + "/test.db", "postgres": servers.Postgres(t)} {
		if st, err := store.Open(t.Context(), url, store.Options{NoMigrate: true}); !errors.Is(err, store.ErrSchema) {
			t.Errorf("%s: Open of an empty database: %v, want ErrSchema", name, err)
			_ = st.Close()
		}
		from, to, err := store.Migrate(t.Context(), url)
		if err != nil || from != 0 || to < 2 {
			t.Errorf("%s: Migrate = %d, %d, %v", name, from, to, err)
		}
		if again, _, err := store.Migrate(t.Context(), url); err != nil || again != to {
			t.Errorf("%s: Migrate again = %d, %v; want from %d", name, again, err, to)
		}
		st, err := store.Open(t.Context(), url, store.Options{NoMigrate: true})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
}
