package engineio

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// A StreamAccepter takes over a request that opens a connection of many
// streams: WebTransport. Package webtransport implements it.
type StreamAccepter interface {
	// AcceptStream answers a CONNECT request whose origin, path and query were
	// judged. The connection returned is the first stream that the client opens
	// on it; its methods wait for that stream, and it brings down the whole when
	// it is closed. CloseWrite ends the stream after what was written and, soon
	// after, the whole. If there is an error, AcceptStream has answered the
	// request.
	AcceptStream(w http.ResponseWriter, r *http.Request) (StreamConn, error)
}

// A StreamConn is a stream of bytes both ways. Deadlines may be set while
// methods wait.
type StreamConn interface {
	net.Conn
	CloseWrite() error
}

// Packets travel on a stream as on a WebSocket, but their frames have a shorter
// header: Engine.IO v4, "WebTransport". Its first byte is the second of a
// WebSocket's, with the kind of message in the place of the mask bit; nothing
// is masked or fragmented, and there are no control frames.

const bareBinary = 0x80

// fromBare returns the first two bytes of a WebSocket header for the first byte
// of a stream's.
func fromBare(b byte) (first, second byte) {
	first = 0x80 | opText
	if b&bareBinary != 0 {
		first = 0x80 | opBinary
	}
	return first, 0x80 | b&0x7f
}

// toBare turns whole, unmasked WebSocket frames into frames of a stream, in
// place. It leaves control frames out.
func toBare(frames []byte) []byte {
	out := frames[:0]
	for len(frames) > 0 {
		opcode := frames[0] & 0x0f
		header, payload := frameSize(frames)
		frame := frames[1 : header+payload]
		frames = frames[header+payload:]
		switch opcode {
		case opBinary:
			frame[0] |= bareBinary
		case opText:
		default:
			continue
		}
		out = append(out, frame...)
	}
	return out
}

// maxFirstPacket is the largest payload of a stream's first frame, which holds
// a session id at most.
const maxFirstPacket = 125 // bytes; its header is one byte

var errFirstPacket = errors.New("first packet of the stream is not open")

// readFirstPacket reads an open packet and returns the id of the session to
// upgrade, if it names one.
func readFirstPacket(r io.Reader) (sid string, err error) {
	var buf [1 + maxFirstPacket]byte
	if _, err := io.ReadFull(r, buf[:1]); err != nil {
		return "", err
	}
	size := int(buf[0])
	if size == 0 || size > maxFirstPacket { // or binary
		return "", errFirstPacket
	}
	packet := buf[1 : 1+size]
	if _, err := io.ReadFull(r, packet); err != nil {
		return "", err
	}
	if packet[0] != '0' {
		return "", errFirstPacket
	}
	if size == 1 {
		return "", nil
	}
	var upgrade struct {
		SID string `json:"sid"`
	}
	if err := json.Unmarshal(packet[1:], &upgrade); err != nil || upgrade.SID == "" {
		return "", errFirstPacket
	}
	return upgrade.SID, nil
}

// serveConnect answers a request for WebTransport.
func (srv *Server) serveConnect(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	sid := query.Get("sid")
	var refused *refusal
	switch {
	case !srv.originAllowed(r):
		refused = refuse(codeForbidden)
	case !srv.opts.enabled(WebTransport), Transport(query.Get("transport")) != WebTransport:
		refused = refuse(codeTransportUnknown)
	case query.Get("EIO") != "4":
		refused = refuse(codeUnsupportedVersion)
	case sid != "" && srv.find(sid) == nil:
		refused = refuse(codeUnknownSession)
	case sid == "":
		refused = srv.allow(r)
	}
	if refused != nil {
		srv.observeRefused(refused.code)
		refused.write(w, false)
		return
	}
	srv.addFields(w.Header(), r, sid == "")
	if !srv.reserve() {
		refuseClosing(w)
		return
	}
	conn, err := srv.opts.WebTransport.AcceptStream(w, r)
	if err != nil {
		srv.wg.Done()
		srv.opts.Logger.Debug("engineio: no WebTransport", slog.Any("err", err))
		return
	}
	go srv.serveStream(r, conn)
}

// serveStream waits for the first packet, then serves the connection. Its
// goroutine counts in wg.
func (srv *Server) serveStream(r *http.Request, conn StreamConn) {
	asked := r.URL.Query().Get("sid")
	conn.SetReadDeadline(time.Now().Add(srv.opts.UpgradeTimeout))
	sid, err := readFirstPacket(conn)
	if err == nil && sid != asked {
		err = errFirstPacket // the request was judged as what it said it was
	}
	var c *wsConn
	if err == nil {
		conn.SetReadDeadline(time.Time{})
		if sid == "" {
			c, err = srv.openStream(r, conn)
		} else {
			c, err = srv.probeStream(sid, conn)
		}
	}
	if err != nil {
		srv.opts.Logger.Debug("engineio: WebTransport refused", slog.Any("err", err))
		conn.Close()
		srv.wg.Done()
		return
	}
	c.serve(nil)
}

// openStream opens a session.
func (srv *Server) openStream(r *http.Request, conn net.Conn) (*wsConn, error) {
	id, err := srv.take(r, 1)
	if err != nil {
		return nil, err
	}
	s := srv.newSession(id, r, carrierWebTransport)
	c := s.newStream(conn)
	if err := c.writeAll(s.greeting(), srv.opts.WriteTimeout); err != nil {
		srv.remove(s)
		srv.wg.Done()
		return nil, err
	}
	s.ws = c
	s.start()
	srv.register(s)
	return c, nil
}

// probeStream lets a stream try to take over a session.
func (srv *Server) probeStream(sid string, conn net.Conn) (*wsConn, error) {
	s := srv.find(sid)
	if s == nil || srv.opts.DisableUpgrades || !s.carrier.CompareAndSwap(carrierPolling, carrierProbing) {
		return nil, errNoUpgrade
	}
	c := s.newStream(conn)
	c.startProbe()
	return c, nil
}

func (s *Session) newStream(conn net.Conn) *wsConn {
	c := &wsConn{conn: conn, sess: s, stream: true}
	c.parser.limits, c.parser.bare = &s.shard.srv.limits, true
	return c
}

// carrier returns what a session has when the connection carries it.
func (c *wsConn) carrier() uint32 {
	if c.stream {
		return carrierWebTransport
	}
	return carrierWebSocket
}
