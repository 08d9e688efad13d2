package gateway

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/recovery"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

// Defaults of Options.
const (
	DefaultSocketsPerUser = 20             // connections that one user may have
	DefaultRecoveryWindow = 24 * time.Hour // a laptop that was closed for the night
)

// Deps are what a Gateway asks; all are needed.
type Deps struct {
	Verifier      *auth.Verifier
	People        *user.Directory
	Stories       *story.Service
	Comments      *comment.Service
	Notifications *notification.Service
	Presence      *presence.Tracker
	Edits         *coedit.Service
	Sessions      recovery.Store
	Plays         *play.Service
	Limits        *ratelimit.Classes
}

// Options of a Gateway. The zero value means the defaults.
type Options struct {
	SocketsPerUser int // default DefaultSocketsPerUser
	// RecoveryWindow is for how long a client may be away and still be put into its
	// stories again. Default DefaultRecoveryWindow.
	RecoveryWindow time.Duration
	Now            func() time.Time // default time.Now
	Logger         *slog.Logger     // default slog.Default()
}

// Gateway handles the events of the sockets of a Hub's namespace.
type Gateway struct {
	deps   Deps
	opts   Options
	hub    *Hub
	expiry *expiryQueue
}

// New registers the handlers of every event with hub's namespace. It is called
// once for a Hub, before sockets connect.
func New(hub *Hub, d Deps, o Options) *Gateway {
	if o.SocketsPerUser <= 0 {
		o.SocketsPerUser = DefaultSocketsPerUser
	}
	if o.RecoveryWindow <= 0 {
		o.RecoveryWindow = DefaultRecoveryWindow
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	g := &Gateway{deps: d, opts: o, hub: hub, expiry: newExpiryQueue(o.Now)}
	ns := hub.ns
	ns.Use(g.authenticate)
	ns.OnAdmit(g.begin)
	ns.OnConnect(g.connected)
	ns.OnDisconnect(g.disconnected)
	ns.UseEvent(g.limit)
	ns.Respond(g.respond)
	ns.OnUnknown(g.unknown)
	g.handlers(ns)
	return g
}

// handlers has every event of wire.ClientEvents.
func (g *Gateway) handlers(ns *socketio.Namespace) {
	handle(ns, wire.StoryJoinEvent, g.joinStory)
	handle(ns, wire.StoryLeaveEvent, g.leaveStory)
	handle(ns, wire.CommentNewEvent, g.newComment)
	handle(ns, wire.CommentListEvent, g.listComments)
	handle(ns, wire.CommentTypingEvent, g.setTyping)
	handle(ns, wire.PresenceSubscribeEvent, g.subscribePresence)
	handle(ns, wire.PresenceUnsubscribeEvent, g.unsubscribePresence)
	handle(ns, wire.PresenceUpdateEvent, g.updatePresence)
	handle(ns, wire.PresenceGetEvent, g.getPresence)
	handle(ns, wire.NotificationListEvent, g.listNotifications)
	handle(ns, wire.NotificationReadEvent, g.readNotifications)
	handle(ns, wire.AuthRefreshEvent, g.refreshToken)
	handle(ns, wire.SyncSinceEvent, g.syncSince)
	g.editHandlers(ns)
	g.playHandlers(ns)
}

// Run ends connections whose tokens end, and keeps the records of those that
// live, until ctx ends. It returns nil.
func (g *Gateway) Run(ctx context.Context) error {
	var records sync.WaitGroup
	records.Go(func() { g.keepRecords(ctx) })
	defer records.Wait()
	g.expiry.run(ctx,
		func(s *session, at time.Time) {
			s.emit(wire.AuthExpiringEvent, wire.AuthExpiring{ExpiresAt: wire.At(at)})
		},
		func(s *session) {
			s.emit(wire.SessionClosingEvent, wire.SessionClosing{Reason: wire.ClosingToken})
			s.socket.CloseTransport() // the client comes back, perhaps with a new token
		})
	return nil
}

// emit sends an event to the session's client; to one that has gone it sends nothing.
func (s *session) emit(event string, payload any) {
	s.gateway.hub.tellOne(s.socket, event, payload)
}
