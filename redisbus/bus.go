package redisbus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// Defaults of Options.
const (
	DefaultTimeout    = 5 * time.Second
	DefaultMaxPending = 16 << 20 // bytes
)

// Options configure a Bus. A field left zero takes its default, so that no
// limit can be switched off.
type Options struct {
	// URL says where Redis is: redis://user:password@host:port/db, rediss:// for
	// TLS, unix:///path/to/socket.
	URL string

	// Timeout bounds dialling and a command, and is how long Redis may keep
	// silent before it counts as gone. Default 5 s.
	Timeout time.Duration

	// MaxPending is how many bytes may wait to be published, and how many
	// received ones for their receivers. Beyond, Publish drops, and nothing more
	// is read from Redis, which in the end closes the connection. Default 16 MiB.
	MaxPending int

	// Logger is told when Redis goes and when it returns. Default slog.Default().
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxPending <= 0 {
		o.MaxPending = DefaultMaxPending
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Errors of a Bus.
var (
	// ErrUnavailable tells that Redis is away or does not answer in time.
	ErrUnavailable = errors.New("redisbus: redis is unavailable")
	// ErrOverflow tells that too much waits to be published.
	ErrOverflow = errors.New("redisbus: too much waits to be published")
	// ErrClosed tells that the bus was closed.
	ErrClosed = errors.New("redisbus: closed")
)

// Stats counts what a Bus did since it was opened.
type Stats struct {
	Published uint64 // messages that Redis took
	Dropped   uint64 // messages that Publish or the outage of Redis dropped
	Received  uint64 // messages handed to receivers
	Outages   uint64 // times that Redis went away
}

// A Watcher is told how the connection fares, by one goroutine at a time.
// Neither method may block.
type Watcher interface {
	// Lost tells that Redis is away: nothing is received, Publish refuses.
	Lost()
	// Back tells that Redis is there and everything is subscribed: at the start,
	// and after each outage. What was published meanwhile is lost.
	Back()
}

// Bus is a connection to Redis. Close ends it.
type Bus struct {
	opts   Options
	client rueidis.Client
	up     atomic.Bool
	stop   chan struct{}
	once   sync.Once
	work   sync.WaitGroup // connect and dispatch
	sender sync.WaitGroup // publish

	out outbox
	in  inbox

	published, dropped, received, outages atomic.Uint64

	mu       sync.Mutex // guards the fields below
	subs     map[string]*subscription
	patterns map[string]*subscription
	changed  []*subscription // to be told to Redis
	asked    uint64          // changes ever asked for
	settled  uint64          // of them, those that Redis knows
	waiters  []waiter        // of Settle
	change   chan struct{}   // has room for one; changed is not empty

	watchMu  sync.Mutex // guards watchers; held while they are told
	watchers map[*Watcher]struct{}
}

// Open returns a Bus that connects in the background, for as long as it takes.
// The error tells of a URL that cannot be used.
func Open(opts Options) (*Bus, error) {
	opts = opts.withDefaults()
	o, err := rueidis.ParseURL(opts.URL)
	if err != nil {
		return nil, fmt.Errorf("redis URL: %w", err)
	}
	const buffer = 64 << 10    // bytes; the library's default of half a MiB is for caches
	o.ForceSingleClient = true // one server; and it exists before Redis does
	o.PipelineMultiplex = -1   // one connection for commands keeps their order
	o.DisableCache = true
	o.DisableRetry = true // watchers shall know
	o.ReadBufferEachConn, o.WriteBufferEachConn = buffer, buffer
	o.Dialer.Timeout = opts.Timeout
	o.ConnWriteTimeout = opts.Timeout
	client, err := rueidis.NewClient(o)
	if client == nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	b := &Bus{
		opts: opts, client: client, stop: make(chan struct{}), change: make(chan struct{}, 1),
		subs: map[string]*subscription{}, patterns: map[string]*subscription{}, watchers: map[*Watcher]struct{}{},
	}
	b.out.init()
	b.in.init()
	b.work.Go(b.connect)
	b.sender.Go(b.publish)
	b.work.Go(b.dispatch)
	return b, nil
}

// Client returns the connection for commands, which publishes share. It is
// closed with the bus.
func (b *Bus) Client() rueidis.Client { return b.client }

// Timeout returns how long Redis may take.
func (b *Bus) Timeout() time.Duration { return b.opts.Timeout }

// Healthy reports whether Redis is there and everything that was asked for
// before it came is subscribed.
func (b *Bus) Healthy() bool { return b.up.Load() }

// Stats returns what the bus did so far.
func (b *Bus) Stats() Stats {
	return Stats{
		Published: b.published.Load(), Dropped: b.dropped.Load(),
		Received: b.received.Load(), Outages: b.outages.Load(),
	}
}

// Watch has w told of the connection from now on, until cancel is called. If
// Redis is there, w.Back is called before Watch returns.
func (b *Bus) Watch(w Watcher) (cancel func()) {
	b.watchMu.Lock()
	defer b.watchMu.Unlock()
	key := &w
	b.watchers[key] = struct{}{}
	if b.up.Load() {
		w.Back()
	}
	return func() {
		b.watchMu.Lock()
		defer b.watchMu.Unlock()
		delete(b.watchers, key)
	}
}

// setUp tells watchers of a change.
func (b *Bus) setUp(up bool) {
	b.watchMu.Lock()
	defer b.watchMu.Unlock()
	b.up.Store(up)
	for w := range b.watchers {
		if up {
			(*w).Back()
		} else {
			(*w).Lost()
		}
	}
}

// Subscribers returns how many connections are subscribed to a channel: to the
// name itself, not by patterns.
func (b *Bus) Subscribers(ctx context.Context, kind Kind, channel string) (int, error) {
	if !b.Healthy() {
		return 0, ErrUnavailable
	}
	command := b.client.B().PubsubNumsub().Channel(channel).Build()
	if kind == Shard {
		command = b.client.B().PubsubShardnumsub().Channel(channel).Build()
	}
	ctx, cancel := context.WithTimeout(ctx, b.opts.Timeout)
	defer cancel()
	counts, err := b.client.Do(ctx, command).AsIntMap()
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return int(counts[channel]), nil
}

// Close ends the bus: what waits to be published is still sent, as long as Redis
// takes it. When it has returned receivers and watchers are not called any more.
func (b *Bus) Close() error {
	b.once.Do(func() {
		b.out.close()
		b.sender.Wait()
		close(b.stop)
		b.in.close()
	})
	b.work.Wait()
	b.client.Close()
	return nil
}
