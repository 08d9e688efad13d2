package redisbus

import (
	"sync"

	"github.com/redis/rueidis"
)

// inbox is what was received and waits for its receivers.
type inbox struct {
	mu     sync.Mutex // guards the fields below
	ready  sync.Cond  // there is something, or closed
	room   sync.Cond  // there is room, or closed
	waits  []rueidis.PubSubMessage
	bytes  int
	closed bool
}

func (i *inbox) init() { i.ready.L, i.room.L = &i.mu, &i.mu }

func size(m *rueidis.PubSubMessage) int { return len(m.Channel) + len(m.Message) + overhead }

// put adds a message. If there is too much it waits: then Redis keeps what comes
// and closes the connection in the end.
func (i *inbox) put(m rueidis.PubSubMessage, limit int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for i.bytes > limit && !i.closed {
		i.room.Wait()
	}
	if i.closed {
		return
	}
	i.waits = append(i.waits, m)
	i.bytes += size(&m)
	if len(i.waits) == 1 {
		i.ready.Signal()
	}
}

// take waits for messages and gives room for spare instead. ok is false when the
// inbox was closed.
func (i *inbox) take(spare []rueidis.PubSubMessage) (batch []rueidis.PubSubMessage, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for len(i.waits) == 0 && !i.closed {
		i.ready.Wait()
	}
	if i.closed {
		return nil, false
	}
	batch, i.waits, i.bytes = i.waits, spare, 0
	i.room.Broadcast()
	return batch, true
}

func (i *inbox) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	i.ready.Broadcast()
	i.room.Broadcast()
}

// receive is called by the connection's reader.
func (b *Bus) receive(m rueidis.PubSubMessage) { b.in.put(m, b.opts.MaxPending) }

// maxSpare is the largest batch whose room is kept.
const maxSpare = 4096 // messages

// dispatch hands over what arrives: messages for the same receivers that follow
// each other in one batch.
func (b *Bus) dispatch() {
	var spare []rueidis.PubSubMessage
	var run []Message
	for {
		batch, ok := b.in.take(spare)
		if !ok {
			return
		}
		for rest := batch; len(rest) > 0; {
			var receivers []Receiver
			receivers, run, rest = b.run(rest, run[:0])
			for _, r := range receivers {
				r.Receive(run)
			}
			clear(run)
		}
		b.received.Add(uint64(len(batch)))
		clear(batch)
		spare = nil
		if cap(batch) <= maxSpare {
			spare = batch[:0]
		}
	}
}

// run collects the first messages of batch that go to the same receivers.
func (b *Bus) run(batch []rueidis.PubSubMessage, run []Message) ([]Receiver, []Message, []rueidis.PubSubMessage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	receivers := b.receivers(&batch[0])
	for len(batch) > 0 && same(receivers, b.receivers(&batch[0])) {
		run = append(run, Message{Channel: batch[0].Channel, Data: batch[0].Message})
		batch = batch[1:]
	}
	return receivers, run, batch
}

// receivers returns who wants the message. The caller holds mu.
func (b *Bus) receivers(m *rueidis.PubSubMessage) []Receiver {
	table, name := b.subs, m.Channel
	if m.Pattern != "" {
		table, name = b.patterns, m.Pattern
	}
	if s := table[name]; s != nil {
		return s.receivers
	}
	return nil
}

func same(a, b []Receiver) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
