package gateway_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/gateway/gatewaytest"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/story"
)

// back connects somebody who has lost the connection p.
func (w *world) back(p *tab, more m) *tab {
	w.t.Helper()
	pid, offset := p.Ticket()
	auth := m{"token": w.token(p.user, time.Hour), "pid": pid, "offset": offset}
	for name, value := range more {
		auth[name] = value
	}
	c, refused := w.knock(auth)
	if refused != nil {
		w.t.Fatalf("%s comes back: %v", p.user, refused)
	}
	again := &tab{c, w.t, p.user}
	again.hear("session:ready")
	return again
}

// post stores a comment over no connection.
func (w *world) post(author, storyID, content string) {
	w.t.Helper()
	_, _, err := w.comments.Post(w.t.Context(), auth.UserID(author), comment.Draft{StoryID: story.ID(storyID), Content: content})
	if err != nil {
		w.t.Fatal(err)
	}
}

// told returns what p has heard of that event, in short.
func (p *tab) told(event, field string) string {
	p.t.Helper()
	var all []string
	for _, e := range p.heard(event) {
		all = append(all, fmt.Sprint(e[field]))
	}
	return strings.Join(all, " ")
}

// C5, C13: who lost the connection is in the stories again, without joining, and
// hears what was missed, once, in order, before anything new.
func TestWhoComesBackHearsWhatWasMissed(t *testing.T) {
	w := newWorld(t, options{})
	id, other := w.story("author", story.Public), w.story("author", story.Public)
	ann := w.in("ann", id)
	w.post("ben", id, "before")
	ann.hear("comment:created")
	sid := ann.SID()
	ann.Close()
	for i := range 50 {
		w.post("ben", id, fmt.Sprint(i))
		w.post("ben", other, "elsewhere")
	}
	w.notify("ann", "news")
	again := w.back(ann, nil)
	first := decode(t, again.Events()[0].Data)
	if again.Events()[0].Name != "session:ready" || first["recovered"] != true || again.SID() != sid || first["connectionId"] != sid {
		t.Errorf("first: %s %v, sid %s, was %s", again.Events()[0].Name, first, again.SID(), sid)
	}
	if rooms := first["rooms"].([]any); len(rooms) != 1 || rooms[0].(m)["storyId"] != id || rooms[0].(m)["seq"] != 51.0 {
		t.Errorf("rooms = %v", rooms)
	}
	w.post("ben", id, "after")
	var want []string
	for i := range 50 {
		want = append(want, fmt.Sprint(i))
	}
	if got := again.told("comment:created", "content"); got != strings.Join(append(want, "after"), " ") {
		t.Errorf("heard %s", got)
	}
	if got := again.told("notification:new", "title"); got != "news" {
		t.Errorf("notifications: %s", got)
	}
	// Its leave counts the join of the connection before.
	again.ok("story:leave", m{"storyId": id})
	w.post("ben", id, "gone")
	if got := again.heard("comment:created"); len(got) != 51 {
		t.Errorf("%d comments after leaving", len(got))
	}
}

// C9: what was joined twice needs two leaves, also in another connection.
func TestJoinsAreCountedOverConnections(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann := w.in("ann", id)
	ann.ok("story:join", m{"storyId": id})
	ann.Close()
	ann = w.back(ann, nil)
	ann.ok("story:leave", m{"storyId": id})
	ann.Close()
	ann = w.back(ann, nil)
	w.post("ben", id, "still here")
	if got := ann.hear("comment:created"); got["content"] != "still here" {
		t.Errorf("heard %v", got)
	}
	ann.ok("story:leave", m{"storyId": id})
	ann.Close()
	ann = w.back(ann, nil)
	w.post("ben", id, "gone")
	if got := ann.heard("comment:created"); len(got) > 0 {
		t.Errorf("heard %v", got)
	}
}

// C14b: the old connection may still seem to live. It is ended, without a word,
// and takes nothing of the new one with it; nobody is seen to leave.
func TestHalfOpenConnectionIsTakenOver(t *testing.T) {
	w := newWorld(t, options{socketsPerUser: 1})
	id := w.story("author", story.Public)
	watcher := w.in("eve", id)
	watcher.ok("presence:subscribe", m{"storyId": id})
	ann := w.in("ann", id)
	watcher.hearWhere("presence:diff", func(d m) bool { return len(d["joins"].([]any)) > 0 })
	w.post("ben", id, "1")
	ann.hear("comment:created")
	again := w.back(ann, nil) // although one connection is all she may have
	<-ann.Done()
	if ann.Disconnected() {
		t.Error("a DISCONNECT packet would keep the client away")
	}
	w.post("ben", id, "2")
	again.hear("comment:created")
	time.Sleep(300 * time.Millisecond) // the grace of the old one
	w.post("ben", id, "3")
	again.hear("comment:created")
	if got := again.told("comment:created", "content"); got != "2 3" {
		t.Errorf("heard %s", got)
	}
	for _, d := range watcher.heard("presence:diff") {
		if len(d["leaves"].([]any)) > 0 {
			t.Errorf("ann was seen to leave: %v", d)
		}
	}
	if got := watcher.heard("user:offline"); len(got) > 0 {
		t.Errorf("somebody went offline: %v", got)
	}
}

// Of two who present the same session one has it; the other one is sent away.
func TestSessionHasOneConnection(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann := w.in("ann", id)
	ann.Close()
	one := w.back(ann, nil)
	two := w.back(ann, nil)
	<-one.Done()
	w.post("ben", id, "1")
	if got := two.hear("comment:created"); got["content"] != "1" {
		t.Errorf("heard %v", got)
	}
}

// Who may not carry on starts anew, and hears nothing that was not meant for them.
func TestSessionIsTheUsersOwn(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann := w.in("ann", id)
	w.post("ben", id, "1")
	ann.hear("comment:created")
	ann.Close()
	w.post("ben", id, "2")
	for name, more := range map[string]m{
		"somebody else": {"token": w.token("eve", time.Hour)}, "no secret": {"pid": nil}, "junk": {"pid": 7, "offset": []int{1}},
		"unknown": {"pid": "x"}, "long": {"pid": strings.Repeat("x", 10_000)},
	} {
		other := w.back(ann, more)
		if ready := decode(t, other.Events()[0].Data); ready["recovered"] != false || len(ready["rooms"].([]any)) > 0 {
			t.Errorf("%s: %v", name, ready)
		}
		if got := other.heard("comment:created"); len(got) > 0 {
			t.Errorf("%s hears %v", name, got)
		}
		if other.SID() == ann.SID() {
			t.Errorf("%s has ann's id", name)
		}
	}
	if got := w.back(ann, nil).told("comment:created", "content"); got != "2" {
		t.Errorf("ann hears %q", got)
	}
}

func TestRightsAreCheckedAgain(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Private)
	if _, err := w.stories.SetMember(t.Context(), "author", story.ID(id), "ann", story.Viewer); err != nil {
		t.Fatal(err)
	}
	ann := w.in("ann", id)
	ann.ok("presence:subscribe", m{"storyId": id})
	ann.Close()
	if err := w.stories.RemoveMember(t.Context(), "author", story.ID(id), "ann"); err != nil {
		t.Fatal(err)
	}
	w.post("author", id, "among us")
	again := w.back(ann, nil)
	if left := again.hear("story:left"); left["storyId"] != id || left["reason"] != "revoked" {
		t.Errorf("story:left = %v", left)
	}
	w.post("author", id, "still among us")
	if got := again.heard("comment:created"); len(got) > 0 {
		t.Errorf("ann hears %v", got)
	}
	_, refused := w.knock(m{"token": w.token("ann", -time.Hour), "pid": "x", "offset": "y"})
	if refused == nil || refused.Data.Code != "TOKEN_EXPIRED" {
		t.Errorf("an expired token: %v", refused)
	}
}

// A session that was left on purpose is not carried on.
func TestLeavingOnPurposeEndsTheSession(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	eve, ann := w.open("eve"), w.in("ann", id)
	eve.hearWhere("user:online", about("ann"))
	if err := ann.Send("41/ws,"); err != nil {
		t.Fatal(err)
	}
	eve.hearWhere("user:offline", about("ann"))
	if ready := decode(t, w.back(ann, nil).Events()[0].Data); ready["recovered"] != false {
		t.Errorf("session:ready = %v", ready)
	}
}

// What one missed too much of is to be read anew; the rest comes.
func TestGaps(t *testing.T) {
	w := newWorld(t, options{})
	long, short := w.story("author", story.Public), w.story("author", story.Public)
	ann := w.in("ann", long)
	ann.ok("story:join", m{"storyId": short})
	ann.Close()
	for i := range 501 {
		w.post("ben", long, fmt.Sprint(i))
	}
	w.post("ben", short, "short")
	again := w.back(ann, nil)
	gap := again.hear("sync:gap")
	if gap["room"] != "story:"+long || gap["reason"] != "overflow" || gap["to"].(float64) < gap["from"].(float64)+502 {
		t.Errorf("sync:gap = %v", gap)
	}
	w.post("ben", long, "live")
	if got := again.told("comment:created", "content"); got != "short live" {
		t.Errorf("heard %s", got)
	}
	again.Close()
	// A position of another database: nothing can be replayed.
	lost := w.back(again, m{"offset": "00.1"})
	for _, want := range []string{"story:" + long, "story:" + short, "user:me"} {
		if gap := lost.hear("sync:gap"); gap["room"] != want || gap["reason"] != "expired" {
			t.Errorf("sync:gap = %v, want that of %s", gap, want)
		}
	}
	w.post("ben", short, "live")
	if got := lost.told("comment:created", "content"); got != "live" {
		t.Errorf("heard %s", got)
	}
	_, offset := lost.Ticket()
	ahead := w.back(lost, m{"offset": offset + "zz"})
	if gap := ahead.hear("sync:gap"); gap["reason"] != "expired" {
		t.Errorf("ahead of the database: %v", gap)
	}
}

// A connection that broke before its first event had no position yet.
func TestWhoHasHeardNothingYetComesBack(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann := w.in("ann", id)
	w.post("ben", id, "1")
	ann.hear("comment:created")
	ann.Close()
	if got := w.back(ann, m{"offset": nil}).told("comment:created", "content"); got != "1" {
		t.Errorf("heard %q", got)
	}
}

// C1, C14e: the author's own comment, also in a story that was not joined.
func TestAuthorComesBack(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	ann := w.open("ann")
	joined := w.story("author", story.Public)
	ann.ok("story:join", m{"storyId": joined}) // else there is nothing to carry on
	pid, offset := ann.Ticket()
	ann.ok("comment:new", m{"storyId": id, "content": "mine", "cid": "c1"})
	if got := ann.hear("comment:created"); got["content"] != "mine" {
		t.Errorf("heard %v", got)
	}
	ann.Close()
	again := w.back(ann, m{"pid": pid, "offset": offset}) // the connection broke before it came
	if got := again.told("comment:created", "content"); got != "mine" {
		t.Errorf("heard %q", got)
	}
	a := again.call("comment:new", m{"storyId": id, "content": "mine", "cid": "c1"})
	if !a.OK || !a.Duplicate {
		t.Errorf("sent again: %+v", a)
	}
	if got := again.heard("comment:created"); len(got) != 1 {
		t.Errorf("heard %v", got)
	}
}

// Services speak to a connection by an id that no other has, also to one that
// carries on another.
func TestServicesReachAConnectionThatCameBack(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Private)
	set := func(role story.Role) {
		t.Helper()
		if _, err := w.stories.SetMember(t.Context(), "author", story.ID(id), "ann", role); err != nil {
			t.Fatal(err)
		}
	}
	set(story.Editor)
	ann := w.in("ann", id)
	ann.Close()
	again := w.back(ann, nil)
	again.say("edit:open", m{"storyId": id, "clientId": 7000, "proto": 1, "sv": []byte{0}}) // its answer would be binary
	if refused := again.heard("exception"); len(refused) > 0 {
		t.Fatal(refused)
	}
	set(story.Viewer)
	if role := again.hear("edit:role"); role["role"] != "viewer" {
		t.Errorf("edit:role = %v", role)
	}
}

// The stock client takes a refusal for the last word: who comes back and may do
// so a little later is not refused but cut, and tries again.
func TestWhoComesBackTooSoonMayTryAgain(t *testing.T) {
	w := newWorld(t, options{rates: func(r *ratelimit.Rates) {
		r.ConnUser = ratelimit.Rate{Count: 1, Per: time.Minute, Burst: 1}
	}})
	ann := w.in("ann", w.story("author", story.Public))
	pid, offset := ann.Ticket()
	c, err := gatewaytest.Dial(within(t), w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Connect(within(t), m{"token": w.token("ann", time.Hour), "pid": pid, "offset": offset})
	if !errors.Is(err, gatewaytest.ErrClosed) || c.Disconnected() {
		t.Errorf("it was answered with %v", err)
	}
	if _, refused := w.knock(m{"token": w.token("ann", time.Hour)}); refused == nil || refused.Data.Code != "RATE_LIMITED" {
		t.Errorf("without a session: %v", refused)
	}
}

// C10: a client takes any string at the end of an event for its position, so
// no event but those that have one ends in a string.
func TestC10OnlyPositionsAreStringsAtTheEnd(t *testing.T) {
	w := newWorld(t, options{announceEvery: 300 * time.Millisecond})
	id := w.story("ann", story.Public)
	ann, ben := w.in("ann", id), w.in("ben", id)
	ann.ok("presence:subscribe", m{"storyId": id})
	ben.ok("comment:typing", m{"storyId": id, "isTyping": true})
	ben.ok("comment:new", m{"storyId": id, "content": "hello"})
	ben.say("comment:new", m{"storyId": id, "content": ""})
	ben.hear("exception")
	ann.hear("notification:new")
	w.open("ann").ok("notification:read", m{"all": true})
	ann.hear("notification:updated")
	ben.ok("story:leave", m{"storyId": id})
	ann.hear("presence:diff")
	ben.hear("user:online")
	positioned := map[string]bool{"session:ready": true, "comment:created": true, "notification:new": true, "notification:updated": true}
	for _, p := range []*tab{ann, ben} {
		for _, e := range p.Events() {
			if (e.Offset != "") != positioned[e.Name] || len(e.Data) == 0 || e.Data[0] != '{' {
				t.Errorf("%s ends in %q, its payload is %s", e.Name, e.Offset, e.Data)
			}
		}
	}
}

// What was read over another connection meanwhile is told as well.
func TestReadStateComesBack(t *testing.T) {
	w := newWorld(t, options{})
	w.notify("ann", "one")
	w.notify("ann", "two")
	tabs := []*tab{w.open("ann"), w.open("ann")}
	items := tabs[0].ok("notification:list", m{})["items"].([]any)
	id := items[0].(m)["id"]
	tabs[1].Close()
	tabs[0].ok("notification:read", m{"ids": []any{id}})
	again := w.back(tabs[1], nil)
	if got := again.hear("notification:updated"); !slices.Equal(got["ids"].([]any), []any{id}) || got["counts"].(m)["unread"] != 1.0 {
		t.Errorf("notification:updated = %v", got)
	}
}

// Who typed when the connection broke may have stopped; nobody is stuck.
func TestTypingIsRightAfterComingBack(t *testing.T) {
	w := newWorld(t, options{typingTTL: time.Hour})
	id := w.story("author", story.Public)
	ann, ben, eve := w.in("ann", id), w.in("ben", id), w.in("eve", id)
	for _, p := range []*tab{ben, eve} {
		p.ok("comment:typing", m{"storyId": id, "isTyping": true})
		ann.hear("comment:typing")
	}
	ann.Close()
	ben.ok("comment:typing", m{"storyId": id, "isTyping": false})
	eve.hearWhere("comment:typing", func(e m) bool { return e["userId"] == "ben" && e["isTyping"] == false })
	again := w.back(ann, nil)
	shown := []string{"ben", "eve"}
	for _, e := range again.heard("comment:typing") { // what the guide's component does
		if e["isTyping"] == true {
			shown = append(shown, e["userId"].(string))
		} else {
			shown = slices.DeleteFunc(shown, func(id string) bool { return id == e["userId"] })
		}
	}
	if !slices.Equal(shown, []string{"eve"}) {
		t.Errorf("shown as typing: %v", shown)
	}
}

// However often the connection breaks while people post, every comment is heard
// once and in order (C14a).
func TestNothingIsLostBetweenReplayAndLive(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Public)
	const total = 600
	ann := w.in("ann", id)
	var posting sync.WaitGroup
	for p := range 4 {
		posting.Go(func() {
			for i := range total / 4 {
				w.post(fmt.Sprint("poster-", p), id, fmt.Sprint(i))
			}
		})
	}
	last, drops := 0.0, 0
	for last < total {
		if drops%3 != 0 {
			ann.Close()
		}
		// What came before the offset that it gives back counts as heard.
		pid, offset := ann.Ticket()
		for _, e := range ann.Events() {
			if e.Name == "comment:created" {
				if seq := decode(t, e.Data)["seq"].(float64); seq != last+1 {
					t.Fatalf("heard seq %v after %v, with %d drops", seq, last, drops)
				} else {
					last = seq
				}
			}
			if e.Offset == offset {
				break
			}
		}
		ann = w.back(ann, m{"pid": pid, "offset": offset})
		drops++
	}
	posting.Wait()
	t.Logf("%d drops", drops)
}

func TestSyncSince(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("author", story.Private)
	author := w.open("author")
	position := decode(t, author.Events()[0].Data)["position"].(m)
	for i := range 3 {
		w.post("author", id, fmt.Sprint(i))
		w.notify("author", fmt.Sprint(i))
	}
	room := m{"room": "story:" + id, "epoch": position["epoch"], "seq": 1, "limit": 1}
	page := author.ok("sync:since", room)
	events := page["events"].([]any)
	if len(events) != 1 || events[0].(m)["event"] != "comment:created" || events[0].(m)["data"].(m)["content"] != "1" || page["complete"] != false || page["seq"] != 2.0 {
		t.Errorf("page = %v", page)
	}
	room["seq"] = page["seq"]
	if page = author.ok("sync:since", room); page["complete"] != true || page["seq"] != 3.0 {
		t.Errorf("page = %v", page)
	}
	me := m{"room": "user:me", "epoch": position["epoch"], "seq": position["seq"], "limit": 2}
	page = author.ok("sync:since", me)
	if events := page["events"].([]any); len(events) != 2 || events[1].(m)["data"].(m)["title"] != "1" || page["complete"] != false {
		t.Errorf("page = %v", page)
	}
	me["seq"] = page["seq"]
	if page = author.ok("sync:since", me); len(page["events"].([]any)) != 1 || page["complete"] != true {
		t.Errorf("page = %v", page)
	}
	for want, in := range map[string]m{
		"EPOCH_CHANGED": {"room": "user:me", "epoch": "x"},
		"VALIDATION":    {"room": "user:ben", "epoch": position["epoch"]},
		"NOT_FOUND":     {"room": "story:none", "epoch": position["epoch"]},
	} {
		if a := author.call("sync:since", in); a.Error.Code != want {
			t.Errorf("%v: %+v, want %s", in, a, want)
		}
	}
	if a := w.open("ann").call("sync:since", room); a.OK {
		t.Errorf("ann reads a private story: %+v", a)
	}
	for _, bad := range []m{{"limit": 501}, {"limit": -1}, {"seq": -1}} {
		bad["room"], bad["epoch"] = "user:me", position["epoch"]
		if a := author.call("sync:since", bad); a.Error.Code != "VALIDATION" {
			t.Errorf("%v: %+v", bad, a)
		}
	}
	for range 501 {
		w.notify("author", "many")
	}
	me["seq"] = 0
	if a := author.call("sync:since", me); a.Error.Code != "GONE" {
		t.Errorf("after many: %+v", a)
	}
}
