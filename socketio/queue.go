package socketio

import (
	"errors"
)

// callQueue holds the events that wait for a socket's handlers, linked through
// the calls themselves.
type callQueue struct {
	first, last *Call
	calls       int32
	bytes       int32
}

func (c *Call) size() int32 {
	n := len(c.data)
	for _, b := range c.attachments {
		n += len(b)
	}
	return int32(n)
}

func (q *callQueue) push(c *Call) {
	if q.last == nil {
		q.first = c
	} else {
		q.last.next = c
	}
	q.last = c
	q.calls++
	q.bytes += c.size()
}

func (q *callQueue) pop() *Call {
	c := q.first
	if c == nil {
		return nil
	}
	if q.first = c.next; q.first == nil {
		q.last = nil
	}
	c.next = nil
	q.calls--
	q.bytes -= c.size()
	return c
}

// full reports whether so much waits that nothing more may be read. The caller
// holds the socket's mu.
func (q *callQueue) full(l *Limits) bool {
	return int(q.calls) >= l.QueuedEvents || int(q.bytes) >= l.QueuedBytes
}

// low reports whether there is room again.
func (q *callQueue) low(l *Limits) bool {
	return int(q.calls) <= l.QueuedEvents/2 && int(q.bytes) <= l.QueuedBytes/2
}

// enqueue hands an event to the socket's worker. Only the connection's reader
// calls it. If too much waits, the connection is not read until half is done.
func (s *Socket) enqueue(c *Call) {
	s.mu.Lock()
	if s.state.Load() != stateConnected {
		s.mu.Unlock()
		return
	}
	s.queue.push(c)
	if !s.full && s.queue.full(&s.ns.srv.opts.Limits) {
		s.full = true
		s.conn.session.Pause()
	}
	start := !s.working
	s.working = true
	s.mu.Unlock()
	if start {
		s.ns.srv.pool.run(s)
	}
}

// relieve lets the connection be read again. The caller holds mu.
func (s *Socket) relieve() {
	if s.full {
		s.full = false
		s.conn.session.Resume()
	}
}

// work does what the socket has to do, until there is nothing: greet, handle
// events, say farewell. One worker at a time has the socket.
func (s *Socket) work() {
	for {
		s.mu.Lock()
		c := s.queue.pop()
		if s.full && s.queue.low(&s.ns.srv.opts.Limits) {
			s.relieve()
		}
		fresh := s.state.Load() == stateConnecting
		farewell := s.state.Load() == stateEnded && s.greeted
		if c == nil && !fresh && !farewell {
			s.working = false
			ended := s.state.Load() == stateEnded
			s.mu.Unlock()
			if ended && s.ns.parent != nil {
				s.ns.srv.release(s.ns) // once: an ended socket gets no work
			}
			return
		}
		s.mu.Unlock()
		switch {
		case fresh:
			s.greet()
		case farewell:
			s.farewell()
		default:
			s.dispatch(c)
		}
	}
}

// greet runs the middlewares, answers the CONNECT and runs OnConnect.
func (s *Socket) greet() {
	r := s.ns.rules.Load()
	rec := s.ns.hub.recovery
	if r.onAdmit != nil {
		rec = nil
	}
	if !(rec != nil && rec.opts.SkipMiddlewares && rec.resume(s)) && !s.pass(r, rec) {
		return
	}
	if o := s.ns.srv.opts.Observer; o != nil {
		o.Connected(s)
	}
	for _, h := range r.onConnect {
		if err := s.protect("connect", func() error { h(s); return nil }); err != nil {
			s.CloseTransport() // half set up: better to come again
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.extra; x != nil && !s.ns.srv.opts.KeepAuth {
		x.auth = nil
		if x.life.ctx == nil && x.acks == nil && x.line == nil && !x.recovered {
			s.extra = nil
		}
	}
}

// pass runs the middlewares and makes the socket connected. It reports false if
// it is not.
func (s *Socket) pass(r *rules, rec *recoverer) bool {
	for _, m := range r.middlewares {
		if err := s.protect("middleware", func() error { return m(s.Context(), s) }); err != nil {
			s.refuse(err)
			return false
		}
	}
	if rec == nil {
		return s.admit(r)
	}
	return !rec.opts.SkipMiddlewares && rec.resume(s) || rec.begin(s)
}

// refuse answers the CONNECT with an error.
func (s *Socket) refuse(err error) {
	s.end(ServerNamespaceDisconnect, false)
	s.conn.drop(s)
	if o := s.ns.srv.opts.Observer; o != nil {
		o.Refused(s.ns, err)
	}
	var panicked *PanicError
	body, known := connectErrorBody(err)
	if !known && !errors.As(err, &panicked) {
		s.ns.srv.opts.Logger.Error("socketio: middleware failed", "namespace", s.ns.name, "socket", s.id, "err", err)
	}
	if s.conn.legacy() {
		body = toLegacy(body)
	}
	s.conn.refuse(s.ns.name, body)
}

// farewell runs the handlers of a disconnected socket.
func (s *Socket) farewell() {
	r := s.ns.rules.Load()
	s.mu.Lock()
	reason := s.reason
	s.mu.Unlock()
	if o := s.ns.srv.opts.Observer; o != nil {
		o.Disconnected(s, reason)
	}
	for _, h := range r.onDisconnecting {
		// protect has logged a panic; the handlers that follow still run.
		_ = s.protect("disconnecting", func() error { h(s, reason); return nil })
	}
	s.mu.Lock()
	s.rooms = nil
	s.greeted = false
	s.mu.Unlock()
	for _, h := range r.onDisconnect {
		_ = s.protect("disconnect", func() error { h(s, reason); return nil })
	}
}
