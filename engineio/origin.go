package engineio

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
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

// CORS says what the pages of allowed origins may do across origins: the Fetch
// standard's protocol of that name. The zero value lets the stock client work.
type CORS struct {
	// Methods are those that a preflight allows. Default GET and POST.
	Methods []string
	// AllowedHeaders are the fields a page may send. Default: all that it asks for.
	AllowedHeaders []string
	// ExposedHeaders are the fields of answers that a page may read, beside those
	// that it always may. Default none.
	ExposedHeaders []string
	// DisableCredentials keeps browsers from sending cookies with polls, or from
	// showing the answers.
	DisableCredentials bool
	// MaxAge is how long a browser may remember a preflight. Default 10 minutes.
	MaxAge time.Duration
}

// defaultMaxAge is what all browsers allow.
const defaultMaxAge = 10 * time.Minute

// write lets the page of an allowed origin read the answer.
func (c *CORS) write(h http.Header, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	if !c.DisableCredentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(c.ExposedHeaders) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(c.ExposedHeaders, ","))
	}
	h.Add("Vary", "Origin")
}

// preflight answers a browser that asks before it sends: Fetch standard, "CORS
// preflight".
func (c *CORS) preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", strings.Join(c.Methods, ","))
	if len(c.AllowedHeaders) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(c.AllowedHeaders, ","))
	} else if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
		h.Add("Vary", "Access-Control-Request-Headers")
	}
	h.Set("Access-Control-Max-Age", strconv.Itoa(int(c.MaxAge.Seconds())))
	w.WriteHeader(http.StatusNoContent)
}
