package engineio_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A wsClient is a WebSocket client that hides nothing: it sends raw frames and
// shows each frame it gets.
type wsClient struct {
	net.Conn
	r      *bufio.Reader
	status int
	body   string // of a refusal
	header http.Header
}

// handshakeWS speaks the opening handshake on a connection.
func handshakeWS(conn net.Conn, uri string, header ...string) (*wsClient, error) {
	req := "GET " + uri + " HTTP/1.1\r\nHost: example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	for _, h := range header {
		req += h + "\r\n"
	}
	if _, err := io.WriteString(conn, req+"\r\n"); err != nil {
		return nil, err
	}
	c := &wsClient{Conn: conn, r: bufio.NewReader(conn)}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return nil, err
	}
	c.status, c.header = resp.StatusCode, resp.Header
	if c.status != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(resp.Body)
		c.body = string(body)
	}
	return c, nil
}

// next reads one frame: its opcode and payload.
func (c *wsClient) next() (opcode byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return 0, nil, err
	}
	if head[0]&0x80 == 0 || head[1]&0x80 != 0 {
		return 0, nil, fmt.Errorf("frame starts with %x: fragmented or masked", head)
	}
	n := uint64(head[1])
	switch n {
	case 126:
		var b [2]byte
		_, err = io.ReadFull(c.r, b[:])
		n = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		_, err = io.ReadFull(c.r, b[:])
		n = binary.BigEndian.Uint64(b[:])
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(c.r, payload)
	return head[0] & 0x0f, payload, err
}

// render shows a frame as transcripts do.
func render(opcode byte, payload []byte) string {
	switch opcode {
	case 1:
		return "text " + show(string(payload))
	case 2:
		return fmt.Sprintf("binary %x", payload)
	case 8:
		if len(payload) < 2 {
			return "close"
		}
		return strings.TrimSpace(fmt.Sprintf("close %d %s", binary.BigEndian.Uint16(payload), payload[2:]))
	case 10:
		return "ws-pong " + string(payload)
	}
	return fmt.Sprintf("opcode %x %q", opcode, payload)
}

// show makes separators visible and long runs short.
func show(s string) string {
	s = strings.ReplaceAll(s, "\x1e", "␞")
	if len(s) > 300 {
		return fmt.Sprintf("%s... (%d bytes)", s[:20], len(s))
	}
	return s
}

// expect reads a frame and compares it as rendered.
func (c *wsClient) expect(t testing.TB, want string) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	opcode, payload, err := c.next()
	if err != nil {
		t.Fatalf("waiting for %q: %v", want, err)
	}
	if got := render(opcode, payload); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// expectOpen reads the open packet and returns the session id.
func (c *wsClient) expectOpen(t testing.TB) string {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, payload, err := c.next()
	if err != nil {
		t.Fatalf("waiting for the open packet: %v", err)
	}
	return sidOf(t, string(payload))
}

func sidOf(t testing.TB, open string) string {
	t.Helper()
	_, rest, ok := strings.Cut(open, `0{"sid":"`)
	if !ok || len(rest) < 20 {
		t.Fatalf("open packet %q", open)
	}
	return rest[:20]
}

func (c *wsClient) text(t testing.TB, s string) { c.send(t, op(1).data(s)) }

func (c *wsClient) send(t testing.TB, frames ...wsFrame) {
	t.Helper()
	if _, err := c.Write(wire(frames...)); err != nil {
		t.Fatalf("send: %v", err)
	}
}
