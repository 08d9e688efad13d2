package cluster

import (
	"sync"
)

// A Bus carries messages between nodes. Channel names are short and fixed by
// the features, like "presence" or "edit:42"; the bus puts its prefix before
// them. All methods may be called by any goroutine.
//
// Features declare the part of it that they need.
type Bus interface {
	// Publish sends data to the channel's subscribers on all other nodes, not
	// to those of this one. It never blocks; what cannot be sent is dropped,
	// and the nodes that miss it are told of a gap. Messages of one goroutine
	// arrive in their order. data must not be changed from then on.
	Publish(channel string, data []byte)
	// Subscribe has f called with what other nodes publish to the channel from
	// soon on, until cancel is called. One goroutine calls all of them: f must
	// be quick and must not keep data.
	Subscribe(channel string, f func(data []byte)) (cancel func())
	// Healthy reports whether the other nodes can be reached. A single node
	// always is.
	Healthy() bool
	// OnGap has f called whenever messages may have been missed, by this node:
	// after an outage, also the one before the first connection, and when
	// another node had to drop some. By then new messages arrive again. f must
	// be quick, and is not called any more when cancel has returned.
	OnGap(f func()) (cancel func())
}

// listeners are callbacks that can be taken away again.
type listeners[F any] struct {
	mu   sync.Mutex // guards all; held while they are called
	all  map[int]F
	next int
}

func (l *listeners[F]) add(f F) (cancel func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[int]F{}
	}
	id := l.next
	l.next++
	l.all[id] = f
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.all, id)
	}
}

func (l *listeners[F]) each(call func(F)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.all {
		call(f)
	}
}
