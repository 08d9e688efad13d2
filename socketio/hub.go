package socketio

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/storywire/storywire/engineio"
)

// hub is the local adapter of a namespace: it knows which of this process's
// sockets are in which room. Each shard owns the part that concerns its own
// connections, so there is no lock: whatever reads or changes it is a task, and
// a broadcast is one task per shard.
type hub struct {
	ns     *Namespace
	shards []*engineio.Shard
	spaces []space // by shard

	recovery *recoverer // nil: clients that come back start anew
	watch    *roomWatch // nil: nobody does
}

var _ Adapter = (*hub)(nil)

func newHub(ns *Namespace) *hub {
	h := &hub{ns: ns, shards: ns.srv.engine.Shards()}
	h.spaces = make([]space, len(h.shards))
	for i := range h.spaces {
		h.spaces[i] = space{ids: map[string]*Socket{}, rooms: map[string]*room{}}
	}
	if o := ns.srv.opts.Recovery; o != nil {
		h.recovery = newRecoverer(ns, *o)
	}
	return h
}

func (h *hub) post(t engineio.Task) {
	for _, sh := range h.shards {
		sh.Post(t)
	}
}

// Broadcast implements [Adapter].
func (h *hub) Broadcast(b *Broadcast) error {
	if h.recovery != nil && !b.Volatile {
		return h.recovery.publish(h, b)
	}
	if b.frames == nil {
		frames, err := newBroadcastFrames(h.ns, b, false)
		if err != nil {
			return err
		}
		b.frames = frames
	}
	b.hub = h
	h.post((*delivery)(b))
	return nil
}

// delivery is a Broadcast as the task of every shard.
type delivery Broadcast

// Run implements engineio.Task.
func (b *delivery) Run(sh *engineio.Shard) { b.hub.observeDelivered(&b.reached, b.queue(sh)) }

// queue queues the event for the shard's part of the target, and returns how many
// sockets that is.
func (b *delivery) queue(sh *engineio.Shard) (sockets int) {
	sp := &b.hub.spaces[sh.Index()]
	if b.position > 0 {
		sp.heard = b.position
	}
	picked := sp.pick(b.Target)
	if b.afar && len(picked) > 0 {
		sh.Gather()
	}
	switch {
	case b.Volatile:
		for _, m := range picked {
			sh.AppendVolatile(m.session, b.frames...)
		}
	case len(b.frames) == 1:
		frame := b.frames[0]
		for _, m := range picked {
			sh.Append(m.session, frame)
		}
	default:
		for _, m := range picked {
			for _, frame := range b.frames {
				sh.Append(m.session, frame)
			}
		}
	}
	sockets = len(picked)
	sp.rest()
	return sockets
}

// Update implements [Adapter].
func (h *hub) Update(u *Update) error {
	h.post(&change{h, u})
	return nil
}

// change is an Update as the task of every shard.
type change struct {
	hub    *hub
	update *Update
}

// Run changes the shard's part of the target.
func (c *change) Run(sh *engineio.Shard) {
	sp := &c.hub.spaces[sh.Index()]
	picked := slices.Clone(sp.pick(c.update.Target)) // the change moves members
	sp.rest()
	for _, m := range picked {
		switch c.update.Kind {
		case UpdateJoin:
			sp.joinFromAfar(m.socket, c.update.Names)
		case UpdateLeave:
			sp.leaveFromAfar(m.socket, c.update.Names)
		case UpdateDisconnect:
			m.socket.Disconnect(c.update.CloseTransport)
		}
	}
}

// Fetch implements [Adapter].
func (h *hub) Fetch(ctx context.Context, t Target) ([]RemoteSocket, error) {
	q := &query{hub: h, target: t, found: make([][]*Socket, len(h.shards)), done: make(chan struct{})}
	q.open.Store(int32(len(h.shards)))
	h.post(q)
	select {
	case <-q.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-h.ns.srv.closing:
		return nil, ErrClosed
	}
	var all []RemoteSocket
	for _, sockets := range q.found {
		for _, s := range sockets {
			all = append(all, RemoteSocket{ID: s.id, Rooms: s.Rooms(), Data: s.Data(), ns: h.ns, socket: s})
		}
	}
	return all, nil
}

// query is a Fetch as the task of every shard.
type query struct {
	hub    *hub
	target Target
	found  [][]*Socket // by shard
	open   atomic.Int32
	done   chan struct{}
}

// Run collects the shard's part of the target.
func (q *query) Run(sh *engineio.Shard) {
	sp := &q.hub.spaces[sh.Index()]
	for _, m := range sp.pick(q.target) {
		q.found[sh.Index()] = append(q.found[sh.Index()], m.socket)
	}
	sp.rest()
	if q.open.Add(-1) == 0 {
		close(q.done)
	}
}

// Close implements [Adapter]; the local one holds nothing.
func (h *hub) Close() error { return nil }

// arrival adds a connected socket and answers its CONNECT, so that no broadcast
// can come in between.
type arrival struct {
	socket *Socket
	before []*Packet
	answer *engineio.Frame
	after  []*Packet
	rooms  []string
	line   *lifeline // that the socket carries on; nil: none
}

// Run implements engineio.Task.
func (a *arrival) Run(sh *engineio.Shard) {
	sp := &a.socket.ns.hub.spaces[sh.Index()]
	session := a.socket.conn.session
	for _, p := range a.before {
		appendAll(sh, session, p.msg.frames)
	}
	if a.answer != nil {
		sh.Append(session, a.answer)
	}
	for _, p := range a.after {
		appendAll(sh, session, p.msg.frames)
	}
	sp.add(a.socket)
	for _, name := range a.rooms {
		sp.join(a.socket, name)
	}
	if a.line != nil {
		sp.resume(a.socket, a.line)
	}
}

func appendAll(sh *engineio.Shard, session *engineio.Session, frames []*engineio.Frame) {
	for _, f := range frames {
		sh.Append(session, f)
	}
}

// departure removes a disconnected socket and tells its client if frame is set.
type departure struct {
	socket *Socket
	frame  *engineio.Frame
}

// Run implements engineio.Task.
func (d *departure) Run(sh *engineio.Shard) {
	h := d.socket.ns.hub
	if h.recovery != nil {
		h.recovery.part(d.socket)
	}
	h.spaces[sh.Index()].remove(d.socket)
	if d.frame != nil {
		sh.Append(d.socket.conn.session, d.frame)
	}
}

// roomChange is a Join or Leave of one socket.
type roomChange struct {
	socket *Socket
	rooms  []string
	leave  bool
}

// Run implements engineio.Task.
func (c *roomChange) Run(sh *engineio.Shard) {
	sp := &c.socket.ns.hub.spaces[sh.Index()]
	for _, name := range c.rooms {
		if c.leave {
			sp.leave(c.socket, name)
		} else {
			sp.join(c.socket, name)
		}
	}
	c.socket.roomsSettled()
}
