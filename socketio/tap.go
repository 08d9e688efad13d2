package socketio

import (
	"context"
	"slices"
)

// Outgoing is an event that this process sends.
type Outgoing struct {
	// Socket is the only one it goes to, or nil if Target selects them.
	Socket *Socket
	// Target is what an operator has selected. Its slices must not be changed.
	Target Target
	Event  string
	Args   *Args
}

// OnAny adds a tap: it sees every event of every client, before event middlewares
// and the event's handler, on the same goroutine, and also those that have no
// handler. It may keep the call; taps are for logs and counters and leave
// answering to handlers. A panic in it is one in the handler. Without taps events
// cost what they did.
func (ns *Namespace) OnAny(tap func(s *Socket, call *Call)) {
	ns.change(func(r *rules) { r.taps = append(slices.Clip(r.taps), tap) })
}

// OnAnyOutgoing adds a tap: it sees every event that this process sends to the
// namespace's clients, by sockets or operators, before it is queued, on the
// goroutine that emits it. A broadcast is seen once, however many sockets it
// reaches, those of other processes included; their broadcasts are not seen, nor
// are acknowledgements. A tap that emits to the namespace sees that as well, and
// must not do so without end.
func (ns *Namespace) OnAnyOutgoing(tap func(out Outgoing)) {
	ns.change(func(r *rules) { r.outgoing = append(slices.Clip(r.outgoing), tap) })
}

// tapped is h behind the taps. h may be nil.
func (r *rules) tapped(h EventHandler) EventHandler {
	if len(r.taps) == 0 {
		return h
	}
	taps := r.taps
	return func(ctx context.Context, s *Socket, call *Call) error {
		for _, tap := range taps {
			tap(s, call)
		}
		if h == nil {
			return nil
		}
		return h(ctx, s, call)
	}
}

// tell shows the observer and the taps an event that is about to be sent: to s, or to the target
// if s is nil.
func (ns *Namespace) tell(s *Socket, target Target, event string, msg message, args int) {
	ns.observeEmitted(event, msg)
	taps := ns.rules.Load().outgoing
	if len(taps) == 0 {
		return
	}
	out := Outgoing{s, target, event, &Args{data: msg.data, skip: 1, n: args, attachments: msg.attachments}}
	for _, tap := range taps {
		tap(out)
	}
}
