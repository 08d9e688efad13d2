package engineio

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// acceptGUID is appended to the client's key: RFC 6455, section 1.3.
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// checkWebSocket judges a handshake by RFC 6455, section 4.2.1. A status other
// than 0 refuses it.
func checkWebSocket(r *http.Request) (status int, reason string) {
	switch {
	case r.Method != http.MethodGet:
		return http.StatusMethodNotAllowed, "a WebSocket handshake is a GET request"
	case r.ProtoMajor != 1 || !headerHasToken(r.Header, "Upgrade", "websocket"):
		return http.StatusBadRequest, "no upgrade to websocket"
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return http.StatusUpgradeRequired, "unsupported WebSocket version"
	}
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	if err != nil || len(key) != 16 {
		return http.StatusBadRequest, "invalid Sec-WebSocket-Key"
	}
	return 0, ""
}

// serveWebSocket opens a session (s is nil) or tries to upgrade one.
func (srv *Server) serveWebSocket(w http.ResponseWriter, r *http.Request, s *Session) {
	if status, reason := checkWebSocket(r); status != 0 {
		h := w.Header()
		h.Set("Connection", "close")
		h.Set("Sec-WebSocket-Version", "13")
		http.Error(w, reason, status)
		return
	}
	if s != nil {
		srv.probe(w, r, s)
		return
	}
	fields := srv.upgradeFields(r, true)
	id, ok := srv.admit(w, r, 2, true) // the session and its reader
	if !ok {
		return
	}
	s = srv.newSession(id, r, carrierWebSocket)
	c, early, ok := s.accept(w, r, fields, s.greeting())
	if !ok {
		srv.remove(s)
		srv.wg.Add(-2)
		return
	}
	s.carry(c)
	s.start()
	srv.register(s)
	c.link.start(early, false)
}

// accept answers the handshake, with the header fields given and with first
// behind the answer, and takes the connection over. early is what the client
// sent already.
func (s *Session) accept(w http.ResponseWriter, r *http.Request, fields string, first []byte) (c *wsConn, early []byte, ok bool) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + acceptGUID))
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this server cannot serve WebSocket", http.StatusInternalServerError)
		return nil, nil, false
	}
	var answer strings.Builder
	answer.WriteString("HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
	answer.WriteString(base64.StdEncoding.EncodeToString(sum[:]))
	answer.WriteString("\r\n")
	answer.WriteString(fields)
	var extension string
	if s.revision == revision4 {
		extension = s.shard.srv.negotiateDeflate(r)
	}
	answer.WriteString(extension)
	answer.WriteString("\r\n")
	answer.Write(first)
	// The http.Server's deadlines are left on a hijacked connection.
	conn.SetDeadline(time.Now().Add(s.shard.srv.opts.WriteTimeout))
	if _, err := conn.Write([]byte(answer.String())); err != nil {
		conn.Close()
		return nil, nil, false
	}
	conn.SetDeadline(time.Time{})
	if n := buffered.Reader.Buffered(); n > 0 {
		early = make([]byte, n)
		_, _ = buffered.Reader.Read(early)
	}
	c = s.newConn(conn)
	c.parser.deflate = extension != ""
	return c, early, true
}
