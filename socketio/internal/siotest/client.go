// Package siotest holds what the tests of socketio and of the packages below share:
// small clients that speak raw packets over each of the transports, and golden
// vectors.
package siotest

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a client waits for what a test expects.
const patience = 10 * time.Second

// Client is one Engine.IO session over WebSocket or WebTransport. Pings are
// answered while it waits for something else. Sending and receiving may be done
// by two goroutines.
type Client struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
	bare bool // the frames are those of WebTransport

	wmu sync.Mutex // guards writing
}

// Message is a message the server sent; Binary is nil for text.
type Message struct {
	Text   string
	Binary []byte
}

// String tells a message as transcripts do.
func (m Message) String() string {
	if m.Binary != nil {
		return fmt.Sprintf("binary %x", m.Binary)
	}
	return m.Text
}

// Dial opens a session at the server with that base URL. The client is closed
// when the test ends.
func Dial(t testing.TB, base string) *Client {
	t.Helper()
	return DialHeader(t, base, "", nil)
}

// DialHeader is Dial with a query ("&a=b") and headers.
func DialHeader(t testing.TB, base, query string, header http.Header) *Client {
	t.Helper()
	c, err := dial(t, base, query, header)
	if err != nil {
		t.Fatal(err)
	}
	if open, err := c.packet(); err != nil || !strings.HasPrefix(open.Text, "0{") {
		t.Fatalf("open packet = %v, %v", open, err)
	}
	return c
}

// dial opens a WebSocket and reads nothing from it.
func dial(t testing.TB, base, query string, header http.Header) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodGet, base+"/socket.io/?EIO=4&transport=websocket"+query, nil)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	req.Header.Set("Sec-WebSocket-Version", "13")
	req.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return nil, err
	}
	c := &Client{t: t, conn: conn, r: bufio.NewReader(conn)}
	t.Cleanup(c.Close)
	if err := c.handshake(req); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Client) handshake(req *http.Request) error {
	if err := req.Write(c.conn); err != nil {
		return err
	}
	res, err := http.ReadResponse(c.r, req)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("handshake: %s", res.Status)
	}
	return nil
}

// Opcodes of WebSocket frames.
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
)

// frame appends a frame: a masked one whose mask is zero, or a bare one, in
// which the bit that says masked says binary.
func (c *Client) frame(dst []byte, opcode byte, payload []byte) []byte {
	flag := byte(0x80)
	if !c.bare {
		dst = append(dst, 0x80|opcode)
	} else if opcode != opBinary {
		flag = 0
	}
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, flag|byte(n))
	case n <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, flag|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, flag|127), uint64(n))
	}
	if !c.bare {
		dst = append(dst, 0, 0, 0, 0)
	}
	return append(dst, payload...)
}

// Send sends messages in one segment: strings as text, []byte as binary. That
// the server has closed the connection is no failure.
func (c *Client) Send(messages ...any) {
	var buf []byte
	for _, m := range messages {
		switch m := m.(type) {
		case string:
			buf = c.frame(buf, opText, []byte("4"+m))
		case []byte:
			buf = c.frame(buf, opBinary, m)
		default:
			panic(fmt.Sprintf("siotest: cannot send %T", m))
		}
	}
	c.write(buf)
}

func (c *Client) write(buf []byte) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	// What follows will notice a connection that is closed.
	_, _ = c.conn.Write(buf)
}

// Connect joins a namespace and returns the socket's id.
func (c *Client) Connect(namespace string) string {
	c.t.Helper()
	return c.ConnectAuth(namespace, "")
}

// ConnectAuth is Connect with a payload.
func (c *Client) ConnectAuth(namespace, auth string) string {
	c.t.Helper()
	prefix := "0"
	if namespace != "/" {
		prefix += namespace + ","
	}
	c.Send(prefix + auth)
	m := c.Next()
	var answer struct{ SID string }
	rest, ok := strings.CutPrefix(m.Text, prefix)
	if !ok || json.Unmarshal([]byte(rest), &answer) != nil || answer.SID == "" {
		c.t.Fatalf("CONNECT %s: got %v", namespace, m)
	}
	return answer.SID
}

// Next returns the next message; it fails the test if none comes.
func (c *Client) Next() Message {
	c.t.Helper()
	m, err := c.Receive()
	if err != nil {
		c.t.Fatalf("no message: %v", err)
	}
	return m
}

// Expect fails the test unless exactly these messages come next; binary ones are
// written as "binary 0a0b".
func (c *Client) Expect(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := c.Next().String(); got != w {
			c.t.Fatalf("got message %q, want %q", got, w)
		}
	}
}

// ExpectClosed fails the test unless the server closes the connection and sends
// nothing before.
func (c *Client) ExpectClosed() {
	c.t.Helper()
	m, err := c.Receive()
	if err == nil {
		c.t.Fatalf("got message %q, want the connection closed", m)
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		c.t.Fatal("the connection stays open, want it closed")
	}
}

var errClosed = errors.New("the server closed the connection")

// Receive returns the next message, or an error if there is none.
func (c *Client) Receive() (Message, error) {
	for {
		m, err := c.packet()
		switch {
		case err != nil:
			return m, err
		case m.Binary != nil:
			return m, nil
		case m.Text == "2":
			c.write(c.frame(nil, opText, []byte("3")))
		case m.Text == "1":
			return Message{}, errClosed
		case strings.HasPrefix(m.Text, "4"):
			m.Text = m.Text[1:]
			return m, nil
		}
	}
}

// Skip reads n WebSocket messages and forgets them, without allocating.
func (c *Client) Skip(n int) error {
	for range n {
		_, size, err := c.header()
		if err != nil {
			return err
		}
		if _, err := c.r.Discard(int(size)); err != nil {
			return err
		}
	}
	return nil
}

// packet reads one WebSocket message.
func (c *Client) packet() (Message, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return Message{}, err
	}
	first, n, err := c.header()
	if err != nil {
		return Message{}, err
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(c.r, payload); err != nil {
		return Message{}, err
	}
	switch first & 0xf {
	case opText:
		return Message{Text: string(payload)}, nil
	case opBinary:
		return Message{Binary: payload}, nil
	case opClose:
		c.write(c.frame(nil, opClose, payload))
		c.Close()
		return Message{}, errClosed
	}
	return Message{}, fmt.Errorf("unexpected frame %x", first)
}

// header reads the header of a frame: its first byte, which a bare one has not,
// and its length.
func (c *Client) header() (first byte, size uint64, err error) {
	if !c.bare {
		if first, err = c.r.ReadByte(); err != nil {
			return 0, 0, err
		}
	}
	short, err := c.r.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	if c.bare {
		first = opText + short>>7
		short &= 0x7f
	}
	var more int
	switch short {
	case 126:
		more = 2
	case 127:
		more = 8
	default:
		return first, uint64(short), nil
	}
	for range more {
		b, err := c.r.ReadByte()
		if err != nil {
			return 0, 0, err
		}
		size = size<<8 | uint64(b)
	}
	return first, size, nil
}

// Quit ends the session with a close packet.
func (c *Client) Quit() { c.write(c.frame(nil, opText, []byte("1"))) }

// Close closes the connection, as a client that vanishes.
func (c *Client) Close() { _ = c.conn.Close() }
