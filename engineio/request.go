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
}

func refuse(code errorCode) *refusal { return &refusal{code: code} }

// write answers the request: as JSON, or as text to a WebSocket client.
func (f *refusal) write(w http.ResponseWriter, upgrade bool) {
	message := f.message
	if message == "" {
		message = errorMessages[f.code]
	}
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

// ServeHTTP answers the requests of clients.
func (srv *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, srv.opts.Path) {
		http.NotFound(w, r)
		return
	}
	if r.Method == http.MethodConnect {
		srv.serveConnect(w, r)
		return
	}
	upgrade := isUpgrade(r)
	if !srv.originAllowed(r) {
		srv.observeRefused(codeForbidden)
		refuse(codeForbidden).write(w, upgrade)
		return
	}
	if !upgrade {
		writeCORS(w.Header(), r)
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			preflight(w, r)
			return
		}
	}
	query := r.URL.Query()
	s, refused := srv.verify(r, query, upgrade)
	switch {
	case refused != nil:
		srv.observeRefused(refused.code)
		refused.write(w, upgrade)
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
		return nil, refuse(codeBadRequest)
	}
	sid, version := query.Get("sid"), query.Get("EIO")
	if sid != "" {
		s := srv.find(sid)
		switch {
		case s == nil:
			return nil, refuse(codeUnknownSession)
		case !upgrade && s.Transport() != transport, version != strconv.Itoa(s.Protocol()):
			return nil, refuse(codeBadRequest)
		}
		return s, nil
	}
	switch {
	case r.Method != http.MethodGet:
		return nil, refuse(codeBadHandshakeMethod)
	case transport == WebSocket && !upgrade:
		return nil, refuse(codeBadRequest)
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
