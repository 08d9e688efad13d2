package redisadapter

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/storywire/storywire/redisbus"
	"github.com/storywire/storywire/socketio"
)

// pending is a request of ours and what was answered so far.
type pending struct {
	kind   answerKind    // that it waits for; answerAck: answerCount as well
	change chan struct{} // has room for one; something below has changed

	mu      sync.Mutex // guards the fields below
	answers []*answer
	err     error
}

// put adds an answer.
func (q *pending) put(a *answer) {
	if a.kind != q.kind && (q.kind != answerAck || a.kind != answerCount) {
		return // that was not the question
	}
	q.mu.Lock()
	q.answers = append(q.answers, a)
	q.mu.Unlock()
	q.notify()
}

// fail ends the wait.
func (q *pending) fail(err error) {
	q.mu.Lock()
	q.err = err
	q.mu.Unlock()
	q.notify()
}

func (q *pending) notify() {
	select {
	case q.change <- struct{}{}:
	default:
	}
}

// take waits for answers. With an error there may be some, too.
func (q *pending) take(ctx context.Context) ([]*answer, error) {
	var err error
	select {
	case <-q.change:
	case <-ctx.Done():
		err = ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.answers
	q.answers = nil
	return all, errors.Join(q.err, err)
}

// ask sends a request and returns where its answers arrive. done must be called.
func (p *peer) ask(r *request, kind answerKind) (q *pending, done func(), err error) {
	q = &pending{kind: kind, change: make(chan struct{}, 1)}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, nil, socketio.ErrClosed
	}
	p.pending[r.id] = q
	p.mu.Unlock()
	done = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.pending, r.id)
	}
	if err := p.wire.ask(r); err != nil {
		done()
		return nil, nil, err
	}
	return q, done, nil
}

// asks reports whether a request is one of ours.
func (p *peer) asks(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pending[id] != nil
}

// answered takes an answer of another server; those to others' requests count
// for nothing.
func (p *peer) answered(a *answer) {
	p.mu.Lock()
	q := p.pending[a.id]
	p.mu.Unlock()
	if q != nil {
		q.put(a)
	}
}

// others returns how many other servers there are.
func (p *peer) others(ctx context.Context) (int, error) {
	n, err := p.wire.servers(ctx)
	return max(0, n-1), err
}

// gather asks all other servers and calls each with the answers as they come.
func (p *peer) gather(ctx context.Context, r *request, kind answerKind, each func(*answer)) error {
	waiting, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	missing, err := p.others(waiting)
	if err != nil || missing == 0 {
		return err
	}
	asked := missing
	q, done, err := p.ask(r, kind)
	if err != nil {
		return err
	}
	defer done()
	for {
		answers, err := q.take(waiting)
		for _, a := range answers {
			each(a)
			if missing--; missing == 0 {
				return nil
			}
		}
		switch {
		case err == nil:
		case ctx.Err() != nil, !errors.Is(err, context.DeadlineExceeded):
			return err
		default:
			return fmt.Errorf("%w: %d of %d, %w", ErrTimeout, asked-missing, asked, err)
		}
	}
}

// fetch returns the sockets of all servers; with an error those of this one and
// of the servers that have answered.
func (p *peer) fetch(ctx context.Context, t socketio.Target, id string) ([]socketio.RemoteSocket, error) {
	all, err := p.local.Fetch(ctx, t)
	if err != nil {
		return nil, err
	}
	err = p.gather(ctx, &request{kind: kindFetch, id: id, target: t}, answerFetch, func(a *answer) {
		for i := range a.sockets {
			all = append(all, a.sockets[i].socket())
		}
	})
	return all, err
}

// serverSideEmit implements ServerSideEmit; id is that of the request.
func (p *peer) serverSideEmit(ctx context.Context, e *socketio.ServerEvent, id string, sink func(*socketio.Args)) error {
	r := &request{kind: kindServerSide, event: event{data: e.Data, attachments: e.Attachments}}
	if sink == nil {
		return p.wire.ask(r)
	}
	r.id = id
	return p.gather(ctx, r, answerServerSide, func(a *answer) { sink(a.args()) })
}

// args returns the answered value; nil if it cannot be read.
func (a *answer) args() *socketio.Args {
	data := make([]byte, 0, len(a.value)+2)
	data = append(data, '[')
	data = append(data, a.value...)
	data = append(data, ']')
	args, err := socketio.ParseArgs(data, a.attachments)
	if err != nil {
		return nil
	}
	return args
}

// broadcastWithAck sends an event to the sockets of all servers and tells sink
// what they answer.
func (p *peer) broadcastWithAck(ctx context.Context, b *socketio.Broadcast, id string, sink socketio.AckSink) error {
	others, err := p.others(ctx)
	if err != nil || others == 0 {
		return errors.Join(p.local.BroadcastWithAck(ctx, b, sink), err)
	}
	r := &request{kind: kindBroadcast, id: id, target: b.Target, event: eventOf(b)}
	q, done, err := p.ask(r, answerAck)
	if err != nil {
		return errors.Join(p.local.BroadcastWithAck(ctx, b, sink), err)
	}
	defer done()
	own := make(chan error, 1)
	go func() { own <- p.local.BroadcastWithAck(ctx, b, sink) }()
	return errors.Join(q.acks(ctx, others, sink), <-own)
}

// acks passes on the answers of the sockets of other servers until all are in.
func (q *pending) acks(ctx context.Context, servers int, sink socketio.AckSink) error {
	sockets := 0 // that have not answered
	for servers > 0 || sockets > 0 {
		answers, err := q.take(ctx)
		for _, a := range answers {
			if a.kind == answerCount {
				servers--
				sockets += a.count
				sink.Sent(a.count)
				continue
			}
			sockets--
			if args := a.args(); args != nil {
				sink.Answer(args)
			} else {
				sink.Lost()
			}
		}
		if err != nil && (servers > 0 || sockets > 0) {
			return err
		}
	}
	return nil
}

var _ redisbus.Watcher = (*outage)(nil)
