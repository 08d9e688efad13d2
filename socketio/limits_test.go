package socketio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/parser"
)

// TestRefusedPackets: what closes the connection, each on a connection of its
// own that is in "/".
func TestRefusedPackets(t *testing.T) {
	big := bytes.Repeat([]byte{1}, 600)
	long := strings.Repeat("n", 129)
	tests := []struct {
		name string
		send []any
	}{
		{"nothing", []any{""}},
		{"unknown type", []any{"7"}},
		{"no JSON", []any{`2["a"`}},
		{"event with an object", []any{`2{}`}},
		{"event without a name", []any{`2[]`}},
		{"event with a bad name", []any{`2[{}]`}},
		{"reserved event", []any{`2["disconnect"]`}},
		{"bad id", []any{`242abc["a"]`}},
		{"second CONNECT", []any{"0"}},
		{"CONNECT with a string", []any{`0/b,"x"`}},
		{"CONNECT_ERROR", []any{`4{"message":"x"}`}},
		{"event without CONNECT", []any{`2/b,["a"]`}},
		{"binary event without CONNECT", []any{`51-/b,["a"]`}},
		{"DISCONNECT without CONNECT", []any{"1/b,"}},
		{"acknowledgement without CONNECT", []any{"3/b,1[]"}},
		{"event after DISCONNECT", []any{"1", `2["a"]`}},
		{"binary that was not announced", []any{[]byte{1}}},
		{"text between attachments", []any{`51-["a",{"_placeholder":true,"num":0}]`, `2["a"]`}},
		{"placeholder out of range", []any{`51-["a",{"_placeholder":true,"num":1}]`, []byte{1}}},
		{"placeholder without a number", []any{`51-["a",{"_placeholder":true}]`, []byte{1}}},
		{"no attachments announced", []any{`50-["a"]`}},
		{"too many attachments", []any{`53-["a"]`}},
		{"attachments too large", []any{`52-["a"]`, big, big}},
		{"attachments missing", []any{`51-["a"]`}},
		{"too many arguments", []any{`2["a",1,2,3,4,5]`}},
		{"too deep", []any{`2["a",[[[[[[[[1]]]]]]]]]`}},
		{"name too long", []any{`2["` + long + `"]`}},
		{"id too large", []any{`29007199254740992["a"]`}},
		{"message too large", []any{`2["a","` + strings.Repeat("x", 4096) + `"]`}},
	}
	f := serve(t, socketio.Options{
		Logger:            quiet,
		AttachmentTimeout: 50 * time.Millisecond,
		Engine:            engineio.Options{MaxPayload: 4096},
		Limits:            socketio.Limits{Packet: parser.Limits{Args: 4, Depth: 8, Attachments: 2}, AttachmentBytes: 1000},
	})
	f.io.Of("/")
	f.io.Of("/b")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := f.dial()
			c.Connect("/")
			c.Send(tt.send...)
			c.ExpectClosed()
		})
	}
}

func TestNamespaceLimit(t *testing.T) {
	f := serve(t, socketio.Options{Limits: socketio.Limits{Namespaces: 2}})
	for i := range 3 {
		f.io.Of(fmt.Sprint("/", i))
	}
	c := f.dial()
	c.Connect("/0")
	c.Connect("/1")
	c.Send("0/2,")
	c.Expect(`4/2,{"message":"Too many namespaces"}`)
	c.Send("1/0,")
	c.Connect("/2")
}

func TestRoomLimits(t *testing.T) {
	f := serve(t, socketio.Options{Limits: socketio.Limits{Rooms: 2, RoomName: 5}})
	s := f.join(nil)[0].Socket
	if err := s.Join("sixsix"); !errors.Is(err, socketio.ErrRoom) {
		t.Errorf("Join of a long name = %v", err)
	}
	if err := s.Join("a", "b", "c"); !errors.Is(err, socketio.ErrRoom) {
		t.Errorf("Join of a third room = %v", err)
	}
	ns := f.io.Of("/")
	if err := ns.SocketsJoin("d", "sixsix"); err != nil {
		t.Fatal(err)
	}
	found, err := ns.FetchSockets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(found[0].Rooms[1:], " "); got != "a b" {
		t.Errorf("rooms = %s, want a b", got)
	}
}

// A client whose events are not handled in time is not read any further; nothing
// is lost, and acknowledgements still pass below the limit.
func TestEventQueueLimits(t *testing.T) {
	tests := []struct {
		name   string
		limits socketio.Limits
	}{
		{"events", socketio.Limits{QueuedEvents: 4}},
		{"bytes", socketio.Limits{QueuedBytes: 64}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := serve(t, socketio.Options{Limits: tt.limits})
			ns := f.io.Of("/")
			release := make(chan struct{})
			var handled atomic.Int32
			socketio.Handle(ns, "n", func(_ context.Context, _ *socketio.Socket, n int) (int, error) {
				<-release
				handled.Add(1)
				return n, nil
			})
			c := f.dial()
			c.Connect("/")
			const n = 40
			for i := range n {
				c.Send(fmt.Sprintf(`2%d["n",%d]`, i, i))
			}
			close(release)
			for i := range n {
				c.Expect(fmt.Sprintf("3%d[%d]", i, i))
			}
		})
	}
}

// A full queue whose handler waits for the end of the connection must not keep
// the end from being noticed.
func TestFullQueueAndClose(t *testing.T) {
	f := serve(t, socketio.Options{Limits: socketio.Limits{QueuedEvents: 1}})
	ns := f.io.Of("/")
	ended := make(chan struct{})
	ns.On("wait", func(ctx context.Context, s *socketio.Socket, _ *socketio.Call) error {
		if !s.Connected() {
			return nil
		}
		s.CloseTransport()
		<-ctx.Done()
		close(ended)
		return nil
	})
	c := f.dial()
	c.Connect("/")
	c.Send(`2["wait"]`, `2["wait"]`, `2["wait"]`, `2["wait"]`)
	receive(t, ended)
}
