package engineio

import (
	"bytes"
	"io"
)

// FrameParser gives tests the WebSocket frame parser.
type FrameParser struct{ p frameParser }

// NewFrameParser returns a parser with the limits given.
func NewFrameParser(payload, fragments int) *FrameParser {
	return &FrameParser{frameParser{limits: &frameLimits{payload: payload, fragments: fragments}}}
}

// Feed pushes data; message and control are called with what was found.
func (f *FrameParser) Feed(data []byte, message func(data []byte, binary bool), control func(opcode byte, payload []byte)) error {
	_, err := f.p.feed(data, frameFuncs{message, control})
	return err
}

// Idle reports whether the parser holds no memory.
func (f *FrameParser) Idle() bool { return f.p.partial == nil }

// Buffered returns the capacity held for a message that is not complete.
func (f *FrameParser) Buffered() int {
	if f.p.partial == nil {
		return 0
	}
	return cap(f.p.partial.data)
}

type frameFuncs struct {
	onMessage func(data []byte, binary bool)
	onControl func(opcode byte, payload []byte)
}

func (f frameFuncs) message(data []byte, binary bool) error {
	f.onMessage(data, binary)
	return nil
}

func (f frameFuncs) control(opcode byte, payload []byte) error {
	f.onControl(opcode, payload)
	return nil
}

// FrameErrorCode returns the close code of a parser's error, or 0.
func FrameErrorCode(err error) uint16 {
	if e, ok := err.(*frameError); ok {
		return e.code
	}
	return 0
}

// Wire returns the frame as it travels on a WebSocket.
func (f *Frame) Wire() []byte { return f.wire }

// Unmask applies a mask as the parser does.
func Unmask(b []byte, mask uint32) uint32 { return unmask(b, mask) }

// NewStreamParser returns a parser of the frames of a stream.
func NewStreamParser(payload, fragments int) *FrameParser {
	f := NewFrameParser(payload, fragments)
	f.p.bare = true
	return f
}

// ToBare turns WebSocket frames into frames of a stream, in place.
func ToBare(frames []byte) []byte { return toBare(frames) }

// ReadFirstPacket reads the first packet of a stream.
func ReadFirstPacket(r io.Reader) (sid string, err error) { return readFirstPacket(r) }

// Deflated compresses the frame as for a session.
func (f *Frame) Deflated(srv *Server) *Frame { return f.deflated(srv) }

// Inflate expands a message of a WebSocket.
func Inflate(data []byte, isText bool, limit int) (message []byte, err error) {
	err = inflate(data, isText, limit, frameFuncs{onMessage: func(data []byte, _ bool) { message = bytes.Clone(data) }})
	return message, err
}
