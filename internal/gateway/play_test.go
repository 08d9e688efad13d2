package gateway_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/story"
)

const crossroads = `:: StoryTitle
Crossroads
:: StoryData
{"ifid":"D674C58C-DEFA-4F70-B7A2-27742230C0FC"}
:: StoryInit
<<set private $clue = "nothing">>
:: Start
Where to?
[[Left]]
[[Right]]
:: Left
<<set $clue = role == "scout" ? "the way" : "nothing">>
You know $clue.
[[Run->End]]{who: role:scout}
[[End]]
:: Right [end]
A wall.
:: End [end]
Home.
`

var commands int

// do sends a command of a party with a new cmdId.
func (p *tab) do(event string, payload m) m {
	p.t.Helper()
	return p.ok(event, command(payload))
}

func command(payload m) m {
	commands++
	payload["cmdId"] = fmt.Sprint("c", commands)
	return payload
}

// refusal sends what must be refused and returns the code.
func (p *tab) refusal(event string, payload m) string {
	p.t.Helper()
	a := p.call(event, payload)
	if a.OK {
		p.t.Fatalf("%s: %s %v succeeds", p.user, event, payload)
	}
	return a.Error.Code
}

// branching returns the id of a story that can be played.
func (w *world) branching() string {
	w.t.Helper()
	got, err := w.stories.Import(w.t.Context(), "author", story.Draft{}, "c.twee", []byte(crossroads))
	if err != nil || got.Story.ID == "" {
		w.t.Fatal(err, got.Problems)
	}
	return string(got.Story.ID)
}

// event waits for the next event of a party of a type.
func (p *tab) event(kind string) m {
	p.t.Helper()
	return p.hearWhere("play:event", func(e m) bool { return e["type"] == kind })
}

func option(t *testing.T, round m, label string) string {
	t.Helper()
	for _, o := range round["options"].([]any) {
		if o.(m)["label"] == label {
			return o.(m)["id"].(string)
		}
	}
	t.Fatalf("no option %q in %v", label, round["options"])
	return ""
}

func TestPartyFromLobbyToEnd(t *testing.T) {
	w := newWorld(t, options{})
	id := w.branching()
	ann, ben, cat := w.open("ann"), w.open("ben"), w.open("cat")
	made := ann.do("play:create", m{"storyId": id, "settings": m{"mode": "majority"}})
	party, code := made["sessionId"].(string), made["view"].(m)["code"].(string)
	if len(code) != 6 || made["view"].(m)["host"] != "ann" || made["view"].(m)["status"] != "lobby" {
		t.Fatalf("made %v", made)
	}
	joined := ben.do("play:join", m{"code": strings.ToLower(code)})
	if joined["sessionId"] != party || len(joined["view"].(m)["seats"].([]any)) != 2 {
		t.Fatalf("joined %v", joined)
	}
	if e := ann.event("joined"); e["payload"].(m)["seat"].(m)["user"].(m)["display_name"] != "The ben" {
		t.Errorf("ann hears %v", e)
	}
	watching := cat.do("play:join", m{"sessionId": party, "as": "spectator"})
	if e := ann.hear("play:presence"); e["watching"] != 1.0 || watching["view"].(m)["watching"] != 1.0 {
		t.Errorf("ann hears %v, cat sees %v watching", e, watching["view"].(m)["watching"])
	}
	if watching["view"].(m)["me"].(m)["spectator"] != true {
		t.Errorf("cat sees %v", watching)
	}
	ben.do("play:ready", m{"sessionId": party, "ready": true, "role": "scout"})
	ann.do("play:start", m{"sessionId": party})
	round := ben.event("round")["payload"].(m)["round"].(m)
	if round["text"] != "Where to?" || round["deadlineInMs"].(float64) < 50_000 {
		t.Errorf("the round is %v", round)
	}
	if code := cat.refusal("play:choose", command(m{"sessionId": party, "round": 1, "option": option(t, round, "Left")})); code != "NOT_ELIGIBLE" {
		t.Errorf("a spectator is refused with %s", code)
	}
	choice := command(m{"sessionId": party, "round": 1, "option": option(t, round, "Left")})
	first := ann.call("play:choose", choice)
	again := ann.call("play:choose", choice)
	if !first.OK || !again.OK || decode(t, first.Data)["seq"] != decode(t, again.Data)["seq"] {
		t.Errorf("the same command gives %s and %s", first.Data, again.Data)
	}
	if v := cat.event("voted")["payload"].(m); v["userId"] != "ann" || v["votes"].(m)["by"].(m)["ann"] == nil {
		t.Errorf("cat hears %v", v)
	}
	ben.do("play:choose", m{"sessionId": party, "round": 1, "option": option(t, round, "Left")})
	if r := cat.event("resolved")["payload"].(m); r["label"] != "Left" || r["how"] != "majority" {
		t.Errorf("cat hears %v", r)
	}
	next := ben.event("private")["payload"].(m)
	if next["round"].(m)["text"] != "You know the way." || next["vars"].(m)["clue"] != "the way" {
		t.Errorf("the scout hears %v", next)
	}
	if code := ann.refusal("play:choose", command(m{"sessionId": party, "round": 1, "option": "x"})); code != "STALE_ROUND" {
		t.Errorf("an old round is refused with %s", code)
	}
	ann.do("play:choose", m{"sessionId": party, "round": 2, "option": option(t, next["round"].(m), "End")})
	ben.do("play:choose", m{"sessionId": party, "round": 2, "option": option(t, next["round"].(m), "End")})
	if e := cat.event("ended")["payload"].(m); e["reason"] != "story" {
		t.Errorf("cat hears %v", e)
	}
	for _, p := range []*tab{ann, cat} {
		last := 0.0
		for _, e := range p.heard("play:event") {
			if seq := e["seq"].(float64); last > 0 && seq != last+1 {
				t.Errorf("%s hears seq %v after %v", p.user, seq, last)
			}
			last = e["seq"].(float64)
			if strings.Contains(fmt.Sprint(e), "the way") {
				t.Errorf("%s hears what is the scout's: %v", p.user, e)
			}
		}
	}
	rematch := ann.do("play:rematch", m{"sessionId": party})["rematch"].(string)
	if e := ben.event("rematch")["payload"].(m); e["rematch"] != rematch {
		t.Errorf("ben hears %v, want %s", e, rematch)
	}
	if n := ben.hear("notification:new"); n["type"] != "play.invited" || n["link"] != "/party/"+rematch {
		t.Errorf("ben is notified of %v", n)
	}
}

func TestPartySync(t *testing.T) {
	w := newWorld(t, options{})
	id := w.branching()
	ann, ben := w.open("ann"), w.open("ben")
	made := ann.do("play:create", m{"storyId": id, "settings": m{"mode": "majority"}})
	party := made["sessionId"].(string)
	at := ben.do("play:join", m{"sessionId": party})["seq"].(float64)
	ben.Close()
	ann.hearWhere("play:event", func(e m) bool {
		return e["type"] == "conn" && e["payload"].(m)["seat"].(m)["conn"] == "grace"
	})
	ann.do("play:settings", m{"sessionId": party, "settings": m{"timerSec": 90}})
	again := w.open("ben")
	synced := again.ok("play:sync", m{"sessionId": party, "sinceSeq": at})
	var types []string
	for _, e := range synced["events"].([]any) {
		types = append(types, e.(m)["type"].(string))
	}
	if fmt.Sprint(types) != "[conn settings conn]" || synced["state"] != nil {
		t.Errorf("ben is told %v, %v", types, synced["state"])
	}
	ann.do("play:start", m{"sessionId": party, "force": true})
	if synced = again.ok("play:sync", m{"sessionId": party, "sinceSeq": at}); synced["state"] == nil {
		t.Errorf("after a round ben is told %v", synced)
	}
	again.event("round")
	stranger := w.open("eve")
	for _, event := range []string{"play:sync", "play:chat", "play:leave", "play:choose"} {
		code := stranger.refusal(event, command(m{"sessionId": party, "text": "x", "round": 1, "option": "x"}))
		if code != "NOT_FOUND" && code != "NOT_ELIGIBLE" {
			t.Errorf("%s of a stranger is refused with %s", event, code)
		}
	}
	if code := stranger.refusal("play:join", command(m{"code": "AAAAAA"})); code != "BAD_CODE" {
		t.Errorf("a wrong code is refused with %s", code)
	}
}

func TestPartyChatAndTyping(t *testing.T) {
	w := newWorld(t, options{})
	id := w.branching()
	ann, ben := w.open("ann"), w.open("ben")
	party := ann.do("play:create", m{"storyId": id, "settings": m{}})["sessionId"].(string)
	ben.do("play:join", m{"sessionId": party})
	ben.ok("play:typing", m{"sessionId": party, "isTyping": true})
	if e := ann.hear("play:typing"); e["user"].(m)["id"] != "ben" || e["isTyping"] != true {
		t.Errorf("ann hears %v", e)
	}
	said := command(m{"sessionId": party, "text": " hello "})
	ben.ok("play:chat", said)
	if a := ben.call("play:chat", said); !a.OK || !a.Duplicate {
		t.Errorf("the same command says %+v", a)
	}
	if e := ann.hear("play:chat"); e["text"] != "hello" || e["user"].(m)["display_name"] != "The ben" {
		t.Errorf("ann hears %v", e)
	}
	if n := len(ann.heard("play:chat")); n != 1 {
		t.Errorf("ann hears it %d times", n)
	}
	if n := len(ben.heard("play:typing")); n != 0 {
		t.Errorf("ben hears of his own typing")
	}
	if code := ann.refusal("play:chat", command(m{"sessionId": party, "text": strings.Repeat("x", 501)})); code != "VALIDATION" {
		t.Errorf("a long message is refused with %s", code)
	}
}

// TestTwoTabsAreOneSeat: one seat, one vote, and the seat is there until the
// last tab has gone.
func TestTwoTabsAreOneSeat(t *testing.T) {
	w := newWorld(t, options{})
	id := w.branching()
	ann, ben, again := w.open("ann"), w.open("ben"), w.open("ben")
	party := ann.do("play:create", m{"storyId": id, "settings": m{"mode": "majority"}})["sessionId"].(string)
	ben.do("play:join", m{"sessionId": party})
	if seats := again.do("play:join", m{"sessionId": party})["view"].(m)["seats"].([]any); len(seats) != 2 {
		t.Fatalf("with two tabs of ben there are %d seats", len(seats))
	}
	ann.do("play:start", m{"sessionId": party, "force": true})
	round := again.event("round")["payload"].(m)["round"].(m)
	ben.do("play:choose", m{"sessionId": party, "round": 1, "option": option(t, round, "Left")})
	again.do("play:choose", m{"sessionId": party, "round": 1, "option": option(t, round, "Right")})
	for {
		v := ann.event("voted")["payload"].(m)["votes"].(m)
		if v["by"].(m)["ben"] != option(t, round, "Right") {
			continue // the first of ben's votes
		}
		if counts := v["counts"].(m); counts[option(t, round, "Right")] != 1.0 || len(v["voted"].([]any)) != 1 {
			t.Errorf("ben's tabs have voted %v", v)
		}
		break
	}
	ben.ok("play:close", m{"sessionId": party}) // the page is left, the connection stays
	ben.ok("play:close", m{"sessionId": party})
	ann.do("play:choose", m{"sessionId": party, "round": 1, "option": option(t, round, "Left")})
	conns := func() (conns []any) {
		for _, e := range ann.heard("play:event") {
			if e["type"] == "conn" {
				conns = append(conns, e["payload"].(m)["seat"].(m)["conn"])
			}
		}
		return conns
	}
	if got := conns(); len(got) != 0 {
		t.Errorf("with one of two tabs closed ben is %v", got)
	}
	again.Close()
	if e := ann.event("conn"); e["payload"].(m)["seat"].(m)["conn"] != "grace" {
		t.Errorf("with both tabs closed ann hears %v", e)
	}
	ben.ok("play:sync", m{"sessionId": party, "sinceSeq": 0})
	if e := ann.event("conn"); e["payload"].(m)["seat"].(m)["conn"] != "on" {
		t.Errorf("with the page open again ann hears %v", e)
	}
}

func TestKickedPlayerHearsNothingMore(t *testing.T) {
	w := newWorld(t, options{})
	id := w.branching()
	ann, ben := w.open("ann"), w.open("ben")
	made := ann.do("play:create", m{"storyId": id, "settings": m{}})
	party := made["sessionId"].(string)
	ben.do("play:join", m{"sessionId": party})
	ann.do("play:kick", m{"sessionId": party, "userId": "ben"})
	ben.event("kicked")
	ann.do("play:chat", m{"sessionId": party, "text": "alone"})
	if n := len(ben.heard("play:chat")); n != 0 {
		t.Error("who was sent away hears the chat")
	}
	for _, try := range []struct {
		event   string
		payload m
	}{{"play:join", m{"sessionId": party}}, {"play:join", m{"code": made["view"].(m)["code"]}}, {"play:sync", m{"sessionId": party}}} {
		if code := ben.refusal(try.event, command(try.payload)); code != "KICKED" {
			t.Errorf("%s %v of who was sent away is refused with %s", try.event, try.payload, code)
		}
	}
	if code := ben.refusal("play:join", command(m{"sessionId": party, "as": "spectator"})); code != "KICKED" {
		t.Errorf("watching of who was sent away is refused with %s", code)
	}
}

// TestHostileParties sends what no client of ours would.
func TestHostileParties(t *testing.T) {
	w := newWorld(t, options{})
	id := w.branching()
	ann, eve := w.open("ann"), w.open("eve")
	party := ann.do("play:create", m{"storyId": id, "settings": m{"mode": "first"}})["sessionId"].(string)
	ann.do("play:start", m{"sessionId": party})
	long := strings.Repeat("x", 16<<10)
	for _, test := range []struct {
		event   string
		payload m
		want    string
	}{
		{"play:create", m{"storyId": "nowhere", "settings": m{}}, "NOT_FOUND"},
		{"play:create", m{"storyId": id, "settings": m{"mode": "anarchy"}}, "VALIDATION"},
		{"play:create", m{"storyId": id, "settings": m{"timerSec": 1}}, "VALIDATION"},
		{"play:create", m{"storyId": id, "settings": m{"maxPlayers": 17}}, "VALIDATION"},
		{"play:create", m{"storyId": id, "settings": "x"}, "VALIDATION"},
		{"play:create", m{"storyId": w.story("author", story.Public), "settings": m{}}, "NOT_FOUND"}, // cannot be played
		{"play:create", m{"storyId": id, "releaseId": "nowhere", "settings": m{}}, "NOT_FOUND"},
		{"play:join", m{"code": "x"}, "BAD_CODE"},
		{"play:join", m{"sessionId": long}, "NOT_FOUND"},
		{"play:join", m{"sessionId": party, "as": "king"}, "VALIDATION"},
		{"play:choose", m{"sessionId": party, "round": 1, "option": "1:0"}, "NOT_ELIGIBLE"},
		{"play:choose", m{"sessionId": party, "round": -1, "option": "1:0"}, "VALIDATION"},
		{"play:choose", m{"sessionId": long, "round": 1, "option": "1:0"}, "NOT_FOUND"},
		{"play:kick", m{"sessionId": party, "userId": "ann"}, "NOT_ELIGIBLE"},
		{"play:end", m{"sessionId": party}, "NOT_ELIGIBLE"},
		{"play:invite", m{"sessionId": party, "userIds": []string{"bob"}}, "NOT_FOUND"},
		{"play:sync", m{"sessionId": party, "sinceSeq": 0}, "NOT_FOUND"},
	} {
		if got := eve.refusal(test.event, command(test.payload)); got != test.want {
			t.Errorf("%s %.80v is refused with %s, want %s", test.event, test.payload, got, test.want)
		}
	}
	for _, option := range []string{"nowhere", long, "2:0"} {
		if got := ann.refusal("play:choose", command(m{"sessionId": party, "round": 1, "option": option})); got != "BAD_OPTION" {
			t.Errorf("the option %.20s is refused with %s", option, got)
		}
	}
	if got := ann.refusal("play:choose", m{"sessionId": party, "round": 1, "option": "1:0", "cmdId": long}); got != "VALIDATION" {
		t.Errorf("a long cmdId is refused with %s", got)
	}
	ann.do("play:choose", m{"sessionId": party, "round": 1, "option": "1:1"}) // nobody else is disturbed
}

func TestPartyRates(t *testing.T) {
	w := newWorld(t, options{rates: func(r *ratelimit.Rates) {
		r.Code = ratelimit.Rate{Count: 3, Per: 60_000_000_000, Burst: 3}
	}})
	eve := w.open("eve")
	for i := range 4 {
		want := "BAD_CODE"
		if i == 3 {
			want = "RATE_LIMITED"
		}
		if got := eve.refusal("play:join", command(m{"code": "AAAAAA"})); got != want {
			t.Errorf("guess %d is refused with %s, want %s", i+1, got, want)
		}
	}
}

func TestPartyOfAPrivateStory(t *testing.T) {
	w := newWorld(t, options{})
	got, err := w.stories.Import(t.Context(), "ann", story.Draft{Visibility: story.Private}, "c.twee", []byte(crossroads))
	if err != nil {
		t.Fatal(err)
	}
	ann, ben := w.open("ann"), w.open("ben")
	made := ann.do("play:create", m{"storyId": string(got.Story.ID), "settings": m{}})
	code := made["view"].(m)["code"]
	if got := ben.refusal("play:join", command(m{"code": code})); got != "FORBIDDEN" {
		t.Errorf("a stranger is refused with %s", got)
	}
	if _, err := w.stories.SetMember(t.Context(), "ann", got.Story.ID, auth.UserID("ben"), story.Player); err != nil {
		t.Fatal(err)
	}
	ben.do("play:join", m{"code": code})
}

// TestPartyNotifications: who is asked to play, whom a party by mail waits for,
// and who was away when a party goes on, is told; nobody is told of what they do
// themselves, nor of what they see.
func TestPartyNotifications(t *testing.T) {
	w := newWorld(t, options{})
	id := w.branching()
	ann := w.open("ann")
	made := ann.do("play:create", m{"storyId": id, "settings": m{"mode": "majority", "pace": "mail", "timerSec": 0}})
	party := made["sessionId"].(string)
	told := func(name string) (list []string) { // oldest first, with what it is about
		tab := w.open(name)
		defer tab.Close()
		for _, n := range tab.ok("notification:list", m{})["items"].([]any) {
			n := n.(m)
			if n["link"] != "/party/"+party || n["data"].(m)["sessionId"] != party {
				t.Errorf("%s is told of %v", name, n)
			}
			list = append([]string{n["type"].(string)}, list...)
		}
		return list
	}
	await := func(name string, want ...string) {
		t.Helper()
		var got []string
		for deadline := time.Now().Add(patience); !slices.Equal(got, want); time.Sleep(10 * time.Millisecond) {
			if got = told(name); time.Now().After(deadline) {
				t.Fatalf("%s is told %v, want %v %s", name, got, want, w.log)
			}
		}
	}
	ann.ok("play:invite", m{"sessionId": party, "userIds": []string{"ben", "cat", "ann"}})
	await("ben", "play.invited")
	await("cat", "play.invited")
	for _, name := range []string{"ben", "cat"} { // without a connection, as by mail
		if _, err := w.plays.Enter(t.Context(), auth.UserID(name), play.Entry{ID: play.ID(party), CmdID: "join"}); err != nil {
			t.Fatal(err)
		}
	}
	choose := func(name string, round int, option string) {
		t.Helper()
		commands++
		c := play.Cmd{Kind: play.Choose, ID: fmt.Sprint("c", commands), Round: round, Option: option}
		if _, err := w.plays.Do(t.Context(), auth.UserID(name), play.ID(party), c); err != nil {
			t.Fatal(err)
		}
	}
	ann.do("play:start", m{"sessionId": party, "force": true})
	await("ben", "play.invited", "play.your_turn")
	await("cat", "play.invited", "play.your_turn")
	choose("ben", 1, "1:0")
	choose("cat", 1, "1:0") // decides: ben is to choose again, cat knows
	await("ben", "play.invited", "play.your_turn", "play.your_turn")
	ann.do("play:pause", m{"sessionId": party})
	ann.do("play:resume", m{"sessionId": party})
	await("ben", "play.invited", "play.your_turn", "play.your_turn", "play.resumed")
	await("cat", "play.invited", "play.your_turn", "play.your_turn", "play.resumed") // the other half of the round is hers
	if got := told("ann"); len(got) != 0 {
		t.Errorf("ann, who is there, is told %v", got)
	}
}

func TestPartiesOfOneTabAndOfOneUser(t *testing.T) {
	w := newWorld(t, options{})
	id := w.branching()
	tab, other := w.open("ann"), w.open("ann")
	for range 16 {
		tab.do("play:create", m{"storyId": id, "settings": m{}})
	}
	if code := tab.refusal("play:create", command(m{"storyId": id, "settings": m{}})); code != "ROOM_FULL" {
		t.Errorf("the 17th party of a tab is refused with %s", code)
	}
	var last string
	for range play.MaxOpen - 16 {
		last = other.do("play:create", m{"storyId": id, "settings": m{}})["sessionId"].(string)
	}
	if code := other.refusal("play:create", command(m{"storyId": id, "settings": m{}})); code != "CONFLICT" {
		t.Errorf("one party too many is refused with %s", code)
	}
	other.do("play:end", m{"sessionId": last})
	other.do("play:create", m{"storyId": id, "settings": m{}})
}
