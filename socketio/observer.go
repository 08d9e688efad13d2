package socketio

import (
	"sync/atomic"
	"time"
)

// An Observer is told what happens in the namespaces of a server, so that it can
// be counted; engineio.Options.Observer is told of the connections below. Its
// methods are called by many goroutines at once and must be quick. Without an
// Observer each of them costs one comparison.
//
// Names of namespaces and events may be what clients chose: who labels metrics
// with them keeps to those it knows.
type Observer interface {
	// Connected tells of a socket that the middlewares let in.
	Connected(s *Socket)
	// Refused tells of a socket that a middleware refused with err.
	Refused(ns *Namespace, err error)
	// Disconnected tells of the end of a socket that was Connected.
	Disconnected(s *Socket, reason DisconnectReason)
	// Handled tells how long the handler of an event took, with its middlewares,
	// and what it returned; the event may be one of OnUnknown.
	Handled(s *Socket, event string, took time.Duration, err error)
	// Emitted tells of an event sent by this process to one socket or to many, and
	// how large its values are as JSON and attachments. Acknowledgements are none.
	Emitted(ns *Namespace, event string, bytes int)
	// Delivered tells of how many sockets of this process a broadcast, also one of
	// another process, was queued for; 0: it has none of the target's.
	Delivered(ns *Namespace, sockets int)
}

// observeEmitted tells the observer of an event that is about to be sent.
func (ns *Namespace) observeEmitted(event string, msg message) {
	o := ns.srv.opts.Observer
	if o == nil {
		return
	}
	size := len(msg.data)
	for _, b := range msg.attachments {
		size += len(b)
	}
	o.Emitted(ns, event, size)
}

// A tally adds up, over the shards, how many sockets a broadcast was queued for:
// the sockets above tallyShards bits, the shards that are done below.
type tally struct{ sum int64 } // changed atomically; a Broadcast is copied before it is delivered

const tallyShards = 16 // bits

// observeDelivered counts a shard's part, and tells the observer after the last.
func (h *hub) observeDelivered(t *tally, sockets int) {
	o := h.ns.srv.opts.Observer
	if o == nil {
		return
	}
	sum := atomic.AddInt64(&t.sum, int64(sockets)<<tallyShards+1)
	if int(sum&(1<<tallyShards-1)) == len(h.shards) {
		o.Delivered(h.ns, int(sum>>tallyShards))
	}
}
