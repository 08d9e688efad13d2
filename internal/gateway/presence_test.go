package gateway_test

import (
	"strings"
	"testing"

	"github.com/storywire/storywire/internal/story"
)

func TestWhatPeopleSayOfThemselvesIsTold(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann, ben := w.in("ann", id), w.in("ben", id)
	ann.ok("presence:subscribe", m{"storyId": id})
	ben.ok("presence:update", m{
		"status": "away", "activity": m{"kind": "editing", "storyId": id, "passageId": "p1"}, "state": m{"mood": "☂"},
	})
	var got m
	ann.hearWhere("presence:diff", func(d m) bool {
		for _, p := range append(d["updates"].([]any), d["joins"].([]any)...) { // who has just come is told once
			if p.(m)["status"] == "away" {
				got = p.(m)
			}
		}
		return got != nil
	})
	if got["userId"] != "ben" || got["status"] != "away" || got["activity"].(m)["passageId"] != "p1" || got["state"].(m)["mood"] != "☂" {
		t.Errorf("update = %v", got)
	}
	if got := ann.hearWhere("user:status", about("ben")); got["status"] != "away" {
		t.Errorf("user:status = %v", got)
	}
	if got := ann.ok("presence:get", m{"userIds": []string{"ben", "nobody"}})["items"].(m); got["ben"].(m)["status"] != "away" ||
		got["ben"].(m)["lastSeenAt"] != nil || got["nobody"].(m)["status"] != "offline" {
		t.Errorf("presence:get = %v", got)
	}
	late := w.open("eve") // is told what she could not hear
	late.hearWhere("user:online", about("ben"))
	late.hearWhere("user:status", about("ben"))
}

func TestWhoHidesIsOfflineToOthers(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann, ben := w.in("ann", id), w.in("ben", id)
	ann.ok("presence:subscribe", m{"storyId": id})
	ann.hearWhere("user:online", about("ben"))
	ben.ok("presence:update", m{"invisible": true})
	ann.hearWhere("user:offline", about("ben"))
	ann.hearWhere("presence:diff", func(d m) bool { return len(d["leaves"].([]any)) == 1 })
	if got := ann.ok("presence:subscribe", nil)["users"].([]any); len(got) != 1 || got[0] != "ann" {
		t.Errorf("online are %v, want ann alone", got)
	}
	if got := ann.ok("presence:get", m{"userIds": []string{"ben"}})["items"].(m)["ben"].(m); got["status"] != "offline" || got["lastSeenAt"] == nil {
		t.Errorf("ben is %v, want offline and seen", got)
	}
	// Also those who come back are not seen, and they hear of others.
	ben.Close()
	again := w.in("ben", id)
	again.hearWhere("user:online", about("ann"))
	if got := ann.ok("presence:subscribe", m{"storyId": id}); got["count"] != 1.0 {
		t.Errorf("in the story are %v", got)
	}
	again.ok("presence:update", m{"invisible": false})
	ann.hearWhere("user:online", about("ben"))
}

func TestCountsWithoutNames(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann, ben := w.in("ann", id), w.in("ben", id)
	got := ann.ok("presence:subscribe", m{"storyId": id, "mode": "count"})
	if got["count"] != 2.0 || len(got["users"].([]any)) != 0 || got["members"] != nil {
		t.Errorf("mode count = %v", got)
	}
	ben.ok("presence:update", m{"activity": m{"kind": "playing", "storyId": id}})
	c := ann.hearWhere("presence:count", func(c m) bool { return c["players"] == 1.0 })
	if c["storyId"] != id || c["online"] != 2.0 || c["readers"] != 1.0 || c["editors"] != 0.0 {
		t.Errorf("presence:count = %v", c)
	}
	if len(ann.heard("presence:diff")) != 0 {
		t.Error("who only counts was told names")
	}
	got = ann.ok("presence:subscribe", m{"storyId": id, "mode": "ids"})
	if len(got["users"].([]any)) != 2 || got["members"] != nil {
		t.Errorf("mode ids = %v", got)
	}
	w.in("eve", id)
	ann.hearWhere("presence:diff", func(d m) bool { return len(d["joins"].([]any)) == 1 })
	before := len(ann.heard("presence:count"))
	w.in("zoe", id)
	ann.hearWhere("presence:diff", func(d m) bool { return d["count"] == 4.0 })
	if after := len(ann.heard("presence:count")); after != before {
		t.Error("who follows names is told counts as well")
	}
}

func TestPresenceRefusals(t *testing.T) {
	w := newWorld(t, options{})
	ann := w.open("ann")
	for _, tt := range []struct {
		event   string
		payload any
		word    string
	}{
		{"presence:update", m{"status": "asleep"}, "status"},
		{"presence:update", m{"activity": m{"kind": "sleeping"}}, "activity.kind"},
		{"presence:update", m{"activity": m{"kind": "reading", "storyId": strings.Repeat("s", 300)}}, "activity"},
		{"presence:update", m{"state": []int{1}}, "state"},
		{"presence:update", m{"state": m{"x": strings.Repeat("y", 1100)}}, "1 KiB"},
		{"presence:get", m{}, "userIds"},
		{"presence:get", m{"userIds": make([]string, 501)}, "500"},
		{"presence:subscribe", m{"mode": "count"}, "storyId"},
		{"presence:subscribe", m{"storyId": "s", "mode": "loud"}, "mode"},
	} {
		if got := ann.call(tt.event, tt.payload); got.OK || got.Error.Code != "VALIDATION" || !strings.Contains(got.Error.Message, tt.word) {
			t.Errorf("%s %v = %+v, want VALIDATION with %q", tt.event, tt.payload, got, tt.word)
		}
	}
}
