package engineio

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/storywire/storywire/engineio/parser"
)

const (
	// closeWait is how long a closing session waits for a poll to tell the
	// client; the reference server's value.
	closeWait = 30 * time.Second
	// bodyTimeout is how long the body of a POST may take: as long as a pong.
	bodyTimeout = 20 * time.Second
)

// A longPoll is the polling half of a session. It belongs to the shard.
type longPoll struct {
	waiting *poll    // the GET that waits, or nil
	queue   []*Frame // what the next answer carries
	size    int      // bytes in queue
	probe   *wsConn  // the WebSocket that wants to take over, or nil
	leaving *leave   // the client's close, which waits for a last poll
	tick    *time.Timer
	expire  *time.Timer // ends a close that waits for a poll
}

// A poll is a GET request; its goroutine waits for one reply.
type poll struct{ reply chan pollReply }

// A pollReply is a payload, or a refusal.
type pollReply struct {
	frames  []*Frame
	refused *refusal
	overlap bool // 400 without a body
}

// openPolling opens a session. The answer carries the open packet alone:
// messages follow with the next poll, as from the reference server.
func (srv *Server) openPolling(w http.ResponseWriter, r *http.Request) {
	srv.addFields(w.Header(), r, true)
	id, ok := srv.admit(w, r, 1, false)
	if !ok {
		return
	}
	srv.setCookie(w.Header(), id)
	s := srv.newSession(id, r, carrierPolling)
	s.lp = new(longPoll)
	s.start()
	srv.register(s)
	if err := s.writePayload(w, r, s.firstFrames()); err != nil {
		s.terminate(endingOf(err))
	}
}

// servePolling answers a request of a session.
func (s *Session) servePolling(w http.ResponseWriter, r *http.Request) {
	s.shard.srv.addFields(w.Header(), r, false)
	switch r.Method {
	case http.MethodGet:
		s.servePoll(w, r)
	case http.MethodPost:
		s.servePost(w, r)
	default:
		w.WriteHeader(http.StatusInternalServerError) // as the reference server
	}
}

// servePoll waits for something to send.
func (s *Session) servePoll(w http.ResponseWriter, r *http.Request) {
	// A poll may take longer than the http.Server lets requests take.
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{})
	_ = rc.SetWriteDeadline(time.Time{})
	p := &poll{reply: make(chan pollReply, 1)}
	s.shard.Post(&attachPoll{s, p})
	var reply pollReply
	select {
	case reply = <-p.reply:
	case <-r.Context().Done():
		s.terminate(ending{reason: TransportError, err: errors.New("poll aborted by the client")})
		return
	case <-s.shard.done:
		refuse(codeUnknownSession).write(w, false)
		return
	}
	_ = rc.SetWriteDeadline(time.Now().Add(s.shard.srv.opts.WriteTimeout))
	switch {
	case reply.refused != nil:
		reply.refused.write(w, false)
	case reply.overlap:
		w.WriteHeader(http.StatusBadRequest)
	default:
		if err := s.writePayload(w, r, reply.frames); err != nil {
			s.terminate(endingOf(err))
		}
	}
}

// writePayload answers a poll: Engine.IO v4, "HTTP long-polling".
func (s *Session) writePayload(w http.ResponseWriter, r *http.Request, frames []*Frame) error {
	size := len(frames)
	for _, f := range frames {
		size += len(f.packet())
		if f.binary {
			size += len(f.packet())/3 + 4 // base64
		}
	}
	payload := make([]byte, 0, size)
	contentType := "text/plain; charset=UTF-8"
	if s.revision != revision4 {
		var binary bool
		if payload, binary = s.appendPayloadV3(payload, frames); binary {
			contentType = "application/octet-stream"
		}
	} else {
		payload = appendPayload(payload, frames)
	}
	h := pollingHeader(w, r)
	h.Set("Content-Type", contentType)
	srv := s.shard.srv
	if slices.ContainsFunc(frames, func(f *Frame) bool { return !f.plain }) {
		payload = srv.compressed(h, r, payload)
	}
	h.Set("Content-Length", strconv.Itoa(len(payload)))
	_, err := w.Write(payload)
	return err
}

func appendPayload(payload []byte, frames []*Frame) []byte {
	for i, f := range frames {
		if i > 0 {
			payload = append(payload, parser.Separator)
		}
		if f.binary {
			payload = parser.AppendPacket(payload, parser.Packet{Type: parser.Message, Data: f.packet(), Binary: true})
		} else {
			payload = append(payload, f.packet()...)
		}
	}
	return payload
}

func pollingHeader(w http.ResponseWriter, r *http.Request) http.Header {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if ua := r.UserAgent(); strings.Contains(ua, ";MSIE") || strings.Contains(ua, "Trident/") {
		h.Set("X-XSS-Protection", "0")
	}
	return h
}

// servePost takes packets from the client.
func (s *Session) servePost(w http.ResponseWriter, r *http.Request) {
	if !s.posting.CompareAndSwap(false, true) {
		s.terminate(ending{reason: TransportError, err: errors.New("data request overlap from client")})
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	defer s.posting.Store(false)
	binary := r.Header.Get("Content-Type") == "application/octet-stream"
	if binary && s.revision == revision4 {
		// Engine.IO v4 has no binary payloads.
		s.terminate(ending{reason: TransportError, err: errors.New("invalid content")})
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	limit := int64(s.shard.srv.opts.MaxPayload)
	if r.ContentLength > limit {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case err != nil:
		s.terminate(ending{reason: TransportError, err: err})
		w.WriteHeader(http.StatusBadRequest)
		return
	case int64(len(body)) > limit:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if !binary && !utf8.Valid(body) {
		// What a session sends on must be text, or other clients' WebSockets fail.
		body = []byte(strings.ToValidUTF8(string(body), "\uFFFD"))
	}
	if s.revision != revision4 {
		err = parser.DecodePayloadV3(body, binary, s.posted)
	} else {
		err = parser.DecodePayload(body, s.posted)
	}
	switch {
	case err == errClosed:
		s.leave()
	case err != nil:
		s.terminate(ending{reason: ParseError, err: err}) // unless packet did
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h := pollingHeader(w, r)
	// Not text/plain: some old browsers would offer it as a download.
	h.Set("Content-Type", "text/html")
	h.Set("Content-Length", "2")
	_, _ = io.WriteString(w, "ok")
}

// posted handles one packet of a POST.
func (s *Session) posted(p parser.Packet) error { return s.packet(p, false) }

// leaveGrace is how long a client's close waits for the poll that the client
// sent before it: the two come over different connections.
const leaveGrace = 50 * time.Millisecond

// leave ends the session as its client wants. A waiting poll is answered with
// a noop, not with a close packet, as by the reference server.
func (s *Session) leave() {
	if s.state.CompareAndSwap(stateOpen, stateClosing) {
		l := &leave{sess: s, done: make(chan struct{})}
		s.shard.Post(l)
		grace := time.NewTimer(leaveGrace)
		defer grace.Stop()
		select {
		case <-l.done:
		case <-grace.C:
		}
	}
	s.terminate(ending{reason: TransportClose, last: noopFrame})
}

// leave is the shard's part of a client's close.
type leave struct {
	sess *Session
	done chan struct{} // closed when a poll was answered, or never will be
}

// Run implements Task.
func (l *leave) Run(*Shard) {
	lp := l.sess.lp
	switch {
	case l.sess.ended, lp == nil:
		close(l.done)
	case lp.waiting != nil:
		lp.answer([]*Frame{noopFrame})
		close(l.done)
	default:
		lp.leaving = l
	}
}

func (l *leave) answered() {
	l.sess.lp.leaving = nil
	close(l.done)
}

// attachPoll hands a GET to the shard.
type attachPoll struct {
	sess *Session
	poll *poll
}

// Run implements Task.
func (t *attachPoll) Run(sh *Shard) {
	s, lp := t.sess, t.sess.lp
	switch {
	case s.ended:
		t.poll.reply <- pollReply{refused: refuse(codeUnknownSession)}
	case lp == nil: // upgraded meanwhile
		t.poll.reply <- pollReply{refused: refuse(codeBadRequest)}
	case lp.waiting != nil:
		t.poll.reply <- pollReply{overlap: true}
		s.terminate(ending{reason: TransportError, err: errors.New("overlap from client")})
	case lp.leaving != nil:
		t.poll.reply <- pollReply{frames: []*Frame{noopFrame}}
		lp.leaving.answered()
	default:
		lp.waiting = t.poll
		if s.bye != nil && len(lp.queue) == 0 {
			lp.queue = append(lp.queue, noopFrame)
			sh.sayBye(s)
			return
		}
		sh.flushPoll(s)
	}
}

// answer gives the waiting poll its frames; they are the poll's from now on.
func (lp *longPoll) answer(frames []*Frame) {
	lp.waiting.reply <- pollReply{frames: frames}
	lp.waiting = nil
}

func (sh *Shard) appendPoll(s *Session, f *Frame) {
	lp := s.lp
	if len(lp.queue) > 0 && lp.size+len(f.wire) > sh.srv.opts.MaxQueue {
		s.wclosed = true
		s.terminate(ending{reason: TransportError, err: ErrSlow})
		return
	}
	if len(lp.queue) == 0 && lp.waiting != nil {
		sh.mark(s)
	}
	lp.queue = append(lp.queue, f)
	lp.size += len(f.wire)
}

// flushPoll answers the waiting poll with what is queued.
func (sh *Shard) flushPoll(s *Session) {
	lp := s.lp
	if lp.waiting != nil && len(lp.queue) > 0 {
		sh.observeSent(lp.size)
		lp.answer(lp.queue)
		lp.queue, lp.size = nil, 0
	}
}

// closePoll tells the client that the session ends: now if a poll waits and
// nothing is queued, or else with the poll that follows the last message. Beside
// messages the client would obey the close packet before it has read them.
func (sh *Shard) closePoll(s *Session) {
	lp, reason := s.lp, s.bye.reason
	if lp.waiting != nil && len(lp.queue) == 0 {
		sh.sayBye(s)
		return
	}
	sh.flushPoll(s)
	lp.expire = time.AfterFunc(closeWait, func() { s.terminate(ending{reason: reason}) })
}

// sayBye answers the waiting poll with the close packet and ends the session.
func (sh *Shard) sayBye(s *Session) {
	s.lp.answer(append(s.lp.queue, byeFrame))
	s.lp.queue = nil
	s.terminate(ending{reason: s.bye.reason})
}

// endPoll ends the polling half of a session.
func (sh *Shard) endPoll(s *Session, last *Frame) {
	lp := s.lp
	switch {
	case lp.waiting == nil:
	case len(lp.queue) > 0:
		// Appended in this turn. The close packet does not go beside messages;
		// the client's next poll will tell it.
		lp.answer(lp.queue)
	case last != nil:
		lp.answer([]*Frame{last})
	default:
		lp.answer([]*Frame{byeFrame})
	}
	if lp.expire != nil {
		lp.expire.Stop()
	}
	if lp.tick != nil {
		lp.tick.Stop()
	}
	if lp.probe != nil {
		sh.closeConn(lp.probe, statusNone, false)
	}
	*lp = longPoll{}
}
