package socketio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/siotest"
	"github.com/storywire/storywire/socketio/parser"
)

// peerOf is a client of any transport.
type peerOf interface {
	Send(messages ...any)
	Receive() (siotest.Message, error)
}

// onEach runs a test over each of the transports.
func onEach(t *testing.T, test func(t *testing.T, dial func(f *fixture) speaker)) {
	t.Run("websocket", func(t *testing.T) {
		test(t, func(f *fixture) speaker { return speaker{t, siotest.Dial(t, f.http.URL)} })
	})
	t.Run("polling", func(t *testing.T) {
		test(t, func(f *fixture) speaker { return speaker{t, siotest.Poll(t, f.http.URL)} })
	})
	t.Run("webtransport", func(t *testing.T) {
		test(t, func(f *fixture) speaker { return speaker{t, f.streams.Dial(t, f.io)} })
	})
}

// speaker is a client with expectations.
type speaker struct {
	t *testing.T
	peerOf
}

// expect fails the test unless the next messages begin like that.
func (s speaker) expect(want ...string) {
	s.t.Helper()
	for _, w := range want {
		if m, err := s.Receive(); err != nil || !strings.HasPrefix(m.String(), w) {
			s.t.Fatalf("got %q, %v, want %q", m, err, w)
		}
	}
}

// expectAnyOrder fails the test unless the next messages begin like these.
func (s speaker) expectAnyOrder(want ...string) {
	s.t.Helper()
	for len(want) > 0 {
		m, err := s.Receive()
		i := slices.IndexFunc(want, func(w string) bool { return strings.HasPrefix(m.String(), w) })
		if err != nil || i < 0 {
			s.t.Fatalf("got %q, %v, want one of %q", m, err, want)
		}
		want = slices.Delete(want, i, i+1)
	}
}

// expectEnd fails the test unless the connection ends and nothing came before.
func (s speaker) expectEnd() {
	s.t.Helper()
	if m, err := s.Receive(); err == nil {
		s.t.Fatalf("got %q, want the end of the connection", m)
	} else if errors.Is(err, os.ErrDeadlineExceeded) {
		s.t.Fatal("the connection stays open")
	}
}

// TestRefusedPackets: what closes the connection, each on a connection of its
// own that is in "/", over each transport.
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
	}
	onEach(t, func(t *testing.T, dial func(f *fixture) speaker) {
		f := serve(t, socketio.Options{
			Logger:            quiet,
			AttachmentTimeout: 50 * time.Millisecond,
			Limits:            socketio.Limits{Packet: parser.Limits{Args: 4, Depth: 8, Attachments: 2}, AttachmentBytes: 1000},
		})
		f.io.Of("/")
		f.io.Of("/b")
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				c := dial(f)
				c.t = t
				c.Send("0")
				c.expect("0{")
				c.Send(tt.send...)
				c.expectEnd()
			})
		}
	})
}

// Each packet has the whole time for its attachments, and no more, also if one before it had set the timer.
func TestAttachmentTimeoutAfterOthersCame(t *testing.T) {
	const timeout = 300 * time.Millisecond
	f := serve(t, socketio.Options{Logger: quiet, AttachmentTimeout: timeout})
	f.io.Of("/").On("a", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error { return call.Ack() })
	for _, whole := range []int{1, 2} { // the second is on its way when the first would be overdue
		c := f.dial()
		c.Connect("/")
		for range whole {
			c.Send(`51-1["a",{"_placeholder":true,"num":0}]`)
			time.Sleep(timeout * 6 / 10)
			c.Send([]byte{1})
			c.Expect(`31[]`)
		}
		c.Send(`51-["a",{"_placeholder":true,"num":0}]`)
		c.ExpectClosed()
	}
}

// A message above MaxPayload ends a WebSocket and a stream; a POST above it is
// refused, and the session goes on, as in the reference server.
func TestMessageTooLarge(t *testing.T) {
	f := serve(t, socketio.Options{Engine: engineio.Options{MaxPayload: 4096}})
	f.io.Of("/")
	large := `2["a","` + strings.Repeat("x", 4096) + `"]`
	for _, c := range []*siotest.Client{f.dial(), f.streams.Dial(t, f.io)} {
		c.Connect("/")
		c.Send(large)
		c.ExpectClosed()
	}
	p := siotest.Poll(t, f.http.URL)
	if status, err := p.Post("4" + large); err != nil || status != http.StatusRequestEntityTooLarge {
		t.Errorf("POST: %d, %v, want 413", status, err)
	}
	p.Send("0")
	speaker{t, p}.expect("0{")
}

func TestNamespaceLimit(t *testing.T) {
	onEach(t, func(t *testing.T, dial func(f *fixture) speaker) {
		f := serve(t, socketio.Options{Limits: socketio.Limits{Namespaces: 2}})
		for i := range 3 {
			f.io.Of(fmt.Sprint("/", i))
		}
		c := dial(f)
		c.Send("0/0,", "0/1,", "0/2,")
		c.expectAnyOrder("0/0,{", "0/1,{", `4/2,{"message":"Too many namespaces"}`)
		c.Send("1/0,")
		c.Send("0/2,")
		c.expect("0/2,{")
	})
}

func TestUnknownNamespaceOnEach(t *testing.T) {
	onEach(t, func(t *testing.T, dial func(f *fixture) speaker) {
		f := serve(t, socketio.Options{})
		f.io.Of("/a")
		c := dial(f)
		for _, name := range []string{"", "/b,"} { // nobody made "/" either
			c.Send("0" + name)
			c.expect("4" + name + `{"message":"Invalid namespace"}`)
		}
		c.Send("0/a,")
		c.expect("0/a,{")
	})
}

func TestDynamicNamespaceLimit(t *testing.T) {
	onEach(t, func(t *testing.T, dial func(f *fixture) speaker) {
		f := serve(t, socketio.Options{Limits: socketio.Limits{DynamicNamespaces: 1}})
		f.io.OfRegexp(tenants)
		c := dial(f)
		c.Send("0/t-1,")
		c.expect("0/t-1,{")
		c.Send("0/t-2,", "0/t-"+strings.Repeat("9", 300)+",")
		c.expectAnyOrder(`4/t-2,{"message":"Too many namespaces"}`, `4/t-999`)
	})
}

// A client that joins no namespace is gone when ConnectTimeout is over.
func TestConnectTimeoutOnEach(t *testing.T) {
	onEach(t, func(t *testing.T, dial func(f *fixture) speaker) {
		f := serve(t, socketio.Options{Logger: quiet, ConnectTimeout: 50 * time.Millisecond})
		f.io.Of("/")
		dial(f).expectEnd()
	})
}

// A client that takes nothing of what is sent to it is cut; its
// handlers are told why.
func TestSlowClient(t *testing.T) {
	onEach(t, func(t *testing.T, dial func(f *fixture) speaker) {
		f := serve(t, socketio.Options{Engine: engineio.Options{MaxQueue: 1 << 16}})
		ns := f.io.Of("/")
		reasons := make(chan socketio.DisconnectReason, 1)
		ns.OnDisconnect(func(_ *socketio.Socket, reason socketio.DisconnectReason) { reasons <- reason })
		c := dial(f)
		c.Send("0")
		c.expect("0{")
		news := strings.Repeat("x", 1<<14)
		for range 10_000 { // more than the kernel keeps for a WebSocket
			if err := errors.Join(ns.Emit("news", news), ns.Volatile().Emit("rumour", news)); err != nil {
				t.Fatal(err)
			}
			if len(reasons) > 0 {
				break
			}
		}
		if reason := receive(t, reasons); reason != socketio.SlowClient {
			t.Errorf("reason %q, want %q", reason, socketio.SlowClient)
		}
	})
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
			onEach(t, func(t *testing.T, dial func(f *fixture) speaker) { testEventQueue(t, tt.limits, dial) })
		})
	}
}

func testEventQueue(t *testing.T, limits socketio.Limits, dial func(f *fixture) speaker) {
	f := serve(t, socketio.Options{Limits: limits})
	ns := f.io.Of("/")
	release := make(chan struct{})
	var handled atomic.Int32
	socketio.Handle(ns, "n", func(_ context.Context, _ *socketio.Socket, n int) (int, error) {
		<-release
		handled.Add(1)
		return n, nil
	})
	c := dial(f)
	c.Send("0")
	c.expect("0{")
	const n = 40
	sent := make(chan struct{})
	go func() { // over polling the answer to the POST waits for the queue
		defer close(sent)
		for i := range n {
			c.Send(fmt.Sprintf(`2%d["n",%d]`, i, i))
		}
	}()
	close(release)
	for i := range n {
		c.expect(fmt.Sprintf("3%d[%d]", i, i))
	}
	<-sent
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
