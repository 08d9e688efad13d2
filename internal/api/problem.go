package api

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/wire"
)

var statuses = map[errs.Code]int{
	errs.Unauthenticated: http.StatusUnauthorized,
	errs.TokenExpired:    http.StatusUnauthorized,
	errs.Forbidden:       http.StatusForbidden,
	errs.NotFound:        http.StatusNotFound,
	errs.NotJoined:       http.StatusConflict,
	errs.Validation:      http.StatusBadRequest,
	errs.Conflict:        http.StatusConflict,
	errs.RoomFull:        http.StatusConflict,
	errs.StaleRound:      http.StatusConflict,
	errs.NotEligible:     http.StatusForbidden,
	errs.BadOption:       http.StatusBadRequest,
	errs.NotHost:         http.StatusForbidden,
	errs.Full:            http.StatusConflict,
	errs.Locked:          http.StatusForbidden,
	errs.Kicked:          http.StatusForbidden,
	errs.BadCode:         http.StatusNotFound,
	errs.WrongState:      http.StatusConflict,
	errs.EpochChanged:    http.StatusGone,
	errs.Gone:            http.StatusGone,
	errs.RateLimited:     http.StatusTooManyRequests,
	errs.PayloadTooLarge: http.StatusRequestEntityTooLarge,
	errs.Unavailable:     http.StatusServiceUnavailable,
	errs.MalformedUpdate: http.StatusUnprocessableEntity,
	errs.Gap:             http.StatusConflict,
	errs.Schema:          http.StatusUnprocessableEntity,
	errs.ClientID:        http.StatusUnprocessableEntity,
	errs.FutureDelete:    http.StatusUnprocessableEntity,
	errs.DocTooLarge:     http.StatusRequestEntityTooLarge,
}

// problem answers with err as application/problem+json (RFC 9457) and logs
// what the client must not see.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, err error) {
	refusal := wire.NewRefusal(err)
	status, known := statuses[refusal.Code]
	if !known {
		status = http.StatusInternalServerError
		if r.Context().Err() == nil {
			s.deps.Logger.ErrorContext(r.Context(), "request failed", "method", r.Method, "route", r.Pattern, "error", err)
		}
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if refusal.RetryAfterMs > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(float64(refusal.RetryAfterMs)/1000))))
	}
	send(w, "application/problem+json", status, wire.Problem{
		Type:         "about:blank",
		Title:        http.StatusText(status),
		Status:       status,
		Code:         refusal.Code,
		Detail:       refusal.Message,
		RetryAfterMs: refusal.RetryAfterMs,
	})
}

func respond(w http.ResponseWriter, status int, body any) {
	send(w, "application/json", status, body)
}

func send(w http.ResponseWriter, contentType string, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil { // our own types: a mistake of ours
		http.Error(w, "encode answer", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // a client that has gone is told nothing
}
