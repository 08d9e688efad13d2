package engineio

import "github.com/storywire/storywire/engineio/parser"

// Revision 3 of the protocol, which the clients of Socket.IO 2 speak, differs
// from revision 4 in three things: who sends the pings, the form of payloads,
// and that binary messages carry a type. See Options.AllowEIO3.

// A revision says how a session's client speaks.
type revision uint8

const (
	revision4     revision = iota
	revision3              // binary messages are binary
	revision3Text          // binary messages travel in base64: the client said b64=1
)

// Protocol returns the revision of Engine.IO that the client speaks, 4 or 3.
func (s *Session) Protocol() int {
	if s.revision == revision4 {
		return 4
	}
	return 3
}

// revisionOf reads a handshake's query.
func revisionOf(version, b64 string) revision {
	switch {
	case version != "3":
		return revision4
	case b64 == "" || b64 == "0":
		return revision3
	default:
		return revision3Text
	}
}

// knows reports whether the server speaks that revision.
func (srv *Server) knows(version string) bool {
	return version == "4" || version == "3" && srv.opts.AllowEIO3
}

// typed returns a binary frame as revision 3 has it on a WebSocket: behind its
// type, or in base64.
func (f *Frame) typed(inText bool) *Frame {
	if !f.binary {
		return f
	}
	t := f.twinsOf()
	t.mu.Lock()
	defer t.mu.Unlock()
	if inText {
		if t.base64 == nil {
			text := parser.AppendPacketV3(nil, parser.Packet{Type: parser.Message, Data: f.packet(), Binary: true})
			t.base64 = newPacketFrame(string(text))
		}
		return t.base64
	}
	if t.typed == nil {
		buf := append(make([]byte, FrameRoom, FrameRoom+1+len(f.packet())), byte(parser.Message-parser.Open))
		buf = append(buf, f.packet()...)
		from := putHeader(buf, FrameRoom, opBinary)
		t.typed = &Frame{wire: buf[from:], header: uint8(FrameRoom - from), binary: true}
	}
	return t.typed
}

// A form is what a session wants frames turned into before they are written; 0
// is the usual.
type form uint8

const (
	formDeflated form = 1 << iota
	formTyped
	formBase64
)

// in returns the frame in the form given.
func (f *Frame) in(want form, srv *Server) *Frame {
	switch want {
	case formDeflated:
		return f.deflated(srv)
	case formTyped:
		return f.typed(false)
	case formBase64:
		return f.typed(true)
	}
	return f
}

// formOn returns the form for a connection: revision 3 is never compressed.
func (s *Session) formOn(c *wsConn) form {
	switch {
	case s.revision == revision3:
		return formTyped
	case s.revision == revision3Text:
		return formBase64
	case c.parser.deflate:
		return formDeflated
	}
	return 0
}

// clientPing answers the ping of a client of revision 3 and grants it another
// period.
func (sh *Shard) clientPing(s *Session) {
	if s.beat.list != &sh.silences {
		return // closing
	}
	s.leaveBeat()
	sh.awaitPing(s, sh.now())
	sh.Append(s, pongFrame)
}

// awaitPing makes the session end unless a ping arrives in time.
func (sh *Shard) awaitPing(s *Session, from int64) {
	sh.silences.push(s, from+int64(sh.srv.opts.PingInterval+sh.srv.opts.PingTimeout))
}

// appendPayloadV3 encodes the answer to a poll, and reports whether it is binary.
func (s *Session) appendPayloadV3(dst []byte, frames []*Frame) (payload []byte, binary bool) {
	packets := make([]parser.Packet, len(frames))
	for i, f := range frames {
		packet := f.packet()
		if f.binary {
			packets[i] = parser.Packet{Type: parser.Message, Data: packet, Binary: true}
			binary = s.revision == revision3
		} else {
			packets[i] = parser.Packet{Type: parser.Type(packet[0]), Data: packet[1:]}
		}
	}
	return parser.AppendPayloadV3(dst, binary, packets...), binary
}
