package socketio

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/storywire/storywire/engineio"
)

// Server is a Socket.IO v5 server, an http.Handler to be mounted at its path
// ("/socket.io/" by default). All methods may be called by any goroutine.
type Server struct {
	opts   Options
	engine *engineio.Server
	pool   *pool

	clientPath  string // of clientFiles, with a slash at the end
	clientFiles map[string]*clientFile

	closing   chan struct{}
	closeOnce sync.Once

	mu         sync.Mutex // guards children and onNamespace, and writing the others
	namespaces atomic.Pointer[map[string]*Namespace]
	parents    atomic.Pointer[[]*Namespace]
	children   map[string]*Namespace // of parents, by name; those Of asked for are in namespaces

	onNamespace []func(*Namespace)
}

// NewServer returns a running server without namespaces. Close stops it.
func NewServer(opts Options) *Server {
	srv := &Server{opts: opts.withDefaults(), pool: newPool(), closing: make(chan struct{}), children: map[string]*Namespace{}}
	srv.namespaces.Store(&map[string]*Namespace{})
	if srv.opts.ClientFiles != nil {
		var err error
		if srv.clientFiles, err = readClientFiles(srv.opts.ClientFiles); err != nil {
			panic("socketio: Options.ClientFiles: " + err.Error())
		}
		srv.clientPath = strings.TrimSuffix(srv.opts.Engine.Path, "/") + "/"
	}
	srv.engine = engineio.NewServer(engineio.PromptFunc(srv.serveSession), srv.opts.Engine)
	return srv
}

// ServeHTTP answers the requests of clients: handshakes, polling and WebSocket.
func (srv *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if srv.clientFiles != nil && srv.serveClientFile(w, r) {
		return
	}
	srv.engine.ServeHTTP(w, r)
}

// Engine returns the server of the connections below.
func (srv *Server) Engine() *engineio.Server { return srv.engine }

// Of returns the namespace of that name and makes it if there is none. A missing
// leading slash is added. Clients can only connect to namespaces that were made:
// "/", which they ask for by default, is no exception. For those that clients
// have made see [Server.OfFunc]; Of returns a child that exists, and from then on
// it is not removed.
func (srv *Server) Of(name string) *Namespace {
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	if ns := srv.namespace(name); ns != nil {
		return ns
	}
	var made *Namespace
	defer func() { srv.announce(made) }() // without the lock
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if ns := srv.namespace(name); ns != nil {
		return ns
	}
	ns := srv.children[name]
	if ns == nil {
		ns = newNamespace(srv, name)
		made = ns
	}
	delete(srv.children, name)
	all := maps.Clone(*srv.namespaces.Load())
	all[name] = ns
	srv.namespaces.Store(&all)
	return ns
}

// OnNamespace adds a function that is called with every namespace made from now
// on, by [Server.Of] or for a client, on the goroutine that makes it. It may
// register handlers. Other goroutines may have the namespace already.
func (srv *Server) OnNamespace(f func(ns *Namespace)) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.onNamespace = append(slices.Clip(srv.onNamespace), f)
}

// announce tells the functions of OnNamespace, unless ns is nil.
func (srv *Server) announce(ns *Namespace) {
	if ns == nil {
		return
	}
	srv.mu.Lock()
	told := srv.onNamespace
	srv.mu.Unlock()
	for _, f := range told {
		f(ns)
	}
}

func (srv *Server) namespace(name string) *Namespace { return (*srv.namespaces.Load())[name] }

// Close disconnects all sockets (their reason is ServerShuttingDown), without a
// DISCONNECT packet, so that clients reconnect, to the next server, by
// themselves. It returns when all handlers have returned and all goroutines of
// the server have ended, or with the context's error.
func (srv *Server) Close(ctx context.Context) error {
	srv.closeOnce.Do(func() { close(srv.closing) })
	errs := []error{srv.engine.Close(ctx), srv.pool.close(ctx)}
	for _, ns := range srv.Namespaces() {
		errs = append(errs, ns.closeAdapter())
	}
	return errors.Join(errs...)
}

func (srv *Server) closed() bool {
	select {
	case <-srv.closing:
		return true
	default:
		return false
	}
}
