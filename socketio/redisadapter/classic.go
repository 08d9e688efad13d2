package redisadapter

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/storywire/storywire/redisbus"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/msgpack"
)

// New returns an Options.Adapter of socketio that connects the namespaces of
// servers on the same Redis, compatible with createAdapter of
// @socket.io/redis-adapter 8. Each server needs a bus of its own, because servers
// are counted by their connections; it must be closed after the server.
func New(bus *redisbus.Bus, opts Options) func(ns *socketio.Namespace, local socketio.Adapter) socketio.Adapter {
	opts = opts.withDefaults()
	return func(ns *socketio.Namespace, local socketio.Adapter) socketio.Adapter {
		return newClassic(bus, opts, ns, local)
	}
}

// classic is the adapter of one namespace. Broadcasts go to the channel of the
// namespace or of one room in it, which all servers hear by a pattern; requests
// and answers have channels of their own.
type classic struct {
	*peer
	opts      Options
	uid       string
	name      string // of the namespace
	broadcast string // channels
	requests  string
	responses string
	ignored   []string // how broadcasts of ours and of IgnoreUIDs begin
}

var (
	_ socketio.ServerAdapter = (*classic)(nil)
	_ socketio.ServerCounter = (*classic)(nil)
	_ wire                   = (*classic)(nil)
)

func newClassic(bus *redisbus.Bus, opts Options, ns *socketio.Namespace, local socketio.Adapter) *classic {
	name := ns.Name()
	c := &classic{
		opts: opts, uid: newUID(uidSize), name: name,
		broadcast: opts.Key + "#" + name + "#",
		requests:  opts.Key + "-request#" + name + "#",
		responses: opts.Key + "-response#" + name + "#",
	}
	for _, uid := range append([]string{c.uid}, opts.IgnoreUIDs...) {
		c.ignored = append(c.ignored, string(msgpack.AppendString(msgpack.AppendArray(nil, 3), uid)))
	}
	c.peer = newPeer(bus, ns, local, c, opts.RequestsTimeout, opts.Logger)
	c.enter(
		bus.Subscribe(redisbus.Pattern, c.broadcast+"*", (*classicBroadcasts)(c)),
		bus.Subscribe(redisbus.Channel, c.requests, (*classicRequests)(c)),
		bus.Subscribe(redisbus.Channel, c.responses, (*classicResponses)(c)),
		bus.Subscribe(redisbus.Channel, c.responses+c.uid+"#", (*classicResponses)(c)),
	)
	return c
}

// Broadcast implements [socketio.Adapter].
func (c *classic) Broadcast(b *socketio.Broadcast) error {
	data, err := appendBroadcast(nil, c.uid, c.name, b)
	if err == nil {
		err = c.bus.Publish(channelOf(c.broadcast, b.Target), data)
	}
	return errors.Join(c.local.Broadcast(b), unlessAway(err))
}

// unlessAway drops the error of an outage: others miss the event then, and the
// program has nothing to do about it that it does not do when it is over.
func unlessAway(err error) error {
	if errors.Is(err, redisbus.ErrUnavailable) {
		return nil
	}
	return err
}

// channelOf is where a broadcast goes: rooms have channels of their own.
func channelOf(prefix string, t socketio.Target) string {
	if len(t.Rooms) == 1 {
		return prefix + t.Rooms[0] + "#"
	}
	return prefix
}

// BroadcastWithAck implements [socketio.Adapter].
func (c *classic) BroadcastWithAck(ctx context.Context, b *socketio.Broadcast, sink socketio.AckSink) error {
	return c.broadcastWithAck(ctx, b, newUID(uidSize), sink)
}

// Update implements [socketio.Adapter].
func (c *classic) Update(u *socketio.Update) error { return c.update(u) }

// Fetch implements [socketio.Adapter].
func (c *classic) Fetch(ctx context.Context, t socketio.Target) ([]socketio.RemoteSocket, error) {
	return c.fetch(ctx, t, newUID(uidSize))
}

// ServerSideEmit implements [socketio.ServerAdapter].
func (c *classic) ServerSideEmit(ctx context.Context, e *socketio.ServerEvent, answer func(*socketio.Args)) error {
	return c.serverSideEmit(ctx, e, newUID(uidSize), answer)
}

// Close implements [socketio.Adapter].
func (c *classic) Close() error { return c.close() }

func (c *classic) servers(ctx context.Context) (int, error) {
	return c.bus.Subscribers(ctx, redisbus.Channel, c.requests)
}

func (c *classic) ask(r *request) error {
	r.from = c.uid
	data, err := encodeClassicRequest(r, c.name)
	if err != nil {
		return err
	}
	return c.bus.Publish(c.requests, data)
}

func (c *classic) reply(r *request, a *answer) error {
	data, err := encodeClassicAnswer(a)
	if err != nil {
		return err
	}
	channel := c.responses
	if r.from != "" && a.kind != answerServerSide && !c.opts.SharedResponses {
		channel += r.from + "#"
	}
	return c.bus.Publish(channel, data)
}

// classicBroadcasts receives events.
type classicBroadcasts classic

// Receive implements [redisbus.Receiver].
func (c *classicBroadcasts) Receive(batch []redisbus.Message) {
	events := make([]socketio.RemoteBroadcast, 0, len(batch))
	for _, m := range batch {
		room, ok := strings.CutPrefix(m.Channel, c.broadcast)
		if !ok || slices.ContainsFunc(c.ignored, func(p string) bool { return strings.HasPrefix(m.Data, p) }) {
			continue
		}
		if room != "" {
			if room, ok = strings.CutSuffix(room, "#"); !ok {
				continue
			}
		}
		events = append(events, socketio.RemoteBroadcast{Room: room, Read: func() *socketio.Broadcast {
			_, b, err := readBroadcast([]byte(m.Data), c.name)
			if err != nil {
				c.malformed(m.Channel, err)
				return nil
			}
			return b
		}})
	}
	deliver(c.local, events)
}

// deliver hands events to the local adapter.
func deliver(local socketio.Adapter, events []socketio.RemoteBroadcast) {
	if len(events) == 0 {
		return
	}
	if a, ok := local.(socketio.BatchAdapter); ok {
		a.BroadcastAll(events)
		return
	}
	for _, e := range events {
		if b := e.Read(); b != nil {
			_ = local.Broadcast(b) // a local adapter reaches nobody whom it could fail to reach
		}
	}
}

// classicRequests receives requests.
type classicRequests classic

// Receive implements [redisbus.Receiver].
func (c *classicRequests) Receive(batch []redisbus.Message) {
	for _, m := range batch {
		r, err := decodeClassicRequest([]byte(m.Data), c.name)
		switch {
		case err != nil:
			c.malformed(m.Channel, err)
		case r == nil, r.from == c.uid, slices.Contains(c.opts.IgnoreUIDs, r.from), r.id != "" && c.asks(r.id):
		default:
			c.serve(r)
		}
	}
}

// classicResponses receives answers.
type classicResponses classic

// Receive implements [redisbus.Receiver].
func (c *classicResponses) Receive(batch []redisbus.Message) {
	for _, m := range batch {
		id, err := answerID([]byte(m.Data))
		if err == nil && c.asks(id) {
			var a *answer
			if a, err = decodeClassicAnswer([]byte(m.Data)); err == nil {
				c.answered(a)
			}
		}
		if err != nil {
			c.malformed(m.Channel, err)
		}
	}
}

// answerID reads of an answer only whose it is: on the shared channel most are
// not ours.
func answerID(data []byte) (string, error) {
	var head struct {
		ID string `json:"requestId"`
	}
	raw, _, err := textual(data)
	if err == nil {
		err = json.Unmarshal(raw, &head)
	}
	return head.ID, err
}
