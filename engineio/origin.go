package engineio

import (
	"net/http"
	"net/url"
	"strings"
)

// originAllowed judges the Origin header. Browsers send it with every
// WebSocket handshake and with requests across origins; CORS alone would not
// keep a foreign page from opening a WebSocket.
func (srv *Server) originAllowed(r *http.Request) bool {
	values := r.Header["Origin"]
	if len(values) == 0 {
		return true
	}
	origin := values[0]
	if len(values) > 1 || origin == "null" {
		return false
	}
	if u, err := url.Parse(origin); err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host) {
		return true
	}
	if srv.opts.CheckOrigin != nil {
		return srv.opts.CheckOrigin(r)
	}
	return srv.origins["*"] || srv.origins[strings.ToLower(origin)]
}

// writeCORS lets the page of an allowed origin read the answer.
func writeCORS(h http.Header, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Add("Vary", "Origin")
	}
}

// preflight answers a browser that asks before it sends: Fetch standard, "CORS
// preflight".
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET,POST")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
		h.Add("Vary", "Access-Control-Request-Headers")
	}
	h.Set("Access-Control-Max-Age", "600") // seconds; what browsers allow at least
	w.WriteHeader(http.StatusNoContent)
}
