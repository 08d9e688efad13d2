package engineio

// joinMax is the number of bytes that are joined before a session is written
// to within a turn: beyond it a larger write saves nothing.
const joinMax = 64 << 10 // bytes

// An outbox holds, during one turn, what the sessions of a shard are about to
// be sent. A session's part is a path from the root of a tree: sessions that
// get the same messages, as the members of a room do, share the path. So an
// append is a pointer moved, and the joined bytes of a path are built once.
type outbox struct {
	root  node
	nodes []*node // all nodes ever needed in one turn
	used  int
	dirty []*Session // those with a path, or a poll to answer

	joined    []byte // the bytes of joinedFor's path
	joinedFor *node
	writer    rawWriter
}

// A node is a path: its parent's, then frame.
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

// bytes returns the joined frames of a path. They are valid until the next
// call and must not be changed.
func (o *outbox) bytes(n *node) []byte {
	if n.parent == &o.root {
		return n.frame.wire
	}
	if o.joinedFor == n {
		return o.joined
	}
	if cap(o.joined) < n.size {
		o.joined = make([]byte, n.size)
	}
	o.joined = o.joined[:n.size]
	o.joinedFor = n
	for ; n != &o.root; n = n.parent {
		copy(o.joined[n.size-len(n.frame.wire):], n.frame.wire)
	}
	return o.joined
}

// reset forgets the turn.
func (o *outbox) reset() {
	for _, n := range o.nodes[:o.used] {
		*n = node{}
	}
	o.used, o.root.last, o.joinedFor = 0, nil, nil
	if len(o.nodes) > spareNodes {
		clear(o.nodes[spareNodes:])
		o.nodes = o.nodes[:spareNodes]
	}
	clear(o.dirty)
	o.dirty = o.dirty[:0]
	if cap(o.dirty) > spareDirty {
		o.dirty = nil
	}
	if cap(o.joined) > 2*joinMax {
		o.joined = nil
	}
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
		n = &sh.outbox.root
		sh.outbox.dirty = append(sh.outbox.dirty, s)
	}
	n = sh.outbox.child(n, f)
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

// lookEvery is after how many writes a shard looks what has arrived. A round of
// writes may take milliseconds; what is read meanwhile reaches all shards before
// their next round and shares its writes.
const lookEvery = 64

// maxJoins is how often one round of writes takes in what has arrived since it
// began. It bounds what the outbox holds, and when heartbeats are looked at.
const maxJoins = 64

// flushAll ends a turn: everything appended is written or handed on. What arrives
// meanwhile shares the writes that are still to come; sessions that had theirs
// come once more, behind all others.
func (sh *Shard) flushAll() {
	o := &sh.outbox
	if len(o.dirty) == 0 {
		return
	}
	joins := 0
	for written := 1; written <= len(o.dirty); written++ { // dirty grows meanwhile
		sh.flush(o.dirty[written-1])
		if written%lookEvery != 0 {
			continue
		}
		sh.look()
		if joins < maxJoins {
			joins++
			sh.applyAll()
		}
	}
	o.reset()
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
		sh.observeSent(n.size)
		sh.push(s.ws, sh.outbox.bytes(n))
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
