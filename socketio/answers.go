package socketio

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Timeout sets how long EmitWithAck waits for answers, however late the deadline
// of its context is. d must be positive.
func (o Operator) Timeout(d time.Duration) Operator {
	o.timeout = d
	return o
}

// EmitWithAck sends an event to the selected sockets and returns their answers,
// in the order of arrival, when each of them has answered or was disconnected.
//
// It waits for Timeout, or until ctx ends, or for Options.AckTimeout if there is
// neither Timeout nor a deadline. The answers that came are returned also with
// an error: ErrAckTimeout if some clients did not answer in time (joined with
// context.DeadlineExceeded if the deadline was that of ctx), ErrDisconnected if
// all others did, the context's if it was canceled, or as in Emit. An answer
// that comes later is dropped. If no socket is selected there are no answers and
// no error.
//
// With Volatile, a client for whom the event was dropped does not answer.
func (o Operator) EmitWithAck(ctx context.Context, event string, args ...any) ([]*Args, error) {
	id := o.ns.ackID.Add(1) - 1
	msg, err := encodeEvent(o.ns, event, id, true, args)
	if err != nil {
		return nil, err
	}
	o.ns.tell(nil, o.target, event, msg, len(args))
	limit := o.timeout
	if _, bounded := ctx.Deadline(); limit <= 0 && !bounded {
		limit = o.ns.srv.opts.AckTimeout
	}
	waiting := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	b := o.broadcast(msg)
	b.id = id
	var got answers
	err = o.adapter().BroadcastWithAck(waiting, b, &got)
	got.mu.Lock()
	defer got.mu.Unlock()
	if err == nil && got.lost {
		err = ErrDisconnected
	}
	return got.all, ackError(ctx, err)
}

// ackError makes ErrAckTimeout of a deadline: alone if it was not that of ctx,
// the caller's context.
func ackError(ctx context.Context, err error) error {
	switch {
	case !errors.Is(err, context.DeadlineExceeded):
		return err
	case ctx.Err() == nil:
		return ErrAckTimeout
	}
	return errors.Join(ErrAckTimeout, err)
}

// answers collects those of all processes.
type answers struct {
	mu   sync.Mutex // guards the fields below
	all  []*Args
	lost bool // a socket was disconnected before it answered
}

var _ AckSink = (*answers)(nil)

// Sent implements [AckSink]: it is the adapter that counts.
func (a *answers) Sent(int) {}

// Answer implements [AckSink].
func (a *answers) Answer(args *Args) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, args)
}

// Lost implements [AckSink].
func (a *answers) Lost() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lost = true
}

// Timeout selects all sockets; see [Operator.Timeout].
func (ns *Namespace) Timeout(d time.Duration) Operator { return ns.operator().Timeout(d) }

// EmitWithAck sends an event to all sockets and returns their answers; see
// [Operator.EmitWithAck].
func (ns *Namespace) EmitWithAck(ctx context.Context, event string, args ...any) ([]*Args, error) {
	return ns.operator().EmitWithAck(ctx, event, args...)
}

// EmitWithAck sends an event to the socket and returns its answer. The error is
// ErrDisconnected if the socket is gone, else as [Operator.EmitWithAck] tells.
func (r RemoteSocket) EmitWithAck(ctx context.Context, event string, args ...any) (*Args, error) {
	all, err := r.ns.To(r.ID).EmitWithAck(ctx, event, args...)
	switch {
	case len(all) > 0:
		return all[0], nil
	case err == nil:
		return nil, ErrDisconnected
	}
	return nil, err
}
