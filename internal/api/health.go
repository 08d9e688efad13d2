package api

import (
	"net/http"

	"github.com/storywire/storywire/internal/errs"
)

// health says that the process lives.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, map[string]string{"status": "ok"})
}

// ready says whether requests would succeed: a load balancer asks it. A node
// that cannot reach the others serves its own people, degraded.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.deps.Ready(r.Context()); err != nil {
		s.problem(w, r, &errs.Error{Op: "api.ready", Code: errs.Unavailable, Message: errs.MessageOf(err), Err: err})
		return
	}
	status := "ready"
	if s.deps.Degraded != nil && s.deps.Degraded() {
		status = "degraded"
	}
	respond(w, http.StatusOK, map[string]string{"status": status})
}

// noSuchRoute answers what no route matches, in the way of the API.
func (s *Server) noSuchRoute(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, errs.E("api", errs.NotFound, "There is no "+r.Method+" "+r.URL.Path+"."))
}
