package engineio_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
)

// A peer is a client on one of the transports, that does what it should not.
type peer struct {
	sess *engineio.Session
	// send sends a message of so many bytes, and may fail.
	send func(size int)
	// stall asks for what the server sends, if one must, and never reads it.
	stall func()
	// refusal returns how the connection ended: "413", "close 1009", "EOF".
	refusal func() string
}

// transports open a peer on each way to connect.
var transports = []struct {
	name string
	dial func(h *harness, accepter streams) peer
}{
	{"polling", func(h *harness, _ streams) peer { return h.pollPeer("4") }},
	{"polling, revision 3", func(h *harness, _ streams) peer { return h.pollPeer("3") }},
	{"WebSocket", func(h *harness, _ streams) peer { return h.socketPeer("4") }},
	{"WebSocket, revision 3", func(h *harness, _ streams) peer { return h.socketPeer("3") }},
	{"WebTransport", func(h *harness, accepter streams) peer { return h.streamPeer(accepter) }},
}

func (h *harness) pollPeer(revision string) peer {
	query := "?transport=polling&EIO=" + revision
	readBody(h.t, h.request("GET", query, ""))
	p := peer{sess: <-h.sessions}
	query += "&sid=" + p.sess.ID()
	var last string
	p.send = func(size int) {
		body := "4" + strings.Repeat("x", size-1)
		if revision == "3" {
			body = strconv.Itoa(size-4) + ":" + body[:size-4] // the limit is of the body
		}
		resp := h.request("POST", query, body)
		if rest := readBody(h.t, resp); rest != "" && resp.StatusCode != http.StatusOK {
			h.t.Errorf("body of the refusal: %q", rest)
		}
		last = strconv.Itoa(resp.StatusCode)
	}
	p.stall = func() {
		conn, err := net.Dial("tcp", h.http.Listener.Addr().String())
		if err != nil {
			h.t.Fatal(err)
		}
		h.t.Cleanup(func() { conn.Close() })
		if _, err := io.WriteString(conn, "GET /engine.io/"+query+" HTTP/1.1\r\nHost: example.test\r\n\r\n"); err != nil {
			h.t.Fatal(err)
		}
	}
	p.refusal = func() string { return last }
	return p
}

func (h *harness) socketPeer(revision string) peer {
	c := h.dialRaw("/engine.io/?transport=websocket&EIO=" + revision)
	c.expectOpen(h.t)
	return peer{
		sess:  <-h.sessions,
		send:  func(size int) { c.text(h.t, "4"+strings.Repeat("x", size-1)) },
		stall: func() {},
		refusal: func() string {
			c.SetReadDeadline(time.Now().Add(10 * time.Second))
			for {
				opcode, payload, err := c.next()
				if err != nil {
					return err.Error()
				}
				if opcode == 8 {
					return render(opcode, payload)
				}
			}
		},
	}
}

func (h *harness) streamPeer(accepter streams) peer {
	_, conn := accepter.connect(h.eio, overStream)
	h.t.Cleanup(func() { conn.Close() })
	r := bufio.NewReader(conn)
	if _, err := conn.Write(bareFrame("0", false)); err != nil {
		h.t.Fatal(err)
	}
	if _, _, err := readBare(r); err != nil {
		h.t.Fatal(err)
	}
	return peer{
		sess: <-h.sessions,
		// The server may know enough before it has read all.
		send:  func(size int) { _, _ = conn.Write(bareFrame("4"+strings.Repeat("x", size-1), false)) },
		stall: func() {},
		refusal: func() string {
			if _, err := io.Copy(io.Discard, r); err != nil {
				return err.Error()
			}
			return "EOF"
		},
	}
}

// eachTransport runs a test with a server and a client on every transport.
func eachTransport(t *testing.T, opts engineio.Options, fn func(t *testing.T, name string, h *harness, p peer)) {
	t.Helper()
	for _, tt := range transports {
		t.Run(tt.name, func(t *testing.T) {
			accepter := newStreams()
			opts.AllowEIO3, opts.WebTransport = true, accepter
			h := newHarness(t, opts, withSmallBuffers)
			fn(t, tt.name, h, tt.dial(h, accepter))
		})
	}
}

func TestTooLargeOnEveryTransport(t *testing.T) {
	want := map[string]string{"polling": "413", "polling, revision 3": "413", "WebTransport": "EOF"}
	eachTransport(t, engineio.Options{MaxPayload: 1000}, func(t *testing.T, name string, h *harness, p peer) {
		p.send(1000)
		if p.sess.Closed() {
			t.Error("closed by a message of exactly the limit")
		}
		p.send(1001)
		refusal := want[name]
		if refusal == "" {
			refusal = "close 1009"
		}
		if got := p.refusal(); got != refusal {
			t.Errorf("refused with %q, want %q", got, refusal)
		}
		if refusal == "413" {
			return // the session goes on, as in the reference server
		}
		if e := h.awaitEnd(); e.reason != engineio.TransportError || !errors.Is(e.err, engineio.ErrTooLarge) {
			t.Errorf("ended by %v, %v", e.reason, e.err)
		}
	})
}

func TestQueueLimitOnEveryTransport(t *testing.T) {
	eachTransport(t, engineio.Options{MaxQueue: 64 << 10}, func(t *testing.T, _ string, h *harness, p peer) {
		frame := text(strings.Repeat("z", 16<<10))
		sent := 0
		for !p.sess.Closed() {
			p.sess.Send(frame)
			if sent++; sent > 10_000 {
				t.Fatal("160 MB wait for a client that does not read")
			}
			turn := make(chan struct{})
			p.sess.Shard().Post(taskFunc(func(*engineio.Shard) { close(turn) }))
			<-turn
		}
		if e := h.awaitEnd(); e.reason != engineio.TransportError || !errors.Is(e.err, engineio.ErrSlow) {
			t.Errorf("ended by %v, %v", e.reason, e.err)
		}
	})
}

func TestNoProgressOnEveryTransport(t *testing.T) {
	opts := engineio.Options{WriteTimeout: 50 * time.Millisecond, DisableCompression: true}
	eachTransport(t, opts, func(t *testing.T, _ string, h *harness, p peer) {
		p.sess.Send(text(strings.Repeat("z", 16<<20))) // more than the kernel keeps for a client
		p.stall()
		if e := h.awaitEnd(); e.reason != engineio.TransportError || !errors.Is(e.err, engineio.ErrSlow) {
			t.Errorf("ended by %v, %v", e.reason, e.err)
		}
	})
}

func TestUpgradeTimeoutOnEveryTransport(t *testing.T) {
	for _, tt := range []struct {
		name string
		open func(h *harness, accepter streams, sid string) (net.Conn, *bufio.Reader)
	}{
		{"WebSocket", func(h *harness, _ streams, sid string) (net.Conn, *bufio.Reader) {
			c := h.dialRaw("/engine.io/?EIO=4&transport=websocket&sid=" + sid)
			c.text(h.t, "2probe")
			return c.Conn, c.r
		}},
		{"WebTransport", func(h *harness, accepter streams, sid string) (net.Conn, *bufio.Reader) {
			_, conn := accepter.connect(h.eio, overStream)
			_, _ = conn.Write(append(bareFrame(`0{"sid":"`+sid+`"}`, false), bareFrame("2probe", false)...))
			return conn, bufio.NewReader(conn)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			accepter := newStreams()
			h := newHarness(t, engineio.Options{UpgradeTimeout: 50 * time.Millisecond, WebTransport: accepter}, nil)
			p := h.pollPeer("4")
			conn, r := tt.open(h, accepter, p.sess.ID())
			conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			if b, err := io.ReadAll(r); err != nil || !strings.Contains(string(b), "3probe") {
				t.Errorf("got %q, %v", b, err)
			}
			if p.sess.Closed() || p.sess.Upgraded() {
				t.Error("the session did not stay on polling")
			}
			p.send(5)
			if got := p.refusal(); got != "200" {
				t.Errorf("POST after the attempt: %s", got)
			}
		})
	}
}

// A client of revision 4 does not answer the ping, one of revision 3 sends none.
func TestSilenceOnEveryTransport(t *testing.T) {
	opts := engineio.Options{PingInterval: 30 * time.Millisecond, PingTimeout: 30 * time.Millisecond}
	eachTransport(t, opts, func(t *testing.T, _ string, h *harness, _ peer) {
		if e := h.awaitEnd(); e.reason != engineio.PingTimeout {
			t.Errorf("ended by %v, %v", e.reason, e.err)
		}
	})
}

// Only WebSocket has fragments.
func TestTooManyFragments(t *testing.T) {
	h := newHarness(t, engineio.Options{MaxFragments: 3}, nil)
	c, _ := h.dial()
	c.send(t, op(1).data("4a").more(), op(0).data("b").more(), op(0).data("c"))
	c.expect(t, "text 4abc")
	c.send(t, op(1).data("4a").more(), op(0).data("b").more(), op(0).data("c").more(), op(0).data("d"))
	c.expect(t, "close 1008")
	if e := h.awaitEnd(); e.reason != engineio.TransportError {
		t.Errorf("ended by %v, %v", e.reason, e.err)
	}
}
