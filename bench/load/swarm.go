//go:build linux

package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// Target is the server under load.
type Target struct {
	Addr   string // host:port, IPv4
	PID    int    // whose CPU time is read; 0: none
	Secret []byte // HS256 key of the tokens

	// Others are more servers that act as one with this: the connections go to
	// all of them in turn, and their CPU time counts as well.
	Others []Target
}

// all returns the target and its others.
func (t Target) all() []Target { return append([]Target{t}, t.Others...) }

const (
	readBuffer = 256 << 10 // bytes: about 2000 deliveries in one read
	eventBatch = 512       // readiness events per epoll_wait
	// maxWait bounds one epoll_wait, and so how late the end of a window or a
	// cancelled context is noticed.
	maxWait = 20 * time.Millisecond
)

// ErrLost is the end of a connection that the generator did not ask for.
var ErrLost = errors.New("connection lost")

// Swarm is a set of connections to one server, driven by one epoll loop.
type Swarm struct {
	target Target
	epoll  int
	conns  []*conn
	live   int // connections that are connected
	events []unix.EpollEvent
	buf    []byte
	now    time.Time // when the current read began, for latencies
	pong   []byte
	// packet gets every Socket.IO packet of a connected connection; the running
	// case sets it. The bytes are valid during the call only.
	packet func(c *conn, p []byte) error
	// lost is told of a connection that ended; an error ends the running case.
	lost func(c *conn, why error) error
}

// conn is one connection. It is small: there are ten thousand of them.
type conn struct {
	fd      int
	index   int
	state   state
	polled  uint32 // events asked for
	token   string
	partial []byte // bytes of an unfinished frame
	unsent  []byte // bytes the kernel did not take yet
	room    *room
	got     uint64    // deliveries of the running case
	sent    time.Time // when the request in flight left
}

type state uint8

const (
	closed     state = iota
	dialing          // TCP
	upgrading        // HTTP
	opening          // Engine.IO
	connecting       // Socket.IO, namespace /ws
	connected
)

func newSwarm(t Target) (*Swarm, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create epoll: %w", err)
	}
	return &Swarm{
		target: t,
		epoll:  ep,
		events: make([]unix.EpollEvent, eventBatch),
		buf:    make([]byte, readBuffer),
		pong:   appendMasked(nil, "3"),
	}, nil
}

// Close resets every connection, so that no port stays in TIME_WAIT, and ends the swarm.
func (s *Swarm) Close() {
	for _, c := range s.conns {
		s.drop(c)
	}
	if s.epoll >= 0 {
		_ = unix.Close(s.epoll)
		s.epoll = -1
	}
}

// Idle lets the connections live for d: pings are answered, the rest is ignored.
func (s *Swarm) Idle(ctx context.Context, d time.Duration) error {
	s.packet = ignore
	s.lost = failOnLoss
	return s.run(ctx, time.Now().Add(d), func() bool { return false })
}

// Losses lets the connections live for d, or until none is left, and returns how
// many were lost.
func (s *Swarm) Losses(ctx context.Context, d time.Duration) (lost int, err error) {
	s.packet = ignore
	s.lost = func(*conn, error) error {
		lost++
		return nil
	}
	err = s.run(ctx, time.Now().Add(d), func() bool { return s.live == 0 })
	return lost, err
}

func ignore(*conn, []byte) error { return nil }

func failOnLoss(c *conn, why error) error {
	return fmt.Errorf("connection %d: %w", c.index, why)
}

// run turns the loop until done reports true or the deadline has passed.
func (s *Swarm) run(ctx context.Context, deadline time.Time, done func() bool) error {
	for !done() {
		wait := min(time.Until(deadline), maxWait)
		if wait <= 0 {
			return nil
		}
		if err := s.turn(ctx, wait); err != nil {
			return err
		}
	}
	return nil
}

// turn waits at most wait for connections to become ready and serves those that are.
func (s *Swarm) turn(ctx context.Context, wait time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ms := int((wait + time.Millisecond - 1) / time.Millisecond)
	n, err := unix.EpollWait(s.epoll, s.events, ms)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("epoll_wait: %w", err)
	}
	s.now = time.Now()
	for i := range max(n, 0) {
		c := s.conns[s.events[i].Fd]
		if c.state == closed {
			continue
		}
		if err := s.serve(c, s.events[i].Events); err != nil {
			if err := s.end(c, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// end drops a connection that failed; the case decides whether that ends the run.
func (s *Swarm) end(c *conn, why error) error {
	var failed caseError
	if errors.As(why, &failed) {
		return why
	}
	s.drop(c)
	return s.lost(c, why)
}

// caseError is a failure of the case itself, whatever becomes of the connection.
type caseError struct{ error }

func (e caseError) Unwrap() error { return e.error }

func (s *Swarm) serve(c *conn, events uint32) error {
	if events&unix.EPOLLOUT != 0 {
		if err := s.writable(c); err != nil {
			return err
		}
	}
	if events&^unix.EPOLLOUT != 0 {
		return s.read(c)
	}
	return nil
}

// read takes one bufferful: the loop is level-triggered, the rest comes next turn.
func (s *Swarm) read(c *conn) error {
	kept := copy(s.buf, c.partial)
	n, err := unix.Read(c.fd, s.buf[kept:])
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return nil
	case err != nil:
		return fmt.Errorf("%w: read: %w", ErrLost, err)
	case n == 0:
		return fmt.Errorf("%w: %w", ErrLost, io.EOF)
	}
	if c.index&sampleMask == 0 {
		s.now = time.Now()
	}
	rest, err := s.feed(c, s.buf[:kept+n])
	if err != nil {
		return err
	}
	c.partial = append(c.partial[:0], rest...)
	return nil
}

// feed serves the whole frames of b and returns what is left.
func (s *Swarm) feed(c *conn, b []byte) ([]byte, error) {
	if c.state == upgrading {
		_, rest, ok := bytes.Cut(b, []byte("\r\n\r\n"))
		if !ok {
			return b, nil
		}
		if !bytes.HasPrefix(b, []byte("HTTP/1.1 101 ")) {
			return nil, fmt.Errorf("upgrade refused: %.80q", b)
		}
		c.state, b = opening, rest
	}
	for {
		op, payload, n, err := nextFrame(b)
		if err != nil || n == 0 {
			return b, err
		}
		if err := s.frame(c, op, payload); err != nil {
			return nil, err
		}
		b = b[n:]
	}
}

func (s *Swarm) frame(c *conn, op byte, p []byte) error {
	switch {
	case op == opPing:
		return s.write(c, appendFrame(nil, 0xa, string(p)))
	case op == opClose:
		return fmt.Errorf("%w: close frame %x", ErrLost, p)
	case op != opText || len(p) == 0:
		return fmt.Errorf("%w: opcode %d, %d bytes", errFrame, op, len(p))
	}
	switch p[0] { // Engine.IO v4 packet types
	case '4':
		if c.state == connected {
			return s.packet(c, p)
		}
		return s.greeted(c, p)
	case '2':
		return s.write(c, s.pong)
	case '0':
		return s.opened(c)
	case '1':
		return fmt.Errorf("%w: close packet", ErrLost)
	}
	return nil
}

// write sends b now or keeps what the kernel does not take.
func (s *Swarm) write(c *conn, b []byte) error {
	if len(c.unsent) > 0 {
		c.unsent = append(c.unsent, b...)
		return nil
	}
	n, err := unix.Write(c.fd, b)
	if err != nil && !errors.Is(err, unix.EAGAIN) {
		return fmt.Errorf("%w: write: %w", ErrLost, err)
	}
	if n = max(n, 0); n < len(b) {
		c.unsent = append(c.unsent, b[n:]...)
		return s.poll(c, unix.EPOLLIN|unix.EPOLLOUT)
	}
	return nil
}

func (s *Swarm) writable(c *conn) error {
	if c.state == dialing {
		return s.dialed(c)
	}
	b := c.unsent
	c.unsent = nil
	if err := s.poll(c, unix.EPOLLIN); err != nil {
		return err
	}
	return s.write(c, b)
}

func (s *Swarm) poll(c *conn, events uint32) error {
	if c.polled == events {
		return nil
	}
	op := unix.EPOLL_CTL_MOD
	if c.polled == 0 {
		op = unix.EPOLL_CTL_ADD
	}
	c.polled = events
	ev := unix.EpollEvent{Events: events, Fd: int32(c.index)}
	if err := unix.EpollCtl(s.epoll, op, c.fd, &ev); err != nil {
		return caseError{fmt.Errorf("epoll_ctl: %w", err)}
	}
	return nil
}

// drop resets the connection.
func (s *Swarm) drop(c *conn) {
	switch c.state {
	case closed:
		return
	case connected:
		s.live--
	}
	c.state = closed
	_ = unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	_ = unix.Close(c.fd)
}
