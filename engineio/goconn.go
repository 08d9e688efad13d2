package engineio

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// readBufferSize is the size of the buffers that reads share.
const readBufferSize = 16 << 10 // bytes

// blockingBufferSize is the size of the buffer that a connection holds while
// it blocks in Read.
const blockingBufferSize = 4 << 10 // bytes

type readBuffer [readBufferSize]byte

var readBuffers = sync.Pool{New: func() any { return new(readBuffer) }}

func getReadBuffer() []byte  { return readBuffers.Get().(*readBuffer)[:] }
func putReadBuffer(b []byte) { readBuffers.Put((*readBuffer)(b)) }

// A goConn is a wsConn that is read by a goroutine. It works with every
// net.Conn.
type goConn struct {
	wsConn
	conn net.Conn
	raw  syscall.RawConn // nil: reads and writes must block (TLS)

	// The rest belongs to the reader.
	readBuf  []byte
	readLen  int
	readErr  error
	lastRead int64 // by Shard.now
}

var _ link = (*goConn)(nil)

func newGoConn(conn net.Conn) *wsConn {
	c := &goConn{conn: conn, raw: rawConnOf(conn), lastRead: -2 * int64(restAfter)}
	c.link = c
	return &c.wsConn
}

func (c *goConn) start(early []byte, refused bool) {
	if refused {
		go c.refuse()
	} else {
		go c.serve(early)
	}
}

// serve is the reader goroutine.
func (c *goConn) serve(early []byte) {
	_, err := c.parser.feed(early, c)
	if err == nil {
		err = c.readAll()
	}
	if err == errRest {
		go c.serve(nil)
		return
	}
	defer c.sess.shard.srv.wg.Done()
	defer c.conn.Close()
	if c.end(err) {
		c.drain()
	}
}

// refuse closes the connection instead of serving it.
func (c *goConn) refuse() {
	defer c.sess.shard.srv.wg.Done()
	defer c.conn.Close()
	c.limitRead(lingerTimeout)
	c.sess.shard.Post(&closeConn{&c.wsConn, statusNone})
	c.drain()
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
func (c *goConn) readAll() error {
	try := c.tryRead
	for {
		if err := c.read(try); err != nil {
			return err
		}
		buf := c.readBuf
		_, err := c.parser.feed(buf[:c.readLen], c)
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
func (c *goConn) read(try func(fd uintptr) bool) error {
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

// message implements frameSink.
func (c *goConn) message(data []byte, binary bool) error { return c.received(data, binary, false) }

// drain reads until the client closes its side, or the read deadline.
func (c *goConn) drain() {
	c.parser.partial = nil
	_, _ = io.CopyN(io.Discard, c.conn, lingerBytes)
}

func (c *goConn) limitRead(d time.Duration) {
	var t time.Time
	if d > 0 {
		t = time.Now().Add(d)
	}
	c.conn.SetReadDeadline(t)
}

func (c *goConn) write(data []byte) (int, error) {
	if c.raw == nil {
		return 0, nil
	}
	return c.sess.shard.writer.write(c.raw, data)
}

// finish lets a goroutine write what is pending, blocking.
func (c *goConn) finish() {
	chunk := c.pend
	c.pend, c.inflight = nil, len(chunk)
	srv := c.sess.shard.srv
	srv.flushers.Go(func() {
		c.sess.shard.Post(&flushed{conn: c, err: c.writeAll(chunk, srv.opts.WriteTimeout)})
	})
}

// flushed tells the shard that a flusher is done.
type flushed struct {
	conn *goConn
	err  error
}

// Run implements Task.
func (t *flushed) Run(sh *Shard) {
	c := &t.conn.wsConn
	c.busy, c.inflight = false, 0
	if t.err != nil {
		sh.cut(c, t.err)
		return
	}
	if len(c.pend) > 0 {
		rest := c.pend
		c.pend = nil
		sh.push(c, rest)
		if c.busy || c.dead {
			return
		}
	}
	sh.written(c)
}

// writeAll writes data, which it may change, blocking; a write may take any
// time as long as each timeout sees progress.
func (c *goConn) writeAll(data []byte, timeout time.Duration) error {
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

func (c *goConn) linger() {
	c.limitRead(lingerTimeout)
	half, ok := c.conn.(interface{ CloseWrite() error })
	switch {
	case !c.final:
	case !ok:
		c.conn.SetReadDeadline(time.Now())
	case c.raw != nil:
		_ = half.CloseWrite()
	default: // TLS sends an alert first, which may block
		c.sess.shard.srv.flushers.Go(func() {
			c.conn.SetWriteDeadline(time.Now().Add(lingerTimeout))
			_ = half.CloseWrite()
		})
	}
}

// resume does nothing: the reader waits by itself.
func (c *goConn) resume() {}

func (c *goConn) abort() {
	if c.raw != nil {
		c.conn.Close()
		return
	}
	// Closing TLS may block; its reader does that.
	c.conn.SetDeadline(time.Unix(1, 0))
}
