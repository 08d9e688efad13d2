package redisadapter

import (
	"slices"
	"strings"

	"github.com/storywire/storywire/socketio"
)

// DefaultEmitterUID is the uid of emitters that are given no other.
const DefaultEmitterUID = "emitter"

// A Publisher sends messages to channels of Redis. A [redisbus.Bus] is one.
type Publisher interface {
	Publish(channel string, data []byte) error
}

// A ShardPublisher sends messages to sharded channels of Redis. A [redisbus.Bus]
// is one.
type ShardPublisher interface {
	PublishShard(channel string, data []byte) error
}

// EmitterOptions configure an Emitter.
type EmitterOptions struct {
	// Key is that of the servers. Default "socket.io".
	Key string

	// UID is who the emitter says it is. Servers that have it among their
	// Options.IgnoreUIDs drop what it sends. Default "emitter", as Node's.
	UID string
}

// ShardedEmitterOptions configure an Emitter for sharded adapters.
type ShardedEmitterOptions struct {
	// Prefix and Mode are those of the servers, see [ShardedOptions].
	Prefix string
	Mode   SubscriptionMode

	// UID is who the emitter says it is, as in [EmitterOptions].
	UID string
}

// Emitter reaches the sockets of servers with the adapter of [New] or
// [NewSharded], or of Node servers with createAdapter or createShardedAdapter,
// from a process that is no server itself, as @socket.io/redis-emitter does. It is
// an immutable value as a [socketio.Operator] is: methods that refine it return
// another.
//
//	emitter := redisadapter.NewEmitter(bus, redisadapter.EmitterOptions{})
//	err := emitter.Of("/ws").To("story:42").Emit("comment:created", comment)
//
// The errors are those of the Publisher, or tell of arguments that are not JSON.
// That there is none does not tell that anybody has heard it.
type Emitter struct {
	wire      emitterWire
	namespace string
	broadcast socketio.Broadcast // its target and flags
}

// emitterWire is how emitters write and where they publish.
type emitterWire interface {
	broadcast(namespace string, b *socketio.Broadcast) error
	// request sends what is no broadcast.
	request(namespace string, r *request) error
}

// NewEmitter returns an Emitter for all sockets of the namespace "/" of servers
// with the adapter of [New].
func NewEmitter(p Publisher, opts EmitterOptions) Emitter {
	if opts.Key == "" {
		opts.Key = DefaultKey
	}
	if opts.UID == "" {
		opts.UID = DefaultEmitterUID
	}
	return Emitter{wire: &classicEmitter{p, opts.Key, opts.UID}, namespace: "/"}
}

// NewShardedEmitter returns an Emitter for all sockets of the namespace "/" of
// servers with the adapter of [NewSharded]. There is none like it for Node.
func NewShardedEmitter(p ShardPublisher, opts ShardedEmitterOptions) Emitter {
	if opts.Prefix == "" {
		opts.Prefix = DefaultKey
	}
	if opts.UID == "" {
		opts.UID = DefaultEmitterUID
	}
	return Emitter{wire: &shardedEmitter{p, opts}, namespace: "/"}
}

// Of returns an Emitter for all sockets of a namespace. A missing leading slash
// is added.
func (e Emitter) Of(namespace string) Emitter {
	if !strings.HasPrefix(namespace, "/") {
		namespace = "/" + namespace
	}
	return Emitter{wire: e.wire, namespace: namespace}
}

// To adds rooms; see [socketio.Operator.To].
func (e Emitter) To(rooms ...string) Emitter {
	e.broadcast.Rooms = slices.Concat(e.broadcast.Rooms, rooms)
	return e
}

// In is To.
func (e Emitter) In(rooms ...string) Emitter { return e.To(rooms...) }

// Except leaves out the sockets in any of the rooms.
func (e Emitter) Except(rooms ...string) Emitter {
	e.broadcast.Except = slices.Concat(e.broadcast.Except, rooms)
	return e
}

// Volatile drops the event for clients that cannot take it at once.
func (e Emitter) Volatile() Emitter {
	e.broadcast.Volatile = true
	return e
}

// Compress with false keeps the event from being compressed on its way.
func (e Emitter) Compress(on bool) Emitter {
	e.broadcast.Uncompressed = !on
	return e
}

// Emit sends an event to the selected sockets.
func (e Emitter) Emit(event string, args ...any) error {
	data, attachments, err := socketio.EncodeEvent(event, args...)
	if err != nil {
		return err
	}
	b := e.broadcast
	b.Data, b.Attachments = data, attachments
	return e.Broadcast(&b)
}

// Broadcast sends an event that is encoded already, to its own target in place
// of that of the Emitter.
func (e Emitter) Broadcast(b *socketio.Broadcast) error {
	return e.wire.broadcast(e.namespace, b)
}

// SocketsJoin makes the selected sockets join rooms.
func (e Emitter) SocketsJoin(rooms ...string) error {
	return e.change(&request{kind: kindJoin, rooms: rooms})
}

// SocketsLeave makes the selected sockets leave rooms.
func (e Emitter) SocketsLeave(rooms ...string) error {
	return e.change(&request{kind: kindLeave, rooms: rooms})
}

// DisconnectSockets disconnects the selected sockets; see
// [socketio.Socket.Disconnect].
func (e Emitter) DisconnectSockets(closeTransport bool) error {
	return e.change(&request{kind: kindDisconnect, close: closeTransport})
}

func (e Emitter) change(r *request) error {
	r.target = e.broadcast.Target
	return e.wire.request(e.namespace, r)
}

// ServerSideEmit sends an event to the namespace of all servers. They cannot
// answer.
func (e Emitter) ServerSideEmit(name string, args ...any) error {
	data, attachments, err := socketio.EncodeEvent(name, args...)
	if err != nil {
		return err
	}
	return e.wire.request(e.namespace, &request{kind: kindServerSide, event: event{data: data, attachments: attachments}})
}

// classicEmitter is as @socket.io/redis-emitter.
type classicEmitter struct {
	publisher Publisher
	key, uid  string
}

func (e *classicEmitter) broadcast(namespace string, b *socketio.Broadcast) error {
	data, err := appendBroadcast(nil, e.uid, namespace, b)
	if err != nil {
		return err
	}
	return e.publisher.Publish(channelOf(e.key+"#"+namespace+"#", b.Target), data)
}

// request sends changes without the uid that servers do not expect there, unless
// it is there to be ignored.
func (e *classicEmitter) request(namespace string, r *request) error {
	if r.kind == kindServerSide || e.uid != DefaultEmitterUID {
		r.from = e.uid
	}
	data, err := encodeClassicRequest(r, namespace)
	if err != nil {
		return err
	}
	return e.publisher.Publish(e.key+"-request#"+namespace+"#", data)
}

// shardedEmitter writes as a server does.
type shardedEmitter struct {
	publisher ShardPublisher
	opts      ShardedEmitterOptions
}

func (e *shardedEmitter) broadcast(namespace string, b *socketio.Broadcast) error {
	r := &request{kind: kindBroadcast, target: b.Target, event: eventOf(b)}
	return e.send(namespace, e.opts.Mode.channelOf(e.channel(namespace), b.Target), r)
}

func (e *shardedEmitter) request(namespace string, r *request) error {
	return e.send(namespace, e.channel(namespace), r)
}

func (e *shardedEmitter) channel(namespace string) string {
	return e.opts.Prefix + "#" + namespace + "#"
}

func (e *shardedEmitter) send(namespace, channel string, r *request) error {
	r.from = e.opts.UID
	data, err := encodeShardedRequest(r, namespace)
	if err != nil {
		return err
	}
	return e.publisher.PublishShard(channel, data)
}
