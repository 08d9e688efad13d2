package redisadapter

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/msgpack"
)

func pack(t testing.TB, text string, attachments ...[]byte) []byte {
	t.Helper()
	data, err := msgpack.AppendJSON(nil, []byte(text), attachments)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBroadcastsComeBack(t *testing.T) {
	for _, want := range []*socketio.Broadcast{
		{Data: []byte(`["x"]`)},
		{Data: []byte(`["x",1,{"a":null}]`), Target: socketio.Target{Rooms: []string{"a", "b#"}, Except: []string{"c"}}, Volatile: true},
		{Data: []byte(`["x",{"_placeholder":true,"num":0},"é"]`), Attachments: [][]byte{{0, 255}}, Uncompressed: true},
	} {
		data, err := appendBroadcast(nil, "abcdef", "/n", want)
		if err != nil {
			t.Fatal(err)
		}
		uid, got, err := readBroadcast(data, "/n")
		if err != nil || uid != "abcdef" || !bytes.Equal(got.Data, want.Data) || !reflect.DeepEqual(got.Attachments, want.Attachments) ||
			!slices.Equal(got.Rooms, want.Rooms) || !slices.Equal(got.Except, want.Except) || got.Volatile != want.Volatile || got.Uncompressed != want.Uncompressed {
			t.Errorf("%s came back from %s as %+v, %v", want.Data, uid, got, err)
		}
		if _, _, err := readBroadcast(data, "/other"); err == nil {
			t.Errorf("%s was read for another namespace", want.Data)
		}
	}
}

// What servers and emitters of Node write in other ways.
func TestBroadcastsOfOthers(t *testing.T) {
	tests := []struct {
		message string // JSON
		want    string
		rooms   []string
	}{
		{`["emitter",{"type":2,"data":["x"],"nsp":"/"},{"rooms":[],"flags":{},"except":[]}]`, `["x"]`, []string{}},
		{`["u",{"data":["x"],"type":2},{"rooms":[1,1.5,"c"],"except":null,"flags":null}]`, `["x"]`, []string{"1", "1.5", "c"}},
		{`["u",{"type":5,"data":[7,null],"nsp":"/","id":3,"options":{}},{}]`, `[7,null]`, nil},
		{`["u",{"type":2,"data":["x"]},{"flags":{"volatile":true,"compress":true}},"more"]`, `["x"]`, nil},
	}
	for _, tt := range tests {
		_, b, err := readBroadcast(pack(t, tt.message), "/")
		if err != nil || string(b.Data) != tt.want || !slices.Equal(b.Rooms, tt.rooms) {
			t.Errorf("%s: %+v, %v", tt.message, b, err)
		}
	}
}

func TestMalformedBroadcasts(t *testing.T) {
	whole := pack(t, `["u",{"type":2,"data":["x"],"nsp":"/"},{"rooms":[],"except":[],"flags":{}}]`)
	for i := range whole {
		if _, _, err := readBroadcast(whole[:i], "/"); err == nil {
			t.Errorf("the first %d bytes are a broadcast", i)
		}
	}
	if _, _, err := readBroadcast(append(whole, 0), "/"); err == nil {
		t.Error("trailing bytes are accepted")
	}
	for _, message := range []string{
		`{}`, `[]`, `["u"]`, `["u",{},{}]`, `["u",null,{}]`, `["u",{"data":["x"]},null]`, `[1,{"data":["x"]},{}]`,
		`["u",{"data":{}},{}]`, `["u",{"data":"x"},{}]`, `["u",{"data":[]},{}]`, `["u",{"data":[{}]},{}]`, `["u",{"data":[null]},{}]`,
		`["u",{"data":["connect"]},{}]`, `["u",{"data":["x"],"nsp":"/n"},{}]`, `["u",{"data":["x"],"nsp":1},{}]`, `["u",{"data":["x"],"type":3},{}]`,
		`["u",{"data":["x"]},{"rooms":"a"}]`, `["u",{"data":["x"]},{"rooms":[{}]}]`, `["u",{"data":["x"]},{"except":[null]}]`,
		`["u",{"data":["x"],"data":["y"]},{}]`,
	} {
		if _, b, err := readBroadcast(pack(t, message), "/"); err == nil {
			t.Errorf("%s is read as %s", message, b.Data)
		}
	}
}

func TestClassicRequestsComeBack(t *testing.T) {
	target := socketio.Target{Rooms: names{"a"}, Except: names{"b"}}
	for _, want := range []*request{
		{kind: kindJoin, target: target, rooms: names{"c", "d"}},
		{kind: kindLeave, target: target, rooms: names{"c"}},
		{kind: kindDisconnect, target: target, close: true},
		{kind: kindFetch, id: "r", target: target},
		{kind: kindServerSide, event: event{data: []byte(`["x",1]`)}},
		{kind: kindServerSide, id: "r", event: event{[]byte(`["x",{"_placeholder":true,"num":0}]`), [][]byte{{1}}, wireFlags{}}},
		{kind: kindBroadcast, id: "r", target: target, event: event{[]byte(`["x",{"_placeholder":true,"num":0}]`), [][]byte{{1}}, wireFlags{true, new(bool)}}},
	} {
		want.from = "abcdef"
		data, err := encodeClassicRequest(want, "/n")
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeClassicRequest(data, "/n")
		if got != nil {
			got.rooms = slices.Clip(got.rooms)
		}
		if err != nil || !reflect.DeepEqual(normal(got), normal(want)) {
			t.Errorf("%+v came back as %+v, %v", want, got, err)
		}
	}
}

// normal makes of a request one that compares: nothing is nothing.
func normal(r *request) *request {
	c := *r
	for _, s := range []*[]string{&c.rooms, &c.target.Rooms, &c.target.Except} {
		if len(*s) == 0 {
			*s = nil
		}
	}
	return &c
}

func TestClassicRequestsOfOthers(t *testing.T) {
	tests := []struct {
		message string
		want    request
	}{
		{`{"requestId":"r","type":0,"rooms":[1,"b"]}`, request{kind: kindSockets, id: "r", target: socketio.Target{Rooms: []string{"1", "b"}}, rooms: []string{"1", "b"}}},
		{`{"uid":"u","requestId":"r","type":1}`, request{kind: kindRooms, from: "u", id: "r"}},
		{`{"requestId":"r","type":2,"sid":"s","room":7}`, request{kind: kindJoin, id: "r", socket: "s", rooms: []string{"7"}}},
		{`{"requestId":"r","type":4,"sid":"s","close":true}`, request{kind: kindDisconnect, id: "r", socket: "s", close: true}},
		{`{"type":2,"opts":{"rooms":[],"except":[]},"rooms":["x"]}`, request{kind: kindJoin, rooms: []string{"x"}}},
	}
	for _, tt := range tests {
		got, err := decodeClassicRequest([]byte(tt.message), "/")
		if err != nil || !reflect.DeepEqual(normal(got), normal(&tt.want)) {
			t.Errorf("%s: %+v, %v, want %+v", tt.message, got, err, tt.want)
		}
	}
	if r, err := decodeClassicRequest([]byte(`{"type":99}`), "/"); r != nil || err != nil {
		t.Errorf("an unknown type: %+v, %v", r, err)
	}
}

var malformedRequests = []string{
	``, `{`, `[]`, `{}`, `{"type":"2"}`, `{"type":5,"opts":{}}`, `{"type":5,"requestId":"r"}`, `{"type":2}`, `{"type":2,"opts":{"rooms":"a"}}`,
	`{"type":2,"opts":{"rooms":[{}]}}`, `{"type":6}`, `{"type":6,"data":[]}`, `{"type":6,"data":[{}]}`, `{"type":7,"requestId":"r","opts":{}}`,
	`{"type":7,"requestId":"r","opts":{},"packet":{"type":3,"data":["x"]}}`, `{"type":7,"requestId":"r","opts":{},"packet":{"type":2,"data":["x"],"nsp":"/x"}}`,
	`{"type":7,"opts":{},"packet":{"type":2,"data":["x"]}}`, `{"type":1}`, `{"type":2,"sid":"s","room":{}}`,
}

func TestMalformedRequests(t *testing.T) {
	for _, message := range malformedRequests {
		if r, err := decodeClassicRequest([]byte(message), "/"); err == nil {
			t.Errorf("%s is read as %+v", message, r)
		}
	}
}

func TestClassicAnswersComeBack(t *testing.T) {
	for _, want := range []*answer{
		{kind: answerFetch, sockets: []remoteSocket{{ID: "s", Rooms: names{"s", "a"}, Data: json.RawMessage(`{"a":1}`)}}},
		{kind: answerRooms, names: names{"a"}},
		{kind: answerDone},
		{kind: answerServerSide, value: []byte(`{"a":1}`)},
		{kind: answerServerSide, value: []byte(`{"_placeholder":true,"num":0}`), attachments: [][]byte{{1}}},
		{kind: answerCount, count: 3},
		{kind: answerCount},
		{kind: answerAck, value: []byte(`"x"`)},
	} {
		want.id = "r"
		data, err := encodeClassicAnswer(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeClassicAnswer(data)
		if err != nil || got.kind != want.kind || got.id != want.id || got.count != want.count || string(got.value) != string(want.value) ||
			!slices.Equal(got.names, want.names) || len(got.sockets) != len(want.sockets) || !reflect.DeepEqual(got.attachments, want.attachments) {
			t.Errorf("%+v came back as %+v, %v", want, got, err)
		}
	}
	for _, message := range []string{``, `{"requestId":1}`, `{"requestId":"r","sockets":1}`, `{"requestId":"r","type":8,"clientCount":-1}`, `{"requestId":"r","rooms":1}`} {
		if a, err := decodeClassicAnswer([]byte(message)); err == nil {
			t.Errorf("%s is read as %+v", message, a)
		}
	}
}

// FuzzClassic: nothing that comes from Redis panics, and what is read as an
// event is JSON that clients take.
func FuzzClassic(f *testing.F) {
	for _, b := range []*socketio.Broadcast{
		{Data: []byte(`["x",1.5,"text",{"a":[null,true]}]`), Target: socketio.Target{Rooms: []string{"a"}, Except: []string{"b"}}, Volatile: true},
		{Data: []byte(`["x",{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1, 2}}},
	} {
		data, err := appendBroadcast(nil, "abcdef", "/", b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, message := range append(slices.Clone(malformedRequests), `{"requestId":"r","type":2,"sid":"s","room":7}`,
		`{"requestId":"r","sockets":[{"id":"s","handshake":{"headers":{"a":"b","c":["d"]},"query":{"x":1}},"rooms":[1],"data":{}}]}`) {
		f.Add([]byte(message))
		if strings.HasPrefix(message, "{") && json.Valid([]byte(message)) {
			f.Add(pack(f, message))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, b, err := readBroadcast(data, "/"); err == nil && (!json.Valid(b.Data) || checkEvent(b.Data) != nil) {
			t.Errorf("readBroadcast(%q) = %q", data, b.Data)
		}
		if r, err := decodeClassicRequest(data, "/"); err == nil && r != nil && r.event.data != nil && !json.Valid(r.event.data) {
			t.Errorf("decodeClassicRequest(%q) has %q", data, r.event.data)
		}
		if _, err := answerID(data); err != nil {
			return
		}
		if a, err := decodeClassicAnswer(data); err == nil {
			for i := range a.sockets {
				a.sockets[i].socket()
			}
			if a.value != nil && a.args() == nil {
				t.Errorf("decodeClassicAnswer(%q) has %q", data, a.value)
			}
		}
	})
}
