package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio/parser"
)

// conn is one client's connection and its sockets. Its Message and Closed are
// called by the connection's reader.
type conn struct {
	srv     *Server
	session *engineio.Session

	mu      sync.Mutex  // guards the fields below; taken after a socket's mu
	sockets []*Socket   // one per namespace; those the server disconnected stay until the client comes again
	partial *partial    // a binary packet whose attachments are still to come
	timer   *time.Timer // calls overdue; see rearm
	thrown  bool        // the connection was closed for a packet out of turn
	closed  bool
}

var _ engineio.Receiver = (*conn)(nil)

// partial is a binary packet on its way in.
type partial struct {
	packet      parser.Packet // aliases bytes of its own
	since       time.Time
	bytes       int
	attachments [][]byte
}

func (srv *Server) serveSession(session *engineio.Session) engineio.Receiver {
	c := &conn{srv: srv, session: session}
	c.rearm()
	if c.legacy() {
		c.connect(parser.Packet{Type: parser.Connect}) // which they take for granted
	}
	return c
}

// rearm sets the one timer of the connection, which runs while attachments are
// to come or no socket is connected. It may go on running when attachments have
// come: most connections that send some send more.
func (c *conn) rearm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	switch {
	case c.closed:
	case c.partial != nil:
		c.await()
	case c.idle():
		c.timer = time.AfterFunc(c.srv.opts.ConnectTimeout, c.overdue)
	}
}

// await sets the timer for the attachments of c.partial. The caller holds mu.
func (c *conn) await() {
	c.timer = time.AfterFunc(time.Until(c.partial.since.Add(c.srv.opts.AttachmentTimeout)), c.overdue)
}

func (c *conn) overdue() {
	c.mu.Lock()
	c.timer = nil
	late := false
	switch {
	case c.closed:
	case c.partial == nil:
		late = c.idle()
	case time.Since(c.partial.since) >= c.srv.opts.AttachmentTimeout:
		late = true
	default:
		c.await() // it was set for an earlier packet
	}
	c.mu.Unlock()
	if late {
		c.srv.opts.Logger.Debug("socketio: client is too slow to connect or to send attachments", "session", c.session.ID())
		c.session.Close(engineio.ForcedClose)
	}
}

// idle reports whether no socket is connected. The caller holds mu.
func (c *conn) idle() bool {
	return !slices.ContainsFunc(c.sockets, (*Socket).Connected)
}

// Message takes one message of the client.
func (c *conn) Message(data []byte, binary bool) {
	if c.srv.opts.Parser != nil {
		c.custom(data, binary)
		return
	}
	if binary {
		c.attachment(data)
		return
	}
	if c.partial != nil {
		c.fail(errTextExpected)
		return
	}
	if announcesAttachments(data) {
		data = bytes.Clone(data) // kept until they are there
	}
	p, err := parser.Decode(data, c.srv.opts.Limits.Packet)
	if err != nil {
		c.fail(err)
		return
	}
	s := c.recipient(p)
	if s == nil {
		return
	}
	if p.Attachments > 0 {
		c.hold(p)
		return
	}
	c.packet(s, p, nil)
}

// announcesAttachments reports whether a packet is of a type that may have some.
func announcesAttachments(data []byte) bool {
	return len(data) > 0 && (data[0] == '0'+byte(parser.BinaryEvent) || data[0] == '0'+byte(parser.BinaryAck))
}

// hold keeps a packet until its attachments are there.
func (c *conn) hold(p parser.Packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.partial = &partial{packet: p, since: time.Now(), attachments: make([][]byte, 0, p.Attachments)}
	if c.timer == nil && !c.closed {
		c.await()
	}
}

// recipient returns the socket that a packet is for. If there is none, the packet
// has been dealt with.
func (c *conn) recipient(p parser.Packet) *Socket {
	if p.Type == parser.Connect {
		c.connect(p)
		return nil
	}
	s := c.find(p.Namespace)
	if s == nil || p.Type == parser.ConnectError {
		c.invalid(p.Type)
		return nil
	}
	return s
}

var (
	errTextExpected   = errors.New("got text while attachments were expected")
	errBinaryExpected = errors.New("got an attachment that no packet announced")
	errTooManyBytes   = errors.New("attachments too large")
)

// attachment takes one binary message.
func (c *conn) attachment(data []byte) {
	part := c.partial
	if part == nil {
		c.fail(errBinaryExpected)
		return
	}
	if part.bytes += len(data); part.bytes > c.srv.opts.Limits.AttachmentBytes {
		c.fail(errTooManyBytes)
		return
	}
	part.attachments = append(part.attachments, append([]byte{}, data...))
	if len(part.attachments) < part.packet.Attachments {
		return
	}
	c.mu.Lock()
	c.partial = nil
	c.mu.Unlock()
	p := part.packet
	if err := parser.CheckPlaceholders(p.Data, p.Attachments); err != nil {
		c.fail(err)
		return
	}
	if s := c.find(p.Namespace); s != nil {
		c.packet(s, p, part.attachments)
	} else {
		c.invalid(p.Type)
	}
}

// packet handles an event, an acknowledgement or a DISCONNECT. p aliases the
// reader's buffer unless there are attachments.
func (c *conn) packet(s *Socket, p parser.Packet, attachments [][]byte) {
	switch p.Type {
	case parser.Disconnect:
		c.drop(s)
		s.end(ClientNamespaceDisconnect, false)
		c.rearm()
	case parser.Event, parser.BinaryEvent:
		r := s.ns.rules.Load()
		rt := r.routes[string(p.Event)]
		if rt == nil {
			if rt = r.unknownRoute; rt == nil {
				return
			}
			rt = &route{string(p.Event), rt.handler}
		}
		call := &Call{socket: s, event: rt.event, handler: rt.handler, id: p.ID, hasAck: p.HasID}
		call.Args = newArgs(p, 1, attachments)
		s.enqueue(call)
	case parser.Ack, parser.BinaryAck:
		if !p.HasID {
			return
		}
		if w, ok := s.takeWaiter(p.ID); ok {
			args := newArgs(p, 0, attachments)
			w.settle(&args)
		}
	}
}

// newArgs keeps a packet's values.
func newArgs(p parser.Packet, skip int, attachments [][]byte) Args {
	data := p.Data
	if attachments == nil {
		data = bytes.Clone(data)
	}
	return Args{data: data, skip: skip, n: p.Args, attachments: attachments}
}

// find returns the socket of a namespace the client may speak to. Packets that
// crossed our DISCONNECT find the socket that was disconnected and do nothing:
// the reference server closes the connection on them.
func (c *conn) find(namespace []byte) *Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sockets {
		if s.ns.is(namespace) {
			if s.state.Load() == stateConnecting {
				return nil
			}
			return s
		}
	}
	return nil
}

// is compares the namespace's name with a packet's.
func (ns *Namespace) is(name []byte) bool {
	return string(name) == ns.name || len(name) == 0 && ns.name == "/"
}

// connect handles a CONNECT.
func (c *conn) connect(p parser.Packet) {
	if c.legacy() {
		p = fromLegacy(p)
	}
	ns := c.srv.namespace("/")
	if len(p.Namespace) > 0 {
		ns = (*c.srv.namespaces.Load())[string(p.Namespace)]
	}
	if ns != nil {
		c.join(ns, bytes.Clone(p.Data))
		return
	}
	name := "/"
	if len(p.Namespace) > 0 {
		name = string(p.Namespace)
	}
	// Functions of the program decide: not on the reader, which may be a shard.
	c.session.Pause()
	c.srv.pool.run(&introduction{c, name, bytes.Clone(p.Data)})
}

// An introduction is a CONNECT to a namespace that may have to be made. The
// session is paused until it is done.
type introduction struct {
	conn *conn
	name string
	auth []byte
}

// work implements job.
func (i *introduction) work() {
	c := i.conn
	defer c.session.Resume()
	ns, refusal := c.srv.dynamic(i.name, i.auth)
	if ns == nil {
		c.refuse(i.name, []byte(`{"message":"`+refusal+`"}`))
		return
	}
	c.join(ns, i.auth)
}

// join makes a socket in the namespace. auth may be nil; it is kept.
func (c *conn) join(ns *Namespace, auth []byte) {
	s := &Socket{id: c.newSocketID(ns), ns: ns, conn: c, working: true}
	if auth != nil {
		s.extra = &extra{auth: auth}
	}
	c.mu.Lock()
	i := slices.IndexFunc(c.sockets, func(old *Socket) bool { return old.ns.name == ns.name })
	again := i >= 0 && c.sockets[i].state.Load() != stateEnded
	full := i < 0 && len(c.sockets) >= c.srv.opts.Limits.Namespaces
	switch {
	case again, full, c.closed:
	case i >= 0:
		c.sockets[i] = s
	default:
		c.sockets = append(c.sockets, s)
	}
	closed := c.closed
	c.mu.Unlock()
	if ns.parent != nil && (again || full || closed) {
		c.srv.release(ns)
	}
	switch {
	case again:
		c.invalid(parser.Connect)
	case full:
		c.refuse(ns.name, []byte(`{"message":"Too many namespaces"}`))
	case !closed:
		c.srv.pool.run(s)
	}
}

// refuse sends CONNECT_ERROR.
func (c *conn) refuse(namespace string, body []byte) {
	if frame := c.control(namespace, parser.ConnectError, body); frame != nil {
		c.session.Send(frame)
	}
}

// connectErrorBody is the payload of CONNECT_ERROR for an error of a middleware,
// and whether the error was meant for the client.
func connectErrorBody(err error) (body []byte, known bool) {
	payload := struct {
		Message string `json:"message"`
		Data    any    `json:"data,omitempty"`
	}{Message: "internal error"}
	var refusal *ConnectError
	var carrier interface{ Data() any }
	switch {
	case errors.As(err, &refusal):
		payload.Message, payload.Data, known = refusal.Message, refusal.Data, true
	case errors.As(err, &carrier):
		payload.Message, payload.Data, known = err.Error(), carrier.Data(), true
	}
	if body, err = json.Marshal(payload); err != nil {
		return []byte(`{"message":"internal error"}`), false
	}
	return body, known
}

// fail closes the connection because of a packet that cannot be decoded.
func (c *conn) fail(err error) {
	c.srv.opts.Logger.Debug("socketio: invalid packet", "session", c.session.ID(), "err", err)
	c.session.Close(engineio.ForcedClose)
}

// invalid closes the connection because of a packet out of turn.
func (c *conn) invalid(t parser.Type) {
	c.srv.opts.Logger.Debug("socketio: packet out of turn", "session", c.session.ID(), "type", t.String())
	c.mu.Lock()
	c.thrown = true
	c.mu.Unlock()
	c.session.Close(engineio.ForcedClose)
}

// Closed ends all sockets of the connection.
func (c *conn) Closed(reason engineio.CloseReason, err error) {
	c.mu.Lock()
	c.closed = true
	c.partial = nil
	sockets := c.sockets
	c.sockets = nil
	why := engineReason(reason, err)
	if c.thrown {
		why = ForcedServerClose
	}
	c.mu.Unlock()
	c.rearm()
	if c.srv.closed() {
		why = ServerShuttingDown
	}
	for _, s := range sockets {
		s.end(why, false)
	}
}

// drop forgets a socket.
func (c *conn) drop(s *Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.sockets, s); i >= 0 {
		c.sockets = slices.Delete(c.sockets, i, i+1)
	}
}

// all returns the sockets of the connection.
func (c *conn) all() []*Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sockets)
}
