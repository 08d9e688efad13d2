// Package socketio is a Socket.IO server for the clients of protocol revision 5,
// such as socket.io-client 4: a handler for net/http.
//
//	io := socketio.NewServer(socketio.Options{})
//	chat := io.Of("/")
//	chat.OnConnect(func(s *socketio.Socket) { s.Join("lobby") })
//	socketio.Handle(chat, "say", func(ctx context.Context, s *socketio.Socket, in Say) (Said, error) {
//		s.To("lobby").Emit("said", s.ID(), in.Text)
//		return Said{At: time.Now()}, nil // the client's acknowledgement
//	})
//	http.Handle("/socket.io/", io)
//
// # Namespaces, sockets, rooms
//
// A client has one connection and, on it, one [Socket] in each [Namespace] it
// joined. Clients ask for the namespace "/" unless told otherwise; it exists only
// if [Server.Of] made it, or if a parent matches it: [Server.OfFunc]. Handlers
// belong to the namespace, as with [net/http.ServeMux], not to each socket: a
// connection costs no closures.
//
// A room is a set of a namespace's sockets that exists while it has members.
// Sockets join and leave rooms on the server, clients know nothing of them. Each
// socket is in the room of its own id.
//
// # The life of a socket
//
// The middlewares of [Namespace.Use] decide whether a client may connect: one
// that returns a [ConnectError] has it sent as connect_error. They find the
// client's auth payload in [Socket.Handshake], and may join rooms, store
// [Socket.SetData] or refine the context. Then the client is answered,
// [Namespace.OnConnect] handlers run, and the client's events are handled until
// the socket is disconnected, for one of the reasons [DisconnectReason] lists.
// [Namespace.OnDisconnecting] and [Namespace.OnDisconnect] run last, exactly once.
//
// # Events
//
// [Handle] registers a typed handler: one argument in, and a result or an error,
// which becomes the acknowledgement. [Namespace.On] registers one that works with
// the raw arguments of a [Call]. How results and errors look on the wire is
// decided in one place, by [Namespace.Respond]. [Namespace.UseEvent] wraps all
// handlers: rate limits, deadlines, logs. [Namespace.OnAny] and
// [Namespace.OnAnyOutgoing] watch what comes and goes.
//
// [Socket.Emit] sends to one client, [Socket.EmitWithAck] waits for its answer.
// To reach many, select them: ns.To("story:42").Except(id).Emit(...); s.To leaves
// out s itself. [Operator.EmitWithAck] gathers the answers of all it selects,
// those of other processes included. Arguments are encoded by encoding/json. A []byte, anywhere in
// them, travels as a binary attachment, as an ArrayBuffer or Buffer does in
// JavaScript, in both directions.
//
// # Clients that come back
//
// With [Options.Recovery] a client that lost its connection carries on where it
// was, with what it has missed. A program with a log of its own, that outlives the
// process or is shared by many, does the same with [Namespace.OnAdmit].
//
// # Concurrency
//
// All methods may be called by any goroutine. For one socket at a time one
// handler runs: its middlewares, OnConnect, event handlers in the order of its
// events, OnDisconnecting, OnDisconnect. Different sockets run in parallel, so
// state they share needs a lock. A handler may block; it delays only the events
// of its own socket. Heartbeats, acknowledgements and disconnection do not wait
// for it: when the connection ends, the handler's context does. Limits.QueuedEvents
// events may wait for a handler, then the client is not read any further.
//
// Emit, Join and Leave never wait for a client or for each other. What one
// goroutine does takes effect in its order: s.Join(r) and then ns.To(r).Emit
// reaches s, and what it emits to a client, directly and by rooms, arrives in
// order. A client that does not take what is sent to it within
// [engineio.Options.MaxQueue] bytes and WriteTimeout is disconnected (SlowClient);
// use Volatile for events that may be lost.
//
// A panic in a handler is recovered, logged and answered as an internal error; in
// OnConnect it closes the connection.
//
// # Ownership
//
// Arguments of Emit and Ack are encoded before the call returns and are not
// retained. Received [Args] and what they return belong to the receiver for as
// long as it likes, but Raw and Binary return shared memory that must not be
// changed; Decode copies.
//
// # Other encodings
//
// [Options.Parser] replaces the text of packets; package msgpack has the parser
// for clients that use npm's socket.io-msgpack-parser.
//
// # Several processes
//
// [Options.Adapter] connects a namespace to those of other processes; see
// [Adapter]. What servers have to tell each other, and not clients, goes by
// [Namespace.ServerSideEmit] to [Namespace.OnServerSide].
package socketio
