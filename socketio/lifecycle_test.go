package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/siotest"
)

// quiet drops what tests provoke.
var quiet = slog.New(slog.DiscardHandler)

// TestDisconnectReasons: every way to part, and the word for it.
func TestDisconnectReasons(t *testing.T) {
	tests := []struct {
		name string
		part func(f *fixture, c *siotest.Client, s *socketio.Socket)
		want socketio.DisconnectReason
	}{
		{"client leaves", func(_ *fixture, c *siotest.Client, _ *socketio.Socket) { c.Send("1") }, socketio.ClientNamespaceDisconnect},
		{"client vanishes", func(_ *fixture, c *siotest.Client, _ *socketio.Socket) { c.Close() }, socketio.TransportClose},
		{"server disconnects", func(_ *fixture, _ *siotest.Client, s *socketio.Socket) { s.Disconnect(false) }, socketio.ServerNamespaceDisconnect},
		{"server closes", func(_ *fixture, _ *siotest.Client, s *socketio.Socket) { s.Disconnect(true) }, socketio.ServerNamespaceDisconnect},
		{"transport closed", func(_ *fixture, _ *siotest.Client, s *socketio.Socket) { s.CloseTransport() }, socketio.ForcedClose},
		{"packet invalid", func(_ *fixture, c *siotest.Client, _ *socketio.Socket) { c.Send("9") }, socketio.ForcedClose},
		{"out of turn", func(_ *fixture, c *siotest.Client, _ *socketio.Socket) { c.Send(`2/ws,["x"]`) }, socketio.ForcedServerClose},
		{"no pong", func(*fixture, *siotest.Client, *socketio.Socket) {}, socketio.PingTimeout},
		{"shutdown", func(f *fixture, c *siotest.Client, _ *socketio.Socket) { f.closeWhile(c) }, socketio.ServerShuttingDown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := socketio.Options{Logger: quiet}
			if tt.want == socketio.PingTimeout {
				opts.Engine.PingInterval, opts.Engine.PingTimeout = 20*time.Millisecond, 20*time.Millisecond
			}
			f := serve(t, opts)
			ns := f.io.Of("/")
			sockets := make(chan *socketio.Socket, 1)
			ns.OnConnect(func(s *socketio.Socket) {
				if err := s.Join("a", "b"); err != nil {
					t.Error(err)
				}
				sockets <- s
			})
			var before []string
			ns.OnDisconnecting(func(s *socketio.Socket, _ socketio.DisconnectReason) { before = s.Rooms() })
			reasons := make(chan socketio.DisconnectReason, 2)
			ns.OnDisconnect(func(s *socketio.Socket, reason socketio.DisconnectReason) {
				if want := []string{s.ID(), "a", "b"}; !slices.Equal(before, want) {
					t.Errorf("rooms while disconnecting = %v, want %v", before, want)
				}
				if got := s.Rooms(); len(got) != 0 {
					t.Errorf("rooms after = %v", got)
				}
				reasons <- reason
			})
			c := f.dial()
			c.Connect("/")
			s := receive(t, sockets)
			tt.part(f, c, s)
			if got := receive(t, reasons); got != tt.want {
				t.Errorf("reason = %q, want %q", got, tt.want)
			}
			checkGone(t, s)
			select {
			case again := <-reasons:
				t.Errorf("disconnected twice: %q", again)
			default:
			}
		})
	}
}

// checkGone: nothing has an effect on a socket that was disconnected.
func checkGone(t *testing.T, s *socketio.Socket) {
	t.Helper()
	if s.Connected() || s.Context().Err() == nil {
		t.Error("still connected")
	}
	<-s.Context().Done()
	if err := s.Join("late"); !errors.Is(err, socketio.ErrDisconnected) || len(s.Rooms()) != 0 {
		t.Errorf("Join = %v, Rooms = %v", err, s.Rooms())
	}
	s.Leave("a")
	s.Disconnect(true)
	if err := s.Emit("x"); !errors.Is(err, socketio.ErrDisconnected) {
		t.Errorf("Emit = %v", err)
	}
	if _, err := s.EmitWithAck(context.Background(), "x"); !errors.Is(err, socketio.ErrDisconnected) {
		t.Errorf("EmitWithAck = %v", err)
	}
}

// A middleware that waits holds up neither other clients nor this client's other
// namespaces; an event that does not wait for it closes the connection.
func TestMiddlewareIsAsynchronous(t *testing.T) {
	f := serve(t, socketio.Options{Logger: quiet})
	release := make(chan struct{})
	entered := make(chan struct{}, 2)
	left := make(chan error, 1)
	slow := f.io.Of("/slow")
	slow.Use(func(ctx context.Context, _ *socketio.Socket) error {
		entered <- struct{}{}
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			left <- ctx.Err()
			return ctx.Err()
		}
	})
	connected := make(chan string, 3)
	slow.OnConnect(func(s *socketio.Socket) { connected <- s.ID() })
	fast := f.io.Of("/fast")
	fast.On("x", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error { return call.Ack("y") })

	c := f.dial()
	c.Send("0/slow,", "0/fast,")
	if m := c.Next().Text; !strings.HasPrefix(m, "0/fast,") {
		t.Fatalf("got %q first, want the fast namespace", m)
	}
	c.Send(`2/fast,1["x"]`)
	c.Expect(`3/fast,1["y"]`)
	close(release)
	if m := c.Next().Text; !strings.HasPrefix(m, "0/slow,") {
		t.Fatalf("got %q, want the slow namespace", m)
	}
	receive(t, connected)

	receive(t, entered)
	release = make(chan struct{})
	hasty := f.dial()
	hasty.Send("0/slow,")
	receive(t, entered)
	hasty.Send(`2/slow,["x"]`)
	hasty.ExpectClosed()
	if err := receive(t, left); !errors.Is(err, context.Canceled) {
		t.Errorf("the middleware's context ended with %v", err)
	}
	if len(connected) > 0 {
		t.Error("OnConnect ran for a client that had gone")
	}
}

func TestMiddlewaresRefineTheSocket(t *testing.T) {
	type key struct{}
	f := serve(t, socketio.Options{})
	ns := f.io.Of("/ws")
	ns.Use(func(ctx context.Context, s *socketio.Socket) error {
		h := s.Handshake()
		if h.Query.Get("room") != "blue" || h.Header.Get("X-Test") != "yes" || h.RemoteAddr == "" || string(h.Auth) != `{"a":1}` {
			return fmt.Errorf("handshake %+v", h)
		}
		if err := s.Emit("early"); !errors.Is(err, socketio.ErrDisconnected) {
			return fmt.Errorf("Emit = %v", err)
		}
		s.SetContext(context.WithValue(ctx, key{}, "first"))
		s.SetData(7)
		return s.Join("blue")
	})
	ns.Use(func(ctx context.Context, s *socketio.Socket) error {
		if ctx.Value(key{}) != "first" || s.Data() != 7 {
			return errors.New("nothing from the first middleware")
		}
		return nil
	})
	ns.OnConnect(func(s *socketio.Socket) {
		if s.Handshake().Auth == nil {
			t.Error("OnConnect sees no auth")
		}
	})
	ended := make(chan error, 1)
	socketio.Handle(ns, "ctx", func(ctx context.Context, s *socketio.Socket, _ struct{}) (string, error) {
		if auth := s.Handshake().Auth; auth != nil {
			t.Errorf("auth is kept: %s", auth)
		}
		derived, cancel := context.WithTimeout(ctx, time.Hour)
		context.AfterFunc(derived, func() { defer cancel(); ended <- derived.Err() })
		return ctx.Value(key{}).(string), nil
	})
	c := siotest.DialHeader(t, f.http.URL, "&room=blue", http.Header{"X-Test": {"yes"}})
	c.ConnectAuth("/ws", `{"a":1}`)
	c.Send(`2/ws,1["ctx"]`)
	c.Expect(`3/ws,1["first"]`)
	if err := ns.To("blue").Emit("x"); err != nil {
		t.Fatal(err)
	}
	c.Expect(`2/ws,["x"]`)
	c.Close()
	if err := receive(t, ended); !errors.Is(err, context.Canceled) {
		t.Errorf("context ended with %v", err)
	}
}

// TestConnectTimeout: a connection in no namespace does not stay.
func TestConnectTimeout(t *testing.T) {
	tests := []struct {
		name string
		do   func(c *siotest.Client)
	}{
		{"says nothing", func(*siotest.Client) {}},
		{"unknown namespace", func(c *siotest.Client) {
			c.Send("0/nowhere,")
			c.Expect(`4/nowhere,{"message":"Invalid namespace"}`)
		}},
		{"middleware never ends", func(c *siotest.Client) { c.Send("0/stuck,") }},
		{"left the last", func(c *siotest.Client) { c.Connect("/"); c.Send("1") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := serve(t, socketio.Options{Logger: quiet, ConnectTimeout: 50 * time.Millisecond})
			f.io.Of("/")
			f.io.Of("/stuck").Use(func(ctx context.Context, _ *socketio.Socket) error {
				<-ctx.Done()
				return ctx.Err()
			})
			c := f.dial()
			tt.do(c)
			c.ExpectClosed()
		})
	}
	t.Run("stays in one of two", func(t *testing.T) {
		t.Parallel()
		f := serve(t, socketio.Options{ConnectTimeout: 50 * time.Millisecond, Engine: engineio.Options{PingInterval: 25 * time.Millisecond}})
		f.io.Of("/")
		f.io.Of("/b").On("x", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error { return call.Ack() })
		c := f.dial()
		c.Connect("/")
		c.Connect("/b")
		c.Send("1")
		time.AfterFunc(150*time.Millisecond, func() { c.Send(`2/b,1["x"]`) })
		c.Expect("3/b,1[]")
	})
}

// A panic of any handler is contained; in OnConnect it closes the connection, so
// that the client comes again.
func TestPanics(t *testing.T) {
	f := serve(t, socketio.Options{Logger: quiet})
	ns := f.io.Of("/")
	ns.On("panic", func(context.Context, *socketio.Socket, *socketio.Call) error { panic("on") })
	ns.On("fine", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error { return call.Ack("fine") })
	disconnected := make(chan struct{}, 3)
	ns.OnDisconnecting(func(*socketio.Socket, socketio.DisconnectReason) { panic("disconnecting") })
	ns.OnDisconnect(func(*socketio.Socket, socketio.DisconnectReason) { disconnected <- struct{}{} })
	c := f.dial()
	c.Connect("/")
	c.Send(`21["panic"]`, `22["fine"]`)
	c.Expect(`31[{"error":{"code":"internal","message":"internal error"}}]`, `32["fine"]`)
	c.Close()
	receive(t, disconnected)

	ns.Respond(func(context.Context, *socketio.Socket, *socketio.Call, any, error) { panic("respond") })
	var first atomic.Bool
	ns.OnConnect(func(*socketio.Socket) {
		if first.CompareAndSwap(false, true) {
			panic("connect")
		}
	})
	c = f.dial()
	c.Connect("/")
	c.ExpectClosed()
	c = f.dial()
	c.Connect("/")
	c.Send(`21["panic"]`)
	c.Expect(`31[{"error":{"code":"internal","message":"internal error"}}]`)
}

// Close ends handlers that wait, tells no client to stay away, and can be
// called again.
func TestClose(t *testing.T) {
	f := serve(t, socketio.Options{Logger: quiet})
	ns := f.io.Of("/")
	var running atomic.Int32
	busy := make(chan struct{}, 1)
	ns.On("wait", func(ctx context.Context, _ *socketio.Socket, _ *socketio.Call) error {
		running.Add(1)
		busy <- struct{}{}
		<-ctx.Done()
		running.Add(-1)
		return nil
	})
	c := f.dial()
	c.Connect("/")
	c.Send(`2["wait"]`)
	receive(t, busy)
	f.closeWhile(c)
	if n := running.Load(); n != 0 {
		t.Errorf("%d handlers still run", n)
	}
	if err := f.io.Close(context.Background()); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// What a WebSocket carries, over HTTP long-polling.
func TestPolling(t *testing.T) {
	f := serve(t, socketio.Options{})
	ns := f.io.Of("/")
	ns.On("echo", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error {
		return call.Ack(call.Binary(0))
	})
	url := f.http.URL + "/socket.io/?EIO=4&transport=polling"
	do := func(method, url, body string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s %s, %v", method, body, res.Status, raw, err)
		}
		return string(raw)
	}
	var open struct{ SID string }
	if err := json.Unmarshal([]byte(do("GET", url, "")[1:]), &open); err != nil {
		t.Fatal(err)
	}
	url += "&sid=" + open.SID
	do("POST", url, "40")
	if got := do("GET", url, ""); !strings.HasPrefix(got, `40{"sid":"`) {
		t.Errorf("CONNECT answered by %q", got)
	}
	do("POST", url, "451-7[\"echo\",{\"_placeholder\":true,\"num\":0}]\x1ebAQI=")
	if got, want := do("GET", url, ""), "461-7[{\"_placeholder\":true,\"num\":0}]\x1ebAQI="; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	do("POST", url, "1")
	http.DefaultClient.CloseIdleConnections()
}
