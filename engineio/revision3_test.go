package engineio_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
)

const poll3 = "?EIO=3&transport=polling"

func TestRevision3IsRefusedByDefault(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	if got := readBody(t, h.request("GET", poll3, "")); got != `{"code":5,"message":"Unsupported protocol version"}` {
		t.Errorf("got %s", got)
	}
	if c := h.dialRaw("/engine.io/?EIO=3&transport=websocket"); c.status != http.StatusBadRequest || c.body != "Unsupported protocol version" {
		t.Errorf("got %d %s", c.status, c.body)
	}
}

func TestRevision3Polling(t *testing.T) {
	h := newHarness(t, engineio.Options{AllowEIO3: true}, nil)
	open := readBody(t, h.request("GET", poll3, ""))
	if !strings.HasPrefix(open, `118:0{"sid":"`) {
		t.Errorf("open packet %s", open)
	}
	s := <-h.sessions
	if got := s.Protocol(); got != 3 {
		t.Errorf("Protocol() = %d", got)
	}
	session := poll3 + "&sid=" + s.ID()
	octets := []string{"Content-Type: application/octet-stream"}
	for _, tt := range []struct {
		name, post string
		header     []string
		kind, want string
	}{
		{"text", "3:4ü€", nil, "text/plain; charset=UTF-8", "3:4ü€"},
		{"ping", "1:2", nil, "text/plain; charset=UTF-8", "1:3"},
		{"base64", "6:b4AQL/", nil, "application/octet-stream", "\x01\x04\xff\x04\x01\x02\xff"},
		{"binary", "\x01\x04\xff\x04\x01\x02\xff", octets, "application/octet-stream", "\x01\x04\xff\x04\x01\x02\xff"},
		{"text in binary", "\x00\x03\xff4\xc3\xbc", octets, "text/plain; charset=UTF-8", "2:4ü"},
	} {
		if got := readBody(t, h.request("POST", session, tt.post, tt.header...)); got != "ok" {
			t.Fatalf("%s: POST: %s", tt.name, got)
		}
		resp := h.request("GET", session, "")
		if body := readBody(t, resp); body != tt.want || resp.Header.Get("Content-Type") != tt.kind {
			t.Errorf("%s: got %s %q, want %s %q", tt.name, resp.Header.Get("Content-Type"), body, tt.kind, tt.want)
		}
	}
	if got := readBody(t, h.request("GET", "?EIO=4&transport=polling&sid="+s.ID(), "")); got != `{"code":3,"message":"Bad request"}` {
		t.Errorf("other revision: got %s", got)
	}
	resp := h.request("POST", session, "5:4a")
	resp.Body.Close()
	if e := h.awaitEnd(); resp.StatusCode != http.StatusBadRequest || e.reason != engineio.ParseError {
		t.Errorf("damaged payload: %s, ended by %v", resp.Status, e.reason)
	}
}

func TestRevision3PollingInBase64(t *testing.T) {
	h := newHarness(t, engineio.Options{AllowEIO3: true}, nil)
	readBody(t, h.request("GET", poll3+"&b64=1", ""))
	s := <-h.sessions
	s.Send(engineio.NewFrame([]byte{1, 2, 255}, true), text("x"))
	if got := readBody(t, h.request("GET", poll3+"&b64=1&sid="+s.ID(), "")); got != "6:b4AQL/2:4x" {
		t.Errorf("got %q", got)
	}
}

func TestRevision3WebSocket(t *testing.T) {
	for _, tt := range []struct{ query, want string }{
		{"", "binary 040102ff"},
		{"&b64=1", "text b4AQL/"},
	} {
		h := newHarness(t, engineio.Options{AllowEIO3: true, PerMessageDeflate: true}, nil)
		c := h.dialRaw("/engine.io/?EIO=3&transport=websocket"+tt.query, offerDeflate)
		if got := c.header.Get("Sec-WebSocket-Extensions"); got != "" {
			t.Errorf("extension %q", got)
		}
		c.expectOpen(t)
		c.text(t, "2")
		c.expect(t, "text 3")
		c.send(t, op(2).data("\x04\x01\x02\xff"))
		c.expect(t, tt.want)
		c.text(t, "b4AQL/")
		c.expect(t, tt.want)
		c.text(t, "4hello")
		c.expect(t, "text 4hello")
	}
}

func TestRevision3Upgrade(t *testing.T) {
	h := newHarness(t, engineio.Options{AllowEIO3: true}, nil)
	readBody(t, h.request("GET", poll3, ""))
	s := <-h.sessions
	c := h.dialRaw("/engine.io/?EIO=3&transport=websocket&sid=" + s.ID())
	c.text(t, "2probe")
	c.expect(t, "text 3probe")
	s.Send(engineio.NewFrame([]byte{7}, true))
	c.text(t, "5")
	c.expect(t, "binary 0407")
}

func TestRevision3Heartbeat(t *testing.T) {
	const interval = 150 * time.Millisecond
	h := newHarness(t, engineio.Options{AllowEIO3: true, PingInterval: interval, PingTimeout: interval}, nil)
	c := h.dialRaw("/engine.io/?EIO=3&transport=websocket")
	c.expectOpen(t)
	var last time.Time // before the last ping
	for from := time.Now(); time.Since(from) < 3*interval; {
		last = time.Now()
		c.text(t, "2")
		c.expect(t, "text 3") // and no ping of ours
	}
	if e := h.awaitEnd(); e.reason != engineio.PingTimeout {
		t.Errorf("ended by %v", e.reason)
	}
	if silence := time.Since(last); silence < 2*interval {
		t.Errorf("ended after %v of silence", silence)
	}
}

func TestRevision3WrongPackets(t *testing.T) {
	for _, tt := range []struct {
		name   string
		frame  wsFrame
		reason engineio.CloseReason
		err    error
	}{
		{"pong", op(1).data("3"), engineio.TransportError, nil},
		{"unknown type", op(1).data("9"), engineio.ParseError, nil},
		{"bare prefix", op(1).data("b"), engineio.ParseError, nil},
		{"no base64", op(1).data("b4*"), engineio.ParseError, nil},
		{"empty binary", op(2), engineio.ParseError, nil},
		{"unknown binary type", op(2).data("\x09x"), engineio.ParseError, nil},
		{"too large", op(2).data(strings.Repeat("\x04", 101)), engineio.TransportError, engineio.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHarness(t, engineio.Options{AllowEIO3: true, MaxPayload: 100}, nil)
			c := h.dialRaw("/engine.io/?EIO=3&transport=websocket")
			c.expectOpen(t)
			c.send(t, tt.frame)
			if e := h.awaitEnd(); e.reason != tt.reason || tt.err != nil && !errors.Is(e.err, tt.err) {
				t.Errorf("ended by %v, %v", e.reason, e.err)
			}
		})
	}
	h := newHarness(t, engineio.Options{AllowEIO3: true, MaxPayload: 100}, nil)
	readBody(t, h.request("GET", poll3, ""))
	resp := h.request("POST", poll3+"&sid="+(<-h.sessions).ID(), "101:4"+strings.Repeat("x", 100))
	if body := readBody(t, resp); resp.StatusCode != http.StatusRequestEntityTooLarge || body != "" {
		t.Errorf("POST above the limit: %s %q", resp.Status, body)
	}
}
