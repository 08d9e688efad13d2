package socketio

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/storywire/storywire/engineio"
)

// Recovery lets a client that lost its connection carry on where it was: with
// the same id, rooms and data, after it was sent the events that it has missed.
// It is what the reference server calls connection state recovery, in memory: it
// works for clients that come back to the same process. [Socket.Recovered] tells
// OnConnect handlers, and recovered tells the client, that nothing is missing.
//
// Every event that asks for no acknowledgement and is not volatile carries its
// position as one more argument at its end, and is kept in the logs of the rooms
// it went to, for as long as a client may be away. A client is sent what its rooms
// have heard since the last position it has seen; that costs what it has missed,
// not what all others were sent. It starts anew, with recovered false, if it was
// away for too long, if a log had to give up what it missed, or if it or the server
// parted on purpose ([ClientNamespaceDisconnect], [ServerNamespaceDisconnect],
// [ParseError]).
//
// A session is carried on by one connection at a time. A client may be back before
// its old connection is known to be lost: then the old socket is disconnected,
// for the reason Superseded.
type Recovery struct {
	// MaxDisconnection is for how long a client may be away. Default 2 minutes.
	MaxDisconnection time.Duration

	// Identity tells whose session it is, for instance the user of a token: only a
	// client of the same identity may carry it on. It runs when the middlewares
	// have passed, so it may use what they stored with SetData; with
	// SkipMiddlewares it runs instead of them, and has to find out for itself.
	// Without it whoever knows the session's secret may carry it on.
	Identity func(s *Socket) string

	// SkipMiddlewares leaves them out for a socket that carries on an earlier one.
	// The reference server does so by default; here they run, so that a token that
	// has ended or was revoked ends the session too.
	SkipMiddlewares bool

	// AfterConnect sends what was missed behind the answer to CONNECT. By default,
	// as in the reference server, it is sent before it, so that the client plays it
	// just before its connect event. But the official client keeps what it was sent
	// before a connection broke once more, and plays it twice in the end: choose
	// AfterConnect where every event counts once.
	AfterConnect bool

	// RoomBytes bounds the log of each room, and Bytes all logs of a namespace
	// together. Beyond, the oldest events are given up. Default 256 KiB, 32 MiB.
	RoomBytes int
	Bytes     int

	// Sessions is how many clients of a namespace may be away at a time. Beyond, the
	// one that has been away for the longest is given up. Default 10,000.
	Sessions int
}

// Defaults of Recovery.
const (
	DefaultMaxDisconnection = 2 * time.Minute
	DefaultRoomBytes        = 256 << 10 // bytes
	DefaultLogBytes         = 32 << 20  // bytes
	DefaultSessions         = 10_000
)

// recoverable are the reasons after which a client may carry on.
var recoverable = []DisconnectReason{
	TransportError, TransportClose, ForcedClose, PingTimeout, ServerShuttingDown, ForcedServerClose, SlowClient, Superseded,
}

// lifeline is a session that can be carried on: of a living socket, or of one
// whose client is away.
type lifeline struct {
	pid, id  string
	identity string
	socket   *Socket
	began    uint64 // position of the log when the session began

	// What the shard notes when the socket departs, then closed says so.
	closed chan struct{}
	kept   bool // the reason is recoverable
	rooms  []stay
	data   any
	since  time.Time // when the client went away; guarded by the recoverer's mu
}

// stay is a session's being in a room: it hears what comes after since.
type stay struct {
	room  string
	since uint64
}

// recoverer is the Recovery of one namespace.
type recoverer struct {
	ns       *Namespace
	opts     Recovery
	instance string        // tells positions of other processes from ours
	maxReply int           // bytes that one client is sent at most
	keep     time.Duration // how long events are kept
	now      func() time.Time

	// mu guards the fields below. It is held while events are queued, so that
	// positions rise in the order in which clients get them. It is taken before
	// the lock of a socket.
	mu       sync.Mutex
	logs     eventLogs
	sessions map[string]*lifeline // by pid
	away     []*lifeline          // in the order in which their clients went; some have come back
}

func newRecoverer(ns *Namespace, o Recovery) *recoverer {
	orDefault(&o.MaxDisconnection, DefaultMaxDisconnection)
	orDefault(&o.RoomBytes, DefaultRoomBytes)
	orDefault(&o.Bytes, DefaultLogBytes)
	orDefault(&o.Sessions, DefaultSessions)
	engine := ns.srv.engine.Options()
	r := &recoverer{
		ns: ns, opts: o, instance: newID()[:6], now: time.Now, sessions: map[string]*lifeline{},
		maxReply: engine.MaxQueue / 2, // what else comes at once needs room as well
		// What was sent before the last heartbeat that the client answered has
		// reached it, so a lost connection hides at most one heartbeat's events.
		keep: o.MaxDisconnection + engine.PingInterval + engine.PingTimeout + engine.WriteTimeout,
	}
	r.logs = newEventLogs(o.RoomBytes, o.Bytes)
	return r
}

// publish gives a broadcast its position, keeps it and hands it to the shards.
func (r *recoverer) publish(h *hub, b *Broadcast) (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b.position = r.logs.next()
	if b.frames, err = r.frames(b); err != nil {
		return err
	}
	b.hub = h
	r.logs.add(r.now(), r.keep, &logged{position: b.position, frames: b.frames, except: b.Except}, b.Rooms)
	h.post((*delivery)(b))
	return nil
}

// emit is publish for one socket.
func (r *recoverer) emit(s *Socket, msg message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Load() != stateConnected {
		return ErrDisconnected
	}
	b := &Broadcast{Data: msg.data, Attachments: msg.attachments, Uncompressed: msg.plain, position: r.logs.next()}
	frames, err := r.frames(b)
	if err != nil {
		return err
	}
	r.logs.add(r.now(), r.keep, &logged{position: b.position, frames: frames}, []string{s.id})
	s.conn.session.Send(frames...)
	return nil
}

// begin makes a socket connected as a new session.
func (r *recoverer) begin(s *Socket) bool {
	line := &lifeline{pid: newID(), id: s.id, identity: r.identity(s), socket: s, closed: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	line.began = r.logs.position
	return r.enter(s, line, Admission{PID: line.pid})
}

// enter connects a socket with its lifeline. The caller holds mu.
func (r *recoverer) enter(s *Socket, line *lifeline, a Admission) bool {
	s.setLine(line)
	if !s.enter(a, line) {
		return false
	}
	r.sessions[line.pid] = line
	return true
}

func (s *Socket) setLine(line *lifeline) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.more().line = line
}

func (r *recoverer) identity(s *Socket) string {
	if r.opts.Identity == nil {
		return ""
	}
	var who string
	if err := s.protect("identity", func() error { who = r.opts.Identity(s); return nil }); err != nil {
		return newID() // nobody's
	}
	return who
}

// resume makes a socket connected as the continuation of the session that its
// client asks for. It reports false if that cannot be.
func (r *recoverer) resume(s *Socket) bool {
	var asked struct{ PID, Offset string }
	if err := s.Handshake().DecodeAuth(&asked); err != nil || asked.PID == "" {
		return false
	}
	old := r.take(asked.PID, r.identity(s))
	if old == nil {
		return false
	}
	// Both halves are known when the old socket's shard has let go of it.
	old.socket.Supersede()
	select {
	case <-old.closed:
	case <-r.ns.srv.closing:
		return false
	}
	offset, ok := r.offset(asked.Offset)
	if !ok || !old.kept {
		return false
	}
	line := &lifeline{
		pid: old.pid, id: old.id, identity: old.identity, socket: s, began: old.began, rooms: old.rooms, closed: make(chan struct{}),
	}
	a := Admission{ID: old.id, PID: old.pid, Recovered: true}
	for _, st := range old.rooms {
		a.Rooms = append(a.Rooms, st.room)
	}
	if s.Data() == nil {
		s.SetData(old.data)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	missed, ok := r.logs.missed(old, offset, r.maxReply)
	if !ok {
		return false
	}
	if r.opts.AfterConnect {
		a.After = missed
	} else {
		a.Before = missed
	}
	return r.enter(s, line, a)
}

// take removes a session, so that nobody else carries it on, and returns it. It
// returns nil if there is none of that identity.
func (r *recoverer) take(pid, identity string) *lifeline {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire()
	line := r.sessions[pid]
	if line == nil || line.identity != identity {
		return nil
	}
	delete(r.sessions, pid)
	return line
}

// part notes what the session of a departing socket was. The caller is its shard.
func (r *recoverer) part(s *Socket) {
	s.mu.Lock()
	var line *lifeline
	if s.extra != nil {
		line = s.extra.line
	}
	if line == nil {
		s.mu.Unlock()
		return
	}
	line.kept = slices.Contains(recoverable, s.reason)
	line.data = s.data
	s.mu.Unlock()
	line.rooms = nil
	for _, t := range s.seat.rooms {
		line.rooms = append(line.rooms, stay{t.room.name, t.since})
	}
	close(line.closed)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sessions[line.pid] != line {
		return // taken
	}
	if !line.kept {
		delete(r.sessions, line.pid)
		return
	}
	line.since = r.now()
	r.away = append(r.away, line)
	r.expire()
}

// expire gives up the sessions of clients that have been away for too long, or
// are too many. The caller holds mu.
func (r *recoverer) expire() {
	due := r.now().Add(-r.opts.MaxDisconnection)
	for len(r.away) > 0 && (len(r.away) > r.opts.Sessions || r.away[0].since.Before(due)) {
		line := r.away[0]
		r.away[0] = nil
		r.away = r.away[1:]
		if r.sessions[line.pid] == line {
			delete(r.sessions, line.pid)
		}
	}
}

// frames encodes an event with its position as the last argument.
func (r *recoverer) frames(b *Broadcast) ([]*engineio.Frame, error) {
	withOffset := *b
	withOffset.Data = slices.Concat(b.Data[:len(b.Data)-1], []byte(`,"`+r.instance+`.`), strconv.AppendUint(nil, b.position, 36), []byte(`"]`))
	return newBroadcastFrames(r.ns, &withOffset, false)
}

// offset reads a position that a client has seen. None is the beginning: the
// client has seen nothing yet that had one.
func (r *recoverer) offset(text string) (uint64, bool) {
	if text == "" {
		return 0, true
	}
	digits, ours := strings.CutPrefix(text, r.instance+".")
	n, err := strconv.ParseUint(digits, 36, 64)
	return n, ours && err == nil
}
