package redisbus

import (
	"context"
	"sync"

	"github.com/redis/rueidis"
)

// maxBatch is how many messages are sent at once. Larger batches cost no less
// per message.
const maxBatch = 256

// post is a message to be published.
type post struct {
	kind    Kind
	channel string
	data    []byte
}

// overhead is what a message costs beside its bytes, about.
const overhead = 64 // bytes

func (p post) size() int { return len(p.channel) + len(p.data) + overhead }

// outbox is what waits to be published.
type outbox struct {
	mu     sync.Mutex // guards the fields below
	wake   sync.Cond
	posts  []post
	bytes  int
	closed bool
}

func (o *outbox) init() { o.wake.L = &o.mu }

func (o *outbox) put(p post, limit int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return ErrClosed
	case o.bytes+p.size() > limit:
		return ErrOverflow
	}
	o.posts = append(o.posts, p)
	o.bytes += p.size()
	if len(o.posts) == 1 {
		o.wake.Signal()
	}
	return nil
}

// take waits for posts. It returns none when the outbox is closed and empty.
func (o *outbox) take(into []post) []post {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.posts) == 0 && !o.closed {
		o.wake.Wait()
	}
	n := min(len(o.posts), maxBatch)
	into = append(into, o.posts[:n]...)
	if rest := o.posts[n:]; len(rest) > 0 {
		o.posts = rest
	} else {
		o.posts = nil
	}
	for _, p := range into {
		o.bytes -= p.size()
	}
	return into
}

func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.wake.Broadcast()
}

// Publish sends data to a channel. It never blocks; messages of one goroutine
// are sent in their order. The error is ErrUnavailable, ErrOverflow or ErrClosed
// and tells that the message was dropped; no error does not tell that anybody
// has received it. data must not be changed from then on.
func (b *Bus) Publish(channel string, data []byte) error {
	return b.post(post{Channel, channel, data})
}

// PublishShard is Publish to a channel that is subscribed to as Shard.
func (b *Bus) PublishShard(channel string, data []byte) error {
	return b.post(post{Shard, channel, data})
}

func (b *Bus) post(p post) error {
	err := ErrUnavailable
	if b.up.Load() {
		err = b.out.put(p, b.opts.MaxPending)
	}
	if err != nil {
		b.drop(1)
	}
	return err
}

func (b *Bus) drop(messages int) { b.dropped.Add(uint64(messages)) }

// publish sends what waits, all of it at once. While Redis answers, more comes
// together: batches grow with the load.
func (b *Bus) publish() {
	var posts []post
	var commands rueidis.Commands
	for {
		clear(posts)
		if posts = b.out.take(posts[:0]); len(posts) == 0 {
			return
		}
		clear(commands)
		commands = commands[:0]
		for _, p := range posts {
			data := rueidis.BinaryString(p.data)
			if p.kind == Shard {
				commands = append(commands, b.client.B().Spublish().Channel(p.channel).Message(data).Build())
			} else {
				commands = append(commands, b.client.B().Publish().Channel(p.channel).Message(data).Build())
			}
		}
		b.send(commands)
	}
}

func (b *Bus) send(commands rueidis.Commands) {
	if !b.up.Load() { // it went away while they waited
		b.drop(len(commands))
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), b.opts.Timeout)
	defer cancel()
	var failed error
	for _, r := range b.client.DoMulti(ctx, commands...) {
		if err := r.Error(); err != nil {
			failed = err
			b.drop(1)
			continue
		}
		b.published.Add(1)
	}
	if failed != nil {
		b.opts.Logger.Warn("redis did not take messages", "err", failed)
	}
}
