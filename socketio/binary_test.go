package socketio_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/socketio"
)

type blob []byte

type inner struct {
	B []byte `json:"b"`
}

type outer struct {
	inner
	Name  string            `json:"name"`
	Ptr   *inner            `json:"ptr"`
	List  []blob            `json:"list,omitempty"`
	Map   map[string][]byte `json:"map,omitempty"`
	Any   any               `json:"any"`
	Empty []byte            `json:"empty,omitempty"`
	Skip  []byte            `json:"-"`
	Array [2]byte           `json:"array"`
}

// encodesItself is no binary value: it says what it is.
type encodesItself []byte

func (e encodesItself) MarshalText() ([]byte, error) { return []byte("self"), nil }

const p0, p1, p2, p3, p4 = `{"_placeholder":true,"num":0}`, `{"_placeholder":true,"num":1}`,
	`{"_placeholder":true,"num":2}`, `{"_placeholder":true,"num":3}`, `{"_placeholder":true,"num":4}`

// TestEncodeBinary: []byte becomes an attachment wherever it is.
func TestEncodeBinary(t *testing.T) {
	f := serve(t, socketio.Options{})
	m := f.join(nil)[0]
	full := outer{
		inner: inner{[]byte{1}}, Name: "<n>", Ptr: &inner{[]byte{2}}, List: []blob{{3}},
		Map: map[string][]byte{"k": {4}}, Any: []any{"s", map[string]any{"deep": []byte{5}}}, Skip: []byte{9},
	}
	tests := []struct {
		value any
		want  string
		blobs int
	}{
		{[]byte{1}, p0, 1},
		{[]byte{}, p0, 1},
		{[]byte(nil), `null`, 0},
		{blob{1}, p0, 1},
		{&[]byte{1}, p0, 1},
		{[][]byte{{1}, nil, {2}}, `[` + p0 + `,null,` + p1 + `]`, 2},
		{map[string]any{"a": []byte{1}, "b": 2, "c": nil}, `{"a":` + p0 + `,"b":2,"c":null}`, 1},
		{map[string]any{"a": 1}, `{"a":1}`, 0},
		{full, `{"b":` + p0 + `,"name":"<n>","ptr":{"b":` + p1 + `},"list":[` + p2 + `],"map":{"k":` + p3 + `},"any":["s",{"deep":` + p4 + `}],"array":[0,0]}`, 5},
		{outer{Empty: []byte{}}, `{"b":null,"name":"","ptr":null,"any":null,"array":[0,0]}`, 0},
		{&outer{Any: inner{[]byte{1}}}, `{"b":null,"name":"","ptr":null,"any":{"b":` + p0 + `},"array":[0,0]}`, 1},
		{encodesItself{1}, `"self"`, 0},
		{json.RawMessage(`{"x":1}`), `{"x":1}`, 0},
		{time.Unix(0, 0).UTC(), `"1970-01-01T00:00:00Z"`, 0},
		{strings.Repeat("\u2028", 1), `"\u2028"`, 0},
	}
	for _, tt := range tests {
		if err := m.Emit("x", tt.value); err != nil {
			t.Fatalf("Emit(%#v): %v", tt.value, err)
		}
		want := fmt.Sprintf(`2["x",%s]`, tt.want)
		if tt.blobs > 0 {
			want = fmt.Sprintf(`5%d-["x",%s]`, tt.blobs, tt.want)
		}
		m.Expect(want)
		for i := range tt.blobs {
			if b := m.Next().Binary; tt.blobs == 5 && (len(b) != 1 || int(b[0]) != i+1) {
				t.Errorf("attachment %d = %x", i, b)
			}
		}
	}
	type cyclic struct {
		Next *cyclic
		B    []byte
	}
	loop := &cyclic{B: []byte{1}}
	loop.Next = loop
	if err := m.Emit("x", loop); err == nil {
		t.Error("Emit of a cyclic value: no error")
	}
}

// What is emitted is what the values were then.
func TestEmitCopies(t *testing.T) {
	f := serve(t, socketio.Options{})
	m := f.join(nil)[0]
	b := []byte{1}
	for range 2 {
		if err := m.Emit("x", b, map[string]any{"b": b}); err != nil {
			t.Fatal(err)
		}
		b[0]++
	}
	for i := range 2 {
		want := fmt.Sprintf("binary %02x", i+1)
		m.Expect(`52-["x",`+p0+`,{"b":`+p1+`}]`, want, want)
	}
}

// TestDecodeBinary: attachments fit []byte and interfaces, wherever they are.
func TestDecodeBinary(t *testing.T) {
	f := serve(t, socketio.Options{})
	ns := f.io.Of("/")
	got := make(chan []any, 1)
	ns.On("x", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error {
		var o outer
		var m map[string]any
		var a any
		var named blob
		for i, v := range []any{&o, &m, &a, &named} {
			if err := call.Decode(i, v); err != nil {
				t.Errorf("argument %d: %v", i, err)
			}
		}
		got <- []any{o, m, a, named}
		return nil
	})
	c := f.dial()
	c.Connect("/")
	c.Send(`54-["x",{"b":`+p0+`,"name":"n","ptr":{"b":`+p1+`},"list":[`+p2+`],"map":{"k":`+p3+`},"any":[`+p0+`,"s"]},{"y":`+p1+`,"z":"w"},`+p2+`,`+p3+`]`,
		[]byte{1}, []byte{2}, []byte{3}, []byte{})
	want := []any{
		outer{inner: inner{[]byte{1}}, Name: "n", Ptr: &inner{[]byte{2}}, List: []blob{{3}}, Map: map[string][]byte{"k": {}}, Any: []any{[]byte{1}, "s"}},
		map[string]any{"y": []byte{2}, "z": "w"},
		[]byte{3},
		blob{},
	}
	if values := receive(t, got); !reflect.DeepEqual(values, want) {
		t.Errorf("decoded %#v, want %#v", values, want)
	}
}
