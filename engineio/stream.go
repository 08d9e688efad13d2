package engineio

import (
	"context"
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
	// judged, and returns the first stream that the client opens, for which it
	// waits until the request's context ends. Closing the stream closes the whole
	// connection; CloseWrite does after what was written. If there is an error,
	// AcceptStream has answered the request.
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
			if payload == 0 {
				// The stock client takes an empty frame for an error, but knows the
				// text form of an empty message.
				out = append(out, 1, 'b')
				continue
			}
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

var errFirstPacket = errors.New("the first packet of the stream is not open")

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

// serveConnect answers a request for WebTransport. Its query need not tell
// anything: the stock client's is empty.
func (srv *Server) serveConnect(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var refused *refusal
	switch {
	case !srv.opts.enabled(WebTransport), query.Has("transport") && Transport(query.Get("transport")) != WebTransport:
		refused = refuse(codeTransportUnknown)
	case query.Has("EIO") && query.Get("EIO") != "4":
		refused = refuse(codeUnsupportedVersion)
	}
	if refused != nil {
		srv.turnAway(w, r, refused, false)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), srv.opts.UpgradeTimeout)
	defer cancel()
	r = r.WithContext(ctx)
	r.RequestURI = r.URL.RequestURI() // HTTP/3 leaves it out
	conn, err := srv.opts.WebTransport.AcceptStream(w, r)
	if err != nil {
		srv.opts.Logger.Debug("engineio: no WebTransport", slog.Any("err", err))
		return
	}
	if !srv.expect(conn) {
		conn.Close()
		return
	}
	go srv.serveStream(r, conn)
}

// expect counts the goroutine about to serve a stream, unless the server
// closes. Until arrived is called Close closes the stream.
func (srv *Server) expect(conn StreamConn) bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.closed {
		return false
	}
	srv.wg.Add(1)
	srv.arriving[conn] = struct{}{}
	return true
}

func (srv *Server) arrived(conn StreamConn) {
	srv.mu.Lock()
	delete(srv.arriving, conn)
	srv.mu.Unlock()
}

// serveStream waits for the first packet, then serves the connection. Its
// goroutine counts in wg.
func (srv *Server) serveStream(r *http.Request, conn StreamConn) {
	conn.SetReadDeadline(time.Now().Add(srv.opts.UpgradeTimeout))
	sid, err := readFirstPacket(conn)
	srv.arrived(conn)
	var c *goConn
	switch {
	case err != nil:
	case sid == "":
		conn.SetReadDeadline(time.Time{})
		c, err = srv.openStream(r, conn)
	default:
		c, err = srv.probeStream(sid, conn)
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
func (srv *Server) openStream(r *http.Request, conn net.Conn) (*goConn, error) {
	// The request was answered, so its own context has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), srv.opts.UpgradeTimeout)
	defer cancel()
	r = r.WithContext(ctx)
	if refused := srv.allow(r); refused != nil {
		srv.tellRefused(r, refused)
		return nil, errors.New(refused.message)
	}
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
	s.carry(&c.wsConn)
	s.start()
	srv.register(s)
	return c, nil
}

// probeStream lets a stream try to take over a session.
func (srv *Server) probeStream(sid string, conn net.Conn) (*goConn, error) {
	s := srv.find(sid)
	if s == nil || srv.opts.DisableUpgrades || !s.carrier.CompareAndSwap(carrierPolling, carrierProbing) {
		return nil, errNoUpgrade
	}
	c := s.newStream(conn)
	c.startProbe()
	return c, nil
}

func (s *Session) newStream(conn net.Conn) *goConn {
	c := &goConn{conn: conn}
	c.link, c.sess, c.stream = c, s, true
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
