package socketio

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/storywire/storywire/socketio/parser"
)

// Namespace is one of a server's namespaces: its handlers, shared by all its
// sockets, and the operators that reach them. Handlers may be registered at any
// time and in any order, but those that are meant for every socket belong before
// the server is mounted. All methods may be called by any goroutine.
type Namespace struct {
	srv     *Server
	name    string
	hub     *hub // nil of a parent
	adapter Adapter
	ackID   atomic.Uint64 // one counter per namespace, as in the reference server

	match  func(name string, auth json.RawMessage) bool // of a parent, see OfFunc
	parent *Namespace                                   // whose match made it a child
	users  int                                          // sockets of a child; guarded by srv.mu

	closeOnce sync.Once
	closeErr  error

	mu    sync.Mutex // guards writing rules
	rules atomic.Pointer[rules]
}

// rules are a namespace's handlers; they are replaced as a whole.
type rules struct {
	middlewares     []Middleware
	onAdmit         func(*Socket, func(Admission) bool) error
	onConnect       []func(*Socket)
	onDisconnecting []func(*Socket, DisconnectReason)
	onDisconnect    []func(*Socket, DisconnectReason)
	eventMiddleware []EventMiddleware
	handlers        map[string]EventHandler // as registered
	unknown         EventHandler
	responder       Responder
	serverSide      map[string]ServerHandler
	taps            []func(*Socket, *Call)
	outgoing        []func(Outgoing)

	routes       map[string]*route // handlers within eventMiddleware, behind taps
	unknownRoute *route
}

// route is where events of one name go.
type route struct {
	event   string
	handler EventHandler
}

// Middleware decides whether a socket may connect. It runs before the client is
// answered and may take its time: neither the client's other packets nor other
// clients wait for it. ctx ends when the connection does; it is s.Context().
// Middlewares run in the order of Use; the first error ends the chain and
// refuses the socket, see [ConnectError].
type Middleware func(ctx context.Context, s *Socket) error

func newNamespace(srv *Server, name string) *Namespace {
	ns := &Namespace{srv: srv, name: name}
	ns.hub = newHub(ns)
	ns.adapter = ns.hub
	if srv.opts.Adapter != nil {
		ns.adapter = srv.opts.Adapter(ns, ns.hub)
	}
	ns.rules.Store(newRules())
	return ns
}

func newRules() *rules {
	return &rules{handlers: map[string]EventHandler{}, responder: defaultResponder}
}

// Name returns the namespace's name, with its leading slash.
func (ns *Namespace) Name() string { return ns.name }

func (ns *Namespace) closeAdapter() error {
	ns.closeOnce.Do(func() { ns.closeErr = ns.adapter.Close() })
	return ns.closeErr
}

// change replaces the rules by a changed copy.
func (ns *Namespace) change(f func(r *rules)) {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	r := *ns.rules.Load()
	f(&r)
	r.routes = make(map[string]*route, len(r.handlers))
	for event, h := range r.handlers {
		r.routes[event] = &route{event, r.tapped(r.wrap(h))}
	}
	unknown := r.unknown
	if unknown != nil {
		unknown = r.wrap(unknown)
	}
	if unknown = r.tapped(unknown); unknown != nil {
		r.unknownRoute = &route{"", unknown}
	}
	ns.rules.Store(&r)
}

// wrap puts h inside the per-event middlewares; the first is the outermost.
func (r *rules) wrap(h EventHandler) EventHandler {
	for _, m := range slices.Backward(r.eventMiddleware) {
		h = m(h)
	}
	return h
}

// Use adds a middleware that every socket passes before it is connected.
func (ns *Namespace) Use(m Middleware) {
	ns.change(func(r *rules) { r.middlewares = append(slices.Clip(r.middlewares), m) })
}

// OnConnect adds a handler that runs when a socket has connected, before any of
// its events is handled. A panic in it closes the connection.
func (ns *Namespace) OnConnect(h func(s *Socket)) {
	ns.change(func(r *rules) { r.onConnect = append(slices.Clip(r.onConnect), h) })
}

// OnDisconnecting adds a handler that runs when a connected socket was
// disconnected, while s.Rooms() still tells the rooms it was in. It runs after
// the handler of the event in work; events that waited are dropped.
func (ns *Namespace) OnDisconnecting(h func(s *Socket, reason DisconnectReason)) {
	ns.change(func(r *rules) { r.onDisconnecting = append(slices.Clip(r.onDisconnecting), h) })
}

// OnDisconnect adds a handler that runs after those of OnDisconnecting; the
// socket's rooms are empty now. It runs exactly once for every socket whose
// OnConnect handlers ran, and is the last that runs for it.
func (ns *Namespace) OnDisconnect(h func(s *Socket, reason DisconnectReason)) {
	ns.change(func(r *rules) { r.onDisconnect = append(slices.Clip(r.onDisconnect), h) })
}

// UseEvent adds a middleware around the handlers of events: for rate limits,
// logging, deadlines. The first added is the outermost. It also applies to
// handlers that were registered before.
func (ns *Namespace) UseEvent(m EventMiddleware) {
	ns.change(func(r *rules) { r.eventMiddleware = append(slices.Clip(r.eventMiddleware), m) })
}

// On registers the handler of an event. For handlers with typed arguments see
// [Handle]. It panics if the name is reserved or has a handler already.
func (ns *Namespace) On(event string, h EventHandler) {
	if parser.Reserved(event) {
		panic(fmt.Sprintf("socketio: %q is a reserved event name", event))
	}
	ns.change(func(r *rules) {
		if r.handlers[event] != nil {
			panic(fmt.Sprintf("socketio: %s has a handler for %q already", ns.name, event))
		}
		r.handlers = maps.Clone(r.handlers)
		r.handlers[event] = h
	})
}

// OnUnknown sets the handler of events that have no other. Without it they are
// dropped unread, and a client that asked for an acknowledgement gets none.
func (ns *Namespace) OnUnknown(h EventHandler) {
	ns.change(func(r *rules) { r.unknown = h })
}

// Respond sets how results and errors of handlers go back to the client; see
// [Responder].
func (ns *Namespace) Respond(f Responder) {
	ns.change(func(r *rules) { r.responder = f })
}

// operator selects all sockets of the namespace.
func (ns *Namespace) operator() Operator { return Operator{ns: ns} }

// To selects the sockets in any of the rooms; see [Operator.To].
func (ns *Namespace) To(rooms ...string) Operator { return ns.operator().To(rooms...) }

// In is To.
func (ns *Namespace) In(rooms ...string) Operator { return ns.operator().To(rooms...) }

// Except selects all sockets but those in any of the rooms.
func (ns *Namespace) Except(rooms ...string) Operator { return ns.operator().Except(rooms...) }

// Volatile selects all sockets; see [Operator.Volatile].
func (ns *Namespace) Volatile() Operator { return ns.operator().Volatile() }

// Compress selects all sockets; see [Operator.Compress].
func (ns *Namespace) Compress(on bool) Operator { return ns.operator().Compress(on) }

// Local selects all sockets of this process.
func (ns *Namespace) Local() Operator { return ns.operator().Local() }

// Emit sends an event to all sockets; see [Operator.Emit].
func (ns *Namespace) Emit(event string, args ...any) error { return ns.operator().Emit(event, args...) }

// FetchSockets returns all sockets; see [Operator.FetchSockets].
func (ns *Namespace) FetchSockets(ctx context.Context) ([]RemoteSocket, error) {
	return ns.operator().FetchSockets(ctx)
}

// SocketsJoin makes all sockets join rooms.
func (ns *Namespace) SocketsJoin(rooms ...string) error { return ns.operator().SocketsJoin(rooms...) }

// SocketsLeave makes all sockets leave rooms.
func (ns *Namespace) SocketsLeave(rooms ...string) error { return ns.operator().SocketsLeave(rooms...) }

// DisconnectSockets disconnects all sockets; see [Socket.Disconnect].
func (ns *Namespace) DisconnectSockets(closeTransport bool) error {
	return ns.operator().DisconnectSockets(closeTransport)
}
