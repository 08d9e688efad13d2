package engineio

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/storywire/storywire/engineio/parser"
)

// lingerTimeout is how long a closed WebSocket waits for the client's half of
// the closing handshake: several round trips of a bad network.
const lingerTimeout = 5 * time.Second

// lingerBytes is how much is read in that time: what was on its way, because
// closing with bytes unread would reset the connection before the client has
// read the close frame; but no flood of a client that takes no notice.
const lingerBytes = 4 << 20 // bytes

// A wsConn is one WebSocket connection. Its reader, whoever that is, owns the
// first part, the shard's goroutine the second.
type wsConn struct {
	sess *Session
	link link // never changes

	parser  frameParser
	probing bool  // it may take over the session, but has not yet
	stream  bool  // a stream, not a WebSocket; never changes
	late    int32 // bytes that came after the session was closed

	pend      []byte // what waits behind what the link was given
	inflight  int    // bytes the link was given
	busy      bool   // the link has not written all it was given
	closeSent bool   // nothing follows
	final     bool   // after what is owed was written, so is the connection
	dead      bool
}

// A link moves the bytes of a wsConn: a goConn under goroutines of its own, or
// a polled one that the shard's poller drives. Only the shard's goroutine calls its
// methods, but for start and limitRead.
type link interface {
	// start begins to read. early is what arrived behind the handshake. If the
	// connection is refused it is closed, and what comes is drained.
	start(early []byte, refused bool)
	// limitRead ends the reader d from now; 0 lifts the limit. It is for the
	// reader and for what comes before or instead of it.
	limitRead(d time.Duration)
	// write writes as much of data as the connection takes now.
	write(data []byte) (int, error)
	// finish goes on with wsConn.pend and calls Shard.written when it is done.
	finish()
	// linger starts the wait for the client's close frame.
	linger()
	// resume goes on reading if a paused session made it stop.
	resume()
	// abort makes the reader end soon. Nothing is written any more.
	abort()
}

// newConn takes over a connection whose handshake was answered.
func (s *Session) newConn(conn net.Conn) *wsConn {
	c := s.shard.adopt(conn)
	if c == nil {
		c = newGoConn(conn)
	}
	c.sess = s
	c.parser.limits = &s.shard.srv.limits
	return c
}

// A peerClosed is the error of a connection whose client sent a close frame.
type peerClosed struct{ code uint16 }

func (e peerClosed) Error() string { return fmt.Sprintf("websocket closed with %d", e.code) }

// errFlood is the error of a client that goes on sending after the close frame.
var errFlood = errors.New("messages after the close frame")

// errNoUpgrade is the error of a WebSocket that may not take over its session.
var errNoUpgrade = errors.New("upgrade refused")

// end tells the session that nothing more is read, and reports whether what
// the client still sends must be drained, lest a close frame be lost to a
// reset. The reader calls it, last of all.
func (c *wsConn) end(err error) (drain bool) {
	if c.probing {
		c.probeFailed()
	}
	e := ending{reason: TransportClose, err: err}
	var violation *frameError
	var closed peerClosed
	switch {
	case errors.As(err, &violation):
		e = ending{reason: TransportError, err: err, code: violation.code, final: true}
	case errors.As(err, &closed):
		e.code, e.final, e.err = closed.code, true, nil
	case errors.Is(err, errNoUpgrade), c.probing && errors.Is(err, os.ErrDeadlineExceeded):
		e.final = true
	default:
		e.gone = true
		if errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
			e.err = nil
		}
	}
	if e.final {
		// Before the shard knows, which may cut the wait short.
		c.link.limitRead(lingerTimeout)
	}
	s := c.sess
	if !c.probing && s.state.Load() != stateClosed {
		s.terminate(e)
	} else if e.final {
		// The session lives on, or ended before: only the connection closes.
		s.shard.Post(&closeConn{c, e.code})
	}
	return e.final
}

// closeConn closes a connection that carries no session.
type closeConn struct {
	conn *wsConn
	code uint16
}

// Run implements Task.
func (t *closeConn) Run(sh *Shard) { sh.closeConn(t.conn, t.code, true) }

// closeConn sends a close frame behind what was pushed. Its reader ends when
// the client answers, or after lingerTimeout; if final, the client is told
// that nothing follows.
func (sh *Shard) closeConn(c *wsConn, code uint16, final bool) {
	if c.dead {
		return
	}
	c.final = c.final || final || c.stream // there is no closing handshake
	if !c.closeSent {
		c.closeSent = true
		sh.push(c, closeFrame(code).wire)
	}
	if !c.busy && !c.dead {
		c.link.linger()
	}
}

// received handles one message. locked: the caller holds the session's recvMu,
// and may not wait.
func (c *wsConn) received(data []byte, binary, locked bool) error {
	if c.probing {
		return c.probePacket(data, binary)
	}
	s := c.sess
	if s.state.Load() != stateOpen {
		if c.late += int32(len(data)); c.late > lingerBytes {
			return errFlood
		}
		return nil // read on: the client's close frame is awaited
	}
	p := parser.Packet{Type: parser.Message, Data: data, Binary: true}
	var err error
	switch {
	case s.revision != revision4:
		p, err = parser.DecodePacketV3(data, binary)
	case !binary:
		p, err = parser.DecodePacket(data)
	}
	if err != nil {
		s.terminate(ending{reason: ParseError, err: err})
		return nil
	}
	_ = s.packet(p, locked) // the session was ended; its close frame is awaited
	return nil
}

// control implements frameSink.
func (c *wsConn) control(opcode byte, payload []byte) error {
	switch opcode {
	case opPing:
		buf := append(make([]byte, FrameRoom, FrameRoom+len(payload)), payload...)
		c.sess.shard.Post(&pushFrame{c, controlFrame(opPong, buf)})
	case opClose:
		var code uint16
		if len(payload) >= 2 {
			code = uint16(payload[0])<<8 | uint16(payload[1])
		}
		return peerClosed{code}
	}
	return nil
}

// pushFrame writes a frame to a connection that may not carry the session.
type pushFrame struct {
	conn  *wsConn
	frame *Frame
}

// Run implements Task.
func (t *pushFrame) Run(sh *Shard) {
	if c := t.conn; !c.closeSent {
		if c.sess.ws == c {
			sh.flush(c.sess) // keep the order
		}
		sh.push(c, t.frame.wire)
	}
}
