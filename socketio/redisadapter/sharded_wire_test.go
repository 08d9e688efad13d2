package redisadapter

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/storywire/storywire/socketio"
)

const someUID = "0123456789abcdef"

func TestShardedRequestsComeBack(t *testing.T) {
	target := socketio.Target{Rooms: names{"a"}, Except: names{"b"}}
	for _, want := range []*request{
		{kind: kindJoin, target: target, rooms: names{"c"}},
		{kind: kindLeave, target: target, rooms: names{"c"}},
		{kind: kindDisconnect, target: target, close: true},
		{kind: kindFetch, id: "r", target: target},
		{kind: kindServerSide, id: "r", event: event{data: []byte(`["x",1]`)}},
		{kind: kindBroadcast, target: target, event: event{data: []byte(`["x","é"]`)}},
		{kind: kindBroadcast, id: "r", target: target, event: event{[]byte(`["x",{"_placeholder":true,"num":0}]`), [][]byte{{1}}, wireFlags{true, nil}}},
	} {
		want.from = someUID
		data, err := encodeShardedRequest(want, "/n")
		if err != nil {
			t.Fatal(err)
		}
		got, a, err := decodeSharded(data, "self", "/n")
		if err != nil || a != nil || !reflect.DeepEqual(normal(got), normal(want)) {
			t.Errorf("%+v came back as %+v, %v, %v", want, got, a, err)
		}
		if r, a, err := decodeSharded(data, someUID, "/n"); r != nil || a != nil || err != nil {
			t.Errorf("an own message is read as %v, %v, %v", r, a, err)
		}
	}
}

func TestShardedAnswersComeBack(t *testing.T) {
	for _, want := range []*answer{
		{kind: answerFetch, sockets: []remoteSocket{{ID: "s", Rooms: names{"s"}, Data: json.RawMessage(`{"a":1}`)}}},
		{kind: answerFetch, sockets: []remoteSocket{}},
		{kind: answerServerSide, value: []byte(`{"_placeholder":true,"num":0}`), attachments: [][]byte{{1}}},
		{kind: answerCount},
		{kind: answerAck, value: []byte(`"x"`)},
	} {
		want.id = "r"
		data, err := encodeShardedAnswer(want, someUID, "/")
		if err != nil {
			t.Fatal(err)
		}
		r, got, err := decodeSharded(data, "self", "/")
		if err != nil || r != nil || got.kind != want.kind || got.id != "r" || got.count != want.count ||
			len(got.sockets) != len(want.sockets) || !reflect.DeepEqual(got.attachments, want.attachments) {
			t.Errorf("%+v came back as %+v, %v", want, got, err)
		}
	}
}

func TestShardedMessagesOfNobody(t *testing.T) {
	for _, message := range []string{`{"uid":"u","nsp":"/","type":1}`, `{"uid":"u","nsp":"/","type":2}`, `{"uid":"u","nsp":"/","type":99,"data":{}}`} {
		if r, a, err := decodeSharded([]byte(message), "self", "/"); r != nil || a != nil || err != nil {
			t.Errorf("%s is read as %v, %v, %v", message, r, a, err)
		}
	}
	for _, message := range malformedSharded {
		if r, a, err := decodeSharded([]byte(message), "self", "/"); err == nil {
			t.Errorf("%s is read as %v, %v", message, r, a)
		}
	}
}

var malformedSharded = []string{
	``, `{`, `{}`, `{"uid":"u","nsp":"/x","type":3,"data":{}}`, `{"nsp":"/","type":3,"data":{}}`, `{"uid":"u","nsp":"/","data":{}}`,
	`{"uid":"u","nsp":"/","type":3}`, `{"uid":"u","nsp":"/","type":3,"data":{}}`, `{"uid":"u","nsp":"/","type":3,"data":{"opts":{}}}`,
	`{"uid":"u","nsp":"/","type":3,"data":{"opts":{},"packet":{"type":2,"data":["connect"]}}}`, `{"uid":"u","nsp":"/","type":4,"data":{}}`,
	`{"uid":"u","nsp":"/","type":7,"data":{"opts":{}}}`, `{"uid":"u","nsp":"/","type":9,"data":{"packet":{}}}`,
	`{"uid":"u","nsp":"/","type":11,"data":{"requestId":"r"}}`, `{"uid":"u","nsp":"/","type":12,"data":{}}`, `{"uid":"u","nsp":"/","type":3,"data":1}`,
}

// FuzzSharded: nothing that comes from Redis panics, and what is read as an
// event is JSON that clients take.
func FuzzSharded(f *testing.F) {
	for _, message := range malformedSharded {
		f.Add([]byte(message))
	}
	for _, e := range []event{{data: []byte(`["x",1]`)}, {data: []byte(`["x",{"_placeholder":true,"num":0}]`), attachments: [][]byte{{1}}}} {
		data, err := encodeShardedRequest(&request{kind: kindBroadcast, from: someUID, event: e}, "/")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, a, err := decodeSharded(data, "self", "/")
		if err != nil {
			return
		}
		if r != nil && r.event.data != nil && (!json.Valid(r.event.data) || checkEvent(r.event.data) != nil) {
			t.Errorf("decodeSharded(%q) has %q", data, r.event.data)
		}
		if a != nil && a.args() == nil {
			t.Errorf("decodeSharded(%q) answers %q", data, a.value)
		}
	})
}
