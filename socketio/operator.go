package socketio

import (
	"context"
	"slices"
	"time"
)

// An Operator selects sockets of a namespace and acts on them. It is an
// immutable value: each method that refines it returns another, so that one may
// be kept and used many times, by any goroutine.
//
//	room := ns.To("story:42")
//	room.Emit("comment:created", comment)
//	room.Except("user:7").Volatile().Emit("comment:typing", typing)
type Operator struct {
	ns       *Namespace
	target   Target
	volatile bool
	local    bool
	plain    bool
	timeout  time.Duration // of EmitWithAck; 0: its default
}

// To adds rooms: the union of all rooms added is selected, each socket once. A
// socket's id is the room of that socket alone. Without any, all sockets of the
// namespace are selected.
func (o Operator) To(rooms ...string) Operator {
	o.target.Rooms = slices.Concat(o.target.Rooms, rooms)
	return o
}

// In is To; it reads better where nothing is sent.
func (o Operator) In(rooms ...string) Operator { return o.To(rooms...) }

// Except leaves out the sockets in any of the rooms.
func (o Operator) Except(rooms ...string) Operator {
	o.target.Except = slices.Concat(o.target.Except, rooms)
	return o
}

// Volatile makes Emit drop the event for clients that cannot take it at once: a
// WebSocket with bytes unwritten, a polling client between two polls.
func (o Operator) Volatile() Operator {
	o.volatile = true
	return o
}

// Local restricts the operator to the sockets of this process.
func (o Operator) Local() Operator {
	o.local = true
	return o
}

// Compress says whether the event may be compressed on its way, see
// [engineio.Options]; it may unless told otherwise. To compress what is compressed
// already only costs time, and a secret should not be compressed beside what a
// stranger chose.
func (o Operator) Compress(on bool) Operator {
	o.plain = !on
	return o
}

// broadcast is the event as the adapter takes it.
func (o Operator) broadcast(msg message) *Broadcast {
	if o.plain {
		msg = msg.uncompressed()
	}
	return &Broadcast{
		Target: o.target, Data: msg.data, Attachments: msg.attachments,
		Volatile: o.volatile, Uncompressed: o.plain, frames: msg.frames,
	}
}

func (o Operator) adapter() Adapter {
	switch {
	case !o.local:
		return o.ns.adapter
	case o.ns.match != nil:
		return fan{o.ns, true}
	}
	return o.ns.hub
}

// Emit sends an event to the selected sockets. It is encoded once and never
// waits for a client. The arguments are not retained. Events that one goroutine
// emits, on operators or sockets, arrive in order at each client, and a Join by
// the same goroutine before it counts.
//
// The error tells of a reserved name, an argument that is not JSON, or of an
// adapter that could not reach other processes; never of a client.
func (o Operator) Emit(event string, args ...any) error {
	msg, err := encodeEvent(o.ns, event, 0, false, args)
	if err != nil {
		return err
	}
	o.ns.tell(nil, o.target, event, msg, len(args))
	return o.adapter().Broadcast(o.broadcast(msg))
}

// FetchSockets returns the selected sockets. It sees what the calling goroutine
// did before.
func (o Operator) FetchSockets(ctx context.Context) ([]RemoteSocket, error) {
	found, err := o.adapter().Fetch(ctx, o.target)
	for i := range found {
		if found[i].ns == nil {
			found[i].ns = o.ns
		}
	}
	return found, err
}

// SocketsJoin makes the selected sockets join rooms. Sockets for which that
// would exceed their limit of rooms are left as they are.
func (o Operator) SocketsJoin(rooms ...string) error {
	return o.adapter().Update(&Update{Target: o.target, Kind: UpdateJoin, Names: slices.Clone(rooms)})
}

// SocketsLeave makes the selected sockets leave rooms.
func (o Operator) SocketsLeave(rooms ...string) error {
	return o.adapter().Update(&Update{Target: o.target, Kind: UpdateLeave, Names: slices.Clone(rooms)})
}

// DisconnectSockets disconnects the selected sockets; see [Socket.Disconnect].
func (o Operator) DisconnectSockets(closeTransport bool) error {
	return o.adapter().Update(&Update{Target: o.target, Kind: UpdateDisconnect, CloseTransport: closeTransport})
}

// RemoteSocket is a socket as FetchSockets found it: perhaps of another process,
// perhaps gone by now.
type RemoteSocket struct {
	ID    string
	Rooms []string // its own id is the first
	Data  any      // what SetData stored; from another process json.RawMessage

	ns        *Namespace
	socket    *Socket // nil if of another process
	handshake Handshake
}

// NewRemoteSocket describes a socket of another process; it is for adapters.
func NewRemoteSocket(id string, rooms []string, data any, handshake Handshake) RemoteSocket {
	return RemoteSocket{ID: id, Rooms: rooms, Data: data, handshake: handshake}
}

// Socket returns the socket itself, or nil if it is of another process.
func (r RemoteSocket) Socket() *Socket { return r.socket }

// Handshake returns what the client sent when it connected.
func (r RemoteSocket) Handshake() Handshake {
	if r.socket != nil {
		return r.socket.Handshake()
	}
	return r.handshake
}

// Emit sends an event to the socket.
func (r RemoteSocket) Emit(event string, args ...any) error {
	return r.ns.To(r.ID).Emit(event, args...)
}

// Join makes the socket join rooms.
func (r RemoteSocket) Join(rooms ...string) error { return r.ns.In(r.ID).SocketsJoin(rooms...) }

// Leave makes the socket leave rooms.
func (r RemoteSocket) Leave(rooms ...string) error { return r.ns.In(r.ID).SocketsLeave(rooms...) }

// Disconnect disconnects the socket; see [Socket.Disconnect].
func (r RemoteSocket) Disconnect(closeTransport bool) error {
	return r.ns.In(r.ID).DisconnectSockets(closeTransport)
}
