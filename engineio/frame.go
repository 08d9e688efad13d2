package engineio

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/storywire/storywire/engineio/parser"
)

// FrameRoom is the number of bytes that NewFrameInPlace needs in front of the
// data: the longest unmasked WebSocket header and the packet type.
const FrameRoom = 11

// A Frame is one Engine.IO message, encoded once: WebSocket header and packet.
// It is immutable and may be sent to any number of sessions on any transport.
type Frame struct {
	wire   []byte // the whole WebSocket frame
	header uint8  // length of the WebSocket header within wire
	binary bool
	plain  bool // never compressed

	others atomic.Pointer[twins] // nil until somebody needs one of them
}

// twins are other forms of a frame, for the sessions that need them; each is
// made once.
type twins struct {
	mu       sync.Mutex // guards the fields below; a leaf
	deflated *Frame
	typed    *Frame // of revision 3
	base64   *Frame // of revision 3
}

func (f *Frame) twinsOf() *twins {
	if t := f.others.Load(); t != nil {
		return t
	}
	f.others.CompareAndSwap(nil, new(twins))
	return f.others.Load()
}

// Plain returns the same message as a frame that is not compressed on its way,
// for data that is compressed already or must not be beside a secret.
func (f *Frame) Plain() *Frame {
	return &Frame{wire: f.wire, header: f.header, binary: f.binary, plain: true}
}

// NewFrame encodes a message. It copies data. Text must be valid UTF-8, or
// clients will close their WebSockets.
func NewFrame(data []byte, binary bool) *Frame {
	buf := make([]byte, FrameRoom+len(data))
	copy(buf[FrameRoom:], data)
	return NewFrameInPlace(buf, binary)
}

// NewFrameInPlace encodes the message buf[FrameRoom:] without copying it: the
// first FrameRoom bytes are overwritten with the header. It takes ownership of
// buf. It panics if buf is shorter than FrameRoom.
func NewFrameInPlace(buf []byte, binary bool) *Frame {
	start := FrameRoom
	opcode := byte(opBinary)
	if !binary {
		// Engine.IO v4: only text messages carry the type; on WebSocket a
		// binary message is the bare bytes.
		start--
		buf[start] = byte(parser.Message)
		opcode = opText
	}
	from := putHeader(buf, start, opcode)
	return &Frame{wire: buf[from:], header: uint8(start - from), binary: binary}
}

// Binary reports whether the message is binary.
func (f *Frame) Binary() bool { return f.binary }

// Size returns the number of bytes the frame takes on a WebSocket.
func (f *Frame) Size() int { return len(f.wire) }

// packet returns the Engine.IO packet: type and text, or the bare binary data.
func (f *Frame) packet() []byte { return f.wire[f.header:] }

// putHeader writes the header of an unmasked, final frame whose payload is
// buf[end:] so that it ends at end, and returns where it starts.
func putHeader(buf []byte, end int, opcode byte) int {
	n := len(buf) - end
	var from int
	switch {
	case n < 126:
		from = end - 2
		buf[from+1] = byte(n)
	case n <= 0xffff:
		from = end - 4
		buf[from+1] = 126
		binary.BigEndian.PutUint16(buf[from+2:], uint16(n))
	default:
		from = end - 10
		buf[from+1] = 127
		binary.BigEndian.PutUint64(buf[from+2:], uint64(n))
	}
	buf[from] = 0x80 | opcode
	return from
}

// frameSize returns the lengths of header and payload of the unmasked frame that
// data starts with.
func frameSize(data []byte) (header, payload int) {
	switch n := data[1] & 0x7f; n {
	case 126:
		return 4, int(binary.BigEndian.Uint16(data[2:]))
	case 127:
		return 10, int(binary.BigEndian.Uint64(data[2:]))
	default:
		return 2, int(n)
	}
}

// newPacketFrame encodes a packet other than a message.
func newPacketFrame(packet string) *Frame {
	buf := append(make([]byte, FrameRoom), packet...)
	from := putHeader(buf, FrameRoom, opText)
	return &Frame{wire: buf[from:], header: uint8(FrameRoom - from)}
}

// Frames that never change, shared by all servers.
var (
	pingFrame  = newPacketFrame("2")
	noopFrame  = newPacketFrame("6")
	probeFrame = newPacketFrame("3probe")
	byeFrame   = newPacketFrame("1")
	pongFrame  = newPacketFrame("3")
)
