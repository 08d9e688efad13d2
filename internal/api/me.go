package api

import (
	"net/http"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/wire"
)

func (s *Server) me(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	respond(w, http.StatusOK, wire.UserOf(s.deps.People.Profile(r.Context(), caller)))
	return nil
}
