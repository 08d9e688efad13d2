package redisadapter

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/storywire/storywire/redisbus"
	"github.com/storywire/storywire/socketio"
)

// wire is how requests and answers are written and where they go: that is what
// the adapters differ in.
type wire interface {
	// servers counts those that hear requests, this one included.
	servers(ctx context.Context) (int, error)
	// ask sends a request of ours.
	ask(r *request) error
	// reply sends an answer to a request of another.
	reply(r *request, a *answer) error
}

// peer is a namespace of this server among those of the others: it carries out
// what they ask, and gathers their answers.
type peer struct {
	ns      *socketio.Namespace
	local   socketio.Adapter
	bus     *redisbus.Bus
	wire    wire
	timeout time.Duration
	log     *slog.Logger
	junk    rate.Sometimes // when to log what cannot be read
	leave   []func()       // of the bus

	// requests of others that are carried out
	ctx    context.Context
	cancel context.CancelFunc
	places chan struct{} // one for each
	work   sync.WaitGroup

	mu      sync.Mutex // guards pending and closed
	pending map[string]*pending
	closed  bool
}

// maxServing is how many requests of other servers one namespace carries out at
// a time. More are not answered.
const maxServing = 1024

func newPeer(bus *redisbus.Bus, ns *socketio.Namespace, local socketio.Adapter, w wire, timeout time.Duration, log *slog.Logger) *peer {
	p := &peer{
		ns: ns, local: local, bus: bus, wire: w, timeout: timeout, log: log.With("namespace", ns.Name()),
		junk: rate.Sometimes{Interval: time.Second}, places: make(chan struct{}, maxServing), pending: map[string]*pending{},
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// enter subscribes, and has those that wait for answers told of an outage.
func (p *peer) enter(subscriptions ...func()) {
	p.leave = slices.Concat(subscriptions, []func(){p.bus.Watch((*outage)(p))})
}

// outage ends what waits for servers that cannot be heard any more.
type outage peer

// Lost implements [redisbus.Watcher].
func (o *outage) Lost() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, q := range o.pending {
		q.fail(redisbus.ErrUnavailable)
	}
}

// Back implements [redisbus.Watcher].
func (o *outage) Back() {}

// malformed notes a message that cannot be read.
func (p *peer) malformed(channel string, err error) {
	p.junk.Do(func() {
		p.log.Warn("dropped a malformed message from redis", "channel", channel, "err", err)
	})
}

// close leaves the cluster, and waits for what is being carried out.
func (p *peer) close() error {
	for _, leave := range p.leave {
		leave()
	}
	p.mu.Lock()
	p.closed = true
	for _, q := range p.pending {
		q.fail(socketio.ErrClosed)
	}
	p.mu.Unlock()
	p.cancel()
	p.work.Wait()
	return p.local.Close()
}

// ServerCount implements [socketio.ServerCounter].
func (p *peer) ServerCount(ctx context.Context) (int, error) { return p.wire.servers(ctx) }

// update tells the others of a change, then changes this server's own sockets.
func (p *peer) update(u *socketio.Update) error {
	r := &request{kind: kindJoin, target: u.Target, rooms: u.Names, close: u.CloseTransport}
	switch u.Kind {
	case socketio.UpdateLeave:
		r.kind = kindLeave
	case socketio.UpdateDisconnect:
		r.kind = kindDisconnect
	}
	if len(r.rooms) == 0 && r.kind != kindDisconnect {
		return nil
	}
	return errors.Join(p.wire.ask(r), p.local.Update(u))
}

// serve carries out a request of another server. What takes time, or needs an
// answer, goes on after it has returned.
func (p *peer) serve(r *request) {
	switch {
	case r.socket != "":
		p.background(func() { p.serveOne(r) })
	case r.kind == kindJoin, r.kind == kindLeave, r.kind == kindDisconnect:
		if err := p.local.Update(r.update()); err != nil {
			p.log.Error("carry out a request of another server", "err", err)
		}
	default:
		p.background(func() { p.answer(r) })
	}
}

func (r *request) update() *socketio.Update {
	u := &socketio.Update{Target: r.target, Names: r.rooms, CloseTransport: r.close}
	switch r.kind {
	case kindLeave:
		u.Kind = socketio.UpdateLeave
	case kindDisconnect:
		u.Kind = socketio.UpdateDisconnect
	}
	return u
}

// background runs f on a goroutine of its own, if there is room for one more.
func (p *peer) background(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	select {
	case p.places <- struct{}{}:
	default:
		p.junk.Do(func() { p.log.Warn("dropped a request of another server: too many at a time") })
		return
	}
	p.work.Go(func() {
		defer func() { <-p.places }()
		f()
	})
}

// serveOne carries out a request of the old form, which names one socket: the
// server that has it answers.
func (p *peer) serveOne(r *request) {
	ctx, cancel := context.WithTimeout(p.ctx, p.timeout)
	defer cancel()
	r.target = socketio.Target{Rooms: []string{r.socket}}
	found, err := p.local.Fetch(ctx, r.target)
	if err != nil || len(found) == 0 {
		return
	}
	if err := p.local.Update(r.update()); err == nil {
		p.reply(r, &answer{kind: answerDone})
	}
}

func (p *peer) reply(r *request, a *answer) {
	a.id = r.id
	if err := p.wire.reply(r, a); err != nil && !errors.Is(err, redisbus.ErrUnavailable) {
		p.log.Warn("answer another server", "err", err)
	}
}

// answer answers a request.
func (p *peer) answer(r *request) {
	switch r.kind {
	case kindServerSide:
		p.answerServerSide(r)
	case kindBroadcast:
		p.answerBroadcast(r)
	default:
		p.answerSockets(r)
	}
}

func (p *peer) answerSockets(r *request) {
	ctx, cancel := context.WithTimeout(p.ctx, p.timeout)
	defer cancel()
	found, err := p.local.Fetch(ctx, r.target)
	if err == nil {
		// Who learns here that a socket is in a room may send to the room.
		err = p.bus.Settle(ctx)
	}
	if err != nil {
		return
	}
	switch r.kind {
	case kindFetch:
		a := &answer{kind: answerFetch, sockets: make([]remoteSocket, 0, len(found))}
		for _, s := range found {
			a.sockets = append(a.sockets, describe(s))
		}
		p.reply(r, a)
	case kindSockets:
		a := &answer{kind: answerSockets, names: []string{}}
		for _, s := range found {
			a.names = append(a.names, s.ID)
		}
		p.reply(r, a)
	case kindRooms:
		a := &answer{kind: answerRooms, names: []string{}}
		seen := map[string]bool{}
		for _, s := range found {
			for _, room := range s.Rooms {
				if !seen[room] {
					seen[room] = true
					a.names = append(a.names, room)
				}
			}
		}
		p.reply(r, a)
	}
}

func (p *peer) answerServerSide(r *request) {
	ctx, cancel := context.WithTimeout(p.ctx, p.timeout)
	defer cancel()
	args, err := p.ns.ServeServerSide(ctx, &socketio.ServerEvent{Data: r.event.data, Attachments: r.event.attachments})
	if err != nil || r.id == "" {
		return // a server without a handler keeps silent, as Node's do
	}
	p.reply(r, &answer{kind: answerServerSide, value: args.Raw(0), attachments: args.Attachments()})
}

// answerBroadcast sends an event to this server's sockets and the other server
// what they answer. Nobody tells for how long it waits: a while after it has
// surely given up.
func (p *peer) answerBroadcast(r *request) {
	ctx, cancel := context.WithTimeout(p.ctx, maxAckWait)
	defer cancel()
	_ = p.local.BroadcastWithAck(ctx, r.event.broadcast(r.target), &forward{p, r})
}

// maxAckWait bounds how long answers are passed on to another server.
const maxAckWait = time.Minute

// forward is a sink that passes everything on to another server.
type forward struct {
	peer    *peer
	request *request
}

// Sent implements [socketio.AckSink].
func (f *forward) Sent(sockets int) {
	f.peer.reply(f.request, &answer{kind: answerCount, count: sockets})
}

// Answer implements [socketio.AckSink].
func (f *forward) Answer(args *socketio.Args) {
	f.peer.reply(f.request, &answer{kind: answerAck, value: args.Raw(0), attachments: args.Attachments()})
}

// Lost implements [socketio.AckSink]; the protocol has no word for it.
func (f *forward) Lost() {}
