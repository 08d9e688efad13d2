package socketio

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio/parser"
)

// Packet is an event that was encoded once, to be sent as often as it is needed:
// what a log keeps for clients that come back. It is immutable.
type Packet struct {
	event string
	args  int
	msg   message
}

// Encode encodes an event for the sockets of ns; see [Socket.Emit]. The
// arguments are not retained.
func (ns *Namespace) Encode(event string, args ...any) (*Packet, error) {
	msg, err := encodeEvent(ns, event, 0, false, args)
	if err != nil {
		return nil, err
	}
	return &Packet{event, len(args), msg}, nil
}

// Event returns the event's name.
func (p *Packet) Event() string { return p.event }

// Args returns the event's arguments.
func (p *Packet) Args() *Args {
	return &Args{data: p.msg.data, skip: 1, n: p.args, attachments: p.msg.attachments}
}

// Size returns about how many bytes the packet takes in memory and on the wire.
func (p *Packet) Size() int { return framesSize(p.msg.frames) }

func framesSize(frames []*engineio.Frame) (n int) {
	for _, f := range frames {
		n += f.Size()
	}
	return n
}

// EmitPacket is [Socket.Emit] of an event that was encoded before.
func (s *Socket) EmitPacket(p *Packet) error {
	s.ns.tell(s, Target{}, p.event, p.msg, p.args)
	return s.emit(p.msg)
}

// EmitPacket is [Operator.Emit] of an event that was encoded before.
func (o Operator) EmitPacket(p *Packet) error {
	o.ns.tell(nil, o.target, p.event, p.msg, p.args)
	return o.adapter().Broadcast(o.broadcast(p.msg))
}

// Admission says how a socket begins; see [Namespace.OnAdmit]. The zero value is
// what sockets begin with otherwise.
type Admission struct {
	// ID, unless empty, is the id of an earlier socket that this one carries on,
	// in 20 characters of base64url. That one must have been disconnected before, see [Socket.Supersede].
	ID string
	// PID, unless empty, is told to the client with its id: clients that have one
	// present it, as {pid, offset} of the auth payload, when they connect again.
	PID string
	// Recovered is what [Socket.Recovered] tells.
	Recovered bool
	// Rooms are joined, besides those that middlewares have joined.
	Rooms []string
	// Before is sent before the CONNECT of the client is answered: it plays these
	// events just before its connect event. A client that loses the connection
	// half-way keeps what came, and would play it again with the next answer.
	Before []*Packet
	// After is sent behind the answer, before anything else.
	After []*Packet
}

// OnAdmit makes h decide how sockets begin. It runs when the middlewares have
// passed and calls admit once, which reports false if the client has gone
// meanwhile. admit does not block; all that an Admission says takes effect as one
// step: of two broadcasts, one that was emitted before admit was called does not
// reach the socket, one that is emitted after it returned does, behind what After
// holds. So h can hold a lock that broadcasts take too, and hand over exactly what
// the client has missed. An error of h, before it called admit, refuses the socket
// as one of a middleware does.
//
// Options.Recovery has no effect on a namespace with such a handler.
func (ns *Namespace) OnAdmit(h func(s *Socket, admit func(Admission) bool) error) {
	ns.change(func(r *rules) { r.onAdmit = h })
}

// errNotAdmitted is a mistake of an OnAdmit handler.
var errNotAdmitted = errors.New("the OnAdmit handler did not admit the socket")

// admit makes the socket connected. It reports false if the connection has been
// closed meanwhile, or the socket was refused.
func (s *Socket) admit(r *rules) bool {
	if r.onAdmit == nil {
		return s.enter(Admission{}, nil)
	}
	admitted, called := false, false
	err := s.protect("admit", func() error {
		return r.onAdmit(s, func(a Admission) bool {
			if called {
				return false
			}
			called, admitted = true, s.enter(a, nil)
			if admitted {
				for _, p := range slices.Concat(a.Before, a.After) {
					s.ns.tell(s, Target{}, p.event, p.msg, p.args)
				}
			}
			return admitted
		})
	})
	switch {
	case called && err != nil:
		s.CloseTransport() // half set up: better to come again
		s.ns.srv.opts.Logger.Error("socketio: admit failed", "namespace", s.ns.name, "socket", s.id, "err", err)
	case err != nil:
		s.refuse(err)
	case !called:
		s.refuse(errNotAdmitted)
	}
	return admitted
}

// enter carries an admission out, unless the socket has ended.
func (s *Socket) enter(a Admission, line *lifeline) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Load() != stateConnecting {
		return false
	}
	if a.ID != "" {
		s.id = a.ID
	}
	limits := s.ns.srv.opts.Limits
	for _, room := range a.Rooms {
		if len(room) <= limits.RoomName && len(s.rooms) < limits.Rooms && room != s.id && !slices.Contains(s.rooms, room) {
			s.rooms = append(s.rooms, room)
		}
	}
	if a.Recovered {
		s.more().recovered = true
	}
	s.state.Store(stateConnected)
	s.greeted = true
	arrived := &arrival{
		socket: s, before: a.Before, after: a.After, rooms: slices.Clone(s.rooms), line: line,
		answer: s.conn.control(s.ns.name, parser.Connect, s.connectBody(a.PID)),
	}
	s.conn.session.Shard().Post(arrived)
	s.conn.rearm()
	return true
}

// connectBody is the payload of the answer to CONNECT.
func (s *Socket) connectBody(pid string) []byte {
	switch {
	case s.conn.legacy():
		return nil
	case pid == "":
		return []byte(`{"sid":"` + s.id + `"}`)
	}
	body, _ := json.Marshal(struct { // strings always marshal
		SID string `json:"sid"`
		PID string `json:"pid,omitempty"`
	}{s.id, pid})
	return body
}

// Recovered reports whether the socket carries on an earlier one.
func (s *Socket) Recovered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.extra != nil && s.extra.recovered
}

// Supersede ends a socket whose client has come back over another connection
// while this one still seems to live: it is disconnected at once (Superseded),
// and its connection is dropped without waiting for what is queued. It does
// nothing to a socket that is not connected.
func (s *Socket) Supersede() {
	if s.Connected() {
		s.end(Superseded, false)
		s.conn.session.Discard(engineio.ForcedClose)
	}
}
