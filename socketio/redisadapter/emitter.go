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

// EmitterOptions configure an Emitter.
type EmitterOptions struct {
	// Key is that of the servers. Default "socket.io".
	Key string

	// UID is who the emitter says it is. Servers that have it among their
	// Options.IgnoreUIDs drop what it sends. Default "emitter", as Node's.
	UID string
}

// Emitter reaches the sockets of servers with the adapter of [New], or of Node
// servers with createAdapter, from a process that is no server itself, as
// @socket.io/redis-emitter does. It is an immutable value as a
// [socketio.Operator] is: methods that refine it return another.
//
//	emitter := redisadapter.NewEmitter(bus, redisadapter.EmitterOptions{})
//	err := emitter.Of("/ws").To("story:42").Emit("comment:created", comment)
//
// The errors are those of the Publisher, or tell of arguments that are not JSON.
// That there is none does not tell that anybody has heard it.
type Emitter struct {
	publisher Publisher
	opts      EmitterOptions
	namespace string
	broadcast socketio.Broadcast // its target and flags
}

// NewEmitter returns an Emitter for all sockets of the namespace "/".
func NewEmitter(p Publisher, opts EmitterOptions) Emitter {
	if opts.Key == "" {
		opts.Key = DefaultKey
	}
	if opts.UID == "" {
		opts.UID = DefaultEmitterUID
	}
	return Emitter{publisher: p, opts: opts, namespace: "/"}
}

// Of returns an Emitter for all sockets of a namespace. A missing leading slash
// is added.
func (e Emitter) Of(namespace string) Emitter {
	if !strings.HasPrefix(namespace, "/") {
		namespace = "/" + namespace
	}
	return Emitter{publisher: e.publisher, opts: e.opts, namespace: namespace}
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
	data, err := appendBroadcast(nil, e.opts.UID, e.namespace, b)
	if err != nil {
		return err
	}
	return e.publisher.Publish(channelOf(e.opts.Key+"#"+e.namespace+"#", b.Target), data)
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

// change sends a request without the uid that servers do not expect here, unless
// it is there to be ignored.
func (e Emitter) change(r *request) error {
	if r.target = e.broadcast.Target; e.opts.UID != DefaultEmitterUID {
		r.from = e.opts.UID
	}
	return e.request(r)
}

// ServerSideEmit sends an event to the namespace of all servers. They cannot
// answer.
func (e Emitter) ServerSideEmit(name string, args ...any) error {
	data, attachments, err := socketio.EncodeEvent(name, args...)
	if err != nil {
		return err
	}
	return e.request(&request{kind: kindServerSide, from: e.opts.UID, event: event{data: data, attachments: attachments}})
}

func (e Emitter) request(r *request) error {
	data, err := encodeClassicRequest(r, e.namespace)
	if err != nil {
		return err
	}
	return e.publisher.Publish(e.opts.Key+"-request#"+e.namespace+"#", data)
}
