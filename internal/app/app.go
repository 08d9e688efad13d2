package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/internal/api"
	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/demo"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/gateway"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/telemetry"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/web"
)

const (
	idleTimeout = 2 * time.Minute

	// headerSlack is what net/http adds to the limit that it is given.
	headerSlack = 4 << 10 // bytes

	// farewell is how long what is queued for sockets may take to get out
	// before they are closed; what is lost is only the word, not a comment.
	farewell = 100 * time.Millisecond
)

// App is a Storywire server.
type App struct {
	cfg      Config
	log      *slog.Logger
	store    *store.Store
	metrics  *telemetry.Metrics
	listener net.Listener
	http     *http.Server
	sockets  *socketio.Server
	hub      *gateway.Hub
	stopping atomic.Bool
	nodes    nodes

	people   *user.Directory
	stories  *story.Service
	comments *comment.Service
	plays    *play.Service
	workers  []func(context.Context) error // run until told to stop
}

// New opens the database and the port. Nothing is answered before [App.Run],
// which must follow.
func New(ctx context.Context, cfg Config, log *slog.Logger) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	metrics := telemetry.New(eventNames())
	db, err := store.Open(ctx, cfg.DatabaseURL, store.Options{
		Logger: log, Stored: metrics.Stored, Readers: cfg.DatabaseReaders, NoMigrate: cfg.NoMigrate,
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err) // without its URL, which may hold a password
	}
	a := &App{cfg: cfg, log: log, store: db, metrics: metrics}
	if err := a.joinCluster(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := a.assemble(ctx); err != nil {
		return nil, errors.Join(err, a.nodes.close(), db.Close())
	}
	a.listener, err = net.Listen("tcp", net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)))
	if err != nil {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.StopWait)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("listen: %w", err), a.sockets.Close(stop), a.nodes.close(), db.Close())
	}
	return a, nil
}

// assemble makes the parts from the inside out and connects them.
func (a *App) assemble(ctx context.Context) error {
	verifier, err := a.verifier(ctx)
	if err != nil {
		return err
	}
	limits := ratelimit.NewClasses(a.cfg.Rates.classes(), nil)
	a.sockets = a.newSockets(limits)
	a.people = user.NewDirectory(a.store, user.Options{Logger: a.log})
	hub := gateway.HubOptions{History: a.store, People: a.people, Shared: a.store.Shared(), Logger: a.log}
	if a.nodes.redis != nil {
		hub.Bus, hub.Guests = a.nodes.bus, a.guests()
	}
	if a.hub, err = gateway.NewHub(ctx, a.sockets.Of("/ws"), hub); err != nil {
		return err
	}
	a.stories = story.NewService(a.store, a.people, story.Options{Announcer: a.hub, Bus: a.nodes.bus})
	notifications := notification.NewService(a.store, a.people, a.hub, notification.Options{})
	a.comments = comment.NewService(comment.Deps{
		Store: a.store, Stories: a.stories, People: a.people, Publisher: a.hub, Notifier: notifications,
	}, comment.Options{Bus: a.nodes.bus})
	edits := a.newEdits(notifications)
	a.plays = a.newPlays(notifications)
	tracker := presence.NewTracker(a.store, a.hub, presence.Options{Grace: a.cfg.Limits.PresenceGrace, Logger: a.log})

	gw := gateway.New(a.hub, gateway.Deps{
		Verifier: verifier, People: a.people, Stories: a.stories, Comments: a.comments,
		Notifications: notifications, Presence: tracker, Sessions: a.store, Edits: edits, Plays: a.plays, Limits: limits,
	}, gateway.Options{SocketsPerUser: a.cfg.Limits.SocketsPerUser, RecoveryWindow: a.cfg.Limits.RecoveryWindow, Logger: a.log})

	rest, err := api.NewServer(api.Deps{
		Verifier: verifier, People: a.people, Stories: a.stories, Comments: a.comments,
		Notifications: notifications, Presence: tracker, Edits: edits, Plays: a.plays, News: a.hub, Limits: limits,
		Ready: a.ready, Degraded: a.nodes.degraded, ServerKey: a.cfg.ServerKey, Origins: a.cfg.FrontendURL, MaxBody: a.cfg.Limits.MaxBody,
		Demo: a.demo(verifier), Web: site(), Logger: a.log,
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(socketio.DefaultPath, a.sockets)
	if a.cfg.Metrics {
		mux.Handle("GET /metrics", a.metrics.Handler(a.cfg.MetricsToken))
	}
	mux.Handle("/", rest)
	a.http = &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: a.cfg.Limits.HeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    max(1, a.cfg.Limits.MaxHeader-headerSlack),
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	a.http.RegisterOnShutdown(rest.Drain)
	a.workers = []func(context.Context) error{a.people.Run, a.stories.Run, a.comments.Run, tracker.Run, edits.Run, a.plays.Run, a.hub.Run, gw.Run}
	if a.nodes.wire != nil {
		peers := presence.NewReplica(tracker, a.nodes.bus, string(a.nodes.node.ID), presence.ReplicaOptions{Beat: a.cfg.Redis.Beat})
		a.workers = append(a.workers, peers.Run)
	}
	return nil
}

// verifier uses the configured secret. The demo makes one of its own and keeps
// it in the database, so that sign-ins survive a restart.
func (a *App) verifier(ctx context.Context) (*auth.Verifier, error) {
	secret := []byte(a.cfg.JWTSecret)
	if len(secret) == 0 {
		var err error
		if secret, err = a.store.Secret(ctx, "jwt", auth.MinSecret); err != nil {
			return nil, fmt.Errorf("make the demo's secret: %w", err)
		}
	}
	return auth.NewVerifier(auth.Config{Secret: secret, Issuer: a.cfg.JWTIssuer, Audience: a.cfg.JWTAudience})
}

func (a *App) newSockets(limits *ratelimit.Classes) *socketio.Server {
	l := a.cfg.Limits
	return socketio.NewServer(socketio.Options{
		Engine: engineio.Options{
			PingInterval:   l.PingInterval,
			PingTimeout:    l.PingTimeout,
			UpgradeTimeout: l.UpgradeTimeout,
			WriteTimeout:   l.WriteTimeout,
			MaxPayload:     l.MaxMessage,
			MaxQueue:       l.MaxQueue,
			AllowedOrigins: a.cfg.FrontendURL,
			AllowRequest:   gateway.Admit(limits.Conn),
			Observer:       a.metrics.Engine,
		},
		Adapter:        a.adapter(),
		ConnectTimeout: l.ConnectTimeout,
		Limits:         socketio.Limits{Rooms: l.RoomsPerSocket},
		Observer:       a.metrics.Sockets,
		Logger:         a.log,
	})
}

// eventNames returns the events of our catalogue.
func eventNames() []string {
	var names []string
	for _, e := range wire.ClientEvents() {
		names = append(names, e.Name)
	}
	for _, e := range wire.ServerEvents() {
		names = append(names, e.Name)
	}
	return names
}

func (a *App) demo(v *auth.Verifier) *demo.Demo {
	if !a.cfg.Demo {
		return nil
	}
	return demo.New(v, nil)
}

func site() fs.FS {
	if files, built := web.Assets(); built {
		return files
	}
	return nil
}

func (a *App) ready(ctx context.Context) error {
	if a.stopping.Load() {
		return errs.E("app.ready", errs.Unavailable, "Storywire is stopping.")
	}
	return a.store.Ready(ctx)
}

// URL returns where the server answers, for people on the same machine.
func (a *App) URL() string {
	host, port, err := net.SplitHostPort(a.listener.Addr().String())
	if err != nil {
		return "http://" + a.listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() || ip.IsLoopback() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Run serves until ctx ends, then stops in order and returns nil. It returns an
// error if something fails meanwhile, or does not stop in time.
func (a *App) Run(ctx context.Context) error {
	// The workers outlive ctx: what is being written while stopping needs them.
	working, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	var workers errgroup.Group
	for _, work := range a.workers {
		workers.Go(func() error { return work(working) })
	}
	return errors.Join(a.serve(ctx), a.stop(release, &workers))
}

// serve answers requests until ctx ends. Who comes while the demo is seeded waits.
func (a *App) serve(ctx context.Context) error {
	if a.cfg.Demo {
		if err := demo.Seed(ctx, a.people, a.stories, a.comments); err != nil {
			return err
		}
	}
	a.nodes.settle(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.http.Serve(a.listener) }()
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	}
}

// stop ends everything in the order in which nothing is lost.
func (a *App) stop(release func(), workers *errgroup.Group) error {
	// First say so: a load balancer sends no more people here.
	a.stopping.Store(true)
	if a.cfg.StopDelay > 0 {
		time.Sleep(a.cfg.StopDelay)
	}
	a.hub.Drain()
	a.plays.Drain()
	time.Sleep(farewell)
	ctx, cancel := context.WithTimeout(context.Background(), a.cfg.StopWait)
	defer cancel()
	// Then take no new connections, and let REST requests finish. The polls of
	// sockets end only with the sockets, therefore at the same time.
	requests := make(chan error, 1)
	go func() { requests <- a.http.Shutdown(ctx) }()
	// Close the transports without a word to the clients' sockets, so that they
	// come back by themselves, to another node or to the next start. Events in
	// work are finished: what was acknowledged is stored.
	sockets := a.sockets.Close(ctx)
	rest := <-requests
	_ = a.listener.Close() // again, should it never have been served
	// Nobody asks the services any more: their workers store what they still hold.
	release()
	working := workers.Wait()
	// Nobody has news for the other nodes any more.
	cluster := a.nodes.close()
	// The database last, because all of them write to it.
	return errors.Join(sockets, rest, working, cluster, a.store.Close())
}
