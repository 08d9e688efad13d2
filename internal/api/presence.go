package api

import (
	"net/http"
	"strings"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/wire"
)

func (s *Server) storyPresence(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	if _, err := s.deps.Stories.MayRead(r.Context(), caller, storyID(r)); err != nil {
		return err
	}
	there := s.deps.Presence.Story(storyID(r))
	respond(w, http.StatusOK, wire.PresenceList{Items: wire.Map(there.Members, wire.PresenceUserOf), Count: there.Count.Online})
	return nil
}

func (s *Server) usersPresence(w http.ResponseWriter, r *http.Request, _ auth.UserID) error {
	var ids []auth.UserID
	for id := range strings.SplitSeq(r.URL.Query().Get("userIds"), ",") {
		if id != "" {
			ids = append(ids, auth.UserID(id))
		}
	}
	if len(ids) == 0 {
		return errs.E("api.usersPresence", errs.Validation, "userIds is missing: name them, separated by commas.")
	}
	statuses, err := s.deps.Presence.Statuses(r.Context(), ids)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.PresenceStatusesOf(statuses))
	return nil
}

func (s *Server) updatePresence(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.PresenceUpdate
	if err := body(r, &in); err != nil {
		return err
	}
	if err := s.deps.Presence.Update(r.Context(), caller, wire.PresenceUpdateOf(in)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
