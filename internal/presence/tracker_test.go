package presence_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the store and what is announced.
type world struct {
	mu    sync.Mutex
	seen  map[auth.UserID]time.Time
	saves int
	err   error
	told  []string
	diffs []presence.Diff

	invisible map[auth.UserID]bool
	counts    []presence.Count
}

func (w *world) SaveLastSeen(_ context.Context, seen []presence.Seen) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.saves++
	for _, s := range seen {
		w.seen[s.UserID] = s.At
	}
	return nil
}

func (w *world) LastSeen(_ context.Context, ids []auth.UserID) (list []presence.Seen, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		if at, ok := w.seen[id]; ok {
			list = append(list, presence.Seen{UserID: id, At: at})
		}
	}
	return list, w.err
}

func (w *world) UserOnline(_ context.Context, id auth.UserID, _ time.Time) {
	w.told = append(w.told, string(id)+" on")
}

func (w *world) UserOffline(_ context.Context, id auth.UserID, _ time.Time) {
	w.told = append(w.told, string(id)+" off")
}

func (w *world) UserAvailability(_ context.Context, id auth.UserID, a presence.Availability, _ time.Time) {
	w.told = append(w.told, string(id)+" "+string(a))
}

func (w *world) StoryCounted(_ context.Context, _ story.ID, c presence.Count) {
	w.counts = append(w.counts, c)
}

func (w *world) SetInvisible(_ context.Context, id auth.UserID, invisible bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.invisible == nil {
		w.invisible = make(map[auth.UserID]bool)
	}
	w.invisible[id] = invisible
	return w.err
}

func (w *world) Invisible(_ context.Context, id auth.UserID) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.invisible[id], w.err
}

func (w *world) StoryChanged(_ context.Context, d presence.Diff) {
	w.diffs = append(w.diffs, d)
	text := string(d.StoryID)
	for _, m := range d.Joins {
		text += " +" + string(m.User.ID)
	}
	for _, g := range d.Leaves {
		text += " -" + string(g.UserID)
	}
	for _, m := range d.Updates {
		text += " ~" + string(m.User.ID)
	}
	w.told = append(w.told, fmt.Sprintf("%s =%d", text, d.Count.Online))
}

// run calls test with a running tracker, in a bubble with a clock of its own.
func run(t *testing.T, test func(t *testing.T, tr *presence.Tracker, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{seen: make(map[auth.UserID]time.Time)}
		tr := presence.NewTracker(w, w, presence.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- tr.Run(ctx) }()
		test(t, tr, w)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func profile(id string) user.Profile { return user.Profile{ID: auth.UserID(id), DisplayName: id} }

// TestTransitions runs scripts: "bob/1" connects, "!bob/1" is lost, "x bob/1"
// logs out, "bob/1 s" enters a story, "-bob/1 s" leaves it, "+5s" lets time pass.
func TestTransitions(t *testing.T) {
	for _, test := range []struct {
		name   string
		script string
		want   string
	}{
		{"on once, off once", "bob/1, bob/2, !bob/1, !bob/2, +11s", "bob on, bob off"},
		{"second tab closing is no news", "bob/1, bob/2, !bob/2, +1m", "bob on"},
		{"reload is no news", "bob/1, !bob/1, +9s, bob/2, +1m", "bob on"},
		{"grace counts from the last loss", "bob/1, !bob/1, +9s, bob/2, !bob/2, +9s", "bob on"},
		{"and ends", "bob/1, !bob/1, +9s, bob/2, !bob/2, +11s", "bob on, bob off"},
		{"logging out needs no grace", "bob/1, x bob/1", "bob on, bob off"},
		{"logging out in one of two tabs", "bob/1, bob/2, x bob/1, +1m", "bob on"},
		{"logging out after the other tab was lost", "bob/1, bob/2, !bob/1, x bob/2", "bob on, bob off"},
		{"the same connection twice", "bob/1, bob/1, !bob/1, !bob/1, +11s", "bob on, bob off"},
		{"back after having been off", "bob/1, x bob/1, bob/2", "bob on, bob off, bob on"},
		{"in and out of a story", "bob/1, bob/1 s, +1s, -bob/1 s, +1s", "bob on, s +bob =1, s -bob =0"},
		{"a story is entered once", "bob/1, bob/2, bob/1 s, bob/1 s, bob/2 s, +1s, -bob/1 s, +1s", "bob on, s +bob =1"},
		{"diffs are batched", "bob/1, eve/2, bob/1 s, +1ms, eve/2 s, ada/3, ada/3 s, +1s", "bob on, eve on, s +bob =1, ada on, s +ada +eve =3"},
		{"in and out between two diffs", "bob/1, bob/1 r, +1ms, bob/1 s, -bob/1 s, +1s", "bob on, r +bob =1, s -bob =0"},
		{"a reload keeps the story", "bob/1, bob/1 s, +1s, !bob/1, +5s, bob/2, bob/2 s, +1m", "bob on, s +bob =1"},
		{"a lost tab leaves after grace", "bob/1, bob/2, bob/1 s, +1s, !bob/1, +11s", "bob on, s +bob =1, s -bob =0"},
		{"offline leaves the story", "bob/1, bob/1 s, +1s, !bob/1, +11s", "bob on, s +bob =1, bob off, s -bob =0"},
		{"logging out leaves the story", "bob/1, bob/1 s, +1s, x bob/1, +1s", "bob on, s +bob =1, bob off, s -bob =0"},
		{"attention", "bob/1, bob/1 s, +1s, = bob away, +1s, = bob away, +1s, = bob online, +1s",
			"bob on, s +bob =1, bob away, s ~bob =1, bob online, s ~bob =1"},
		{"who comes and says so at once is told as coming", "eve/2, eve/2 s, bob/1, +1ms, bob/1 s, = bob dnd, +1s",
			"eve on, s +eve =1, bob on, bob dnd, s +bob =2"},
		{"to hide is to go", "bob/1, bob/1 s, +1s, = bob hide, +1s, = bob show, +1s", "bob on, s +bob =1, bob off, s -bob =0, bob on, s +bob =1"},
		{"who hides comes and goes unseen", "bob/1, = bob hide, !bob/1, +11s, bob/2, bob/2 s, = bob away, +1s, x bob/2", "bob on, bob off"},
		{"who is gone has no moods", "bob/1, = bob away, x bob/1, = bob dnd, bob/2", "bob on, bob away, bob off, bob on"},
		{"a connection that is gone enters nothing", "bob/1, !bob/1, bob/1 s, -bob/1 s, +1s", "bob on"},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, func(t *testing.T, tr *presence.Tracker, w *world) {
				for step := range strings.SplitSeq(test.script, ", ") {
					play(t, tr, step)
					synctest.Wait()
				}
				if got := strings.Join(w.told, ", "); got != test.want {
					t.Errorf("%s\n got %s\nwant %s", test.script, got, test.want)
				}
			})
		})
	}
}

func play(t *testing.T, tr *presence.Tracker, step string) {
	t.Helper()
	if mood, ok := strings.CutPrefix(step, "= "); ok {
		say(t, tr, mood)
		return
	}
	if d, ok := strings.CutPrefix(step, "+"); ok {
		wait, err := time.ParseDuration(d)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(wait) // the bubble's clock
		return
	}
	verb := step[0]
	who, in, entering := strings.Cut(strings.TrimLeft(strings.TrimPrefix(step, "x "), "!-"), " ")
	name, _, _ := strings.Cut(who, "/")
	conn := presence.ConnectionID(who)
	switch {
	case verb == 'x':
		tr.LogOut(conn)
	case verb == '!':
		tr.Disconnect(conn)
	case verb == '-':
		tr.Leave(conn, story.ID(in))
	case entering:
		tr.Enter(conn, story.ID(in))
	default:
		hides, err := tr.Hides(t.Context(), auth.UserID(name))
		if err != nil {
			t.Fatal(err)
		}
		tr.Connect(conn, profile(name), hides)
	}
}

// say is "bob away", "bob hide" or "bob show".
func say(t *testing.T, tr *presence.Tracker, mood string) {
	t.Helper()
	name, word, _ := strings.Cut(mood, " ")
	var u presence.Update
	switch hide := word == "hide"; word {
	case "hide", "show":
		u.Invisible = &hide
	default:
		a := presence.Availability(word)
		u.Availability = &a
	}
	if err := tr.Update(context.Background(), auth.UserID(name), u); err != nil {
		t.Error(err)
	}
}

func TestDiffsAreAtMostFourASecond(t *testing.T) {
	run(t, func(t *testing.T, tr *presence.Tracker, w *world) {
		for i := range 1000 { // for ten seconds
			conn := presence.ConnectionID(fmt.Sprint(i))
			tr.Connect(conn, profile(fmt.Sprint("u", i)), false)
			tr.Enter(conn, "s")
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		if n := len(w.diffs); n < 35 || n > 41 {
			t.Errorf("%d diffs in 10 s, want about 40", n)
		}
		for i, d := range w.diffs[1:] {
			if d.Seq != w.diffs[i].Seq+1 {
				t.Errorf("seq %d after %d", d.Seq, w.diffs[i].Seq)
			}
		}
	})
}

// Whoever takes a snapshot at any moment and applies the diffs that follow
// ends with the people who are there.
func TestSnapshotAndDiffsAgree(t *testing.T) {
	run(t, func(t *testing.T, tr *presence.Tracker, w *world) {
		const people = 12
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range people {
			tr.Connect(presence.ConnectionID(fmt.Sprint(i)), profile(fmt.Sprint("u", i)), false)
		}
		var snaps []presence.Snapshot
		for range 400 {
			conn := presence.ConnectionID(fmt.Sprint(rng.IntN(people)))
			if rng.IntN(2) == 0 {
				tr.Enter(conn, "s")
			} else {
				tr.Leave(conn, "s")
			}
			snaps = append(snaps, tr.Story("s"))
			time.Sleep(time.Duration(rng.IntN(120)) * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		want := members(tr.Story("s").Members)
		for i, snap := range snaps {
			got := members(snap.Members)
			for _, d := range w.diffs {
				if d.Seq <= snap.Seq {
					continue
				}
				for _, m := range d.Joins {
					got[m.User.ID] = true
				}
				for _, g := range d.Leaves {
					delete(got, g.UserID)
				}
				if i == 0 && d.Count.Online > people {
					t.Errorf("count %d", d.Count)
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("snapshot %d and its diffs give %v, want %v", i, got, want)
			}
		}
	})
}

func members(ms []presence.Member) map[auth.UserID]bool {
	ids := make(map[auth.UserID]bool)
	for _, m := range ms {
		ids[m.User.ID] = true
	}
	return ids
}

func TestListsAreCapped(t *testing.T) {
	w := &world{seen: make(map[auth.UserID]time.Time)}
	tr := presence.NewTracker(w, w, presence.Options{MaxListed: 3})
	for _, id := range []string{"a", "b", "c", "d"} {
		tr.Connect(presence.ConnectionID(id), profile(id), false)
		tr.Enter(presence.ConnectionID(id), "s")
	}
	if o := tr.Online(); o.Count != 4 || len(o.UserIDs) != 3 {
		t.Errorf("Online = %+v, want 3 of 4", o)
	}
	if s := tr.Story("s"); s.Count.Online != 4 || len(s.Members) != 3 || tr.Readers("s") != 4 || tr.Readers("r") != 0 {
		t.Errorf("Story = %+v, want 3 of 4", s)
	}
	if _, err := tr.Statuses(t.Context(), make([]auth.UserID, 501)); errs.CodeOf(err) != errs.Validation {
		t.Errorf("Statuses of 501 = %v, want VALIDATION", err)
	}
}

func TestLastSeenIsStored(t *testing.T) {
	var w *world
	run(t, func(t *testing.T, tr *presence.Tracker, in *world) {
		w = in
		w.seen["old"] = time.Now().Add(-time.Hour)
		for i := range 450 {
			tr.Connect(presence.ConnectionID(fmt.Sprint(i)), profile(fmt.Sprint("u", i)), false)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if len(w.seen) != 451 || w.saves != 3 {
			t.Errorf("%d people in %d writes, want 451 in 3", len(w.seen), w.saves)
		}
		lost := time.Now()
		tr.Disconnect("0")
		time.Sleep(20 * time.Second)
		tr.Connect("a", profile("ada"), false)
		tr.LogOut("a")
		got, err := tr.Statuses(t.Context(), []auth.UserID{"u0", "u1", "ada", "old", "never"})
		if err != nil {
			t.Fatal(err)
		}
		want := map[auth.UserID]presence.Status{
			"u0": {LastSeenAt: lost}, "u1": {Online: true, Availability: presence.Available, LastSeenAt: time.Now()}, "ada": {LastSeenAt: time.Now()},
			"old": {LastSeenAt: w.seen["old"]}, "never": {},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Statuses = %v, want %v", got, want)
		}
		w.mu.Lock()
		w.err = errors.New("disk full")
		w.mu.Unlock()
		time.Sleep(10 * time.Second)
		w.mu.Lock()
		w.err = nil
		w.mu.Unlock()
		time.Sleep(time.Second)
	})
	if first, last := w.seen["u0"], w.seen["u449"]; !last.After(first) || w.seen["ada"].IsZero() {
		t.Errorf("at the end u0 %v, u449 %v, ada %v", first, last, w.seen["ada"])
	}
}

func TestManyAtOnce(t *testing.T) {
	run(t, func(t *testing.T, tr *presence.Tracker, w *world) {
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				for n := range 20 {
					conn := presence.ConnectionID(fmt.Sprint(i, "-", n))
					tr.Connect(conn, profile(fmt.Sprint("u", i%10)), false)
					tr.Enter(conn, story.ID(fmt.Sprint("s", n%3)))
					tr.Story("s0")
					tr.Online()
					tr.Disconnect(conn)
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		if o := tr.Online(); o.Count != 0 || tr.Readers("s0") != 0 {
			t.Errorf("left over: %+v", o)
		}
	})
}
