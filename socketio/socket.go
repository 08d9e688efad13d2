package socketio

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio/parser"
)

// Socket is one client in one namespace. All methods may be called by any
// goroutine, at any time; after the socket was disconnected they do nothing or
// return ErrDisconnected.
type Socket struct {
	id   string
	ns   *Namespace
	conn *conn

	state atomic.Int32 // stateConnecting and so on; changes under mu

	mu      sync.Mutex // guards the fields below; taken before conn.mu and a shard's inbox
	working bool       // a worker has the socket
	greeted bool       // OnConnect ran, OnDisconnect is owed
	full    bool       // the session is paused until less waits in queue
	reason  DisconnectReason
	rooms   []string // what Rooms tells
	pending int32    // membership changes that are on their way to the shard
	stale   bool     // rooms are to be read back when none is
	ctx     context.Context
	data    any
	queue   callQueue
	extra   *extra

	seat seat // owned by the shard
}

// The states of a socket.
const (
	stateConnecting = iota // the middlewares have not finished
	stateConnected
	stateEnded
)

// extra holds what few sockets need, or each for a short time.
type extra struct {
	life lifetime
	acks []waiter
	auth json.RawMessage

	line      *lifeline // see Recovery
	recovered bool
}

// more returns s.extra. The caller holds mu.
func (s *Socket) more() *extra {
	if s.extra == nil {
		s.extra = new(extra)
	}
	return s.extra
}

// newID returns 20 random characters of base64url. Adapters of other
// implementations tell ids from room names by this length.
func newID() string {
	var b [15]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Handshake describes how the client connected.
type Handshake struct {
	engineio.Handshake
	// Auth is the JSON object the client sent with CONNECT, or nil. It is
	// forgotten after the OnConnect handlers unless Options.KeepAuth is set.
	Auth json.RawMessage
}

// DecodeAuth stores the auth payload in v, a pointer, as json.Unmarshal does.
// Without a payload v is left as it is.
func (h Handshake) DecodeAuth(v any) error {
	if h.Auth == nil {
		return nil
	}
	return json.Unmarshal(h.Auth, v)
}

// ID returns the socket's id: 20 characters, random, not that of the connection,
// unless the client is one of Socket.IO 2: then it is made of the session's id.
// It is also the name of a room that holds this socket alone.
func (s *Socket) ID() string { return s.id }

// Namespace returns the socket's namespace.
func (s *Socket) Namespace() *Namespace { return s.ns }

// Session returns the connection below, which the client's sockets of other
// namespaces share.
func (s *Socket) Session() *engineio.Session { return s.conn.session }

// Handshake returns what the client sent when it connected. It is parsed at
// every call: keep what you need.
func (s *Socket) Handshake() Handshake {
	h := Handshake{Handshake: s.conn.session.Handshake()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.extra != nil {
		h.Auth = s.extra.auth
	}
	return h
}

// Connected reports whether the client may be sent events.
func (s *Socket) Connected() bool {
	return s.state.Load() == stateConnected
}

// Data returns what SetData stored, or nil.
func (s *Socket) Data() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data
}

// SetData stores a value with the socket; RemoteSocket.Data tells it, as JSON to
// other processes.
func (s *Socket) SetData(data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
}

// Emit sends an event to the client. It does not wait for the client; the
// arguments are not retained. []byte values, anywhere in args, are sent binary.
// The error is ErrDisconnected, ErrReservedEvent or an argument's that is not
// JSON.
func (s *Socket) Emit(event string, args ...any) error {
	msg, err := encodeEvent(s.ns, event, 0, false, args)
	if err != nil {
		return err
	}
	s.ns.tell(s, Target{}, event, msg, len(args))
	return s.emit(msg)
}

// emit sends an event that may have to be sent again.
func (s *Socket) emit(msg message) error {
	if r := s.ns.hub.recovery; r != nil {
		return r.emit(s, msg)
	}
	return s.send(msg.frames, false)
}

// Compress returns an emitter whose events are, with false, not compressed on
// their way; see [Operator.Compress].
func (s *Socket) Compress(on bool) CompressSocket { return CompressSocket{s, on} }

// CompressSocket is a Socket that says of its events whether to compress them.
type CompressSocket struct {
	s  *Socket
	on bool
}

// Emit is [Socket.Emit].
func (c CompressSocket) Emit(event string, args ...any) error {
	msg, err := encodeEvent(c.s.ns, event, 0, false, args)
	if err != nil {
		return err
	}
	if !c.on {
		msg = msg.uncompressed()
	}
	c.s.ns.tell(c.s, Target{}, event, msg, len(args))
	return c.s.emit(msg)
}

// Volatile returns an emitter whose events are dropped if the client cannot take
// them at once.
func (s *Socket) Volatile() VolatileSocket { return VolatileSocket{s} }

// VolatileSocket is a Socket whose events may be lost.
type VolatileSocket struct{ s *Socket }

// Emit is [Socket.Emit], but the event is dropped if the client cannot take it
// at once.
func (v VolatileSocket) Emit(event string, args ...any) error {
	msg, err := encodeEvent(v.s.ns, event, 0, false, args)
	if err != nil {
		return err
	}
	v.s.ns.tell(v.s, Target{}, event, msg, len(args))
	return v.s.send(msg.frames, true)
}

// send queues frames for a connected client. The lock is held so that nothing
// can follow the socket's own DISCONNECT, behind which its client may have
// connected again.
func (s *Socket) send(frames []*engineio.Frame, volatile bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Load() != stateConnected {
		return ErrDisconnected
	}
	if volatile {
		s.conn.session.SendVolatile(frames...)
	} else {
		s.conn.session.Send(frames...)
	}
	return nil
}

// waiter is an EmitWithAck that waits, of the socket (answer) or of many (group).
type waiter struct {
	id     uint64
	answer chan<- *Args // buffered; closed if the socket is disconnected
	group  *gathering
}

// settle hands over the answer, nil if the socket was disconnected. It does not
// block.
func (w waiter) settle(args *Args) {
	switch {
	case w.group != nil:
		w.group.settle(args)
	case args != nil:
		w.answer <- args
	default:
		close(w.answer)
	}
}

// expect makes a waiter wait; it reports false if the socket is not connected.
func (s *Socket) expect(w waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Load() != stateConnected {
		return false
	}
	x := s.more()
	x.acks = append(x.acks, w)
	return true
}

// EmitWithAck sends an event and waits for the client's acknowledgement: until
// ctx ends, or for Options.AckTimeout (ErrAckTimeout) if ctx has no deadline, or
// until the socket is disconnected (ErrDisconnected). It may be called by a
// handler of the same socket.
func (s *Socket) EmitWithAck(ctx context.Context, event string, args ...any) (*Args, error) {
	id := s.ns.ackID.Add(1) - 1
	msg, err := encodeEvent(s.ns, event, id, true, args)
	if err != nil {
		return nil, err
	}
	s.ns.tell(s, Target{}, event, msg, len(args))
	answer := make(chan *Args, 1)
	s.mu.Lock()
	if s.state.Load() != stateConnected {
		s.mu.Unlock()
		return nil, ErrDisconnected
	}
	x := s.more()
	x.acks = append(x.acks, waiter{id: id, answer: answer})
	s.conn.session.Send(msg.frames...)
	s.mu.Unlock()

	var timeout <-chan time.Time
	if _, bounded := ctx.Deadline(); !bounded {
		t := time.NewTimer(s.ns.srv.opts.AckTimeout)
		defer t.Stop()
		timeout = t.C
	}
	select {
	case a, ok := <-answer:
		if !ok {
			return nil, ErrDisconnected
		}
		return a, nil
	case <-timeout:
		err = ErrAckTimeout
	case <-ctx.Done():
		if err = ctx.Err(); errors.Is(err, context.DeadlineExceeded) {
			err = errors.Join(ErrAckTimeout, err)
		}
	}
	s.takeWaiter(id)
	return nil, err
}

// takeWaiter removes and returns the waiter for id.
func (s *Socket) takeWaiter(id uint64) (w waiter, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.extra == nil {
		return waiter{}, false
	}
	acks := s.extra.acks
	i := slices.IndexFunc(acks, func(w waiter) bool { return w.id == id })
	if i < 0 {
		return waiter{}, false
	}
	w = acks[i]
	s.extra.acks = slices.Delete(acks, i, i+1)
	if len(s.extra.acks) == 0 {
		s.extra.acks = nil
	}
	return w, true
}

// Broadcast selects all sockets of the namespace but this one.
func (s *Socket) Broadcast() Operator { return s.ns.operator().Except(s.id) }

// To selects the sockets in any of the rooms, without this one.
func (s *Socket) To(rooms ...string) Operator { return s.Broadcast().To(rooms...) }

// Except selects all sockets but this one and those in any of the rooms.
func (s *Socket) Except(rooms ...string) Operator { return s.Broadcast().Except(rooms...) }

// Rooms returns the rooms the socket is in: first that of its own id. There are
// none after it was disconnected, see [Namespace.OnDisconnecting].
func (s *Socket) Rooms() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Load() == stateEnded && !s.greeted {
		return nil
	}
	return append([]string{s.id}, s.rooms...)
}

// Join adds the socket to rooms. What the calling goroutine emits to them
// afterwards reaches the socket. A middleware may call it: the socket is in the
// rooms from the moment it is connected. The error is ErrRoom, with the rooms
// before the offending one joined, or ErrDisconnected.
func (s *Socket) Join(rooms ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Load() == stateEnded {
		return ErrDisconnected
	}
	limits := s.ns.srv.opts.Limits
	var joined []string
	var err error
	for _, room := range rooms {
		if len(room) > limits.RoomName || len(s.rooms) >= limits.Rooms {
			err = ErrRoom
			break
		}
		if room != s.id && !slices.Contains(s.rooms, room) {
			s.rooms = append(s.rooms, room)
			joined = append(joined, room)
		}
	}
	s.changeRooms(joined, false)
	return err
}

// Leave removes the socket from rooms.
func (s *Socket) Leave(rooms ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Load() == stateEnded {
		return
	}
	var left []string
	for _, room := range rooms {
		if i := slices.Index(s.rooms, room); i >= 0 {
			s.rooms = slices.Delete(s.rooms, i, i+1)
			left = append(left, room)
		}
	}
	if len(s.rooms) == 0 {
		s.rooms = nil
	}
	s.changeRooms(left, true)
}

// changeRooms tells the shard. The caller holds mu, so that the shard learns of
// changes in their order.
func (s *Socket) changeRooms(rooms []string, leave bool) {
	if len(rooms) == 0 || s.state.Load() != stateConnected {
		return
	}
	s.pending++
	s.conn.session.Shard().Post(&roomChange{s, rooms, leave})
}

// Disconnect disconnects the socket: its client is told and does not connect
// again by itself. With closeTransport all the client's sockets, also those of
// other namespaces, are disconnected and then the connection is closed. It does
// not wait for the OnDisconnect handlers, and does nothing before the socket is
// connected: a middleware returns an error instead.
func (s *Socket) Disconnect(closeTransport bool) {
	if !s.Connected() {
		return
	}
	if !closeTransport {
		s.end(ServerNamespaceDisconnect, true)
		s.conn.rearm()
		return
	}
	for _, other := range s.conn.all() {
		other.end(ServerNamespaceDisconnect, true)
	}
	s.conn.session.Close(engineio.ForcedClose)
}

// CloseTransport closes the connection below without telling the client's
// sockets: it connects again by itself, as after a lost connection.
func (s *Socket) CloseTransport() { s.conn.session.Close(engineio.ForcedClose) }

// end makes the socket disconnected, once. tell: with a DISCONNECT packet.
func (s *Socket) end(reason DisconnectReason, tell bool) {
	s.mu.Lock()
	if s.state.Load() == stateEnded {
		s.mu.Unlock()
		return
	}
	// Before the client can learn of it, and connect again.
	was := s.state.Swap(stateEnded)
	if was == stateConnected {
		gone := &departure{socket: s}
		if tell {
			gone.frame = s.conn.control(s.ns.name, parser.Disconnect, nil)
		}
		s.conn.session.Shard().Post(gone)
	}
	s.reason = reason
	s.queue = callQueue{}
	s.relieve()
	var cancel context.CancelFunc
	var acks []waiter
	if x := s.extra; x != nil {
		acks, x.acks = x.acks, nil
		cancel = x.life.cancel
	}
	start := s.greeted && !s.working
	s.working = s.working || start
	s.mu.Unlock()
	for _, w := range acks {
		w.settle(nil)
	}
	if cancel != nil {
		cancel()
	}
	if start {
		s.ns.srv.pool.run(s)
	}
}
