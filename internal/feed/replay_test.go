package feed_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/storywire/storywire/internal/feed"
)

// missed prepares and holds.
func (n *node) missed(t *testing.T, origin string, wants ...feed.Want) feed.Missed {
	t.Helper()
	r, err := n.Prepare(t.Context(), wants, origin)
	if err != nil {
		t.Fatal(err)
	}
	var got feed.Missed
	if !n.Hold(r, func(m feed.Missed) { got = m }) {
		t.Fatal("overtaken")
	}
	return got
}

func (n *node) commit(events ...*feed.Event) {
	for _, e := range events {
		n.store(e)
		n.Commit(e)
	}
}

func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, func(o *feed.Options) { o.Alone, o.Publish = true, nil })
		defer n.stop()
		own := event(4, "c")
		own.Origin = "me"
		read := event(7, "b")
		read.Origin, read.Except = "me", true
		n.commit(event(1, "a"), event(2, "b"), event(3, "a"), own, event(5, "b"), event(6, "a"), read)
		tests := []struct {
			name   string
			origin string
			wants  []feed.Want
			want   []int64
		}{
			{"one room", "", []feed.Want{{Room: "a", After: 0}}, []int64{1, 3, 6}},
			{"since", "", []feed.Want{{Room: "a", After: 1}}, []int64{3, 6}},
			{"all seen", "", []feed.Want{{Room: "a", After: 6}}, nil},
			{"two rooms in order", "", []feed.Want{{Room: "b", After: 1}, {Room: "a", After: 2}}, []int64{2, 3, 5, 6, 7}},
			{"what one caused oneself", "me", []feed.Want{{Room: "a", After: 1}}, []int64{3, 4, 6}},
			{"but not what one need not hear", "me", []feed.Want{{Room: "b", After: 1}}, []int64{2, 4, 5}},
			{"a room of nothing", "", []feed.Want{{Room: "x", After: 0}}, nil},
		}
		for _, tt := range tests {
			got := n.missed(t, tt.origin, tt.wants...)
			if !slices.Equal(positions(got.Events), tt.want) || got.Cursor != 7 || len(got.Gaps) > 0 {
				t.Errorf("%s: %+v, want %v", tt.name, got, tt.want)
			}
		}
		if n.reads > 0 {
			t.Errorf("the database was read %d times", n.reads)
		}
		n.Hold(nil, func(m feed.Missed) {
			if m.Cursor != 7 || len(m.Events) > 0 {
				t.Errorf("nothing wanted: %+v", m)
			}
		})
	})
}

// Before what is kept stands what the database has: each event once, and none
// that is still to be told.
func TestReplayFromTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := []*feed.Event{event(1, "a"), event(2, "b"), event(3, "a")}
		n := &node{stored: before}
		f, err := feed.Open(t.Context(), feed.Options{Source: n, Deliver: n.deliver, Alone: true, Bytes: 1000})
		if err != nil {
			t.Fatal(err)
		}
		n.Feed = f
		n.commit(event(4, "a"))
		n.store(event(5, "a")) // committed, but not told yet
		got := n.missed(t, "", feed.Want{Room: "a", After: 1}, feed.Want{Room: "b", After: 3})
		if want := []int64{3, 4}; !slices.Equal(positions(got.Events), want) || got.Cursor != 4 {
			t.Errorf("%v up to %d, want %v", positions(got.Events), got.Cursor, want)
		}
		// Prepared, and then overtaken by more than is kept.
		r, err := n.Prepare(t.Context(), []feed.Want{{Room: "a", After: 1}}, "")
		if err != nil {
			t.Fatal(err)
		}
		n.Commit(event(5, "a"))
		for pos := int64(6); pos < 20; pos++ {
			n.commit(event(pos, "b"))
		}
		if n.Hold(r, func(feed.Missed) { t.Error("held with a hole") }) {
			t.Error("not overtaken")
		}
		if got := n.missed(t, "", feed.Want{Room: "a", After: 1}); !slices.Equal(positions(got.Events), []int64{3, 4, 5}) {
			t.Errorf("prepared again: %v", positions(got.Events))
		}
		n.broken = true
		if _, err := n.Prepare(t.Context(), []feed.Want{{Room: "a", After: 1}}, ""); err == nil {
			t.Error("prepared without a database")
		}
	})
}

func TestGaps(t *testing.T) {
	for _, bytes := range []int{1 << 30, 1000} { // from memory, from the database
		synctest.Test(t, func(t *testing.T) {
			n := newNode(t, func(o *feed.Options) { o.Alone, o.Publish, o.Bytes = true, nil, bytes })
			defer n.stop()
			n.commit(event(1, "short"))
			pos := int64(1)
			for room, count := range map[string]int{"long": feed.MaxRoom + 1, "one": 400, "two": 450, "three": 300} {
				for range count {
					pos++
					n.commit(event(pos, room))
				}
			}
			got := n.missed(t, "", feed.Want{Room: "long"}, feed.Want{Room: "short"})
			if !slices.Equal(got.Gaps, []string{"long"}) || !slices.Equal(positions(got.Events), []int64{1}) {
				t.Errorf("gaps %v, events %v", got.Gaps, positions(got.Events))
			}
			got = n.missed(t, "", feed.Want{Room: "one"}, feed.Want{Room: "two"}, feed.Want{Room: "three"}, feed.Want{Room: "short"})
			if fmt.Sprint(got.Gaps) != "[two]" || len(got.Events) != 701 {
				t.Errorf("gaps %v, %d events", got.Gaps, len(got.Events))
			}
		})
	}
}
