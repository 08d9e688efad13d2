package socketio

import (
	"context"
	"sync"

	"github.com/storywire/storywire/engineio"
)

// An AckSink is told how a broadcast with acknowledgements goes on. Its methods
// may be called by any goroutine, in any order, and may block.
type AckSink interface {
	// Sent tells how many sockets of one process the event was sent to. It is
	// called once per process, perhaps after some of them have answered.
	Sent(sockets int)
	// Answer tells what one socket answered.
	Answer(args *Args)
	// Lost tells that a socket was disconnected before it answered.
	Lost()
}

// gathering is a broadcast with acknowledgements: the task of every shard, and
// what its sockets answer.
type gathering struct {
	hub    *hub
	event  *Broadcast
	asked  [][]*Socket   // by shard
	change chan struct{} // has room for one; something below has changed

	mu      sync.Mutex // guards the fields below
	shards  int        // that have not sent the event yet
	sent    int
	open    int // sockets that may still answer
	answers []*Args
	lost    int
}

// BroadcastWithAck implements [Adapter].
func (h *hub) BroadcastWithAck(ctx context.Context, b *Broadcast, sink AckSink) error {
	if b.frames == nil {
		b.id = h.ns.ackID.Add(1) - 1
		frames, err := newBroadcastFrames(h.ns, b, true)
		if err != nil {
			return err
		}
		b.frames = frames
	}
	g := &gathering{hub: h, event: b, asked: make([][]*Socket, len(h.shards)), change: make(chan struct{}, 1), shards: len(h.shards)}
	h.post(g)
	err := g.run(ctx, sink)
	if err != nil {
		h.post((*forgetting)(g))
	}
	return err
}

// run tells the sink what happens until nothing more can.
func (g *gathering) run(ctx context.Context, sink AckSink) error {
	told := false
	for {
		var err error
		select {
		case <-g.change:
		case <-ctx.Done():
			err = ctx.Err()
		case <-g.hub.ns.srv.closing:
			err = ErrClosed
		}
		g.mu.Lock()
		counted, sent, done := g.shards == 0, g.sent, g.shards == 0 && g.open == 0
		answers, lost := g.answers, g.lost
		g.answers, g.lost = nil, 0
		g.mu.Unlock()
		if counted && !told {
			told = true
			sink.Sent(sent)
		}
		for _, a := range answers {
			sink.Answer(a)
		}
		for range lost {
			sink.Lost()
		}
		if done {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Run sends the event to the shard's part of the target.
func (g *gathering) Run(sh *engineio.Shard) {
	sp := &g.hub.spaces[sh.Index()]
	picked := sp.pick(g.event.Target)
	g.mu.Lock()
	g.open += len(picked) // before the first can answer
	g.mu.Unlock()
	asked := make([]*Socket, 0, len(picked))
	for _, m := range picked {
		// Its client may know already that the socket is disconnected.
		if !m.socket.expect(waiter{id: g.event.id, group: g}) {
			continue
		}
		asked = append(asked, m.socket)
		if g.event.Volatile {
			sh.AppendVolatile(m.session, g.event.frames...)
			continue
		}
		for _, frame := range g.event.frames {
			sh.Append(m.session, frame)
		}
	}
	g.mu.Lock()
	g.open -= len(picked) - len(asked)
	g.sent += len(asked)
	g.shards--
	g.mu.Unlock()
	g.asked[sh.Index()] = asked
	g.hub.observeDelivered(&g.event.reached, len(asked))
	sp.rest()
	g.notify()
}

// settle takes the answer of one socket, nil if it was disconnected.
func (g *gathering) settle(args *Args) {
	g.mu.Lock()
	g.open--
	if args != nil {
		g.answers = append(g.answers, args)
	} else {
		g.lost++
	}
	g.mu.Unlock()
	g.notify()
}

func (g *gathering) notify() {
	select {
	case g.change <- struct{}{}:
	default:
	}
}

// forgetting removes, as the task of every shard, what still waits for the
// answers of a gathering that has ended.
type forgetting gathering

// Run implements engineio.Task.
func (f *forgetting) Run(sh *engineio.Shard) {
	for _, s := range f.asked[sh.Index()] {
		s.takeWaiter(f.event.id)
	}
}
