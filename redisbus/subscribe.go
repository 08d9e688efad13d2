package redisbus

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// Kind is a kind of subscription.
type Kind int

// The kinds of subscription.
const (
	Channel Kind = iota // SUBSCRIBE
	Pattern             // PSUBSCRIBE
	Shard               // SSUBSCRIBE, for PublishShard
)

// Message is a received one.
type Message struct {
	Channel string // it was published to
	Data    string
}

// A Receiver takes what arrives on its subscriptions.
type Receiver interface {
	// Receive is called by one goroutine for all receivers of a bus, with
	// messages in their order; the slice is valid until it returns. It must be
	// quick: nobody receives meanwhile.
	Receive(batch []Message)
}

// subscription is one name and who wants what arrives there.
type subscription struct {
	kind      Kind
	name      string
	receivers []Receiver // replaced, never changed
	active    bool       // Redis knows; the connecting goroutine's
	queued    bool       // it is in Bus.changed
}

type waiter struct {
	asked uint64
	done  chan struct{}
}

func (b *Bus) table(kind Kind) map[string]*subscription {
	if kind == Pattern {
		return b.patterns
	}
	return b.subs
}

// Subscribe has r receive what is published to name from soon on, until cancel
// is called; see [Bus.Settle]. A name is subscribed to as one kind only.
// Receivers must be comparable.
func (b *Bus) Subscribe(kind Kind, name string, r Receiver) (cancel func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	table := b.table(kind)
	s := table[name]
	if s == nil {
		s = &subscription{kind: kind, name: name}
		table[name] = s
	}
	s.receivers = append(slices.Clip(s.receivers), r)
	b.queue(s)
	var once sync.Once
	return func() {
		once.Do(func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			i := slices.Index(s.receivers, r)
			s.receivers = slices.Delete(slices.Clone(s.receivers), i, i+1)
			b.queue(s)
		})
	}
}

// queue has Redis told of s. The caller holds mu.
func (b *Bus) queue(s *subscription) {
	b.asked++
	if s.queued {
		return
	}
	s.queued = true
	b.changed = append(b.changed, s)
	select {
	case b.change <- struct{}{}:
	default:
	}
}

// Settle returns when Redis knows of all subscriptions and cancellations that
// were asked for before, or with the error of ctx.
func (b *Bus) Settle(ctx context.Context) error {
	b.mu.Lock()
	if b.settled >= b.asked && b.up.Load() {
		b.mu.Unlock()
		return nil
	}
	w := waiter{b.asked, make(chan struct{})}
	b.waiters = append(b.waiters, w)
	b.mu.Unlock()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-b.stop:
		return ErrClosed
	}
}

// Between attempts to connect; doubled each time.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// connect keeps the subscribed connection until the bus is closed.
func (b *Bus) connect() {
	pause := firstPause
	silent := false
	for {
		connection, release := b.client.Dedicate()
		lost := connection.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: b.receive})
		err := b.subscribeAll(connection)
		if err == nil {
			b.opts.Logger.Info("redis is there")
			b.setUp(true)
			pause, silent = firstPause, false
			err = b.follow(connection, lost)
			b.setUp(false)
			b.outages.Add(1)
		}
		connection.Close() // a pooled one would still be subscribed
		release()
		select {
		case <-b.stop:
			return
		default:
		}
		if !silent {
			b.opts.Logger.Warn("redis is gone: what is published meanwhile is lost", "err", err)
			silent = true
		}
		select {
		case <-b.stop:
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// subscribeAll tells a new connection of all subscriptions.
func (b *Bus) subscribeAll(connection rueidis.DedicatedClient) error {
	b.mu.Lock()
	b.changed = b.changed[:0]
	for _, table := range []map[string]*subscription{b.subs, b.patterns} {
		for _, s := range table {
			s.active, s.queued = false, true
			b.changed = append(b.changed, s)
		}
	}
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), b.opts.Timeout)
	defer cancel()
	// The connection for commands finds out that it is broken when it is used:
	// that shall not be by a message.
	if b.client.Do(ctx, b.client.B().Ping().Build()).Error() != nil {
		if err := b.client.Do(ctx, b.client.B().Ping().Build()).Error(); err != nil {
			return err
		}
	}
	return b.subscribeChanged(connection)
}

// follow tells the connection of changes until it is lost or the bus is closed.
func (b *Bus) follow(connection rueidis.DedicatedClient, lost <-chan error) error {
	b.settle() // what waited for the connection
	for {
		select {
		case err := <-lost:
			return err
		case <-b.stop:
			return ErrClosed
		case <-b.change:
			if err := b.subscribeChanged(connection); err != nil {
				return err
			}
			b.settle()
		}
	}
}

// settle wakes who waits for changes that have been made.
func (b *Bus) settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiters = slices.DeleteFunc(b.waiters, func(w waiter) bool {
		if w.asked <= b.settled {
			close(w.done)
			return true
		}
		return false
	})
}

// maxNames is how many names one command has.
const maxNames = 500

// subscribeChanged tells Redis of everything that has changed.
func (b *Bus) subscribeChanged(connection rueidis.DedicatedClient) error {
	b.mu.Lock()
	asked := b.asked
	var names, ends [3][]string // by kind
	for _, s := range b.changed {
		s.queued = false
		wanted := len(s.receivers) > 0
		if !wanted {
			delete(b.table(s.kind), s.name)
		}
		switch {
		case wanted && !s.active:
			names[s.kind] = append(names[s.kind], s.name)
		case !wanted && s.active:
			ends[s.kind] = append(ends[s.kind], s.name)
		}
		s.active = wanted
	}
	b.changed = b.changed[:0]
	b.mu.Unlock()
	for kind := range names {
		for group := range slices.Chunk(ends[kind], maxNames) {
			if err := b.tell(connection, end(connection.B(), Kind(kind), group)); err != nil {
				return err
			}
		}
		for group := range slices.Chunk(names[kind], maxNames) {
			if err := b.tell(connection, begin(connection.B(), Kind(kind), group)); err != nil {
				return err
			}
		}
	}
	b.mu.Lock()
	b.settled = asked
	b.mu.Unlock()
	return nil
}

func (b *Bus) tell(connection rueidis.DedicatedClient, command rueidis.Completed) error {
	ctx, cancel := context.WithTimeout(context.Background(), b.opts.Timeout)
	defer cancel()
	return connection.Do(ctx, command).Error()
}

func begin(build rueidis.Builder, kind Kind, names []string) rueidis.Completed {
	switch kind {
	case Pattern:
		return build.Psubscribe().Pattern(names...).Build()
	case Shard:
		return build.Ssubscribe().Channel(names...).Build()
	}
	return build.Subscribe().Channel(names...).Build()
}

func end(build rueidis.Builder, kind Kind, names []string) rueidis.Completed {
	switch kind {
	case Pattern:
		return build.Punsubscribe().Pattern(names...).Build()
	case Shard:
		return build.Sunsubscribe().Channel(names...).Build()
	}
	return build.Unsubscribe().Channel(names...).Build()
}
