package webtransport

import (
	"errors"
	"io"
	"net"
	"time"

	wt "github.com/quic-go/webtransport-go"
)

const (
	// closeGrace is what the client gets to read what was written last before
	// its session is closed, which drops what is unread: several round trips.
	closeGrace = 500 * time.Millisecond
	// visitGrace is what it gets to close the connection after the session.
	visitGrace = 5 * time.Second
)

// conn is the first stream of a session as an engineio.StreamConn.
type conn struct {
	*wt.Stream
	session *wt.Session
	visit   *visit
}

// Read hides that a client closes its session rather than its stream.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Stream.Read(b)
	var closed *wt.SessionError
	if errors.As(err, &closed) && closed.Remote {
		err = io.EOF
	}
	return n, err
}

func (c *conn) LocalAddr() net.Addr  { return c.session.LocalAddr() }
func (c *conn) RemoteAddr() net.Addr { return c.session.RemoteAddr() }

// CloseWrite implements [engineio.StreamConn].
func (c *conn) CloseWrite() error {
	err := c.Stream.Close()
	time.AfterFunc(closeGrace, func() { _ = c.Close() })
	return err
}

// Close closes the session.
func (c *conn) Close() error {
	err := c.session.CloseWithError(0, "")
	time.AfterFunc(visitGrace, c.visit.end)
	return err
}
