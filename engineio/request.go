package engineio

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// An errorCode is what a refused request is told: Engine.IO server errors.
type errorCode int

const (
	codeTransportUnknown errorCode = iota
	codeUnknownSession
	codeBadHandshakeMethod
	codeBadRequest
	codeForbidden
	codeUnsupportedVersion
)

var errorMessages = [...]string{
	codeTransportUnknown:   "Transport unknown",
	codeUnknownSession:     "Session ID unknown",
	codeBadHandshakeMethod: "Bad handshake method",
	codeBadRequest:         "Bad request",
	codeForbidden:          "Forbidden",
	codeUnsupportedVersion: "Unsupported protocol version",
}

// A refusal is a request that was judged and refused.
type refusal struct {
	code    errorCode
	message string // instead of the code's own
	reason  string // of ConnectionError
}

// ConnectionError tells Options.ConnectionError of a request that was refused.
type ConnectionError struct {
	// Code is what the client is told: 0 transport unknown, 1 session unknown,
	// 2 handshake not by GET, 3 bad request, 4 forbidden, 5 unsupported revision.
	Code int
	// Message is what the client is told.
	Message string
	// Reason tells apart what has the same code, in the words of the reference
	// server, "TRANSPORT_MISMATCH" for one; or is empty.
	Reason string
}

// Error implements error.
func (e *ConnectionError) Error() string { return "engineio: connection refused: " + e.Message }

// The reasons of a ConnectionError.
const (
	reasonOrigin    = "INVALID_ORIGIN"
	reasonTransport = "TRANSPORT_MISMATCH"
	reasonHandshake = "TRANSPORT_HANDSHAKE_ERROR"
	reasonRevision  = "PROTOCOL_MISMATCH"
	reasonID        = "ID_GENERATION_ERROR"
)

func refuse(code errorCode) *refusal { return &refusal{code: code} }

func (f *refusal) because(reason string) *refusal {
	f.reason = reason
	return f
}

func (f *refusal) text() string {
	if f.message != "" {
		return f.message
	}
	return errorMessages[f.code]
}

// turnAway refuses a request, and tells of it.
func (srv *Server) turnAway(w http.ResponseWriter, r *http.Request, f *refusal, upgrade bool) {
	srv.tellRefused(r, f)
	f.write(w, upgrade)
}

func (srv *Server) tellRefused(r *http.Request, f *refusal) {
	srv.observeRefused(f.code)
	if srv.opts.ConnectionError != nil {
		srv.opts.ConnectionError(r, &ConnectionError{Code: int(f.code), Message: f.text(), Reason: f.reason})
	}
}

// write answers the request: as JSON, or as text to a WebSocket client.
func (f *refusal) write(w http.ResponseWriter, upgrade bool) {
	message := f.text()
	h := w.Header()
	if upgrade {
		h.Set("Connection", "close")
		h.Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, message)
		return
	}
	status := http.StatusBadRequest
	if f.code == codeForbidden {
		status = http.StatusForbidden
	}
	body, _ := json.Marshal(struct {
		Code    errorCode `json:"code"`
		Message string    `json:"message"`
	}{f.code, message})
	h.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// Use adds a middleware, which sees every request that is for the server and of
// an allowed origin, upgrades to WebSocket among them, before it is judged any
// further. The first added is the outermost. One that wraps the ResponseWriter
// must have an Unwrap method (see http.ResponseController) and leave CONNECT
// alone. Use belongs before the server is mounted.
func (srv *Server) Use(m func(next http.Handler) http.Handler) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.middlewares = append(srv.middlewares, m)
	h := http.Handler(http.HandlerFunc(srv.serve))
	for _, m := range slices.Backward(srv.middlewares) {
		h = m(h)
	}
	srv.chain.Store(&h)
}

// ServeHTTP answers the requests of clients.
func (srv *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !srv.opts.serves(r.URL.Path) {
		http.NotFound(w, r)
		return
	}
	upgrade := isUpgrade(r)
	if !srv.originAllowed(r) {
		srv.turnAway(w, r, refuse(codeForbidden).because(reasonOrigin), upgrade)
		return
	}
	if !upgrade && r.Method != http.MethodConnect {
		srv.opts.CORS.write(w.Header(), r)
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			srv.opts.CORS.preflight(w, r)
			return
		}
	}
	if chain := srv.chain.Load(); chain != nil {
		(*chain).ServeHTTP(w, r)
		return
	}
	srv.serve(w, r)
}

// serves reports whether a path is the server's.
func (o *Options) serves(path string) bool {
	return strings.HasPrefix(path, o.Path) || o.OptionalTrailingSlash && path+"/" == o.Path
}

// serve answers a request of an allowed origin.
func (srv *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		srv.serveConnect(w, r)
		return
	}
	query, upgrade := r.URL.Query(), isUpgrade(r)
	s, refused := srv.verify(r, query, upgrade)
	switch {
	case refused != nil:
		srv.turnAway(w, r, refused, upgrade)
	case upgrade:
		srv.serveWebSocket(w, r, s)
	case s == nil:
		srv.openPolling(w, r)
	default:
		s.servePolling(w, r)
	}
}

// verify judges a request, in the order of the reference server, and finds its
// session; there is none for a handshake.
func (srv *Server) verify(r *http.Request, query url.Values, upgrade bool) (*Session, *refusal) {
	transport := Transport(query.Get("transport"))
	if !srv.opts.enabled(transport) || transport == WebTransport {
		return nil, refuse(codeTransportUnknown)
	}
	if upgrade && transport != WebSocket {
		return nil, refuse(codeBadRequest).because(reasonTransport)
	}
	sid, version := query.Get("sid"), query.Get("EIO")
	if sid != "" {
		s := srv.find(sid)
		switch {
		case s == nil:
			return nil, refuse(codeUnknownSession)
		case !upgrade && s.Transport() != transport:
			return nil, refuse(codeBadRequest).because(reasonTransport)
		case version != strconv.Itoa(s.Protocol()):
			return nil, refuse(codeBadRequest).because(reasonRevision)
		}
		return s, nil
	}
	switch {
	case r.Method != http.MethodGet:
		return nil, refuse(codeBadHandshakeMethod)
	case transport == WebSocket && !upgrade:
		return nil, refuse(codeBadRequest).because(reasonHandshake)
	}
	if refused := srv.allow(r); refused != nil {
		return nil, refused
	}
	if !srv.knows(version) {
		return nil, refuse(codeUnsupportedVersion)
	}
	return nil, nil
}

// allow asks the program about a handshake.
func (srv *Server) allow(r *http.Request) *refusal {
	if srv.opts.AllowRequest != nil {
		if err := srv.opts.AllowRequest(r); err != nil {
			return &refusal{code: codeForbidden, message: err.Error()}
		}
	}
	return nil
}

func (o *Options) enabled(t Transport) bool {
	return slices.Contains(o.Transports, t) && (t != WebTransport || o.WebTransport != nil)
}

// refuseClosing answers a handshake while the server closes.
func refuseClosing(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, "server is closing")
}

// isUpgrade reports whether the request asks for another protocol.
func isUpgrade(r *http.Request) bool {
	return r.Header.Get("Upgrade") != "" && headerHasToken(r.Header, "Connection", "upgrade")
}

// headerHasToken looks for a token in a comma-separated header field.
func headerHasToken(h http.Header, name, token string) bool {
	for _, v := range h[name] {
		for part := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}
