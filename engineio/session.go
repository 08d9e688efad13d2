package engineio

import (
	"errors"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/storywire/storywire/engineio/parser"
)

// A Session is one client's connection, whatever transports it uses. All
// methods may be called by any goroutine.
type Session struct {
	shard   *Shard
	recv    Receiver
	request string // what Handshake parses; starts with the id
	opened  int64  // Unix nanoseconds

	// recvMu makes the calls of recv one at a time and is held during them. It
	// is taken before any other lock of this package.
	recvMu sync.Mutex

	state    atomic.Uint32 // stateOpen, ...
	carrier  atomic.Uint32 // carrierPolling, ...
	awaited  atomic.Uint32 // pongNotAwaited, ...
	posting  atomic.Bool   // a polling POST is being read
	pauses   atomic.Int32  // calls of Pause that were not taken back
	upgraded atomic.Bool
	resumed  atomic.Pointer[chan struct{}]

	// The rest belongs to the shard's goroutine.
	ws      *wsConn   // nil while on polling
	lp      *longPoll // nil while on WebSocket
	out     *node     // what to write at the end of the turn
	bye     *closing  // set while Close waits
	beat    beatPlace
	wclosed bool // nothing is appended any more
	ended   bool
	form    form  // that ws takes frames in
	box     uint8 // where out is, of Shard.outboxes

	idLen    uint8    // of request; never changes
	revision revision // never changes
}

const (
	stateOpen    uint32 = iota
	stateClosing        // Close was called; nothing is received any more
	stateClosed
)

const (
	carrierPolling uint32 = iota
	carrierProbing        // polling, while a WebSocket tries to take over
	carrierWebSocket
	carrierWebTransport
)

// ID returns the session id: 20 characters of base64url, random, unless
// Options.GenerateID made it.
func (s *Session) ID() string { return s.request[:s.idLen] }

// Opened returns when the session was opened.
func (s *Session) Opened() time.Time { return time.Unix(0, s.opened) }

// Transport returns the transport in use.
func (s *Session) Transport() Transport {
	switch s.carrier.Load() {
	case carrierWebSocket:
		return WebSocket
	case carrierWebTransport:
		return WebTransport
	}
	return Polling
}

// ReadyState is what a session is doing.
type ReadyState string

// The states of a session.
const (
	Open    ReadyState = "open"
	Closing ReadyState = "closing" // what is queued is still sent
	Closed  ReadyState = "closed"
)

// ReadyState returns the session's state.
func (s *Session) ReadyState() ReadyState {
	switch s.state.Load() {
	case stateOpen:
		return Open
	case stateClosing:
		return Closing
	default:
		return Closed
	}
}

// Upgrading reports whether another transport tries to take over from polling.
func (s *Session) Upgrading() bool { return s.carrier.Load() == carrierProbing }

// Upgraded reports whether another transport took over from polling.
func (s *Session) Upgraded() bool { return s.upgraded.Load() }

// carry makes the connection the one that the shard writes to.
func (s *Session) carry(c *wsConn) {
	s.ws = c
	s.form = s.formOn(c)
}

// Shard returns the shard that writes to this session; it never changes.
func (s *Session) Shard() *Shard { return s.shard }

// Closed reports whether the session is closed or closing.
func (s *Session) Closed() bool { return s.state.Load() != stateOpen }

// Send queues messages, one behind the other with nothing between them. It
// never blocks. After the session was closed they are dropped.
func (s *Session) Send(frames ...*Frame) {
	if s.state.Load() == stateOpen {
		s.shard.putAll(entrySend, s, frames)
	}
}

// SendVolatile queues messages that are dropped, all of them, unless the client
// can take them now: a WebSocket with nothing left unwritten, or a waiting poll.
func (s *Session) SendVolatile(frames ...*Frame) {
	switch {
	case s.state.Load() != stateOpen:
	case len(frames) == 1:
		s.shard.putAll(entryVolatile, s, frames)
	default:
		s.shard.Post(&volatileGroup{s, slices.Clone(frames)})
	}
}

// A volatileGroup is sent as a whole or not at all.
type volatileGroup struct {
	sess   *Session
	frames []*Frame
}

// Run implements Task.
func (g *volatileGroup) Run(sh *Shard) { sh.AppendVolatile(g.sess, g.frames...) }

// Close sends what was queued before, then closes the session with the reason
// given (ForcedClose for an ordinary close). Nothing is received from now on,
// but Closed is told only when the queue was written; over polling this waits
// up to 30 seconds for a poll. Closing twice does nothing.
func (s *Session) Close(reason CloseReason) {
	if s.state.CompareAndSwap(stateOpen, stateClosing) {
		s.wakeReader()
		s.shard.Post(&closing{sess: s, reason: reason})
	}
}

// Discard closes the session without waiting for what is queued.
func (s *Session) Discard(reason CloseReason) {
	s.terminate(ending{reason: reason})
}

// An ending says how a session ends.
type ending struct {
	reason CloseReason
	err    error
	last   *Frame // answer to a waiting poll; nil: a close packet
	code   uint16 // of the WebSocket close frame
	final  bool   // nothing useful can be read any more
	gone   bool   // the connection is lost: write nothing
}

// endingOf is the ending of a session whose connection failed with err.
func endingOf(err error) ending {
	e := ending{reason: TransportClose, err: err, gone: true}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = ErrSlow
	}
	if errors.Is(err, ErrSlow) {
		e.reason, e.err = TransportError, err
	}
	return e
}

// terminate ends the session now. Any goroutine may call it; the first call
// counts.
func (s *Session) terminate(e ending) {
	if s.die(e) {
		s.shard.Post(&ended{s, e})
	}
}

// die is terminate without the shard's part. It reports whether this call
// ended the session.
func (s *Session) die(e ending) bool {
	if s.state.Swap(stateClosed) == stateClosed {
		return false
	}
	s.wakeReader()
	srv := s.shard.srv
	srv.remove(s)
	// On a goroutine of its own: the caller may be within recv.Message.
	go func() {
		defer srv.wg.Done() // counted since before the session started
		defer srv.recovered("Closed", nil)
		s.recvMu.Lock()
		defer s.recvMu.Unlock()
		if s.recv != nil { // else ServeSession panicked
			s.observeClosed(e)
			s.recv.Closed(e.reason, e.err)
		}
	}()
	return true
}

// ended is terminate's part on the shard.
type ended struct {
	sess *Session
	ending
}

// Run implements Task.
func (t *ended) Run(sh *Shard) {
	s := t.sess
	s.leaveBeat()
	if s.lp != nil {
		sh.endPoll(s, t.last)
	} else if s.ws != nil && t.gone {
		s.ws.dead, s.ws.pend, s.out = true, nil, nil
	} else if s.ws != nil {
		sh.flush(s)
		sh.closeConn(s.ws, t.code, t.final)
	}
	s.wclosed, s.ended, s.bye = true, true, nil
}

// closing is Close's part on the shard; it runs again when a wait is over.
type closing struct {
	sess   *Session
	reason CloseReason
}

// Run implements Task.
func (t *closing) Run(sh *Shard) {
	s := t.sess
	if s.ended {
		return
	}
	s.leaveBeat()
	s.wclosed, s.bye = true, t
	if s.lp != nil {
		sh.closePoll(s)
		return
	}
	sh.flush(s)
	if !s.ws.busy { // else flushed runs this again
		s.terminate(ending{reason: t.reason})
	}
}

// errClosed stops the decoding of what follows in a payload.
var errClosed = errors.New("session closed")

// packet handles one packet of the client, on whatever transport. locked: the
// caller holds recvMu, and may not wait.
func (s *Session) packet(p parser.Packet, locked bool) error {
	switch awaited := s.awaited.Load(); {
	case awaited == pongNotAwaited:
	case p.Type == parser.Pong:
		if s.awaited.Swap(pongNotAwaited) != pongNotAwaited {
			s.shard.put(entry{kind: entryPong, sess: s})
		}
	case awaited == pongAwaited:
		if s.awaited.CompareAndSwap(pongAwaited, pongExtended) {
			s.shard.put(entry{kind: entryAlive, sess: s})
		}
	}
	switch p.Type {
	case parser.Message:
		if !locked {
			s.await()
			s.recvMu.Lock()
			defer s.recvMu.Unlock()
		}
		s.deliver(p.Data, p.Binary)
	case parser.Close:
		if s.Transport() != Polling {
			s.terminate(ending{reason: TransportClose})
		}
		return errClosed
	case parser.Ping, parser.Pong:
		if s.revision != revision4 && p.Type == parser.Ping {
			s.shard.put(entry{kind: entryPing, sess: s})
			return nil
		}
		if s.revision == revision4 && p.Type == parser.Pong {
			return nil
		}
		// Since revision 4 the server pings.
		err := errors.New("invalid heartbeat direction")
		s.terminate(ending{reason: TransportError, err: err})
		return err
	}
	return nil
}

// await returns when the session is not paused and the shards can bear what its
// receiver may send.
func (s *Session) await() {
	s.awaitResume()
	s.shard.srv.gate.pass()
}

// deliver calls the receiver. The caller holds recvMu.
func (s *Session) deliver(data []byte, binary bool) {
	defer s.shard.srv.recovered("Message", s)
	if s.state.Load() == stateOpen {
		if o := s.shard.srv.opts.Observer; o != nil {
			o.Received(len(data))
		}
		s.recv.Message(data, binary)
	}
}

// recovered, deferred, keeps a panic of a receiver from ending the process. It
// ends the session instead.
func (srv *Server) recovered(method string, s *Session) {
	v := recover()
	if v == nil {
		return
	}
	srv.opts.Logger.Error("engineio: receiver panicked", slog.String("method", method),
		slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
	if s != nil {
		s.terminate(ending{reason: TransportError, err: errors.New("engineio: receiver panicked")})
	}
}
