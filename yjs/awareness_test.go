package yjs_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/storywire/storywire/yjs"
)

func state(client, clock uint64, json string) yjs.Presence {
	return yjs.Presence{Client: client, Clock: clock, State: []byte(json)}
}

func gone(client, clock uint64) yjs.Presence { return yjs.Presence{Client: client, Clock: clock} }

func TestAwarenessTakesWhatIsNewer(t *testing.T) {
	now := time.Unix(0, 0)
	for _, row := range []struct {
		name  string
		known []yjs.Presence
		p     yjs.Presence
		taken bool
	}{
		{"first", nil, state(1, 1, "{}"), true},
		{"clock 0 says nothing", nil, state(1, 0, "{}"), false},
		{"newer", []yjs.Presence{state(1, 1, "{}")}, state(1, 2, "{}"), true},
		{"same clock", []yjs.Presence{state(1, 1, "{}")}, state(1, 1, `{"a":1}`), false},
		{"older", []yjs.Presence{state(1, 2, "{}")}, state(1, 1, "{}"), false},
		{"gone at the same clock", []yjs.Presence{state(1, 1, "{}")}, gone(1, 1), true},
		{"gone twice", []yjs.Presence{state(1, 1, "{}"), gone(1, 1)}, gone(1, 1), false},
		{"back", []yjs.Presence{state(1, 1, "{}"), gone(1, 1)}, state(1, 2, "{}"), true},
	} {
		var a yjs.Awareness
		a.Apply(now, row.known...)
		if news := a.Apply(now, row.p); len(news) == 1 != row.taken {
			t.Errorf("%s: got %v, want taken %v", row.name, news, row.taken)
		}
	}
}

func TestAwarenessExpires(t *testing.T) {
	var a yjs.Awareness
	start := time.Unix(1000, 0)
	a.Apply(start, state(2, 5, `{"n":2}`), state(1, 7, `{"n":1}`))
	a.Apply(start.Add(20*time.Second), state(2, 6, `{"n":2}`))
	if news := a.Expire(start.Add(yjs.PresenceTimeout - 1)); len(news) > 0 {
		t.Errorf("too early: %v", news)
	}
	if got, want := a.Expire(start.Add(yjs.PresenceTimeout)), []yjs.Presence{gone(1, 7)}; !reflect.DeepEqual(got, want) {
		t.Errorf("after 30 s: got %v, want %v", got, want)
	}
	if got := a.States(); len(got) != 1 || got[0].Client != 2 {
		t.Errorf("States() = %v, want client 2", got)
	}
	if got, ok := a.Remove(start, 2); !ok || !reflect.DeepEqual(got, gone(2, 7)) {
		t.Errorf("Remove(2) = %v, %v", got, ok)
	}
	if _, ok := a.Remove(start, 2); ok {
		t.Error("removed twice")
	}
	a.Expire(start.Add(time.Hour))
	if news := a.Apply(start, state(1, 1, "{}")); len(news) != 1 {
		t.Error("a client that was gone for long is not forgotten")
	}
}

func TestDecodeAwarenessRefuses(t *testing.T) {
	for _, data := range []string{
		"", "01", "01 01 01", "01 01 01 02 7b", "01 01 01 01 7b", "01 01 01 02 7b 7d 00", "80 94 eb dc 03 01 01 02 7b 7d", "01 01 01 02 c3 28",
	} {
		if list, err := yjs.DecodeAwareness(unhex(data)); err == nil {
			t.Errorf("DecodeAwareness(%s) = %v, want an error", data, list)
		}
	}
}

// A real client of the protocol and ours tell each other who is there.
func TestAwarenessAgainstRealClient(t *testing.T) {
	p := newPeer(t)
	type answer struct {
		States map[string]json.RawMessage
		Clocks map[string]uint64
		Update []byte
	}
	got := ask[answer](t, p, request{
		"op": "awareness", "client": 7, "states": []any{map[string]any{"user": "Ann 😀"}},
		"updates": [][]byte{yjs.EncodeAwareness(state(9, 3, `{"cursor":1}`), state(8, 1, "{}")), yjs.EncodeAwareness(gone(8, 1))},
	})
	list, err := yjs.DecodeAwareness(got.Update)
	if err != nil {
		t.Fatal(err)
	}
	want := []yjs.Presence{state(7, 1, `{"user":"Ann 😀"}`), gone(8, 1), state(9, 3, `{"cursor":1}`)}
	if !reflect.DeepEqual(list, want) {
		t.Errorf("got %v, want %v", list, want)
	}
	if len(got.States) != 2 || got.Clocks["9"] != 3 {
		t.Errorf("the real client knows %v, %v", got.States, got.Clocks)
	}
}
