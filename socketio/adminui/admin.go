package adminui

import (
	"cmp"
	"context"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
)

// Admin serves dashboards. Its methods may be called by any goroutine.
type Admin struct {
	opts    Options
	io      *socketio.Server
	ns      *socketio.Namespace
	tally   *tally // nil unless Observer was asked for
	started time.Time

	admins  atomic.Int32
	watched atomic.Int64 // Unix nanoseconds until which another server has admins
	news    chan any     // what the goroutine is told: arrival, departure, newAdmin, greeting

	cancel context.CancelFunc // ends the goroutine; nil before Instrument
	done   chan struct{}      // closed when the goroutine is gone
}

// How often things are told. The dashboard calls a server unhealthy after 10 s.
const (
	lookInterval  = 500 * time.Millisecond
	statsInterval = 2 * time.Second
	watchAge      = 10 * time.Second
)

// maxNews is how much the goroutine may be behind; what is lost it finds out by
// itself with the next look.
const maxNews = 4096

// New returns an Admin. The error tells what is wrong with the options.
func New(opts Options) (*Admin, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Admin{opts: opts, started: time.Now(), news: make(chan any, maxNews), done: make(chan struct{})}, nil
}

// Observer returns what counts connections and bytes for the dashboard; it is
// for the options of the server, and passes all it is told to next, which may be
// nil. Without it the dashboard shows no such figures. It is called before
// Instrument.
func (a *Admin) Observer(next engineio.Observer) engineio.Observer {
	if a.tally == nil {
		a.tally = &tally{polling: map[*engineio.Session]struct{}{}, counts: map[tallyKey]int{}}
	}
	return observer{next, a.tally}
}

// Instrument makes the server's namespaces tell the admins. It is called once,
// before clients connect. Then Close must be called, before the server's.
func (a *Admin) Instrument(io *socketio.Server) {
	a.io = io
	a.ns = io.Of(a.opts.Namespace)
	a.ns.Use(a.opts.Auth.admit)
	a.ns.OnConnect(a.greet)
	a.ns.OnDisconnect(func(*socketio.Socket, socketio.DisconnectReason) { a.admins.Add(-1) })
	if !a.opts.ReadOnly {
		a.registerCommands()
	}
	a.ns.OnServerSide(watchEvent, a.hear)
	if a.opts.Mode == Development {
		io.OnNamespace(a.follow)
		for _, ns := range io.Namespaces() {
			a.follow(ns)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	go a.run(ctx)
}

// Close stops telling and waits for its goroutine. It is idempotent.
func (a *Admin) Close() {
	if a.cancel != nil {
		a.cancel()
		<-a.done
	}
}

// isWatched reports whether anybody wants to know.
func (a *Admin) isWatched() bool {
	if a.admins.Load() > 0 {
		return true
	}
	until := a.watched.Load()
	return until > 0 && time.Now().UnixNano() < until
}

// tell passes news to the goroutine.
func (a *Admin) tell(news any) {
	select {
	case a.news <- news:
	default:
	}
}

// greet welcomes an admin.
func (a *Admin) greet(s *socketio.Socket) {
	a.admins.Add(1)
	if session, ok := s.Context().Value(sessionKey{}).(string); ok {
		a.check("emit session", s.Emit("session", session))
	}
	a.check("emit config", s.Emit("config", map[string]any{"supportedFeatures": a.features()}))
	a.tell(newAdmin{s})
}

// features are what the dashboard may offer.
func (a *Admin) features() []string {
	var all []string
	if !a.opts.ReadOnly {
		all = append(all, "EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT")
	}
	if a.tally != nil {
		all = append(all, "AGGREGATED_EVENTS")
	}
	if a.opts.Mode == Development {
		all = append(all, "ALL_EVENTS")
	}
	return all
}

func (a *Admin) check(what string, err error) {
	if err != nil {
		a.opts.Logger.Debug("adminui: "+what, "err", err)
	}
}

// watchEvent tells other servers that there are admins here; its argument is the
// id of one that has just come, or empty.
const watchEvent = "adminui:watch"

// hear takes the watchEvent of another server.
func (a *Admin) hear(_ context.Context, args *socketio.Args) (any, error) {
	var admin string
	if args.Len() > 0 {
		if err := args.Decode(0, &admin); err != nil {
			return nil, err
		}
	}
	a.watched.Store(time.Now().Add(watchAge).UnixNano())
	if admin != "" {
		a.tell(greeting{admin})
	}
	return nil, nil
}

// serverStats is what is told of a server.
type serverStats struct {
	ServerID            string           `json:"serverId"`
	Hostname            string           `json:"hostname"`
	PID                 int              `json:"pid"`
	Uptime              float64          `json:"uptime"` // seconds
	ClientsCount        int              `json:"clientsCount"`
	PollingClientsCount int              `json:"pollingClientsCount"`
	AggregatedEvents    []aggregated     `json:"aggregatedEvents"`
	Namespaces          []namespaceStats `json:"namespaces"`
}

type namespaceStats struct {
	Name         string `json:"name"`
	SocketsCount int    `json:"socketsCount"`
}

func (a *Admin) tellStats(ctx context.Context) {
	stats := serverStats{
		ServerID: a.opts.ServerID, PID: os.Getpid(), Uptime: time.Since(a.started).Seconds(),
		ClientsCount: a.io.Engine().SessionCount(), AggregatedEvents: []aggregated{},
	}
	if host, err := os.Hostname(); err == nil {
		stats.Hostname = host
	}
	if a.tally != nil {
		counted, polling := a.tally.collect(true)
		stats.PollingClientsCount = polling
		stats.AggregatedEvents = append(stats.AggregatedEvents, counted...)
	}
	for _, ns := range a.io.Namespaces() {
		sockets, err := ns.Local().FetchSockets(ctx)
		if err != nil {
			return
		}
		stats.Namespaces = append(stats.Namespaces, namespaceStats{ns.Name(), len(sockets)})
	}
	slices.SortFunc(stats.Namespaces, func(a, b namespaceStats) int { return cmp.Compare(a.Name, b.Name) })
	a.check("emit stats", a.ns.Emit("server_stats", stats))
}
