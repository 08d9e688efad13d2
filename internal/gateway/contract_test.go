package gateway_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
)

func TestC1CommentCreatedOncePerSocket(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	sender, reader := w.in("ann", id), w.in("ben", id)
	outside, stranger := w.open("ann"), w.open("eve")
	reader.ok("story:join", m{"storyId": id}) // a second component: still once
	first := sender.ok("comment:new", m{"storyId": id, "content": "from the room"})["id"]
	second := outside.ok("comment:new", m{"storyId": id, "content": "from outside"})["id"]
	outside.say("comment:new", m{"storyId": id, "content": "without an answer"})
	third := outside.hearWhere("comment:created", func(c m) bool { return c["content"] == "without an answer" })["id"]
	for _, tt := range []struct {
		who  *tab
		want []any
	}{
		{sender, []any{first, second, third}},
		{reader, []any{first, second, third}},
		{outside, []any{second, third}},
		{stranger, nil},
	} {
		var got []any
		for _, c := range tt.who.heard("comment:created") {
			got = append(got, c["id"])
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s heard %v, want %v", tt.who.user, got, tt.want)
		}
	}
}

func TestC2CommentNamesItsAuthor(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann := w.open("ann")
	ann.say("comment:new", m{"storyId": id, "content": "one", "user": m{"id": "forged"}, "createdAt": "1970"})
	ann.say("comment:new", m{"storyId": id, "content": "two"})
	one, two := ann.hear("comment:created"), ann.hear("comment:created")
	author := one["user"].(m)
	if author["id"] != "ann" || author["display_name"] != "The ann" || one["storyId"] != id || one["content"] != "one" {
		t.Errorf("comment = %v", one)
	}
	if one["id"] == "" || one["id"] == two["id"] || one["seq"] != 1.0 || two["seq"] != 2.0 {
		t.Errorf("ids %v and %v, seqs %v and %v", one["id"], two["id"], one["seq"], two["seq"])
	}
	if at, err := time.Parse(wire.TimeLayout, one["createdAt"].(string)); err != nil || time.Since(at) > time.Hour {
		t.Errorf("createdAt = %v", one["createdAt"])
	}
}

func TestC3TypingIsToldAsTransitionsAndNeverToTheTypist(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann, again, ben := w.in("ann", id), w.in("ann", id), w.in("ben", id)
	typing := func(p *tab, is bool) { p.ok("comment:typing", m{"storyId": id, "isTyping": is, "userId": "forged"}) }
	expect := func(is bool, why string) {
		t.Helper()
		if got := ben.hear("comment:typing"); got["isTyping"] != is || got["userId"] != "ann" || got["storyId"] != id {
			t.Errorf("%s: ben heard %v", why, got)
		}
	}
	typing(ann, true)
	typing(ann, true)
	typing(again, true) // the same person in another tab
	expect(true, "beginning")

	late := w.in("late", id)
	if got := late.hear("comment:typing"); got["userId"] != "ann" || got["isTyping"] != true {
		t.Errorf("the late joiner heard %v", got)
	}
	ann.ok("comment:new", m{"storyId": id, "content": "said"})
	expect(false, "ended by the comment")
	typing(ann, true)
	expect(true, "typing again")
	typing(ann, false)
	expect(false, "ended by ann")
	typing(ann, true)
	expect(true, "typing again")
	ann.ok("story:leave", m{"storyId": id})
	expect(false, "ended by leaving")
	typing(again, true)
	expect(true, "in the other tab")
	again.Close()
	expect(false, "ended by a lost connection")
	if got := ann.heard("comment:typing"); len(got) > 0 {
		t.Errorf("the typist heard %v", got)
	}
	if got := late.heard("comment:typing"); len(got) != 8 {
		t.Errorf("the late joiner heard %d transitions, want 8: %v", len(got), got)
	}
}

func TestC3TypingExpires(t *testing.T) {
	w := newWorld(t, options{typingTTL: 300 * time.Millisecond})
	id := w.story("author", story.Public)
	ann, ben := w.in("ann", id), w.in("ben", id)
	ann.say("comment:typing", m{"storyId": id, "isTyping": true})
	for _, want := range []bool{true, false} {
		if got := ben.hear("comment:typing"); got["isTyping"] != want {
			t.Fatalf("heard %v, want isTyping %v", got, want)
		}
	}
}

func TestC3WhoHasNotJoinedDoesNotType(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann, ben := w.open("ann"), w.in("ben", id)
	ann.say("comment:typing", m{"storyId": id, "isTyping": true})
	if a := ann.call("comment:typing", m{"storyId": id, "isTyping": true}); a.Error.Code != "NOT_JOINED" {
		t.Errorf("answer = %+v, want NOT_JOINED", a)
	}
	if got := ann.heard("exception"); len(got) > 0 {
		t.Errorf("typing unasked made %v", got)
	}
	if got := ben.heard("comment:typing"); len(got) > 0 {
		t.Errorf("ben heard %v", got)
	}
}

func TestC4StoryJoinedIsAnEventAlsoWhenAcknowledged(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	w.in("ben", id).ok("comment:new", m{"storyId": id, "content": "first"})
	ann := w.open("ann")
	answer := ann.ok("story:join", m{"storyId": id})
	event := ann.hear("story:joined")
	if fmt.Sprint(answer) != fmt.Sprint(event) {
		t.Errorf("answer %v, event %v", answer, event)
	}
	if event["storyId"] != id || event["role"] != "commenter" || event["seq"] != 1.0 || event["online"] != 2.0 || event["epoch"] == "" {
		t.Errorf("story:joined = %v", event)
	}
	ann.say("story:join", m{"storyId": id})
	ann.hear("story:joined")
}

func TestC6NotificationReachesEverySocketOfTheUser(t *testing.T) {
	w := newWorld(t, options{})
	one, two, ben := w.open("ann"), w.open("ann"), w.open("ben")
	w.notify("ann", "For Ann")
	var id any
	for _, p := range []*tab{one, two} {
		n := p.hear("notification:new")
		if n["title"] != "For Ann" || n["user_id"] != "ann" || n["userId"] != "ann" || n["counts"].(m)["unread"] != 1.0 {
			t.Errorf("notification = %v", n)
		}
		id = n["id"]
	}
	if got := ben.heard("notification:new"); len(got) > 0 {
		t.Errorf("somebody else heard %v", got)
	}
	done := one.ok("notification:read", m{"ids": []any{id}})
	if done["counts"].(m)["unread"] != 0.0 {
		t.Errorf("notification:read = %v", done)
	}
	updated := two.hear("notification:updated")
	if ids := updated["ids"].([]any); len(ids) != 1 || ids[0] != id || updated["counts"].(m)["unread"] != 0.0 {
		t.Errorf("notification:updated = %v", updated)
	}
	if got := one.heard("notification:updated"); len(got) > 0 {
		t.Errorf("who read it heard %v", got)
	}
	if again := w.open("ann").Events("session:ready"); !strings.Contains(string(again[0].Data), `"unread":0`) {
		t.Errorf("session:ready = %s", again[0].Data)
	}
}

func TestC6ReplyNotifiesItsParentsAuthorOnly(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann, ben := w.open("ann"), w.open("ben")
	parent := ann.ok("comment:new", m{"storyId": id, "content": "first"})["id"]
	ben.ok("comment:new", m{"storyId": id, "content": "reply", "parentId": parent})
	n := ann.hear("notification:new")
	if n["type"] != "comment.reply" || n["actor"].(m)["id"] != "ben" {
		t.Errorf("notification = %v", n)
	}
	if got := ben.heard("notification:new"); len(got) > 0 {
		t.Errorf("the one who replied heard %v", got)
	}
}

func TestC7OnlineAndOfflineAreTransitionsOfAUser(t *testing.T) {
	w := newWorld(t, options{grace: time.Second})
	ann := w.open("ann")
	one := w.open("ben")
	ann.hearWhere("user:online", about("ben"))
	two := w.open("ben")
	two.hearWhere("user:online", about("ann")) // replayed: ann came before
	one.Close()
	two.Close()
	back := w.open("ben") // within the grace
	back.hearWhere("user:online", about("ann"))
	back.Close()
	ann.hearWhere("user:offline", about("ben"))
	var news []string
	for _, e := range ann.Events("user:online", "user:offline") {
		if about("ben")(decode(t, e.Data)) {
			news = append(news, e.Name)
		}
	}
	news = slices.Compact(news) // an announcement may say again what is so
	if want := []string{"user:online", "user:offline"}; !slices.Equal(news, want) {
		t.Errorf("ann heard %v of ben, want %v", news, want)
	}
}

func TestC7WhoNeverSubscribedIsToldAgain(t *testing.T) {
	w := newWorld(t, options{announceEvery: 3 * time.Second})
	ann, ben := w.open("ann"), w.open("ben")
	ben.ok("presence:subscribe", nil)
	// ann: the transition or the replay, and then at least two announcements.
	for range 3 {
		ann.hearWhere("user:online", about("ben"))
	}
	n := 0
	for _, data := range ben.heard("user:online") {
		if about("ann")(data) {
			n++
		}
	}
	if n > 2 { // the transition and the replay
		t.Errorf("ben subscribed, and was told of ann %d times", n)
	}
}

func TestC8PresenceSubscribeWithoutPayload(t *testing.T) {
	w := newWorld(t, options{})
	ann := w.open("ann")
	w.open("ben")
	ann.hearWhere("user:online", about("ben"))
	ann.say("presence:subscribe", nil)
	var users []any
	for _, u := range ann.hear("presence:users")["users"].([]any) {
		users = append(users, u.(string))
	}
	if len(users) != 2 || !slices.Contains(users, any("ann")) || !slices.Contains(users, any("ben")) {
		t.Errorf("users = %v, want ann and ben", users)
	}
}

func TestC9JoinsAreCounted(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann, ben := w.open("ann"), w.open("ben")
	say := func(text string) { ben.ok("comment:new", m{"storyId": id, "content": text}) }
	for _, event := range []string{"story:join", "story:leave", "story:join", "story:join", "story:leave"} { // as StrictMode does
		ann.ok(event, m{"storyId": id})
	}
	say("one component is still there")
	ann.ok("story:leave", m{"storyId": id})
	if left := ann.heard("story:left"); len(left) != 2 || left[1]["reason"] != "left" {
		t.Errorf("story:left = %v, want it at each last leave", left)
	}
	say("nobody is there")
	ann.ok("story:leave", m{"storyId": id}) // one too many does nothing
	ann.ok("story:join", m{"storyId": id})
	say("there again")
	var got []any
	for _, c := range ann.heard("comment:created") {
		got = append(got, c["content"])
	}
	if want := []any{"one component is still there", "there again"}; !slices.Equal(got, want) {
		t.Errorf("ann heard %v, want %v", got, want)
	}
}

func TestC11ErrorsWithoutAnswerAreExceptions(t *testing.T) {
	w := newWorld(t, options{})
	ann := w.open("ann")
	ann.say("story:join", m{"storyId": "nowhere"})
	e := ann.hear("exception")
	cause := e["cause"].(m)
	if e["status"] != "error" || e["code"] != "NOT_FOUND" || e["message"] == "" || cause["pattern"] != "story:join" || cause["data"].(m)["storyId"] != "nowhere" {
		t.Errorf("exception = %v", e)
	}
	if a := ann.call("story:join", m{"storyId": "nowhere"}); a.OK || a.Error.Code != "NOT_FOUND" || a.Error.Message != e["message"] {
		t.Errorf("answer = %+v", a)
	}
	if got := ann.heard("exception"); len(got) != 1 {
		t.Errorf("an answered event also made an exception: %v", got)
	}
}

func TestC12EventsArePlainJSON(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann, ben := w.in("ann", id), w.in("ben", id)
	ben.say("comment:typing", m{"storyId": id, "isTyping": true})
	ann.say("presence:subscribe", nil)
	ann.say("comment:new", m{"storyId": id, "content": "plain <b>text</b> \u2028"})
	w.notify("ann", "plain")
	for _, event := range []string{"comment:typing", "presence:users", "comment:created", "notification:new"} {
		ann.hear(event)
	}
	// The client takes text frames of /ws only, and of them the first argument:
	// what it has not, was something else. No event ends in a string (C10).
	for _, e := range ann.Events() {
		if !json.Valid(e.Data) || e.Data[0] != '{' {
			t.Errorf("%s carries %s, want one object", e.Name, e.Data)
		}
	}
}
