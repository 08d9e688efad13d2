package api

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/demo"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// DefaultMaxBody is the largest request body in bytes.
const DefaultMaxBody = 1 << 20

// bodyTimeout is how long a request may take to arrive.
const bodyTimeout = 30 * time.Second

// Deps are what a Server works with; all are needed unless said otherwise.
type Deps struct {
	Verifier      *auth.Verifier
	People        *user.Directory
	Stories       *story.Service
	Comments      *comment.Service
	Notifications *notification.Service
	Presence      *presence.Tracker
	Edits         *coedit.Service
	News          News
	Plays         *play.Service
	Limits        *ratelimit.Classes

	Ready     func(context.Context) error // nil means ready to take requests
	Degraded  func() bool                 // whether it does so without the other nodes; nil: never
	ServerKey string                      // of the server API; empty: there is none
	Origins   []string                    // from which browsers may call: "https://example.org"
	MaxBody   int64                       // bytes; 0: DefaultMaxBody
	Demo      *demo.Demo                  // nil: no demo sign-in
	Web       fs.FS                       // the built web application; nil: not built
	Logger    *slog.Logger                // nil: slog.Default()
}

// Server answers REST requests and serves the web application.
type Server struct {
	deps     Deps
	mux      *http.ServeMux
	readers  readers
	draining chan struct{}
}

// NewServer returns a Server over d.
func NewServer(d Deps) (*Server, error) {
	if d.MaxBody <= 0 {
		d.MaxBody = DefaultMaxBody
	}
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	s := &Server{deps: d, mux: http.NewServeMux(), draining: make(chan struct{})}
	s.readers.byUser = map[auth.UserID]int{}
	s.routes()
	site, err := newSite(d.Web)
	if err != nil {
		return nil, err
	}
	s.mux.Handle("/", site)
	return s, nil
}

func (s *Server) routes() {
	read, write, ctrl, eph := s.deps.Limits.Read, s.deps.Limits.Write, s.deps.Limits.Ctrl, s.deps.Limits.Eph

	s.mux.HandleFunc("GET /healthz", s.health)
	s.mux.HandleFunc("GET /readyz", s.ready)

	s.user("GET /v1/me", read, s.me)
	s.user("POST /v1/stories", write, s.createStory)
	s.user("GET /v1/stories", read, s.listStories)
	s.user("GET /v1/stories/{id}", read, s.getStory)
	s.user("POST /v1/stories:import", write, s.importStory)
	s.user("GET /v1/stories/{id}/release", read, s.getRelease)
	s.user("GET /v1/stories/{id}/export", read, s.exportStory)
	s.user("GET /v1/stories/{id}/members", read, s.listMembers)
	s.user("PUT /v1/stories/{id}/members/{userId}", ctrl, s.putMember)
	s.user("DELETE /v1/stories/{id}/members/{userId}", ctrl, s.deleteMember)
	s.user("GET /v1/stories/{id}/comments", read, s.listComments)
	s.user("POST /v1/stories/{id}/comments", write, s.createComment)
	s.user("GET /v1/comments/{id}", read, s.getComment)
	s.user("POST /v1/stories/{id}/typing", eph, s.postTyping)
	s.user("GET /v1/stories/{id}/presence", read, s.storyPresence)
	s.user("GET /v1/presence", read, s.usersPresence)
	s.user("PUT /v1/me/presence", eph, s.updatePresence)
	s.user("GET /v1/notifications", read, s.listNotifications)
	s.user("GET /v1/notifications/count", read, s.countNotifications)
	s.user("POST /v1/notifications/read", write, s.readNotifications)
	s.user("GET /v1/sync", read, s.sync)
	s.user("GET /v1/stream", read, s.stream)

	s.docRoutes()
	s.playRoutes()

	s.mux.Handle("POST /server/v1/notifications", s.service(s.sendNotifications))
	if s.deps.Demo != nil {
		s.mux.Handle("GET /demo/v1/characters", s.guest(s.listCharacters))
		s.mux.Handle("POST /demo/v1/sign-in", s.guest(s.signIn))
	}
	for _, prefix := range []string{"/v1/", "/server/", "/demo/"} {
		s.mux.HandleFunc(prefix, s.noSuchRoute)
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "same-origin")
	defer s.recoverPanic(w, r)
	if s.cors(w, r) {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, s.largest(r))
	// A body that trickles in holds nothing for longer. Not every
	// ResponseWriter can do it: those of tests need not.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	s.mux.ServeHTTP(w, r)
}
