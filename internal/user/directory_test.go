package user_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/user"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type memory struct {
	mu      sync.Mutex
	stored  map[auth.UserID]user.Profile
	batches [][]user.Profile
	asked   int
	err     error
}

func (m *memory) SaveProfiles(_ context.Context, ps []user.Profile) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	m.batches = append(m.batches, ps)
	for _, p := range ps {
		m.stored[p.ID] = p
	}
	return nil
}

func (m *memory) Profiles(_ context.Context, ids []auth.UserID) (list []user.Profile, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	for _, id := range ids {
		if p, ok := m.stored[id]; ok {
			list = append(list, p)
		}
	}
	return list, m.err
}

func TestFromClaims(t *testing.T) {
	for _, test := range []struct {
		in   auth.Claims
		want user.Profile
	}{
		{auth.Claims{UserID: "1", DisplayName: "Ada", AvatarURL: "u"}, user.Profile{ID: "1", DisplayName: "Ada", AvatarURL: "u"}},
		{auth.Claims{UserID: "1"}, user.Profile{ID: "1", DisplayName: "1"}},
		{auth.Claims{UserID: "1", DisplayName: " \n"}, user.Profile{ID: "1", DisplayName: "1"}},
		{auth.Claims{}, user.Profile{DisplayName: "Someone"}},
		{auth.Claims{UserID: "1", DisplayName: "a\xff\x00b"}, user.Profile{ID: "1", DisplayName: "ab"}},
		{auth.Claims{UserID: "1", DisplayName: strings.Repeat("é", 200)}, user.Profile{ID: "1", DisplayName: strings.Repeat("é", 100)}},
		{auth.Claims{UserID: "1", DisplayName: "A", AvatarURL: strings.Repeat("u", 3000)}, user.Profile{ID: "1", DisplayName: "A"}},
	} {
		if got := user.FromClaims(test.in); got != test.want {
			t.Errorf("FromClaims(%+v) = %+v, want %+v", test.in, got, test.want)
		}
	}
}

func TestRememberedIsServedAtOnceAndStoredSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{stored: map[auth.UserID]user.Profile{"bob": {ID: "bob", DisplayName: "Bob"}}}
		d := user.NewDirectory(m, user.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		for range 3 {
			d.Remember(auth.Claims{UserID: "ada", DisplayName: "Ada"})
			d.Remember(auth.Claims{UserID: "eve", DisplayName: "Eve"})
		}
		if got := d.Profile(ctx, "ada").DisplayName; got != "Ada" {
			t.Errorf("at once: %q", got)
		}
		got := d.Profiles(ctx, []auth.UserID{"ada", "bob", "max", "max"})
		if len(got) != 3 || got["bob"].DisplayName != "Bob" || got["max"].DisplayName != "max" {
			t.Errorf("Profiles = %+v", got)
		}
		if d.Profile(ctx, "bob"); m.asked != 1 {
			t.Errorf("asked %d times, want once", m.asked)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(m.batches) != 1 || len(m.batches[0]) != 2 {
			t.Errorf("stored in %v, want one batch of two", m.batches)
		}
		d.Remember(auth.Claims{UserID: "ada", DisplayName: "Ada"}) // nothing new
		m.mu.Lock()
		m.err = errors.New("disk full")
		m.mu.Unlock()
		d.Remember(auth.Claims{UserID: "max", DisplayName: "Max"})
		time.Sleep(time.Second)
		synctest.Wait()
		m.mu.Lock()
		m.err = nil
		m.mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		if len(m.batches) != 2 || m.stored["max"].DisplayName != "Max" {
			t.Errorf("after an error: %v", m.batches)
		}
		d.Remember(auth.Claims{UserID: "zoe", DisplayName: "Zoe"})
		cancel()
		if err := <-done; err != nil || m.stored["zoe"].DisplayName != "Zoe" {
			t.Errorf("at the end: %v, %+v", err, m.stored["zoe"])
		}
	})
}

func TestFailingStoreLeavesTheID(t *testing.T) {
	d := user.NewDirectory(&memory{err: errors.New("gone")}, user.Options{CacheSize: 1})
	if got := d.Profile(t.Context(), "ada"); got != (user.Profile{ID: "ada", DisplayName: "ada"}) {
		t.Errorf("Profile = %+v", got)
	}
	for _, id := range []auth.UserID{"a", "b", "c"} { // more than the cache keeps
		d.Remember(auth.Claims{UserID: id, DisplayName: "name of " + string(id)})
	}
	for _, id := range []auth.UserID{"a", "b", "c"} {
		if got := d.Profile(t.Context(), id).DisplayName; got != "name of "+string(id) {
			t.Errorf("not stored yet: %q", got)
		}
	}
}
