package engineio

// joinMax is the number of bytes that are joined before a session is written
// to within a turn: beyond it a larger write saves nothing.
const joinMax = 64 << 10 // bytes

// An outbox holds what the sessions of a shard are about to be sent in one round
// of writes. A session's part is a path from the root of a tree: sessions that
// get the same messages, as the members of a room do, share the path. So an
// append is a pointer moved, and the joined bytes of a path are built once.
type outbox struct {
	root  node
	nodes []*node // all nodes ever needed in one round
	used  int
	dirty []*Session // those with a path, or a poll to answer
	afar  bool       // some of it is of other processes, see Gather
	since int64      // when the first of them got it, see hold
}

// A node is a path: its parent's, then frame. The root has neither.
type node struct {
	parent *node
	frame  *Frame
	last   *node // the child made last; others are forgotten
	size   int   // bytes of the path
}

// What an idle shard keeps at most.
const (
	spareNodes = 1024
	spareDirty = 16 << 10
)

func (o *outbox) child(n *node, f *Frame) *node {
	if c := n.last; c != nil && c.frame == f {
		return c
	}
	if o.used == len(o.nodes) {
		o.nodes = append(o.nodes, new(node))
	}
	c := o.nodes[o.used]
	o.used++
	*c = node{parent: n, frame: f, size: n.size + len(f.wire)}
	n.last = c
	return c
}

// reset forgets the round.
func (o *outbox) reset() {
	for _, n := range o.nodes[:o.used] {
		*n = node{}
	}
	o.used, o.root.last, o.afar = 0, nil, false
	if len(o.nodes) > spareNodes {
		clear(o.nodes[spareNodes:])
		o.nodes = o.nodes[:spareNodes]
	}
	clear(o.dirty)
	o.dirty = o.dirty[:0]
	if cap(o.dirty) > spareDirty {
		o.dirty = nil
	}
}

// bytes returns the joined frames of a path. They are valid until the next
// call and must not be changed.
func (sh *Shard) bytes(n *node) []byte {
	if !n.joins() {
		return n.frame.wire
	}
	if sh.joinedOf == n {
		return sh.joined
	}
	if cap(sh.joined) < n.size {
		sh.joined = make([]byte, n.size)
	}
	sh.joined = sh.joined[:n.size]
	sh.joinedOf = n
	for ; n.parent != nil; n = n.parent {
		copy(sh.joined[n.size-len(n.frame.wire):], n.frame.wire)
	}
	return sh.joined
}

// joins reports whether the path has more than one frame.
func (n *node) joins() bool { return n.parent.parent != nil }

// forgetJoined ends the use of what bytes has built.
func (sh *Shard) forgetJoined() {
	sh.joinedOf = nil
	if cap(sh.joined) > 2*joinMax {
		sh.joined = nil
	}
}

// mark adds a session to those that the next round writes to.
func (sh *Shard) mark(s *Session) {
	o := &sh.outboxes[sh.gathers]
	if len(o.dirty) == 0 {
		o.since = sh.hold.clock(sh)
	}
	o.dirty = append(o.dirty, s)
}

// Append queues a message for a session of this shard. Only a Task may call
// it, during Run. It takes no lock, and does not allocate when sessions
// receive the same messages in the same turn.
func (sh *Shard) Append(s *Session, f *Frame) {
	if s.shard != sh {
		panic("engineio: Append to a session of another shard")
	}
	if s.wclosed {
		return
	}
	if s.lp != nil {
		sh.appendPoll(s, f)
		return
	}
	if s.form != 0 {
		f = f.in(s.form, sh.srv)
	}
	n := s.out
	if n == nil {
		s.box = sh.gathers
		n = &sh.outboxes[s.box].root
		sh.mark(s)
	}
	n = sh.outboxes[s.box].child(n, f)
	s.out = n
	if n.size >= joinMax {
		sh.flush(s)
	}
}

// AppendVolatile is Append, but the messages, all of them, are dropped unless
// the client can take them now; see Session.SendVolatile.
func (sh *Shard) AppendVolatile(s *Session, frames ...*Frame) {
	if s.lp != nil && s.lp.waiting == nil {
		return
	}
	if s.ws != nil && s.ws.busy {
		return
	}
	for _, f := range frames {
		sh.Append(s, f)
	}
}

// flush writes what was appended for one session.
func (sh *Shard) flush(s *Session) {
	if s.lp != nil {
		sh.flushPoll(s)
		return
	}
	n := s.out
	if n == nil {
		return
	}
	s.out = nil
	if s.ws != nil {
		sh.hold.wrote(n)
		sh.observeSent(n.size)
		sh.push(s.ws, sh.bytes(n))
	}
}

// push writes data, which it does not keep, to a WebSocket: at once as far as
// the connection takes it, the rest when it takes more.
func (sh *Shard) push(c *wsConn, data []byte) {
	if c.dead {
		return
	}
	if c.busy {
		if c.inflight+len(c.pend)+len(data) > sh.srv.opts.MaxQueue {
			sh.cut(c, ErrSlow)
			return
		}
		c.pend = append(c.pend, data...)
		return
	}
	n, err := c.link.write(data)
	if err != nil {
		sh.cut(c, err)
		return
	}
	if data = data[n:]; len(data) == 0 {
		return
	}
	c.pend = append(c.pend, data...)
	c.busy = true
	c.link.finish()
}

// written goes on when a connection has taken all that was pushed.
func (sh *Shard) written(c *wsConn) {
	if c.closeSent {
		c.link.linger()
	} else if s := c.sess; s.ws == c && s.bye != nil {
		s.bye.Run(sh)
	}
}

// cut ends a connection that cannot be written to.
func (sh *Shard) cut(c *wsConn, err error) {
	if c.dead {
		return
	}
	c.dead, c.pend = true, nil
	if c.sess.ws == c {
		c.sess.terminate(endingOf(err)) // before the reader sees the end too
	}
	c.link.abort()
}
