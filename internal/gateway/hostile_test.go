package gateway_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/story"
)

func TestBadInputIsRefusedWithASentence(t *testing.T) {
	w := newWorld(t, options{})
	public, private := w.story("author", story.Public), w.story("author", story.Private)
	ann := w.open("ann")
	tests := []struct {
		event   string
		payload any
		code    string // several are separated by spaces
		names   string // what the sentence names
	}{
		{"story:join", nil, "VALIDATION", "storyId"},
		{"story:join", "42", "VALIDATION", "object"},
		{"story:join", []any{}, "VALIDATION", "object"},
		{"story:join", 42, "VALIDATION", "object"},
		{"story:join", m{}, "VALIDATION", "storyId"},
		{"story:join", m{"storyId": m{}}, "VALIDATION", "storyId"},
		{"story:join", m{"storyId": true}, "VALIDATION", "storyId"},
		{"story:join", m{"storyId": 1.5}, "VALIDATION", "storyId"},
		{"story:join", m{"storyId": 987654321}, "NOT_FOUND", ""}, // whole numbers are ids
		{"story:join", m{"storyId": "nowhere"}, "NOT_FOUND", ""},
		{"story:join", m{"storyId": strings.Repeat("x", 5000)}, "NOT_FOUND VALIDATION", ""},
		{"story:join", m{"storyId": "\x00"}, "NOT_FOUND VALIDATION", ""},
		{"story:join", m{"storyId": private}, "FORBIDDEN NOT_FOUND", ""},
		{"story:leave", m{"storyId": nil}, "VALIDATION", "storyId"},
		{"comment:new", m{"content": "where?"}, "VALIDATION", "storyId"},
		{"comment:new", m{"storyId": public}, "VALIDATION", ""},
		{"comment:new", m{"storyId": public, "content": ""}, "VALIDATION", ""},
		{"comment:new", m{"storyId": public, "content": " \n "}, "VALIDATION", ""},
		{"comment:new", m{"storyId": public, "content": m{"a": 1}}, "VALIDATION", "content"},
		{"comment:new", m{"storyId": public, "content": []any{"x"}}, "VALIDATION", "content"},
		{"comment:new", m{"storyId": public, "content": strings.Repeat("x", 5001)}, "VALIDATION", "5000"},
		{"comment:new", m{"storyId": public, "content": "x", "cid": strings.Repeat("c", 65)}, "VALIDATION", "cid"},
		{"comment:new", m{"storyId": public, "content": "x", "cid": 7}, "VALIDATION", "cid"},
		{"comment:new", m{"storyId": public, "content": "x", "parentId": "nowhere"}, "VALIDATION NOT_FOUND", ""},
		{"comment:new", m{"storyId": private, "content": "let me in"}, "FORBIDDEN NOT_FOUND", ""},
		{"comment:list", m{"storyId": public, "cursor": "!!"}, "VALIDATION", "cursor"},
		{"comment:list", m{"storyId": public, "limit": "ten"}, "VALIDATION", "limit"},
		{"comment:list", m{"storyId": public, "limit": 101}, "VALIDATION", "100"},
		{"comment:list", m{"storyId": public, "limit": -1}, "VALIDATION", "100"},
		{"comment:list", m{"storyId": private}, "FORBIDDEN NOT_FOUND", ""},
		{"comment:typing", m{"storyId": public}, "VALIDATION", "isTyping"},
		{"comment:typing", m{"isTyping": true}, "VALIDATION", "storyId"},
		{"comment:typing", m{"storyId": public, "isTyping": "yes"}, "VALIDATION", "isTyping"},
		{"presence:subscribe", m{"userIds": "ann"}, "VALIDATION", "userIds"},
		{"presence:subscribe", m{"userIds": make([]string, 201)}, "VALIDATION", "200"},
		{"presence:subscribe", m{"userIds": []string{"a"}, "storyId": public}, "VALIDATION", "userIds"},
		{"presence:subscribe", m{"storyId": private}, "FORBIDDEN NOT_FOUND", ""},
		{"notification:list", m{"limit": true}, "VALIDATION", "limit"},
		{"notification:list", m{"unread": "no"}, "VALIDATION", "unread"},
		{"notification:read", m{}, "VALIDATION", "ids"},
		{"notification:read", m{"ids": []string{"x"}, "all": true}, "VALIDATION", "ids"},
		{"notification:read", m{"ids": make([]int, 501)}, "VALIDATION", "500"},
		{"auth:refresh", m{}, "VALIDATION", "token"},
		{"auth:refresh", m{"token": "junk"}, "UNAUTHENTICATED", ""},
		{"auth:refresh", m{"token": strings.Repeat("x", 9000)}, "UNAUTHENTICATED", ""},
	}
	for _, tt := range tests {
		a := ann.call(tt.event, tt.payload)
		text := fmt.Sprint(tt.payload)
		if a.OK || a.Error.Code == "" || !strings.Contains(tt.code, a.Error.Code) {
			t.Errorf("%s %.80s: %+v, want %s", tt.event, text, a.Error, tt.code)
		}
		if len(a.Error.Message) < 5 || !strings.Contains(a.Error.Message, tt.names) {
			t.Errorf("%s %.80s: the sentence %q does not name %q", tt.event, text, a.Error.Message, tt.names)
		}
	}
	ann.ok("comment:new", m{"storyId": public, "content": "still here"})
}

func TestTooLargeAFrameEndsTheConnection(t *testing.T) {
	w := newWorld(t, options{})
	ann := w.open("ann")
	frame := `42/ws,["comment:new",{"storyId":"x","content":"` + strings.Repeat("x", 1<<20) + `"}]`
	if err := ann.Send(frame); err != nil {
		t.Fatal(err)
	}
	<-ann.Done()
	w.open("ann").ok("notification:list", nil)
}

func TestExceptionDoesNotEchoLargePayloads(t *testing.T) {
	w := newWorld(t, options{})
	ann := w.open("ann")
	ann.say("comment:new", m{"storyId": m{}, "content": strings.Repeat("x", 100_000)})
	if e := ann.hear("exception"); e["cause"].(m)["data"] != nil {
		t.Error("the exception repeats 100 KB")
	}
}

func TestWriteRate(t *testing.T) {
	perMinute := ratelimit.Rate{Count: 1, Per: time.Minute, Burst: 5} // slower than any machine writes five comments
	onBoth(t, options{rates: func(r *ratelimit.Rates) { r.Write = perMinute }}, func(t *testing.T, w *world) {
		id := w.story("author", story.Public)
		ann, again, ben := w.open("ann"), w.open("ann"), w.open("ben")
		for i := range 5 {
			ann.ok("comment:new", m{"storyId": id, "content": fmt.Sprint(i)})
		}
		for _, p := range []*tab{ann, again} { // the class counts a user's tabs together
			a := p.call("comment:new", m{"storyId": id, "content": "too much"})
			if a.Error.Code != "RATE_LIMITED" || a.Error.RetryAfterMs < 1 || a.Error.RetryAfterMs > time.Minute.Milliseconds() {
				t.Errorf("the sixth: %+v", a)
			}
		}
		ben.ok("comment:new", m{"storyId": id, "content": "others are not limited"})
	})
}

func TestFloodIsCutOffAndHurtsNobody(t *testing.T) {
	rates := func(r *ratelimit.Rates) {
		*r = ratelimit.DefaultRates()
		r.Write.Burst, r.Read.Burst = 100, 100
	}
	for name, packet := range map[string]string{
		"comments":       `42/ws,["comment:new",{"storyId":"%s","content":"flood"}]`,
		"typing":         `42/ws,["comment:typing",{"storyId":"%s","isTyping":true}]`,
		"joins":          `42/ws,["story:join",{"storyId":"%s"}]`,
		"unknown events": `42/ws,["no:such:event",{"storyId":"%s"}]`,
		"lists":          `42/ws,1["comment:list",{"storyId":"%s"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, options{rates: rates}, func(t *testing.T, w *world) { testFlood(t, w, packet) })
		})
	}
}

func testFlood(t *testing.T, w *world, packet string) {
	id := w.story("author", story.Public)
	ann, mallory := w.in("ann", id), w.open("mallory")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var flood sync.WaitGroup
	flood.Go(func() {
		text := fmt.Sprintf(packet, id)
		for mallory.Send(text) == nil { // as fast as it takes them, until cut off
		}
	})
	slowest := time.Duration(0)
	for range 20 {
		start := time.Now()
		ann.ok("comment:list", m{"storyId": id, "limit": 1})
		slowest = max(slowest, time.Since(start))
	}
	mallory.hear("session:closing")
	told := time.Now()
	<-mallory.Done()
	flood.Wait()
	if took := time.Since(told); took > 3*time.Second { // less than a polite close may take
		t.Errorf("the flooder was heard for another %v", took)
	}
	if slowest > 2*time.Second {
		t.Errorf("somebody else waited %v", slowest)
	}
	closing := mallory.Events("session:closing")
	if len(closing) != 1 || !strings.Contains(string(closing[0].Data), "abuse") {
		t.Errorf("the flooder was told %v", closing)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("the heap grew by %d KiB", grown>>10)
	}
}

func TestWhoIsPutOutIsOfflineAtOnce(t *testing.T) {
	w := newWorld(t, options{grace: time.Hour, rates: func(r *ratelimit.Rates) {
		r.Ctrl = ratelimit.Rate{Count: 1, Per: time.Hour, Burst: 1}
	}})
	ann, mallory := w.open("ann"), w.open("mallory")
	ann.hearWhere("user:online", about("mallory"))
	for range 11 {
		mallory.say("story:leave", m{"storyId": "s"})
	}
	mallory.hear("session:closing")
	ann.hearWhere("user:offline", about("mallory"))
}
