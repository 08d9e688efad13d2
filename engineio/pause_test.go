package engineio_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
)

// newReceiving is newHarness with a receiver of the test's own.
func newReceiving(t *testing.T, opts engineio.Options, onMessage func(s *engineio.Session, data string)) *harness {
	t.Helper()
	h := &harness{t: t, sessions: make(chan *engineio.Session, 16), ended: make(chan ended, 16)}
	opts.Logger = slog.New(slog.DiscardHandler)
	h.eio = engineio.NewServer(handler(func(s *engineio.Session) engineio.Receiver {
		h.sessions <- s
		return receiver{
			onMessage: func(data []byte, _ bool) { onMessage(s, string(data)) },
			onClosed:  func(reason engineio.CloseReason, err error) { h.ended <- ended{reason, err} },
		}
	}), opts)
	h.http = httptest.NewServer(h.eio)
	t.Cleanup(func() {
		h.eio.Close(t.Context())
		h.http.Close()
	})
	return h
}

func await[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came in time")
		panic("unreachable")
	}
}

// A receiver that pauses behind each message gets the next when it has resumed,
// whatever came in the same read.
func TestPauseHoldsWhatFollows(t *testing.T) {
	got := make(chan string, 100)
	h := newReceiving(t, engineio.Options{}, func(s *engineio.Session, data string) {
		s.Pause()
		s.Pause()
		got <- data
	})
	c, s := h.dial()
	const n = 20
	var frames []wsFrame
	for i := range n {
		frames = append(frames, op(1).data("4"+numbered(i)))
	}
	c.send(t, frames...)
	for i := range n {
		if data := await(t, got); data != numbered(i) {
			t.Fatalf("got %q, want %q", data, numbered(i))
		}
		s.Resume() // one of two: still paused
		if len(got) != 0 {
			t.Fatalf("message %d came while the session was paused", i+1)
		}
		s.Resume()
	}
	s.Send(text("alive"))
	c.expect(t, "text 4alive")
}

func TestPauseHoldsAPost(t *testing.T) {
	got := make(chan string, 100)
	h := newReceiving(t, engineio.Options{}, func(s *engineio.Session, data string) {
		s.Pause()
		got <- data
	})
	sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling", "")))
	s := <-h.sessions
	answered := make(chan string)
	go func() {
		answered <- readBody(t, h.request("POST", "?EIO=4&transport=polling&sid="+sid, "4a\x1e4b\x1e4c"))
	}()
	for _, want := range []string{"a", "b", "c"} {
		if data := await(t, got); data != want || len(got) != 0 {
			t.Fatalf("got %q and %d more, want %q", data, len(got), want)
		}
		s.Resume()
	}
	if body := await(t, answered); body != "ok" {
		t.Errorf("answer %q", body)
	}
}

func TestPausedSessionEnds(t *testing.T) {
	for _, end := range []struct {
		name string
		how  func(s *engineio.Session)
		want engineio.CloseReason
	}{
		{"Close", func(s *engineio.Session) { s.Close(engineio.ForcedClose) }, engineio.ForcedClose},
		{"Discard", func(s *engineio.Session) { s.Discard(engineio.TransportError) }, engineio.TransportError},
		{"no pong", func(*engineio.Session) {}, engineio.PingTimeout},
	} {
		t.Run(end.name, func(t *testing.T) {
			got := make(chan string, 100)
			opts := engineio.Options{}
			if end.want == engineio.PingTimeout {
				opts.PingInterval, opts.PingTimeout = 20*time.Millisecond, 20*time.Millisecond
			}
			h := newReceiving(t, opts, func(s *engineio.Session, data string) {
				s.Pause()
				got <- data
			})
			c, s := h.dial()
			c.send(t, op(1).data("4a"), op(1).data("4b"))
			await(t, got)
			end.how(s)
			if e := h.awaitEnd(); e.reason != end.want {
				t.Errorf("ended with %v, want %v", e, end.want)
			}
			if len(got) != 0 {
				t.Error("a message came behind the pause")
			}
			for { // pings, then the close frame
				opcode, _, err := c.next()
				if err != nil {
					t.Fatal(err)
				}
				if opcode == 8 {
					break
				}
			}
		})
	}
}

// An upgrade may overtake a POST whose packets the receiver is still given: what
// comes over the WebSocket waits for them.
func TestUpgradeOvertakesAPost(t *testing.T) {
	got, entered, release := make(chan string, 100), make(chan struct{}), make(chan struct{})
	h := newReceiving(t, engineio.Options{Shards: 1}, func(_ *engineio.Session, data string) {
		if data == "a" {
			close(entered)
			<-release
		}
		got <- data
	})
	sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling", "")))
	s := <-h.sessions
	posted := make(chan struct{})
	go func() {
		defer close(posted)
		h.request("POST", "?EIO=4&transport=polling&sid="+sid, "4a\x1e4b").Body.Close()
	}()
	await(t, entered)
	c := h.dialRaw("/engine.io/?EIO=4&transport=websocket&sid=" + sid)
	if c.status != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %d", c.status)
	}
	c.text(t, "2probe")
	c.expect(t, "text 3probe")
	c.send(t, op(1).data("5"), op(1).data("4c"), op(1).data("4d"))
	s.Send(text("meanwhile"))
	c.expect(t, "text 4meanwhile") // the shard is not held up
	close(release)
	<-posted
	var order []string
	for range 4 {
		order = append(order, await(t, got))
	}
	if at := strings.Join(order, ""); strings.Index(at, "a") > strings.Index(at, "b") || strings.Index(at, "c") > strings.Index(at, "d") {
		t.Errorf("got %v", order)
	}
}

// A receiver that blocks holds up its own client only, unless it has promised
// not to.
func TestReceiverMayBlock(t *testing.T) {
	release := make(chan struct{})
	eio := engineio.NewServer(engineio.HandlerFunc(func(s *engineio.Session) engineio.Receiver {
		return receiver{onMessage: func(data []byte, _ bool) {
			if string(data) == "block" {
				<-release
			}
			s.Send(text(string(data)))
		}}
	}), engineio.Options{Shards: 1})
	h := &harness{t: t, eio: eio, http: httptest.NewServer(eio)}
	defer h.http.Close()
	defer eio.Close(t.Context())
	a := h.dialRaw("/engine.io/?EIO=4&transport=websocket")
	b := h.dialRaw("/engine.io/?EIO=4&transport=websocket")
	a.expectOpen(t)
	b.expectOpen(t)
	a.text(t, "4block")
	for i := range 5 {
		b.text(t, fmt.Sprintf("4%d", i))
		b.expect(t, fmt.Sprintf("text 4%d", i))
	}
	close(release)
	a.expect(t, "text 4block")
	a.Close()
	b.Close() // or the server waits for their close frames
}
