package engineio

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
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

// readBufferSize is the size of the buffers that reads share.
const readBufferSize = 16 << 10 // bytes

// blockingBufferSize is the size of the buffer that a connection holds while
// it blocks in Read.
const blockingBufferSize = 4 << 10 // bytes

type readBuffer [readBufferSize]byte

var readBuffers = sync.Pool{New: func() any { return new(readBuffer) }}

func getReadBuffer() []byte  { return readBuffers.Get().(*readBuffer)[:] }
func putReadBuffer(b []byte) { readBuffers.Put((*readBuffer)(b)) }

// A wsConn is one WebSocket connection. Its reader goroutine owns the first
// part, the shard's goroutine the second.
type wsConn struct {
	conn net.Conn
	raw  syscall.RawConn // nil: reads and writes must block (TLS)
	sess *Session

	parser   frameParser
	probing  bool // it may take over the session, but has not yet
	stream   bool // a stream, not a WebSocket; never changes
	readBuf  []byte
	readLen  int
	readErr  error
	lastRead int64 // by Shard.now
	late     int   // bytes of messages after the session was closed

	pend      []byte // what waits behind the flusher's chunk
	inflight  int    // bytes the flusher was given
	busy      bool   // a flusher runs
	closeSent bool   // nothing follows
	final     bool   // after what is owed was written, so is the connection
	dead      bool
}

// serve is the reader goroutine. early is what arrived behind the handshake.
func (c *wsConn) serve(early []byte) {
	err := c.parser.feed(early, c)
	if err == nil {
		err = c.readAll()
	}
	if err == errRest {
		go c.serve(nil)
		return
	}
	defer c.sess.shard.srv.wg.Done()
	defer c.conn.Close()
	if c.probing {
		c.probeFailed()
	}
	if c.end(err) {
		c.drain()
	}
}

// errRest ends a reader goroutine whose place a new one takes.
var errRest = errors.New("rest")

// restAfter is how long a connection must have been silent for its reader to
// be replaced after the next message. Handling a message grows the stack for
// good; most connections are idle, and a new goroutine fits into 2 KB. A
// client that sends seldom costs a goroutine's start per message, any other
// nothing.
const restAfter = time.Second

// readAll pushes what arrives into the parser until either fails.
func (c *wsConn) readAll() error {
	try := c.tryRead
	for {
		if err := c.read(try); err != nil {
			return err
		}
		buf := c.readBuf
		err := c.parser.feed(buf[:c.readLen], c)
		if c.raw == nil {
			if err != nil {
				return err
			}
			continue
		}
		c.readBuf = nil
		putReadBuffer(buf)
		if err != nil {
			return err
		}
		now := c.sess.shard.now()
		silence := now - c.lastRead
		c.lastRead = now
		if silence > int64(restAfter) {
			return errRest
		}
	}
}

// read waits for bytes and leaves them in readBuf[:readLen].
func (c *wsConn) read(try func(fd uintptr) bool) error {
	if c.raw == nil {
		if c.readBuf == nil {
			c.readBuf = make([]byte, blockingBufferSize)
		}
		var err error
		if c.readLen, err = c.conn.Read(c.readBuf); c.readLen > 0 {
			return nil // an error comes again
		}
		return err
	}
	if err := c.raw.Read(try); err != nil {
		return err
	}
	if c.readErr == nil {
		return nil
	}
	putReadBuffer(c.readBuf)
	c.readBuf = nil
	return c.readErr
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
// reset.
func (c *wsConn) end(err error) (drain bool) {
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
		c.conn.SetReadDeadline(time.Now().Add(lingerTimeout))
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

// drain reads until the client closes its side, or the read deadline.
func (c *wsConn) drain() {
	c.parser.partial = nil
	_, _ = io.CopyN(io.Discard, c.conn, lingerBytes)
}

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
		sh.linger(c)
	}
}

// linger starts the wait for the client's close frame.
func (sh *Shard) linger(c *wsConn) {
	c.conn.SetReadDeadline(time.Now().Add(lingerTimeout))
	half, ok := c.conn.(interface{ CloseWrite() error })
	switch {
	case !c.final:
	case !ok:
		c.conn.SetReadDeadline(time.Now())
	case c.raw != nil:
		_ = half.CloseWrite()
	default: // TLS sends an alert first, which may block
		sh.srv.flushers.Go(func() {
			c.conn.SetWriteDeadline(time.Now().Add(lingerTimeout))
			_ = half.CloseWrite()
		})
	}
}

// abort makes reads and writes fail at once. It does not block.
func (c *wsConn) abort() {
	if c.raw != nil {
		c.conn.Close()
		return
	}
	// Closing TLS may block; its reader does that.
	c.conn.SetDeadline(time.Unix(1, 0))
}

// writeAll writes data, which it may change, blocking; a write may take any
// time as long as each timeout sees progress.
func (c *wsConn) writeAll(data []byte, timeout time.Duration) error {
	if c.stream {
		data = toBare(data)
	}
	for len(data) > 0 {
		c.conn.SetWriteDeadline(time.Now().Add(timeout))
		n, err := c.conn.Write(data)
		data = data[n:]
		if err != nil && (n == 0 || c.raw == nil && !c.stream || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return err
		}
	}
	return c.conn.SetWriteDeadline(time.Time{})
}

// message implements frameSink.
func (c *wsConn) message(data []byte, binary bool) error {
	if c.probing {
		return c.probePacket(data, binary)
	}
	s := c.sess
	if s.state.Load() != stateOpen {
		if c.late += len(data); c.late > lingerBytes {
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
	_ = s.packet(p) // the session was ended; its close frame is awaited
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
