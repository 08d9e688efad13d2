package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/internal/store/storetest"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, path string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func TestSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return open(t, filepath.Join(t.TempDir(), "test.db")) })
}

func TestOpenTakesOddNames(t *testing.T) {
	dir := t.TempDir()
	for _, url := range []string{"sqlite:" + dir + "/a.db", "sqlite://" + dir + "/b.db", dir + "/100% sure? #1.db"} {
		if err := open(t, url).Ready(t.Context()); err != nil {
			t.Errorf("Open(%q): %v", url, err)
		}
	}
	for _, url := range []string{"", ":memory:", "mysql://localhost/x"} {
		if st, err := store.Open(t.Context(), url, store.Options{}); err == nil {
			t.Errorf("Open(%q) succeeded", url)
			_ = st.Close()
		}
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	first := open(t, path)
	if _, err := store.Open(t.Context(), path, store.Options{}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("second Open: %v, want ErrInUse", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func newStory(t *testing.T, st *store.Store, id story.ID) {
	t.Helper()
	s := story.Story{ID: id, Title: "T", Visibility: story.Public, CreatedAt: time.Now(), Author: user.Profile{ID: "ada"}}
	if _, _, err := st.CreateStory(t.Context(), s, "", time.Now()); err != nil {
		t.Fatal(err)
	}
}

func newComment(id string) comment.Comment {
	return comment.Comment{
		ID: comment.ID(id), StoryID: "s1", Content: "x", User: user.Profile{ID: "bob"}, CreatedAt: time.Now(), CID: "cid of " + id,
	}
}

func TestEverythingIsThereAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	st := open(t, path)
	newStory(t, st, "s1")
	since := time.Now().Add(-time.Hour)
	first, err := st.InsertComment(t.Context(), newComment("c1"), since, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := st.Secret(t.Context(), "jwt", 32)
	if err != nil || len(secret) != 32 {
		t.Fatalf("Secret = %x, %v", secret, err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	st = open(t, path)
	if again, err := st.Secret(t.Context(), "jwt", 32); err != nil || string(again) != string(secret) {
		t.Errorf("Secret = %x, %v; want %x", again, err, secret)
	}
	retry := newComment("c2")
	retry.CID = "cid of c1"
	r, err := st.InsertComment(t.Context(), retry, since, nil, nil)
	if err != nil || !r.Duplicate || r.Comment.ID != "c1" || r.Comment.Epoch != first.Comment.Epoch {
		t.Errorf("retry = %+v, %v; want the duplicate of %+v", r, err, first.Comment)
	}
	if r, err = st.InsertComment(t.Context(), newComment("c3"), since, nil, nil); err != nil || r.Comment.Seq != 2 {
		t.Errorf("next = %+v, %v; want seq 2", r, err)
	}
}

func TestCloseCarriesOutWhatIsQueued(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	st := open(t, path)
	newStory(t, st, "s1")
	var wg sync.WaitGroup
	var mu sync.Mutex
	stored := make(map[comment.ID]bool)
	begun := make(chan struct{}, 100)
	for i := range 100 {
		wg.Go(func() {
			for n := 0; ; n++ {
				c := newComment(fmt.Sprint("c", i, "-", n))
				_, err := st.InsertComment(context.Background(), c, time.Now(), nil, nil)
				if err != nil {
					if errs.CodeOf(err) != errs.Unavailable {
						t.Errorf("refused with %v, want UNAVAILABLE", err)
					}
					return
				}
				mu.Lock()
				stored[c.ID] = true
				mu.Unlock()
				if n == 0 {
					begun <- struct{}{}
				}
			}
		})
	}
	for range 100 {
		<-begun
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	wg.Wait()
	st = open(t, path)
	for id := range stored {
		if _, err := st.Comment(t.Context(), id); err != nil {
			t.Errorf("acknowledged %s: %v", id, err)
		}
	}
	if _, pos, err := st.Comments(t.Context(), "s1", 0, 0); err != nil || pos.Seq != int64(len(stored)) {
		t.Errorf("position %+v, %v; want %d", pos, err, len(stored))
	}
}

func TestEndedContextIsRefusedUnlessQueued(t *testing.T) {
	st := open(t, filepath.Join(t.TempDir(), "test.db"))
	newStory(t, st, "s1")
	ctx, cancel := context.WithCancel(t.Context())
	// The context ends while the write is carried out: it is stored, told and answered.
	r, err := st.InsertComment(ctx, newComment("c1"), time.Now(), nil, func(comment.Receipt) { cancel() })
	if err != nil || r.Comment.Seq != 1 {
		t.Errorf("InsertComment = %+v, %v; want it stored", r, err)
	}
	if _, err = st.InsertComment(ctx, newComment("c2"), time.Now(), nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("InsertComment with an ended context: %v", err)
	}
}

func TestAcknowledgedIsReadable(t *testing.T) {
	st := open(t, filepath.Join(t.TempDir(), "test.db"))
	newStory(t, st, "s1")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 50 {
				c := newComment(fmt.Sprint("c", i, "-", n))
				if _, err := st.InsertComment(t.Context(), c, time.Now(), nil, nil); err != nil {
					t.Error(err)
				}
				if _, err := st.Comment(t.Context(), c.ID); err != nil {
					t.Errorf("acknowledged but not readable: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

func TestFullDiskIsUnavailableUntilThereIsRoom(t *testing.T) {
	st := open(t, filepath.Join(t.TempDir(), "test.db"))
	newStory(t, st, "s1")
	if err := st.LimitPages(t.Context(), 1); err != nil { // as many as there are
		t.Fatal(err)
	}
	stored := 0
	for i := range 200 {
		c := newComment(fmt.Sprint("c", i))
		c.Content = string(make([]byte, 4000))
		r, err := st.InsertComment(t.Context(), c, time.Now(), nil, func(comment.Receipt) { stored++ })
		if err == nil && r.Comment.Seq != int64(stored) {
			t.Fatalf("seq %d, want %d", r.Comment.Seq, stored)
		}
		if err != nil && errs.CodeOf(err) != errs.Unavailable {
			t.Fatalf("InsertComment: %v, want UNAVAILABLE", err)
		}
	}
	if stored > 100 {
		t.Fatalf("%d comments found room in a full database", stored)
	}
	c := newComment("big")
	c.Content = string(make([]byte, 20000))
	if _, err := st.InsertComment(t.Context(), c, time.Now(), nil, nil); errs.CodeOf(err) != errs.Unavailable {
		t.Fatalf("InsertComment: %v, want UNAVAILABLE", err)
	}
	if err := st.LimitPages(t.Context(), 1<<30); err != nil {
		t.Fatal(err)
	}
	if err := st.Ready(t.Context()); err != nil {
		t.Errorf("Ready with room: %v", err)
	}
	r, err := st.InsertComment(t.Context(), c, time.Now(), nil, nil)
	if err != nil || r.Comment.Seq != int64(stored)+1 {
		t.Errorf("with room: %+v, %v; want seq %d", r.Comment.Seq, err, stored+1)
	}
	if _, err := st.Comment(t.Context(), "big"); err != nil {
		t.Error(err)
	}
}
