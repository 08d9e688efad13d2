package engineio

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pollEvents is how many connections a shard serves in one turn; those that
// are ready beyond them come first in the next.
const pollEvents = 256

// pollBufferSize is how much a shard reads from one connection in one turn.
const pollBufferSize = 64 << 10 // bytes

// A poller is a shard's epoll instance. Only the shard's goroutine uses it.
//
// The instance is itself registered with the runtime's poller: no thread
// blocks in it, and the shard waits for its inbox alone, into which watch tells
// that something is ready.
type poller struct {
	file   *os.File
	fd     int
	conns  []*polled // by descriptor
	events [pollEvents]unix.EpollEvent
	buf    [pollBufferSize]byte
	ended  chan struct{} // closed when watch has returned
}

func newPoller(sh *Shard) (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // or os.NewFile does not register it
		_ = unix.Close(fd)
		return nil, fmt.Errorf("set O_NONBLOCK: %w", err)
	}
	p := &poller{file: os.NewFile(uintptr(fd), "epoll"), fd: fd, ended: make(chan struct{})}
	if err := p.file.SetReadDeadline(time.Time{}); err != nil {
		_ = p.file.Close()
		return nil, fmt.Errorf("wait for epoll: %w", err)
	}
	go p.watch(sh)
	return p, nil
}

// watch rouses the shard each time a connection becomes ready.
func (p *poller) watch(sh *Shard) {
	defer close(p.ended)
	raw, err := p.file.SyscallConn()
	if err != nil {
		return // closed already
	}
	// One Read that never ends, or it would miss what happens between two.
	_ = raw.Read(func(uintptr) bool {
		sh.readable()
		return false
	})
}

// close ends the poller; its connections have been released.
func (p *poller) close() {
	_ = p.file.Close()
	<-p.ended
}

// poll serves the connections that are ready. It reports whether there were
// any: then there may be more.
func (sh *Shard) poll() (found bool) {
	p := sh.poller
	if p == nil || sh.srv.gate.closed.Load() { // whoever opens the gate rouses all shards
		return false
	}
	n, err := unix.EpollWait(p.fd, p.events[:], 0)
	if err != nil { // EINTR
		return err == unix.EINTR
	}
	for i := range n {
		ev := &p.events[i]
		// A connection may have been released on behalf of one before it.
		if c := p.conns[ev.Fd]; c != nil {
			c.serve(ev.Events)
		}
	}
	return n > 0
}

// A polled is a wsConn that its shard's poller drives: everything in it
// belongs to the shard's goroutine. While it is idle it is nothing but this.
type polled struct {
	wsConn
	fd       int32  // -1 once closed
	events   uint16 // that are asked for: EPOLLIN, EPOLLOUT
	added    bool   // to the poller
	draining bool   // until the client closes its side
	spell    *spell // nil while it waits for nothing but the client's next message
}

var _ link = (*polled)(nil)

// A spell is what few connections have, each for a short time: bytes that wait
// for the session, and deadlines.
type spell struct {
	holding bool   // held waits for Session.Resume
	held    []byte // what was read behind the message that paused the session

	readBy, writeBy deadline
}

// waiting returns c.spell, which it makes if there is none.
func (c *polled) waiting() *spell {
	if c.spell == nil {
		c.spell = new(spell)
	}
	return c.spell
}

// holding reports whether what was read waits for Session.Resume.
func (c *polled) holding() bool { return c.spell != nil && c.spell.holding }

// rest ends a spell that is over.
func (c *polled) rest() {
	if w := c.spell; w != nil && !w.holding && w.readBy.at == 0 && w.writeBy.at == 0 {
		c.spell = nil
	}
}

// adopt takes a connection over from package net, whose part of the memory and
// place in the runtime's poller it gives back. It returns nil if the connection
// needs a goroutine.
func (sh *Shard) adopt(conn net.Conn) *wsConn {
	if !sh.srv.polls.Load() {
		return nil
	}
	raw := rawConnOf(conn)
	if raw == nil {
		return nil
	}
	fd := -1
	err := raw.Control(func(old uintptr) {
		fd, _ = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err != nil || fd < 0 {
		return nil
	}
	_ = conn.Close() // its descriptor; the connection lives on with ours
	c := &polled{fd: int32(fd), events: unix.EPOLLIN}
	c.link = c
	return &c.wsConn
}

// attach gives a connection to the poller.
type attach struct {
	conn    *polled
	early   []byte
	refused bool
}

func (c *polled) start(early []byte, refused bool) { c.sess.shard.Post(&attach{c, early, refused}) }

// Run implements Task.
func (t *attach) Run(sh *Shard) {
	c := t.conn
	if c.fd < 0 {
		return // could not be written to
	}
	if err := sh.startPoller(); err != nil {
		c.over(err)
		return
	}
	p := sh.poller
	if int(c.fd) >= len(p.conns) {
		p.conns = append(p.conns, make([]*polled, int(c.fd)+1-len(p.conns))...)
	}
	ev := unix.EpollEvent{Events: uint32(c.events), Fd: c.fd}
	if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, int(c.fd), &ev); err != nil {
		c.over(fmt.Errorf("epoll_ctl: %w", err))
		return
	}
	p.conns[c.fd] = c
	c.added = true
	if w := c.spell; w != nil {
		w.readBy.start(c)
		w.writeBy.start(c)
	}
	switch {
	case t.refused:
		c.draining = true
		c.limitRead(lingerTimeout)
		sh.closeConn(&c.wsConn, statusNone, true)
	case len(t.early) > 0:
		c.feed(t.early)
	}
}

// ask changes the events that the poller waits for.
func (c *polled) ask(events uint16) {
	if c.events == events || c.fd < 0 {
		return
	}
	c.events = events
	if !c.added {
		return
	}
	ev := unix.EpollEvent{Events: uint32(events), Fd: c.fd}
	if err := unix.EpollCtl(c.sess.shard.poller.fd, unix.EPOLL_CTL_MOD, int(c.fd), &ev); err != nil {
		c.over(fmt.Errorf("epoll_ctl: %w", err))
	}
}

// serve handles readiness.
func (c *polled) serve(events uint32) {
	if events&unix.EPOLLOUT != 0 && c.busy {
		c.drainPending()
	}
	if c.fd < 0 || events&^unix.EPOLLOUT == 0 {
		return
	}
	if c.holding() {
		// Not asked for: the connection is lost, or closed on both sides.
		c.over(io.EOF)
		return
	}
	buf := c.sess.shard.poller.buf[:]
	n, err := syscall.Read(int(c.fd), buf)
	switch {
	case err == syscall.EAGAIN, err == syscall.EINTR:
	case err != nil:
		c.over(os.NewSyscallError("read", err))
	case n == 0:
		c.over(io.EOF)
	case c.draining:
		if c.late += int32(n); c.late > lingerBytes {
			c.release()
		}
	default:
		c.feed(buf[:n])
	}
}

// feed parses what was read.
func (c *polled) feed(data []byte) {
	s := c.sess
	if c.probing {
		rest, err := c.parser.feed(data, c)
		if err != errPaused {
			c.parsed(nil, err)
			return
		}
		data = rest // the connection has taken over: what follows are messages
	}
	if s.paused() {
		c.hold(data)
		return
	}
	if !s.recvMu.TryLock() {
		// A poll's packets are on their way to the receiver still, or it is being
		// told of the end: neither may hold up the shard.
		c.hold(data)
		s.shard.srv.flushers.Go(func() {
			s.recvMu.Lock()
			defer s.recvMu.Unlock()
			s.shard.put(entry{kind: entryResume, sess: s})
		})
		return
	}
	rest, err := c.parser.feed(data, c)
	s.recvMu.Unlock()
	c.parsed(rest, err)
}

func (c *polled) parsed(rest []byte, err error) {
	switch {
	case err == errPaused:
		c.hold(rest)
	case err != nil:
		c.over(err)
	}
}

// message implements frameSink.
func (c *polled) message(data []byte, binary bool) error {
	probing := c.probing
	err := c.received(data, binary, true)
	if err == nil && !c.probing && (probing || c.sess.paused()) {
		err = errPaused
	}
	return err
}

// hold keeps what was read, and reads nothing more, until resume.
func (c *polled) hold(rest []byte) {
	w := c.waiting()
	w.holding, w.held = true, append([]byte(nil), rest...)
	c.ask(c.events &^ unix.EPOLLIN)
}

func (c *polled) resume() {
	if !c.holding() {
		return
	}
	held := c.letGo()
	if len(held) > 0 {
		c.feed(held)
	}
	if !c.holding() {
		c.ask(c.events | unix.EPOLLIN)
	}
}

// letGo returns what was held, if anything was; it is not held any more.
func (c *polled) letGo() (held []byte) {
	if c.holding() {
		held = c.spell.held
		c.spell.holding, c.spell.held = false, nil
		c.rest()
	}
	return held
}

// over ends the connection: it tells the session and, if that is of use, drains
// what the client still sends.
func (c *polled) over(err error) {
	if c.fd < 0 {
		return
	}
	if c.draining || !c.end(err) {
		c.release()
		return
	}
	c.letGo()
	c.draining, c.late = true, 0
	c.parser.partial = nil
	c.ask(c.events | unix.EPOLLIN)
}

// release closes the descriptor, once.
func (c *polled) release() {
	if c.fd < 0 {
		return
	}
	if c.added {
		c.sess.shard.poller.conns[c.fd] = nil
	}
	_ = unix.Close(int(c.fd)) // which takes it out of the poller
	c.fd = -1
	c.dead, c.busy, c.pend = true, false, nil
	c.parser.partial = nil
	c.letGo()
	c.limitRead(0)
	c.limitWrite(0)
	c.sess.shard.srv.wg.Done()
}

func (c *polled) limitRead(d time.Duration) {
	if d > 0 || c.spell != nil {
		c.waiting().readBy.set(c, d)
		c.rest()
	}
}

// limitWrite cuts the connection d from now; 0 lifts the limit.
func (c *polled) limitWrite(d time.Duration) {
	if d > 0 || c.spell != nil {
		c.waiting().writeBy.set(c, d)
		c.rest()
	}
}

func (c *polled) write(data []byte) (int, error) {
	for {
		n, err := syscall.Write(int(c.fd), data)
		switch err {
		case nil:
			return n, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, nil
		default:
			return 0, os.NewSyscallError("write", err)
		}
	}
}

func (c *polled) finish() {
	c.limitWrite(c.sess.shard.srv.opts.WriteTimeout)
	c.ask(c.events | unix.EPOLLOUT)
}

// drainPending writes what is pending.
func (c *polled) drainPending() {
	sh := c.sess.shard
	n, err := c.write(c.pend)
	if err != nil {
		sh.cut(&c.wsConn, err)
		return
	}
	if c.pend = c.pend[n:]; len(c.pend) > 0 {
		if n > 0 {
			c.limitWrite(sh.srv.opts.WriteTimeout)
		}
		return
	}
	c.pend, c.busy = nil, false
	c.limitWrite(0)
	c.ask(c.events &^ unix.EPOLLOUT)
	sh.written(&c.wsConn)
}

func (c *polled) linger() {
	c.limitRead(lingerTimeout)
	c.resume() // the session is closed: what comes is not delivered, but read
	if c.final && c.fd >= 0 {
		_ = unix.Shutdown(int(c.fd), unix.SHUT_WR)
	}
}

func (c *polled) abort() { c.over(net.ErrClosed) }

// A deadline of a polled. Few connections have one, and seldom.
type deadline struct {
	at    int64 // by Shard.now; 0: none
	timer *time.Timer
}

// set makes the deadline pass d from now, or never if d is 0. It runs once the
// connection belongs to the poller.
func (d *deadline) set(c *polled, after time.Duration) {
	switch {
	case after > 0:
		d.at = c.sess.shard.now() + int64(after)
		if c.added {
			d.start(c)
		}
	case d.at != 0:
		d.at = 0
		if d.timer != nil {
			d.timer.Stop()
			d.timer = nil
		}
	}
}

func (d *deadline) start(c *polled) {
	if d.at == 0 {
		return
	}
	sh := c.sess.shard
	after := time.Duration(d.at - sh.now())
	if d.timer != nil {
		d.timer.Reset(after)
		return
	}
	d.timer = time.AfterFunc(after, func() { sh.Post((*overdue)(c)) })
}

func (d *deadline) passed(now int64) bool { return d.at != 0 && d.at <= now }

// overdue looks at the deadlines of a connection after a timer has fired.
type overdue polled

// Run implements Task.
func (t *overdue) Run(sh *Shard) {
	c := (*polled)(t)
	now := sh.now()
	if w := c.spell; w != nil && w.readBy.passed(now) {
		c.over(os.ErrDeadlineExceeded)
	}
	if w := c.spell; w != nil && w.writeBy.passed(now) {
		sh.cut(&c.wsConn, ErrSlow)
	}
}
