package msgpack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/socketio"
	codec "github.com/storywire/storywire/socketio/internal/msgpack"
	"github.com/storywire/storywire/socketio/internal/siotest"
	"github.com/storywire/storywire/socketio/msgpack"
	"github.com/storywire/storywire/socketio/parser"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// vector is one entry of testdata/packets.json, which npm's
// socket.io-msgpack-parser reads and writes as well.
type vector struct {
	Name   string
	Bytes  string // hex
	Packet *struct {
		Type        parser.Type
		NSP         string
		ID          *uint64
		Data        json.RawMessage
		Attachments []string // hex
	}
	Reads bool // only read
	Error string
}

// decode is what a server does with a message.
func decode(msg []byte, limits parser.Limits) (parser.Packet, [][]byte, error) {
	p, attachments, err := msgpack.Parser{}.Decode(msg, true, limits)
	if err != nil {
		return p, nil, err
	}
	p.Attachments = len(attachments)
	return p, attachments, p.Check(limits)
}

func TestVectors(t *testing.T) {
	for _, v := range siotest.Vectors[vector](t, "testdata/packets.json") {
		t.Run(v.Name, func(t *testing.T) {
			msg := siotest.Unhex(t, v.Bytes)
			p, attachments, err := decode(msg, parser.Limits{})
			if v.Packet == nil {
				if err == nil || !strings.Contains(err.Error(), v.Error) {
					t.Errorf("decode = %+v, %v, want error %q", p, err, v.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			w := v.Packet
			nsp := "/" + strings.TrimPrefix(string(p.Namespace), "/")
			if p.Type != w.Type || nsp != w.NSP || p.HasID != (w.ID != nil) || w.ID != nil && p.ID != *w.ID {
				t.Errorf("decode = %+v, want %+v", p, w)
			}
			if !siotest.SameJSON(p.Data, w.Data) {
				t.Errorf("data = %s, want %s", p.Data, w.Data)
			}
			var want [][]byte
			for _, a := range w.Attachments {
				want = append(want, siotest.Unhex(t, a))
			}
			if !reflect.DeepEqual(attachments, want) {
				t.Errorf("attachments = %x, want %x", attachments, want)
			}
			p.Data = w.Data
			again, binary, err := msgpack.Parser{}.Append([]byte("head"), p, attachments)
			if err != nil || !binary || !v.Reads && string(again) != "head"+string(msg) {
				t.Errorf("Append = %x, %t, %v, want %x", again, binary, err, msg)
			}
		})
	}
}

// event encodes an event with these arguments.
func event(t testing.TB, args ...any) []byte {
	t.Helper()
	buf, err := codec.Append(nil, map[string]any{"type": 2, "nsp": "/", "data": append([]any{"echo"}, args...)})
	if err != nil {
		t.Fatal(err)
	}
	return buf
}

func TestLimits(t *testing.T) {
	nested := func(n int) any {
		v := any(1)
		for range n {
			v = []any{v}
		}
		return v
	}
	tests := []struct {
		name   string
		msg    []byte
		limits parser.Limits
		want   error
	}{
		{"depth 64", event(t, nested(63)), parser.Limits{}, nil},
		{"depth 65", event(t, nested(64)), parser.Limits{}, codec.ErrDepth},
		{"depth never above 64", event(t, nested(64)), parser.Limits{Depth: 1000}, codec.ErrDepth},
		{"depth 3 of 2", event(t, nested(2)), parser.Limits{Depth: 2}, codec.ErrDepth},
		{"64 arguments", event(t, make([]any, 64)...), parser.Limits{}, nil},
		{"65 arguments", event(t, make([]any, 65)...), parser.Limits{}, parser.ErrArgs},
		{"2 attachments of 2", event(t, []byte{1}, []byte{2}), parser.Limits{Attachments: 2}, nil},
		{"3 attachments of 2", event(t, []byte{1}, []byte{2}, []byte{3}), parser.Limits{Attachments: 2}, codec.ErrType},
		{"unknown members too deep", append(codec.AppendString([]byte{0x81}, "x"), bytes.Repeat([]byte{0x91}, 1<<20)...), parser.Limits{}, codec.ErrDepth},
	}
	for _, tt := range tests {
		if _, _, err := decode(tt.msg, tt.limits); !errors.Is(err, tt.want) {
			t.Errorf("%s: error = %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestTextIsRefused(t *testing.T) {
	if _, _, err := (msgpack.Parser{}).Decode([]byte("0"), false, parser.Limits{}); !errors.Is(err, msgpack.ErrText) {
		t.Errorf("error = %v, want ErrText", err)
	}
}

func TestTooDeepToSend(t *testing.T) {
	deep := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	p := parser.Packet{Type: parser.Event, Data: []byte(deep)}
	if _, _, err := (msgpack.Parser{}).Append(nil, p, nil); !errors.Is(err, codec.ErrDepth) {
		t.Errorf("error = %v, want ErrDepth", err)
	}
}

// TestServer: a server with this parser speaks to a client as one with text does.
func TestServer(t *testing.T) {
	io := socketio.NewServer(socketio.Options{Parser: msgpack.Parser{}})
	web := httptest.NewServer(io)
	t.Cleanup(func() {
		if err := io.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		web.Close()
	})
	ns := io.Of("/")
	ns.On("echo", func(_ context.Context, s *socketio.Socket, call *socketio.Call) error {
		var v any
		if err := call.Decode(0, &v); err != nil {
			return err
		}
		return errors.Join(s.Emit("echoed", v), ns.Emit("all", v), call.Ack(v))
	})
	c := siotest.Dial(t, web.URL)
	c.Send([]byte("\x82\xa4type\x00\xa3nsp\xa1/"))
	if m := c.Next(); !bytes.HasPrefix(m.Binary, []byte("\x83\xa4type\x00\xa4data\x81\xa3sid\xb4")) {
		t.Fatalf("CONNECT: %q", m.Binary)
	}
	v := map[string]any{"bytes": []byte{1, 2}, "list": []any{nil, "x", int64(-5)}}
	call, err := codec.Append(nil, map[string]any{"type": 2, "nsp": "/", "id": 9, "data": []any{"echo", v}})
	if err != nil {
		t.Fatal(err)
	}
	c.Send(call)
	for _, want := range []map[string]any{
		{"type": int64(2), "nsp": "/", "data": []any{"echoed", v}},
		{"type": int64(2), "nsp": "/", "data": []any{"all", v}},
		{"type": int64(3), "nsp": "/", "id": int64(9), "data": []any{v}},
	} {
		m := c.Next()
		got, err := codec.NewReader(m.Binary).Value()
		if err != nil || !reflect.DeepEqual(got, any(want)) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	c.Send(`2["echo",1]`)
	c.ExpectClosed()
}

// FuzzDecode: nothing panics; what is accepted is JSON and survives encode and
// decode.
func FuzzDecode(f *testing.F) {
	for _, v := range siotest.Vectors[vector](f, "testdata/packets.json") {
		f.Add(siotest.Unhex(f, v.Bytes))
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		p, attachments, err := decode(msg, parser.Limits{})
		if err != nil {
			return
		}
		if p.Data != nil && !json.Valid(p.Data) {
			t.Fatalf("accepts %q, which is not JSON", p.Data)
		}
		packed, _, err := msgpack.Parser{}.Append(nil, p, attachments)
		if errors.Is(err, parser.ErrAttachments) {
			return // a map of the sender's that looks like a placeholder: the server refuses it
		}
		if err != nil {
			t.Fatalf("Append(%+v): %v", p, err)
		}
		again, _, err := decode(packed, parser.Limits{})
		if err != nil || again.Type != p.Type || !bytes.Equal(again.Namespace, p.Namespace) || again.ID != p.ID || again.Args != p.Args {
			t.Fatalf("decode(encode(%+v)) = %+v, %v", p, again, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	msg := event(b, map[string]any{"storyId": "42", "content": "hello, this is a comment of usual length"})
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := decode(msg, parser.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
