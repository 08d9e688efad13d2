package api_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/storywire/storywire/internal/demo"
)

// TestPlayByMail plays a story without a socket.
func TestPlayByMail(t *testing.T) {
	w := newWorld(t, options{})
	id := w.ok(201, "author", "POST", "/v1/stories:import?name=well.twee", well, "Content-Type", "text/plain")["story"].(m)["id"]
	made := w.ok(201, "ann", "POST", "/v1/plays", m{"storyId": id, "settings": m{"mode": "rotate", "pace": "mail", "timerSec": 86400}}, "Idempotency-Key", "k1")
	at := "/v1/plays/" + made["sessionId"].(string)
	if again := w.ok(200, "ann", "POST", "/v1/plays", m{"storyId": id, "settings": m{}}, "Idempotency-Key", "k1"); again["sessionId"] != made["sessionId"] {
		t.Errorf("the same key made %v", again["sessionId"])
	}
	w.ok(200, "ben", "POST", "/v1/plays:join", m{"code": made["view"].(m)["code"]})
	w.refused(404, "BAD_CODE", "eve", "POST", "/v1/plays:join", m{"code": "AAAAAA"})
	w.refused(404, "NOT_FOUND", "eve", "GET", at, nil)
	w.refused(403, "NOT_HOST", "ben", "POST", at+"/start", nil)
	w.ok(200, "ben", "POST", at+"/ready", m{"ready": true})
	w.ok(200, "ann", "POST", at+"/start", nil)
	list := w.ok(200, "ann", "GET", "/v1/plays", nil)["items"].([]any)
	if len(list) != 1 || list[0].(m)["yourTurn"] != true || list[0].(m)["passage"] != "Start" {
		t.Errorf("ann's parties are %v", list)
	}
	if list := w.ok(200, "ben", "GET", "/v1/plays?storyId=nowhere", nil)["items"].([]any); len(list) != 0 {
		t.Errorf("ben's parties of another story are %v", list)
	}
	round := w.ok(200, "ann", "GET", at, nil)["view"].(m)["round"].(m)
	option := round["options"].([]any)[0].(m)["id"]
	w.refused(403, "NOT_ELIGIBLE", "ben", "POST", at+"/choose", m{"round": 1, "option": option})
	w.refused(409, "WRONG_STATE", "ann", "GET", at+"/map", nil)
	w.ok(201, "ben", "POST", at+"/chat", m{"text": "take your time"})
	if chat := w.ok(200, "ann", "GET", at+"/chat", nil)["items"].([]any); len(chat) != 1 || chat[0].(m)["text"] != "take your time" {
		t.Errorf("said was %v", chat)
	}
	done := w.ok(200, "ann", "POST", at+"/choose", m{"round": 1, "option": option}, "Idempotency-Key", "c1")
	if again := w.ok(200, "ann", "POST", at+"/choose", m{"round": 1, "option": option}, "Idempotency-Key", "c1"); again["seq"] != done["seq"] {
		t.Errorf("the same key gives %v, want %v", again, done)
	}
	if view := w.ok(200, "ben", "GET", at, nil)["view"].(m); view["status"] != "ended" || view["reason"] != "story" {
		t.Errorf("ben sees %v", view)
	}
	if all := w.ok(200, "ben", "GET", at+"/map", nil)["passages"].([]any); len(all) != 2 || all[1].(m)["visited"] != 1.0 {
		t.Errorf("the map is %v", all)
	}
	var types []any
	for _, e := range w.ok(200, "ben", "GET", at+"/log", nil)["items"].([]any) {
		types = append(types, e.(m)["type"])
	}
	if !slices.Contains(types, any("resolved")) || types[0] != "created" {
		t.Errorf("the log has %v", types)
	}
	if rematch := w.ok(201, "ann", "POST", at+"/rematch", nil); rematch["sessionId"] == made["sessionId"] {
		t.Error("the rematch is the same party")
	}
}

// TestDemoStoriesInEveryMode plays each demo story to an end in each way in
// which a party can decide, without a socket: live, and by mail. Over all these
// parties every ending is reached, and no assignment goes wrong.
func TestDemoStoriesInEveryMode(t *testing.T) {
	w := newWorld(t, options{demo: true})
	for _, of := range demo.Parties {
		id := string(of.ID)
		reached, endings := map[string]bool{}, map[string]bool{}
		for walk := 0; walk < 10 || len(reached) < len(endings) && walk < 200; walk++ {
			mode := []string{"first", "host", "majority", "unanimous", "rotate"}[walk%5]
			pace := []string{"live", "mail"}[walk/5%2]
			at := w.walk(id, m{"mode": mode, "pace": pace, "timerSec": 0}, rand.New(rand.NewPCG(uint64(walk), 3)))
			view := w.ok(200, "ann", "GET", at, nil)["view"].(m)
			if view["status"] != "ended" || view["reason"] != "story" {
				t.Fatalf("%s, %s, %s: %v (%v) in round %v", id, mode, pace, view["status"], view["reason"], view["round"].(m)["name"])
			}
			for _, p := range w.ok(200, "ann", "GET", at+"/map", nil)["passages"].([]any) {
				if p := p.(m); p["ends"] == true {
					name := p["name"].(string)
					endings[name] = true
					if p["visited"] != 0.0 {
						reached[name] = true
					}
				}
			}
			for _, e := range w.ok(200, "ben", "GET", at+"/log", nil)["items"].([]any) {
				if e.(m)["type"] == "script_error" {
					t.Errorf("%s: %v", id, e)
				}
			}
		}
		if len(reached) != len(endings) || len(endings) < 3 {
			t.Errorf("%s: reached are %v, its endings are %v", id, reached, endings)
		}
	}
}

// walk plays a story with three players who agree on what chance says, and
// returns the path of the party.
func (w *world) walk(story string, settings m, chance *rand.Rand) (path string) {
	w.t.Helper()
	players := []string{"ann", "ben", "cat"}
	path = "/v1/plays/" + w.ok(201, "ann", "POST", "/v1/plays", m{"storyId": story, "settings": settings})["sessionId"].(string)
	for _, name := range players[1:] {
		w.ok(200, name, "POST", path+"/join", m{})
	}
	w.ok(200, "ann", "POST", path+"/start", m{"force": true})
	look := func(name string) m { return w.ok(200, name, "GET", path, nil)["view"].(m) }
	for range 60 {
		wish := chance.IntN(12)
		now := look("ann")
		all := now["me"].(m)["canChoose"].([]any) // that everybody can choose
		for _, name := range players[1:] {
			theirs := look(name)["me"].(m)["canChoose"].([]any)
			all = slices.DeleteFunc(all, func(o any) bool { return !slices.Contains(theirs, o) })
		}
		for _, name := range players {
			view := look(name)
			if view["status"] == "ended" {
				return path
			}
			round, me := view["round"].(m), view["me"].(m)
			can := me["canChoose"].([]any)
			if len(can) == 0 || round["round"] != now["round"].(m)["round"] {
				continue
			}
			if len(all) > 0 && slices.Contains(can, all[0]) && round["mode"] != "first" {
				can = all
			}
			w.ok(200, name, "POST", path+"/choose", m{"round": round["round"], "option": can[wish%len(can)]})
		}
	}
	return path
}
