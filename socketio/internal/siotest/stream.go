package siotest

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/storywire/storywire/engineio"
)

// Streams is an [engineio.StreamAccepter] whose connections are pipes, so that a
// server speaks as over WebTransport without QUIC.
type Streams struct{ clients chan net.Conn }

var _ engineio.StreamAccepter = Streams{}

// NewStreams returns an accepter for one server.
func NewStreams() Streams { return Streams{make(chan net.Conn, 1)} }

// AcceptStream implements [engineio.StreamAccepter].
func (s Streams) AcceptStream(w http.ResponseWriter, _ *http.Request) (engineio.StreamConn, error) {
	client, server := net.Pipe()
	w.WriteHeader(http.StatusOK)
	s.clients <- client
	return stream{server}, nil
}

type stream struct{ net.Conn }

// CloseWrite implements [engineio.StreamConn].
func (s stream) CloseWrite() error { return s.Close() }

// Dial opens a session at the server whose Options.WebTransport is s. The client
// is closed when the test ends.
func (s Streams) Dial(t testing.TB, server http.Handler) *Client {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://example.test/socket.io/", nil)
	r.Method = http.MethodConnect // with a path, as over HTTP/3
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("CONNECT: %d %s", w.Code, w.Body)
	}
	conn := <-s.clients
	c := &Client{t: t, conn: conn, r: bufio.NewReader(conn), bare: true}
	t.Cleanup(c.Close)
	c.write(c.frame(nil, opText, []byte("0")))
	if open, err := c.packet(); err != nil || !strings.HasPrefix(open.Text, "0{") {
		t.Fatalf("open packet = %v, %v", open, err)
	}
	return c
}
