package engineio

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strings"
)

// maxID is the largest length of a session id.
const maxID = 64 // bytes

func newID() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// validID reports whether an id can stand in a URL as it is: RFC 3986,
// "Unreserved Characters".
func validID(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '.', c == '_', c == '~':
		default:
			return false
		}
	}
	return true
}

var (
	errInvalidID = errors.New("invalid session id")
	errTakenID   = errors.New("id of an open session generated again")
	errClosing   = errors.New("server is closing")
)

func (srv *Server) generateID(r *http.Request) (string, error) {
	if srv.opts.GenerateID == nil {
		return newID(), nil
	}
	id, err := srv.opts.GenerateID(r)
	if err == nil && !validID(id) {
		err = errInvalidID
	}
	return id, err
}

// take finds an id for a new session, takes it, and counts n goroutines or
// sessions about to start. Errors other than errClosing are logged.
func (srv *Server) take(r *http.Request, n int) (id string, err error) {
	id, err = srv.generateID(r)
	if err == nil {
		err = srv.takeID(id, n)
	}
	if err != nil && err != errClosing {
		srv.opts.Logger.Warn("engineio: no id for a session", slog.Any("err", err))
	}
	return id, err
}

func (srv *Server) takeID(id string, n int) error {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.closed {
		return errClosing
	}
	if _, taken := srv.sessions[id]; taken {
		return errTakenID
	}
	srv.sessions[id] = nil
	srv.wg.Add(n)
	return nil
}

// admit is take; if that cannot be, it answers the request.
func (srv *Server) admit(w http.ResponseWriter, r *http.Request, n int, upgrade bool) (id string, ok bool) {
	id, err := srv.take(r, n)
	switch err {
	case nil:
		return id, true
	case errClosing:
		refuseClosing(w)
	default:
		srv.turnAway(w, r, refuse(codeBadRequest).because(reasonID), upgrade)
	}
	return "", false
}

// addFields lets the program add to the header of an answer. A hook may panic:
// nothing is reserved yet.
func (srv *Server) addFields(h http.Header, r *http.Request, first bool) {
	if first && srv.opts.InitialHeaders != nil {
		srv.opts.InitialHeaders(h, r)
	}
	if srv.opts.Headers != nil {
		srv.opts.Headers(h, r)
	}
	// What says how to read the answer is ours.
	for _, name := range [...]string{"Content-Length", "Content-Encoding", "Transfer-Encoding"} {
		delete(h, name)
	}
}

// upgradeFields returns what the program adds to the answer to a WebSocket
// handshake, as lines.
func (srv *Server) upgradeFields(r *http.Request, first bool) string {
	if srv.opts.Headers == nil && (!first || srv.opts.InitialHeaders == nil) {
		return ""
	}
	h := make(http.Header)
	srv.addFields(h, r, first)
	for name := range h {
		if ofConnection(http.CanonicalHeaderKey(name)) {
			delete(h, name)
		}
	}
	var lines strings.Builder
	_ = h.Write(&lines) // leaves invalid names out, and line breaks
	return lines.String()
}

// cookieTemplate completes Options.Cookie.
func cookieTemplate(c *http.Cookie) *http.Cookie {
	if c == nil {
		return nil
	}
	t := *c
	if t.Name == "" {
		t.Name = "io"
	}
	if t.Path == "" {
		t.Path = "/"
	}
	if t.SameSite == 0 {
		t.SameSite = http.SameSiteLaxMode
	}
	t.Value, t.Quoted, t.HttpOnly = "", false, true
	if err := t.Valid(); err != nil {
		panic("engineio: Options.Cookie: " + err.Error())
	}
	return &t
}

func (srv *Server) setCookie(h http.Header, id string) {
	if srv.opts.Cookie != nil {
		c := *srv.opts.Cookie
		c.Value = id
		h.Add("Set-Cookie", c.String())
	}
}
