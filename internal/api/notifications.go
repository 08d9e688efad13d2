package api

import (
	"net/http"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/wire"
)

func (s *Server) listNotifications(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	n, err := limit(r)
	if err != nil {
		return err
	}
	unread, err := flag(r, "unread")
	if err != nil {
		return err
	}
	page, err := s.deps.Notifications.List(r.Context(), caller, notification.Query{Cursor: r.URL.Query().Get("cursor"), Limit: n, Unread: unread})
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.NotificationPageOf(page))
	return nil
}

func (s *Server) countNotifications(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	counts, err := s.deps.Notifications.Counts(r.Context(), caller)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.CountsOf(counts))
	return nil
}

func (s *Server) readNotifications(w http.ResponseWriter, r *http.Request, caller auth.UserID) error {
	var in wire.NotificationRead
	if err := body(r, &in); err != nil {
		return err
	}
	marked, err := s.deps.Notifications.MarkRead(r.Context(), caller, wire.MarkOf(in, ""))
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, wire.MarkedOf(marked))
	return nil
}

// sendNotifications is how the site's other services reach people's inboxes.
func (s *Server) sendNotifications(w http.ResponseWriter, r *http.Request) error {
	var in wire.NotificationSend
	if err := body(r, &in); err != nil {
		return err
	}
	k, err := key(r)
	if err != nil {
		return err
	}
	to := wire.UserIDs(in.UserIDs)
	if in.UserID != "" {
		to = []auth.UserID{auth.UserID(in.UserID)}
	}
	made, duplicate, err := s.deps.Notifications.Create(r.Context(), notification.Draft{
		UserIDs: to, Type: notification.Type(in.Type), Title: in.Title, Body: in.Body, Link: in.Link, Data: in.Data, Key: k,
	})
	if err != nil {
		return err
	}
	respond(w, created(duplicate), wire.PageOf(wire.Map(made, wire.NotificationOf), ""))
	return nil
}
