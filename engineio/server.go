package engineio

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A Server is an http.Handler that speaks Engine.IO v4 over WebSocket and HTTP
// long-polling. Mount it at Options.Path.
type Server struct {
	opts    Options
	handler Handler
	origins map[string]bool // AllowedOrigins, lower case
	limits  frameLimits
	shards  []*Shard
	next    atomic.Uint32 // spreads sessions over shards
	gate    gate
	squeeze compression
	chain   atomic.Pointer[http.Handler] // nil without middlewares
	polls   atomic.Bool                  // connections are given to the shards' pollers

	wg       sync.WaitGroup // open sessions and readers
	flushers sync.WaitGroup // started by shards only

	// mu guards what follows. It is a leaf.
	mu       sync.Mutex
	sessions map[string]*Session     // nil: the id is taken, the session not yet open
	arriving map[StreamConn]struct{} // their first packet is awaited
	closed   bool

	middlewares []func(http.Handler) http.Handler

	stop    sync.Once
	stopped chan struct{} // closed when every goroutine has ended
}

// NewServer returns a running server, which calls h for each new session.
// Close it to stop its goroutines.
func NewServer(h Handler, opts Options) *Server {
	srv := &Server{
		opts:     opts.withDefaults(),
		handler:  h,
		sessions: make(map[string]*Session),
		arriving: make(map[StreamConn]struct{}),
		stopped:  make(chan struct{}),
	}
	srv.gate.cond.L = &srv.gate.mu
	srv.squeeze.init()
	srv.limits = frameLimits{payload: srv.opts.MaxPayload, fragments: srv.opts.MaxFragments}
	srv.origins = make(map[string]bool, len(srv.opts.AllowedOrigins))
	for _, o := range srv.opts.AllowedOrigins {
		srv.origins[strings.ToLower(strings.TrimSuffix(o, "/"))] = true
	}
	_, prompt := h.(PromptHandler)
	srv.polls.Store(prompt && !srv.opts.DisablePoller)
	srv.shards = make([]*Shard, srv.opts.Shards)
	for i := range srv.shards {
		srv.shards[i] = newShard(srv, i)
		go srv.shards[i].run()
	}
	return srv
}

// Options returns the server's options, with the defaults where none were given.
func (srv *Server) Options() Options { return srv.opts }

// Shards returns the server's shards; the slice must not be changed.
func (srv *Server) Shards() []*Shard { return srv.shards }

// SessionCount returns the number of open sessions, with those whose handshake
// is being answered.
func (srv *Server) SessionCount() int {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return len(srv.sessions)
}

// Close refuses new sessions, closes those that exist (what was queued is
// sent as far as clients take it at once; WebSockets get the code 1012,
// service restart), and returns when every goroutine of the server has ended
// and every Closed was told, or with the context's error. Polls that wait are
// answered; it is up to the http.Server to wait for them.
func (srv *Server) Close(ctx context.Context) error {
	srv.mu.Lock()
	srv.closed = true
	open := make([]*Session, 0, len(srv.sessions))
	for _, s := range srv.sessions {
		if s != nil {
			open = append(open, s)
		}
	}
	arriving := slices.Collect(maps.Keys(srv.arriving))
	srv.mu.Unlock()
	for _, conn := range arriving {
		conn.Close()
	}
	for _, s := range open {
		s.terminate(ending{reason: ForcedClose, code: statusRestart})
	}
	srv.stop.Do(func() {
		go func() {
			srv.wg.Wait()
			for _, sh := range srv.shards {
				sh.stop()
			}
			srv.flushers.Wait()
			close(srv.stopped)
		}()
	})
	select {
	case <-srv.stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reserve counts a goroutine about to start, unless the server closes.
func (srv *Server) reserve() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.closed {
		return false
	}
	srv.wg.Add(1)
	return true
}

// register makes a session, which counts in wg until it was told Closed, known
// by its id.
func (srv *Server) register(s *Session) {
	srv.mu.Lock()
	closed := srv.closed
	if !closed && s.state.Load() != stateClosed {
		srv.sessions[s.ID()] = s
	}
	srv.mu.Unlock()
	if closed {
		s.terminate(ending{reason: ForcedClose, code: statusRestart})
	}
}

func (srv *Server) remove(s *Session) {
	srv.mu.Lock()
	delete(srv.sessions, s.ID())
	srv.mu.Unlock()
}

func (srv *Server) find(sid string) *Session {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return srv.sessions[sid]
}

// newSession makes a session that nobody knows yet.
func (srv *Server) newSession(id string, r *http.Request, carrier uint32) *Session {
	s := &Session{
		shard:   srv.shards[int(srv.next.Add(1))%len(srv.shards)],
		request: packRequest(id, r),
		idLen:   uint8(len(id)),
		opened:  now().UnixNano(),
	}
	s.carrier.Store(carrier)
	if srv.opts.AllowEIO3 {
		query := r.URL.Query()
		s.revision = revisionOf(query.Get("EIO"), query.Get("b64"))
	}
	return s
}

// start lets the handler take the session and its heartbeat begin.
func (s *Session) start() {
	s.shard.Post(&opened{s, s.shard.now()})
	defer s.shard.srv.recovered("ServeSession", s)
	s.recvMu.Lock() // what the session's end, if it comes now, waits for
	defer s.recvMu.Unlock()
	s.recv = s.shard.srv.handler.ServeSession(s)
	s.observeOpened()
}

// opened starts a session's heartbeat.
type opened struct {
	sess *Session
	at   int64 // by Shard.now
}

// Run implements Task.
func (t *opened) Run(sh *Shard) {
	switch {
	case t.sess.wclosed:
	case t.sess.revision == revision4:
		sh.schedulePing(t.sess, t.at)
	default:
		sh.awaitPing(t.sess, t.at)
	}
}
