package engineio_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
)

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(entries)
}

// Idle connections have no goroutine, and ended ones leave no descriptor,
// however they end.
func TestPolledConnectionsLeaveNothing(t *testing.T) {
	if !polled {
		t.Skip("of the poller")
	}
	h := newHarness(t, engineio.Options{Shards: 1}, nil)
	first, _ := h.dial()
	first.text(t, "4hello")
	first.expect(t, "text 4hello") // the poller's own descriptor exists from here on
	goroutines, fds := runtime.NumGoroutine(), descriptors(t)
	const n = 200
	var clients []*wsClient
	var sessions []*engineio.Session
	for range n {
		c, s := h.dial()
		clients, sessions = append(clients, c), append(sessions, s)
	}
	// net/http still ends the goroutines of the handshakes.
	eventually(t, "no goroutine per connection", func() bool { return runtime.NumGoroutine() < goroutines+n/4 })
	for i, c := range clients {
		switch i % 5 {
		case 0:
			c.send(t, op(8).data("\x03\xe8")) // a proper close
		case 1:
			c.Close()
		case 2:
			c.Conn.(*net.TCPConn).SetLinger(0)
			c.Close()
		case 3:
			sessions[i].Close(engineio.ForcedClose)
			c.expect(t, "close")
			c.send(t, op(8).data(""))
		case 4:
			c.Write([]byte("no frame"))
		}
	}
	reasons := map[engineio.CloseReason]int{}
	for range n {
		reasons[h.awaitEnd().reason]++
	}
	if reasons[engineio.ForcedClose] != n/5 || reasons[engineio.TransportError] != n/5 || reasons[engineio.TransportClose] != 3*n/5 {
		t.Errorf("ended with %v", reasons)
	}
	for _, c := range clients {
		c.Close()
	}
	eventually(t, "descriptors closed", func() bool { return descriptors(t) <= fds })
	first.text(t, "4still here")
	first.expect(t, "text 4still here")
}

// While a session is paused its connection is not read, but its loss is noticed.
func TestPausedSessionNoticesAReset(t *testing.T) {
	if !polled {
		t.Skip("of the poller: a goroutine that waits does not look")
	}
	got := make(chan string, 100)
	h := newReceiving(t, engineio.Options{}, func(s *engineio.Session, data string) {
		s.Pause()
		got <- data
	})
	c, _ := h.dial()
	c.send(t, op(1).data("4a"), op(1).data("4b"))
	await(t, got)
	c.Conn.(*net.TCPConn).SetLinger(0)
	c.Close()
	if e := h.awaitEnd(); e.reason != engineio.TransportClose {
		t.Errorf("ended with %v", e)
	}
}

// One client that sends without end gets no more of a shard than its turns.
func TestPollerIsFair(t *testing.T) {
	h := newHarness(t, engineio.Options{Shards: 1, MaxPayload: 1 << 20}, nil)
	flood, s := h.dial()
	junk := wire(op(2).data(strings.Repeat("x", 1<<20)))
	var wg sync.WaitGroup
	wg.Go(func() { // reads the echoes
		buf := make([]byte, 1<<16)
		for {
			if _, err := flood.Conn.Read(buf); err != nil {
				return
			}
		}
	})
	wg.Go(func() {
		for !s.Closed() {
			if _, err := flood.Write(junk); err != nil {
				return
			}
		}
	})
	other, _ := h.dial()
	for i := range 200 {
		other.text(t, "4"+numbered(i))
		other.expect(t, "text 4"+numbered(i))
	}
	flood.Close()
	wg.Wait()
}

func TestProbesOverTCP(t *testing.T) {
	h := newHarness(t, engineio.Options{UpgradeTimeout: 50 * time.Millisecond}, nil)
	sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling", "")))
	s := <-h.sessions
	uri := "/engine.io/?EIO=4&transport=websocket&sid=" + sid
	ended := func(c *wsClient, want string) {
		t.Helper()
		for {
			opcode, payload, err := c.next()
			if err != nil {
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					return
				}
				t.Fatalf("%s: %v", want, err)
			}
			if got := render(opcode, payload); got != "text 3probe" && got != "close" {
				t.Fatalf("%s: got %q", want, got)
			}
		}
	}
	idle := h.dialRaw(uri)
	idle.SetReadDeadline(time.Now().Add(10 * time.Second))
	idle.text(t, "2probe")
	idle.expect(t, "text 3probe")
	second := h.dialRaw(uri) // while another tries
	second.SetReadDeadline(time.Now().Add(10 * time.Second))
	ended(second, "a second probe")
	ended(idle, "a probe that does not go on")
	eventually(t, "another attempt is allowed", func() bool {
		c := h.dialRaw(uri)
		if c.status != http.StatusSwitchingProtocols {
			return false
		}
		defer c.Close()
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		c.text(t, "2probe")
		if opcode, _, err := c.next(); err != nil || opcode != 1 {
			return false
		}
		c.text(t, "5")
		s.Send(text("upgraded"))
		c.expect(t, "text 4upgraded")
		return true
	})
}

// The kernel reuses a descriptor's number at once: what comes late for its old
// owner must not reach the new one.
func TestDescriptorsAreReusedSafely(t *testing.T) {
	h := newHarness(t, engineio.Options{Shards: 2}, nil)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 60 {
				c, err := net.Dial("tcp", h.http.Listener.Addr().String())
				if err != nil {
					t.Error(err)
					return
				}
				ws, err := handshakeWS(c, "/engine.io/?EIO=4&transport=websocket")
				if err != nil {
					t.Error(err)
					return
				}
				own := fmt.Sprintf("4%d-%d", worker, i)
				ws.Write(wire(op(1).data(own), op(1).data(own)))
				var got []string
				for len(got) < 2 {
					ws.SetReadDeadline(time.Now().Add(10 * time.Second))
					_, payload, err := ws.next()
					if err != nil {
						t.Errorf("%s: %v", own, err)
						return
					}
					if payload[0] == '4' {
						got = append(got, string(payload))
					}
				}
				if !slices.Equal(got, []string{own, own}) {
					t.Errorf("got %q, want %q twice", got, own)
				}
				if i%2 == 0 {
					c.(*net.TCPConn).SetLinger(0)
				}
				c.Close()
			}
		})
	}
	wg.Wait()
	for range 8 * 60 {
		h.awaitEnd()
		<-h.sessions
	}
}
