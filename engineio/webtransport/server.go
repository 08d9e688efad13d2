package webtransport

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	wt "github.com/quic-go/webtransport-go"

	"github.com/storywire/storywire/engineio"
)

// Defaults and limits of a connection.
const (
	DefaultHandshakeTimeout = 10 * time.Second

	// maxHeader is what a browser's request needs, several times over.
	maxHeader = 32 << 10 // bytes
	// The windows bound what a client can make us hold while its reader pauses.
	maxStreamWindow = 512 << 10 // bytes
	maxConnWindow   = 1 << 20   // bytes, of all streams
	// HTTP/3 needs three one-way streams and the request; WebTransport one more.
	maxStreams = 8
	// keepAlive is shorter than the time for which routers remember UDP.
	keepAlive   = 15 * time.Second
	idleTimeout = 45 * time.Second // as a half-open TCP connection takes to be noticed
)

// Options configure a Server.
type Options struct {
	// TLS must hold a certificate. It is not changed.
	TLS *tls.Config

	// HandshakeTimeout closes a connection of QUIC that has not opened a
	// WebTransport session for so long. Default 10 s.
	HandshakeTimeout time.Duration

	// Logger receives warnings. Default slog.Default().
	Logger *slog.Logger
}

// A Server accepts connections over HTTP/3. Set it as
// engineio.Options.WebTransport, and let it serve the same handler as the
// http.Server.
type Server struct {
	opts Options
	wt   *wt.Server

	wg sync.WaitGroup // connections

	mu       sync.Mutex // guards what follows, and setting wt; a leaf
	listener *quic.EarlyListener
	visits   map[*visit]struct{}
	closed   bool
}

var _ engineio.StreamAccepter = (*Server)(nil)

// A visit is one connection of QUIC.
type visit struct {
	conn   *quic.Conn
	hangUp func()
	expiry *time.Timer // hangs up unless a session is opened
}

type visitKey struct{}

// NewServer returns a server that waits for Serve.
func NewServer(opts Options) *Server {
	if opts.HandshakeTimeout <= 0 {
		opts.HandshakeTimeout = DefaultHandshakeTimeout
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	return &Server{opts: opts, visits: make(map[*visit]struct{})}
}

// Serve answers CONNECT requests that arrive on conn by handler, others with
// 421 (misdirected request), until Close is called; then it returns
// http.ErrServerClosed. It does not close conn. It may be called once.
func (s *Server) Serve(conn net.PacketConn, handler http.Handler) error {
	config := s.opts.TLS
	if config == nil {
		return errors.New("webtransport: Options.TLS is not set")
	}
	ln, err := quic.ListenEarly(conn, http3.ConfigureTLSConfig(config), &quic.Config{
		HandshakeIdleTimeout:             s.opts.HandshakeTimeout / 2, // QUIC doubles it
		MaxIdleTimeout:                   idleTimeout,
		KeepAlivePeriod:                  keepAlive,
		MaxStreamReceiveWindow:           maxStreamWindow,
		MaxConnectionReceiveWindow:       maxConnWindow,
		MaxIncomingStreams:               maxStreams,
		MaxIncomingUniStreams:            maxStreams,
		EnableDatagrams:                  true, // WebTransport demands both
		EnableStreamResetPartialDelivery: true,
	})
	if err != nil {
		return err
	}
	defer ln.Close()
	if err := s.open(ln, handler); err != nil {
		return err
	}
	for {
		conn, err := ln.Accept(context.Background())
		if err != nil {
			if s.isClosed() {
				return http.ErrServerClosed
			}
			return err
		}
		s.serveConn(conn)
	}
}

var errServing = errors.New("webtransport: Serve was called before")

// open makes the HTTP/3 server, which knows its handler only now.
func (s *Server) open(ln *quic.EarlyListener, handler http.Handler) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return http.ErrServerClosed
	case s.wt != nil:
		return errServing
	}
	s.listener = ln
	s.wt = &wt.Server{
		H3: &http3.Server{
			Handler:        onlyConnect(handler),
			MaxHeaderBytes: maxHeader,
			Logger:         slog.New(slog.DiscardHandler), // it reports what clients do wrong
			ConnContext: func(ctx context.Context, conn *quic.Conn) context.Context {
				return context.WithValue(ctx, visitKey{}, s.visitOf(conn))
			},
		},
		// The engine has judged it.
		CheckOrigin: func(*http.Request) bool { return true },
	}
	return nil
}

func onlyConnect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "only WebTransport is served here", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serveConn serves one connection of QUIC on goroutines of its own.
func (s *Server) serveConn(conn *quic.Conn) {
	hangUp := func() { _ = conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "") }
	v := &visit{conn: conn, hangUp: hangUp, expiry: time.AfterFunc(s.opts.HandshakeTimeout, hangUp)}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		v.end()
		return
	}
	s.visits[v] = struct{}{}
	s.wg.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.wg.Done()
		if err := s.wt.ServeQUICConn(conn); err != nil && !s.isClosed() {
			s.opts.Logger.Debug("webtransport: connection ended", slog.Any("err", err))
		}
		v.end()
		s.mu.Lock()
		delete(s.visits, v)
		s.mu.Unlock()
	}()
}

func (v *visit) end() {
	v.expiry.Stop()
	v.hangUp()
}

func (s *Server) visitOf(conn *quic.Conn) *visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := range s.visits {
		if v.conn == conn {
			return v
		}
	}
	return nil
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// AcceptStream implements [engineio.StreamAccepter]. It waits for the client to
// open a stream until the request's context ends.
func (s *Server) AcceptStream(w http.ResponseWriter, r *http.Request) (engineio.StreamConn, error) {
	v, _ := r.Context().Value(visitKey{}).(*visit)
	if v == nil {
		http.Error(w, "WebTransport needs HTTP/3", http.StatusBadRequest)
		return nil, errors.New("CONNECT request of another server")
	}
	session, err := s.wt.Upgrade(w, r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return nil, err
	}
	stream, err := session.AcceptStream(r.Context())
	if err != nil {
		v.end()
		return nil, err
	}
	v.expiry.Stop()
	return &conn{Stream: stream, session: session, visit: v}, nil
}

// Close ends all connections and Serve. Close the engine's server first: it
// tells its clients.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	ln, server, visits := s.listener, s.wt, slices.Collect(maps.Keys(s.visits))
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	_ = ln.Close()
	for _, v := range visits {
		v.end()
	}
	err := server.Close()
	s.wg.Wait()
	return err
}
