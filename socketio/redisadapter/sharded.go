package redisadapter

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/storywire/storywire/redisbus"
	"github.com/storywire/storywire/socketio"
)

// SubscriptionMode says which channels a sharded adapter listens to.
type SubscriptionMode int

// The modes, which all servers of a cluster must have in common.
const (
	// Dynamic has a channel for each room with members, but not for those of
	// single sockets. It is the default.
	Dynamic SubscriptionMode = iota
	// Static has one channel for the whole namespace.
	Static
	// DynamicPrivate has a channel for each socket, too.
	DynamicPrivate
)

// ShardedOptions configure the adapter that NewSharded makes. The zero value
// works with the defaults of the Node adapter.
type ShardedOptions struct {
	// Prefix is what the names of channels begin with. Default "socket.io".
	Prefix string

	// Mode says which channels there are. Default Dynamic.
	Mode SubscriptionMode

	// RequestsTimeout is how long other servers may take to answer, unless the
	// context ends before. Default 5 s.
	RequestsTimeout time.Duration

	// IgnoreUIDs are the uids of emitters whose messages are dropped, as in
	// [Options]. See [ShardedEmitterOptions].
	IgnoreUIDs []string

	// Logger is told of messages that cannot be read. Default slog.Default().
	Logger *slog.Logger
}

// NewSharded returns an Options.Adapter of socketio as [New] does, compatible
// with createShardedAdapter of @socket.io/redis-adapter 8: it uses sharded
// channels, which Redis has from version 7 on.
func NewSharded(bus *redisbus.Bus, opts ShardedOptions) func(ns *socketio.Namespace, local socketio.Adapter) socketio.Adapter {
	common := Options{Key: opts.Prefix, RequestsTimeout: opts.RequestsTimeout, IgnoreUIDs: opts.IgnoreUIDs, Logger: opts.Logger}.withDefaults()
	return func(ns *socketio.Namespace, local socketio.Adapter) socketio.Adapter {
		return newSharded(bus, common, opts.Mode, ns, local)
	}
}

// sharded is the adapter of one namespace. Everything goes to its channel but
// events for one room, which may have its own, and answers.
type sharded struct {
	*peer
	mode    SubscriptionMode
	uid     string
	name    string // of the namespace
	channel string
	ignored []string          // uids, as in ShardedOptions
	rooms   map[string]func() // end of subscription by room; the local adapter's lock guards it
}

var (
	_ socketio.ServerAdapter = (*sharded)(nil)
	_ socketio.ServerCounter = (*sharded)(nil)
	_ wire                   = (*sharded)(nil)
	_ redisbus.Receiver      = (*sharded)(nil)
)

// shardedUID returns 16 hexadecimal digits.
func shardedUID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func newSharded(bus *redisbus.Bus, opts Options, mode SubscriptionMode, ns *socketio.Namespace, local socketio.Adapter) *sharded {
	s := &sharded{mode: mode, uid: shardedUID(), name: ns.Name(), channel: opts.Key + "#" + ns.Name() + "#", ignored: opts.IgnoreUIDs, rooms: map[string]func(){}}
	s.peer = newPeer(bus, ns, local, s, opts.RequestsTimeout, opts.Logger)
	s.enter(
		bus.Subscribe(redisbus.Shard, s.channel, s),
		bus.Subscribe(redisbus.Shard, s.channel+s.uid+"#", s),
	)
	if w, ok := local.(socketio.RoomWatcher); ok && mode != Static {
		w.WatchRooms(s.room)
	}
	return s
}

// room subscribes to the channel of a room while it has members here.
func (s *sharded) room(room string, own, exists bool) {
	if own && s.mode != DynamicPrivate {
		return
	}
	if exists {
		s.rooms[room] = s.bus.Subscribe(redisbus.Shard, s.channel+room+"#", s)
	} else if end := s.rooms[room]; end != nil {
		delete(s.rooms, room)
		end()
	}
}

// channelOf is where an event goes, if channel is the namespace's.
func (m SubscriptionMode) channelOf(channel string, t socketio.Target) string {
	if len(t.Rooms) != 1 || m == Static || m == Dynamic && likeID(t.Rooms[0]) {
		return channel
	}
	return channel + t.Rooms[0] + "#"
}

// likeID tells the ids of sockets from names of rooms as all servers do: by
// their length in JavaScript.
func likeID(room string) bool {
	const idLength = 20
	n := 0
	for _, r := range room {
		n += utf16.RuneLen(r)
	}
	return n == idLength
}

// Broadcast implements [socketio.Adapter].
func (s *sharded) Broadcast(b *socketio.Broadcast) error {
	data, err := s.encode(&request{kind: kindBroadcast, target: b.Target, event: eventOf(b)})
	if err == nil {
		err = s.bus.PublishShard(s.mode.channelOf(s.channel, b.Target), data)
	}
	return errors.Join(s.local.Broadcast(b), unlessAway(err))
}

// BroadcastWithAck implements [socketio.Adapter].
func (s *sharded) BroadcastWithAck(ctx context.Context, b *socketio.Broadcast, sink socketio.AckSink) error {
	return s.broadcastWithAck(ctx, b, shardedUID(), sink)
}

// Update implements [socketio.Adapter].
func (s *sharded) Update(u *socketio.Update) error { return s.update(u) }

// Fetch implements [socketio.Adapter].
func (s *sharded) Fetch(ctx context.Context, t socketio.Target) ([]socketio.RemoteSocket, error) {
	return s.fetch(ctx, t, shardedUID())
}

// ServerSideEmit implements [socketio.ServerAdapter].
func (s *sharded) ServerSideEmit(ctx context.Context, e *socketio.ServerEvent, answer func(*socketio.Args)) error {
	return s.serverSideEmit(ctx, e, shardedUID(), answer)
}

// Close implements [socketio.Adapter].
func (s *sharded) Close() error {
	if w, ok := s.local.(socketio.RoomWatcher); ok && s.mode != Static {
		w.WatchRooms(nil)
	}
	for _, end := range s.rooms {
		end()
	}
	return s.close()
}

func (s *sharded) servers(ctx context.Context) (int, error) {
	return s.bus.Subscribers(ctx, redisbus.Shard, s.channel)
}

func (s *sharded) ask(r *request) error {
	data, err := s.encode(r)
	if err != nil {
		return err
	}
	return s.bus.PublishShard(s.channel, data)
}

func (s *sharded) reply(r *request, a *answer) error {
	data, err := encodeShardedAnswer(a, s.uid, s.name)
	if err != nil {
		return err
	}
	return s.bus.PublishShard(s.channel+r.from+"#", data)
}

func (s *sharded) encode(r *request) ([]byte, error) {
	r.from = s.uid
	return encodeShardedRequest(r, s.name)
}

// Receive implements [redisbus.Receiver].
func (s *sharded) Receive(batch []redisbus.Message) {
	var events []socketio.RemoteBroadcast
	for _, m := range batch {
		r, a, err := decodeSharded([]byte(m.Data), s.uid, s.name)
		switch {
		case err != nil:
			s.malformed(m.Channel, err)
		case a != nil:
			s.answered(a)
		case r == nil, slices.Contains(s.ignored, r.from):
		case r.kind == kindBroadcast && r.id == "":
			room, _ := strings.CutSuffix(strings.TrimPrefix(m.Channel, s.channel), "#")
			events = append(events, socketio.RemoteBroadcast{
				Room: room, Read: func() *socketio.Broadcast { return r.event.broadcast(r.target) },
			})
		default:
			deliver(s.local, events) // what came before
			events = nil
			s.serve(r)
		}
	}
	deliver(s.local, events)
}
