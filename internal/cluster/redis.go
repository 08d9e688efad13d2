package cluster

import (
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/storywire/storywire/redisbus"
)

// DefaultPrefix stands before all keys and channels unless another is given.
const DefaultPrefix = "storywire"

// gapChannel is where a node says that others miss messages of its.
const gapChannel = "cluster:gap"

// Options configure a Redis.
type Options struct {
	// Prefix stands before all keys and channels, so that several clusters may
	// share a Redis. Default DefaultPrefix.
	Prefix string
	Logger *slog.Logger
}

// Redis is the bus of nodes that share a Redis.
type Redis struct {
	bus    *redisbus.Bus
	node   Node
	prefix string
	log    *slog.Logger
	gaps   listeners[func()]
	leave  []func()

	heal    chan struct{} // has room for one; gaps are to be told
	stop    chan struct{}
	done    chan struct{}
	once    sync.Once
	dropped atomic.Bool // others miss messages of this node
	behind  atomic.Bool // this node may have missed messages
}

var _ Bus = (*Redis)(nil)

// NewRedis returns the part of this node in the cluster on that connection,
// which must be closed after it.
func NewRedis(bus *redisbus.Bus, node Node, opts Options) *Redis {
	if opts.Prefix == "" {
		opts.Prefix = DefaultPrefix
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	r := &Redis{
		bus: bus, node: node, prefix: opts.Prefix + ":", log: opts.Logger,
		heal: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	r.leave = append(r.leave,
		r.Subscribe(gapChannel, func([]byte) { r.missed() }),
		bus.Watch((*watch)(r)),
	)
	go r.run()
	return r
}

// Node returns who this node is.
func (r *Redis) Node() Node { return r.node }

// Publish implements [Bus].
func (r *Redis) Publish(channel string, data []byte) {
	framed := make([]byte, 0, len(r.node.ID)+len(data))
	framed = append(framed, r.node.ID...)
	framed = append(framed, data...)
	if r.bus.Publish(r.prefix+channel, framed) != nil && !r.dropped.Swap(true) {
		r.wake()
	}
}

// Subscribe implements [Bus].
func (r *Redis) Subscribe(channel string, f func(data []byte)) (cancel func()) {
	return r.bus.Subscribe(redisbus.Channel, r.prefix+channel, &receiver{r.node.ID, f})
}

// receiver calls f with what other nodes say.
type receiver struct {
	self NodeID
	f    func([]byte)
}

// Receive implements [redisbus.Receiver].
func (r *receiver) Receive(batch []redisbus.Message) {
	for _, m := range batch {
		if len(m.Data) < nodeIDSize || strings.HasPrefix(m.Data, string(r.self)) {
			continue // ours, or nobody's
		}
		r.f([]byte(m.Data[nodeIDSize:]))
	}
}

// Healthy implements [Bus].
func (r *Redis) Healthy() bool { return r.bus.Healthy() }

// OnGap implements [Bus].
func (r *Redis) OnGap(f func()) (cancel func()) { return r.gaps.add(f) }

// watch makes gaps of outages.
type watch Redis

// Lost implements [redisbus.Watcher].
func (w *watch) Lost() {}

// Back implements [redisbus.Watcher].
func (w *watch) Back() { (*Redis)(w).missed() }

// missed has the listeners told of a gap.
func (r *Redis) missed() {
	r.behind.Store(true)
	r.wake()
}

func (r *Redis) wake() {
	select {
	case r.heal <- struct{}{}:
	default:
	}
}

// gapPause is the least time between two announcements of a gap, so that a
// backlog that comes and goes does not keep the cluster reading.
const gapPause = time.Second

// run tells of gaps: our listeners, on a goroutine where they may take a moment,
// and other nodes, as soon as it can be sent.
func (r *Redis) run() {
	defer close(r.done)
	for {
		select {
		case <-r.heal:
		case <-r.stop:
			return
		}
		if r.behind.Swap(false) {
			r.gaps.each(func(f func()) { f() })
		}
		if r.dropped.Load() && r.announce() {
			select {
			case <-time.After(gapPause):
			case <-r.stop:
				return
			}
		}
	}
}

// announce tells other nodes that they miss something. While Redis is away it
// does not: then Back comes back to it.
func (r *Redis) announce() bool {
	r.dropped.Store(false)
	if err := r.bus.Publish(r.prefix+gapChannel, []byte(r.node.ID)); err != nil {
		r.dropped.Store(true)
		return false
	}
	r.log.Warn("messages to other nodes were dropped; told them to read again")
	return true
}

// Close leaves the cluster.
func (r *Redis) Close() error {
	r.once.Do(func() {
		for _, leave := range r.leave {
			leave()
		}
		close(r.stop)
		<-r.done
	})
	return nil
}
