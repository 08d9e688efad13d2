package gateway_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/gateway/gatewaytest"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
)

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// knock dials and connects with that auth payload.
func (w *world) knock(auth any) (*gatewaytest.Client, *gatewaytest.ConnectError) {
	w.t.Helper()
	ctx := within(w.t)
	c, err := w.connect(ctx, w.addr)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	err = c.Connect(ctx, auth)
	if refused, ok := errors.AsType[*gatewaytest.ConnectError](err); ok {
		return c, refused
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return c, nil
}

func TestConnectWithoutAValidTokenIsRefused(t *testing.T) {
	onBoth(t, options{}, func(t *testing.T, w *world) {
		tests := []struct {
			name string
			auth any
			want string
		}{
			{"no auth", m{}, "UNAUTHENTICATED"},
			{"junk", m{"token": "junk"}, "UNAUTHENTICATED"},
			{"a number", m{"token": 42}, "UNAUTHENTICATED"},
			{"null", m{"token": nil}, "UNAUTHENTICATED"},
			{"too long", m{"token": strings.Repeat("x", 9000)}, "UNAUTHENTICATED"},
			{"expired", m{"token": w.token("ann", -time.Hour)}, "TOKEN_EXPIRED"},
			{"valid", m{"token": w.token("ann", time.Hour)}, ""},
		}
		for _, tt := range tests {
			_, refused := w.knock(tt.auth)
			got := ""
			if refused != nil {
				got = refused.Data.Code
			}
			if got != tt.want || refused != nil && refused.Message == "" {
				t.Errorf("%s: refused %v, want %q", tt.name, refused, tt.want)
			}
		}
	})
}

func TestSessionReadyIsTheFirstEvent(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	busy := w.in("ben", id)
	var crowd sync.WaitGroup
	defer crowd.Wait()
	stop := make(chan struct{})
	defer close(stop)
	crowd.Go(func() { // so that there is always news while others connect
		for {
			select {
			case <-stop:
				return
			default:
				w.notify("ann", "news")
				busy.say("comment:new", m{"storyId": id, "content": "news"})
			}
		}
	})
	for range 20 {
		ann := w.open("ann")
		if first := ann.Events()[0]; first.Name != wire.SessionReadyEvent {
			t.Fatalf("the first event is %s", first.Name)
		}
		ready := decode(t, ann.Events()[0].Data)
		if ready["connectionId"] != ann.SID() || ready["user"].(m)["display_name"] != "The ann" || ready["recovered"] != false {
			t.Fatalf("session:ready = %v", ready)
		}
		ann.Close()
	}
}

func TestConnectionEndsWithItsToken(t *testing.T) {
	w := newWorld(t, options{})
	_, refused := w.knock(m{"token": w.token("ann", 0)})
	if refused == nil {
		t.Fatal("a token that ends now was accepted")
	}
	c, refused := w.knock(m{"token": w.token("ann", 2500*time.Millisecond)})
	if refused != nil {
		t.Fatal(refused)
	}
	ann := &tab{c, t, "ann"}
	if got := ann.hear("auth:expiring"); got["expiresAt"] == "" { // at once: less than a minute is left
		t.Errorf("auth:expiring = %v", got)
	}
	if got := ann.hear("session:closing"); got["reason"] != "token" {
		t.Errorf("session:closing = %v", got)
	}
	<-ann.Done()
	if ann.Disconnected() {
		t.Error("a DISCONNECT packet keeps the client from coming back with a new token")
	}
}

func TestRefreshedTokenKeepsTheConnection(t *testing.T) {
	w := newWorld(t, options{})
	c, refused := w.knock(m{"token": w.token("ann", 3*time.Second)})
	if refused != nil {
		t.Fatal(refused)
	}
	ann := &tab{c, t, "ann"}
	ann.hear("auth:expiring")
	if a := ann.call("auth:refresh", m{"token": w.token("ben", time.Hour)}); a.Error.Code != "FORBIDDEN" {
		t.Errorf("another's token: %+v", a)
	}
	if a := ann.call("auth:refresh", m{"token": w.token("ann", -time.Hour)}); a.Error.Code != "TOKEN_EXPIRED" {
		t.Errorf("an expired token: %+v", a)
	}
	ann.ok("auth:refresh", m{"token": w.token("ann", time.Hour)})
	other, refused := w.knock(m{"token": w.token("ben", 4*time.Second)}) // outlives ann's first token
	if refused != nil {
		t.Fatal(refused)
	}
	<-other.Done()
	if got := ann.heard("session:closing"); len(got) > 0 {
		t.Errorf("ann was told %v", got)
	}
}

func TestTooManyConnectionsOfAUser(t *testing.T) {
	onBoth(t, options{socketsPerUser: 3}, func(t *testing.T, w *world) {
		first := w.open("ann")
		w.open("ann")
		w.open("ann")
		_, refused := w.knock(m{"token": w.token("ann", time.Hour)})
		if refused == nil || refused.Data.Code != "RATE_LIMITED" || refused.Data.RetryAfterMs <= 0 {
			t.Errorf("the fourth: %+v", refused)
		}
		w.open("ben")
		first.Close()
		eventually(t, "room for another", func() bool {
			_, refused := w.knock(m{"token": w.token("ann", time.Hour)})
			return refused == nil
		})
	})
}

func TestConnectingTooOften(t *testing.T) {
	onBoth(t, options{rates: func(r *ratelimit.Rates) {
		r.ConnUser = ratelimit.Rate{Count: 1, Per: time.Minute, Burst: 2}
		r.Conn = ratelimit.Rate{Count: 1, Per: time.Minute, Burst: 4}
	}}, func(t *testing.T, w *world) {
		w.open("ann")
		w.open("ann")
		_, refused := w.knock(m{"token": w.token("ann", time.Hour)})
		if refused == nil || refused.Data.Code != "RATE_LIMITED" || refused.Data.RetryAfterMs <= 0 {
			t.Errorf("by user: %+v", refused)
		}
		w.open("ben")
		if _, err := w.connect(within(t), w.addr); err == nil || !strings.Contains(err.Error(), "too many connections") {
			t.Errorf("by address: %v", err)
		}
	})
}

func TestWhoLosesTheRightIsTakenOut(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Private)
	sid := story.ID(id)
	if _, err := w.stories.SetMember(t.Context(), "author", sid, "ann", story.Viewer); err != nil {
		t.Fatal(err)
	}
	author, ann := w.in("author", id), w.in("ann", id)
	ann.ok("presence:subscribe", m{"storyId": id})
	if a := ann.call("comment:new", m{"storyId": id, "content": "may I?"}); a.Error.Code != "FORBIDDEN" {
		t.Errorf("a viewer's comment: %+v", a)
	}
	if err := w.stories.RemoveMember(t.Context(), "author", sid, "ann"); err != nil {
		t.Fatal(err)
	}
	if left := ann.hear("story:left"); left["storyId"] != id || left["reason"] != "revoked" {
		t.Errorf("story:left = %v", left)
	}
	author.ok("comment:new", m{"storyId": id, "content": "among us"})
	if got := ann.heard("comment:created"); len(got) > 0 {
		t.Errorf("ann still hears %v", got)
	}
	if a := ann.call("story:join", m{"storyId": id}); a.Error.Code != "FORBIDDEN" && a.Error.Code != "NOT_FOUND" {
		t.Errorf("joining again: %+v", a)
	}
}

func TestPresenceOfAStory(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann := w.in("ann", id)
	users := ann.ok("presence:subscribe", m{"storyId": id})
	event := ann.hear("presence:users")
	if members := users["members"].([]any); len(members) != 1 || members[0].(m)["userId"] != "ann" || event["storyId"] != id {
		t.Errorf("answer %v, event %v", users, event)
	}
	ben := w.in("ben", id)
	for joined := false; !joined; {
		for _, j := range ann.hear("presence:diff")["joins"].([]any) {
			joined = joined || j.(m)["user"].(m)["display_name"] == "The ben"
		}
	}
	ben.ok("story:leave", m{"storyId": id})
	for left := false; !left; {
		for _, l := range ann.hear("presence:diff")["leaves"].([]any) {
			left = left || l.(m)["userId"] == "ben"
		}
	}
	if got := ann.ok("presence:subscribe", m{"userIds": []string{"ben", "nobody"}}); len(got["users"].([]any)) != 1 {
		t.Errorf("of ben and nobody online: %v", got)
	}
	ann.ok("presence:unsubscribe", m{})
	w.in("eve", id)
	before := len(ann.heard("presence:diff"))
	w.in("eva", id)
	if after := len(ann.heard("presence:diff")); after != before {
		t.Error("presence:diff came after presence:unsubscribe")
	}
}

func TestTooManyStoriesInOneTab(t *testing.T) {
	const rooms = 5 // three are the gateway's own
	onBoth(t, options{rooms: rooms}, func(t *testing.T, w *world) {
		ann := w.open("ann")
		ids := []string{w.story("author", story.Public), w.story("author", story.Public), w.story("author", story.Public)}
		ann.ok("story:join", m{"storyId": ids[0]})
		ann.ok("story:join", m{"storyId": ids[1]})
		if a := ann.call("story:join", m{"storyId": ids[2]}); a.Error.Code != "ROOM_FULL" {
			t.Errorf("the third: %+v", a)
		}
		ann.ok("story:leave", m{"storyId": ids[0]})
		ann.ok("story:join", m{"storyId": ids[2]})
	})
}

func TestEveryEventHasAHandler(t *testing.T) {
	w := newWorld(t, options{})
	ann := w.open("ann")
	for _, e := range wire.ClientEvents() {
		if a := ann.call(e.Name, nil); strings.Contains(a.Error.Message, "There is no event") {
			t.Errorf("%s: %+v", e.Name, a)
		}
	}
	if a := ann.call("no:such", nil); a.Error.Code != "VALIDATION" || !strings.Contains(a.Error.Message, "no:such") {
		t.Errorf("an unknown event: %+v", a)
	}
}
