package cluster

import (
	"maps"
	"slices"
	"sync"
)

// Local connects nodes of one process: usually one, which has nobody to talk to,
// and in tests as many as they join.
type Local struct {
	mu    sync.Mutex // guards nodes
	nodes []*LocalBus
}

// NewLocal returns a Local without nodes.
func NewLocal() *Local { return &Local{} }

// Join returns the bus of one more node.
func (l *Local) Join() *LocalBus {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := &LocalBus{local: l}
	l.nodes = append(l.nodes, b)
	return b
}

// LocalBus is a node's part of a Local. Messages arrive before Publish returns.
type LocalBus struct {
	local *Local
	gaps  listeners[func()]

	mu   sync.Mutex // guards the fields below
	subs map[string]map[int]func([]byte)
	next int
}

var _ Bus = (*LocalBus)(nil)

// Publish implements [Bus].
func (b *LocalBus) Publish(channel string, data []byte) {
	b.local.mu.Lock()
	nodes := slices.Clone(b.local.nodes)
	b.local.mu.Unlock()
	for _, other := range nodes {
		if other == b {
			continue
		}
		other.mu.Lock()
		receivers := slices.Collect(maps.Values(other.subs[channel]))
		other.mu.Unlock()
		for _, f := range receivers {
			f(data)
		}
	}
}

// Subscribe implements [Bus].
func (b *LocalBus) Subscribe(channel string, f func(data []byte)) (cancel func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = map[string]map[int]func([]byte){}
	}
	if b.subs[channel] == nil {
		b.subs[channel] = map[int]func([]byte){}
	}
	id := b.next
	b.next++
	b.subs[channel][id] = f
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs[channel], id)
		if len(b.subs[channel]) == 0 {
			delete(b.subs, channel)
		}
	}
}

// Healthy implements [Bus].
func (b *LocalBus) Healthy() bool { return true }

// OnGap implements [Bus]; Gap calls f.
func (b *LocalBus) OnGap(f func()) (cancel func()) { return b.gaps.add(f) }

// Gap tells the node's listeners that it may have missed something, for tests.
func (b *LocalBus) Gap() { b.gaps.each(func(f func()) { f() }) }
