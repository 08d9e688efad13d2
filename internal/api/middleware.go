package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/ratelimit"
)

// handler answers a request or returns why not. caller is who asks.
type handler func(w http.ResponseWriter, r *http.Request, caller auth.UserID) error

// user routes pattern to h for bearers of a valid token, at the rate of class.
func (s *Server) user(pattern string, class *ratelimit.Limiter, h handler) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		claims, err := s.deps.Verifier.Verify(bearer(r))
		if err == nil {
			err = allow(class, string(claims.UserID))
		}
		if err == nil {
			s.deps.People.Remember(claims)
			err = h(w, r.WithContext(auth.NewContext(r.Context(), claims)), claims.UserID)
		}
		if err != nil {
			s.problem(w, r, err)
		}
	})
}

// service wraps a handler of the server API, for holders of its key.
func (s *Server) service(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	want := sha256.Sum256([]byte(s.deps.ServerKey))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(bearer(r))) // equal lengths, so that the time tells nothing
		var err error
		switch {
		case s.deps.ServerKey == "":
			err = errs.E("api.service", errs.Forbidden, "The server API is off: no SERVER_API_KEY is configured.")
		case subtle.ConstantTimeCompare(got[:], want[:]) != 1:
			err = errs.E("api.service", errs.Unauthenticated, "The server API wants its key as the bearer token.")
		default:
			if err = allow(s.deps.Limits.Server, "key"); err == nil {
				err = h(w, r)
			}
		}
		if err != nil {
			s.problem(w, r, err)
		}
	})
}

// guest wraps a handler that asks for no token.
func (s *Server) guest(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := allow(s.deps.Limits.Conn, address(r))
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			s.problem(w, r, err)
		}
	})
}

func allow(class *ratelimit.Limiter, key string) error {
	if wait, ok := class.Allow(key); !ok {
		return &errs.Error{Op: "api.allow", Code: errs.RateLimited, Message: "That was too fast. Try again in a moment.", RetryAfter: wait}
	}
	return nil
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// cors lets the configured origins read answers; it reports whether the request
// was a preflight and is answered.
func (s *Server) cors(w http.ResponseWriter, r *http.Request) (done bool) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if !s.allowed(origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key")
	h.Set("Access-Control-Max-Age", "600") // seconds; what browsers cap it to differs
	w.WriteHeader(http.StatusNoContent)
	return true
}

func (s *Server) allowed(origin string) bool {
	return origin != "null" && (slices.Contains(s.deps.Origins, origin) || slices.Contains(s.deps.Origins, "*"))
}

// recoverPanic answers INTERNAL if a handler panicked, and logs where.
func (s *Server) recoverPanic(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v) // net/http's own way to end a request
	}
	s.deps.Logger.ErrorContext(r.Context(), "handler panicked", "method", r.Method, "route", r.Pattern, "panic", v, "stack", string(debug.Stack()))
	s.problem(w, r, errs.E("api", errs.Internal, ""))
}
