package engineio

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// Opcodes of RFC 6455, section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
)

// Status codes of RFC 6455, section 7.4.1.
const (
	statusNone          = 0 // a close frame without a code
	statusProtocolError = 1002
	statusInvalidData   = 1007
	statusPolicy        = 1008
	statusTooBig        = 1009
	statusRestart       = 1012
)

const (
	maxControl = 125 // bytes; RFC 6455, section 5.5
	maskSize   = 4   // bytes
	maxHeader  = 14  // bytes; two, an eight-byte length, a mask
)

// A frameError is a violation of RFC 6455; code goes into the close frame.
type frameError struct {
	code   uint16
	reason string
}

func (e *frameError) Error() string { return fmt.Sprintf("websocket: %s (%d)", e.reason, e.code) }

// Unwrap lets callers recognise the size limit without knowing RFC 6455.
func (e *frameError) Unwrap() error {
	if e.code == statusTooBig {
		return ErrTooLarge
	}
	return nil
}

// A frameSink takes what a frameParser finds. data is valid only during the
// call. An error stops the parser and is returned by feed.
type frameSink interface {
	message(data []byte, binary bool) error
	control(opcode byte, payload []byte) error
}

// A frameParser is the reading half of a WebSocket server: bytes are pushed
// in, messages come out. It knows no connection and no goroutine, and holds no
// memory between messages.
type frameParser struct {
	limits    *frameLimits
	partial   *partialMessage // nil unless a message or control frame is incomplete
	remaining int             // payload bytes of the current frame still to come
	mask      uint32          // little endian, rotated to the next payload byte
	head      [maxHeader]byte
	headLen   uint8
	opcode    uint8 // of the current frame
	message   uint8 // opcode of the message whose fragments are coming, or 0
	fin       bool
	inPayload bool
	deflate   bool // messages may be compressed
	squeezed  bool // the message whose frames are coming is
	bare      bool // the frames are those of a stream, see bareHeader
}

type frameLimits struct {
	payload   int // bytes of a message
	fragments int // frames of a message
}

// A partialMessage holds what arrived of a message that is not complete.
type partialMessage struct {
	data      []byte
	valid     int // length of the prefix of data known to be UTF-8
	fragments int
	control   []byte // payload of a control frame cut by the end of a read
}

// feed parses data, which it changes (unmasking in place). rest is what an error
// of the sink left unparsed; it may be fed later.
func (p *frameParser) feed(data []byte, sink frameSink) (rest []byte, err error) {
	for {
		if !p.inPayload {
			var done bool
			if data, done, err = p.readHeader(data); err != nil || !done {
				return nil, err
			}
		}
		n := min(p.remaining, len(data))
		chunk := data[:n]
		data = data[n:]
		p.remaining -= n
		p.mask = unmask(chunk, p.mask)
		p.inPayload = p.remaining > 0
		if err := p.payload(chunk, sink); err != nil {
			return data, err
		}
		if p.inPayload {
			return nil, nil
		}
	}
}

// readHeader consumes bytes of a frame header; done tells that it is complete.
func (p *frameParser) readHeader(data []byte) (rest []byte, done bool, err error) {
	want := 2
	if p.bare && p.headLen == 0 && len(data) > 0 {
		p.head[0], p.head[1] = fromBare(data[0])
		p.headLen, data = 2, data[1:]
		if err := p.checkHeader(); err != nil {
			return nil, false, err
		}
	}
	for {
		if int(p.headLen) >= 2 {
			want = p.headerLen()
		}
		n := copy(p.head[p.headLen:want], data)
		p.headLen += uint8(n)
		data = data[n:]
		if int(p.headLen) < want {
			return data, false, nil
		}
		if want == 2 && !p.bare {
			if err := p.checkHeader(); err != nil {
				return nil, false, err
			}
			continue // a client's header has four bytes of mask at least
		}
		p.headLen = 0
		p.inPayload = true
		return data, true, p.startFrame(want)
	}
}

// headerLen returns the length of the header of which two bytes are here.
func (p *frameParser) headerLen() int {
	size := 2
	switch p.head[1] & 0x7f {
	case 126:
		size = 4
	case 127:
		size = 10
	}
	if !p.bare {
		size += maskSize
	}
	return size
}

// checkHeader judges the first two bytes, before anything is buffered.
func (p *frameParser) checkHeader() error {
	first, second := p.head[0], p.head[1]
	p.fin = first&0x80 != 0
	p.opcode = first & 0x0f
	switch {
	case first&0x70 == rsv1 && p.deflate && (p.opcode == opText || p.opcode == opBinary):
		p.squeezed = true
	case first&0x70 != 0:
		return &frameError{statusProtocolError, "reserved bits set"}
	}
	switch {
	case second&0x80 == 0:
		return &frameError{statusProtocolError, "unmasked frame"}
	}
	switch p.opcode {
	case opContinuation:
		if p.message == 0 {
			return &frameError{statusProtocolError, "continuation without a message"}
		}
	case opText, opBinary:
		if p.message != 0 {
			return &frameError{statusProtocolError, "message within a message"}
		}
	case opClose, opPing, opPong:
		if !p.fin {
			return &frameError{statusProtocolError, "fragmented control frame"}
		}
		if second&0x7f > maxControl {
			return &frameError{statusProtocolError, "control frame too long"}
		}
	default:
		return &frameError{statusProtocolError, "reserved opcode"}
	}
	return nil
}

// startFrame reads length and mask of a complete header and applies the limits
// before a byte of payload is kept.
func (p *frameParser) startFrame(size int) error {
	length := uint64(p.head[1] & 0x7f)
	switch length {
	case 126:
		length = uint64(binary.BigEndian.Uint16(p.head[2:]))
	case 127:
		length = binary.BigEndian.Uint64(p.head[2:])
	}
	if !p.bare {
		p.mask = binary.LittleEndian.Uint32(p.head[size-maskSize:])
	}
	if p.opcode >= opClose {
		p.remaining = int(length)
		return nil
	}
	have, fragments := 0, 1
	if p.message != 0 && p.partial != nil {
		have, fragments = len(p.partial.data), p.partial.fragments+1
	}
	if length > uint64(p.limits.payload-have) {
		return &frameError{statusTooBig, "message too large"}
	}
	if fragments > p.limits.fragments {
		return &frameError{statusPolicy, "too many fragments"}
	}
	if p.opcode != opContinuation {
		p.message = p.opcode
	}
	if !p.fin || p.partial != nil {
		p.keep().fragments = fragments
	}
	p.remaining = int(length)
	return nil
}

// payload handles the next piece of the current frame's payload.
func (p *frameParser) payload(chunk []byte, sink frameSink) error {
	last := p.remaining == 0
	if p.opcode >= opClose {
		return p.controlPayload(chunk, last, sink)
	}
	if last && p.fin && p.partial == nil {
		// The common case: a whole message within one read, not copied.
		isText := p.message == opText
		p.message = 0
		if p.squeezed {
			p.squeezed = false
			return inflate(chunk, isText, p.limits.payload, sink)
		}
		if isText && !utf8.Valid(chunk) {
			return &frameError{statusInvalidData, "invalid UTF-8"}
		}
		return sink.message(chunk, !isText)
	}
	m := p.keep()
	m.data = append(m.data, chunk...)
	end := last && p.fin
	if p.message == opText && !p.squeezed {
		if !m.validate(end) {
			return &frameError{statusInvalidData, "invalid UTF-8"}
		}
	}
	if !end {
		return nil
	}
	isBinary := p.message == opBinary
	p.message, p.partial = 0, nil
	if p.squeezed {
		p.squeezed = false
		return inflate(m.data, !isBinary, p.limits.payload, sink)
	}
	return sink.message(m.data, isBinary)
}

func (p *frameParser) controlPayload(chunk []byte, last bool, sink frameSink) error {
	payload := chunk
	if !last || (p.partial != nil && len(p.partial.control) > 0) {
		m := p.keep()
		m.control = append(m.control, chunk...)
		if !last {
			return nil
		}
		payload, m.control = m.control, nil
		if p.message == 0 {
			p.partial = nil
		}
	}
	if p.opcode == opClose {
		if err := checkClose(payload); err != nil {
			return err
		}
	}
	return sink.control(p.opcode, payload)
}

func (p *frameParser) keep() *partialMessage {
	if p.partial == nil {
		p.partial = new(partialMessage)
	}
	return p.partial
}

// validate checks what arrived since the last call. Unless the message ends
// here, its last character may still be incomplete.
func (m *partialMessage) validate(end bool) bool {
	fresh := m.data[m.valid:]
	if utf8.Valid(fresh) {
		m.valid = len(m.data)
		return true
	}
	if end {
		return false
	}
	for i := len(fresh) - 1; i >= 0 && i >= len(fresh)-utf8.UTFMax+1; i-- {
		if !utf8.RuneStart(fresh[i]) {
			continue
		}
		if utf8.FullRune(fresh[i:]) || !utf8.Valid(fresh[:i]) {
			return false
		}
		m.valid += i
		return true
	}
	return false
}

// checkClose judges the payload of a close frame: RFC 6455, section 5.5.1.
func checkClose(payload []byte) error {
	if len(payload) == 0 {
		return nil
	}
	if len(payload) == 1 {
		return &frameError{statusProtocolError, "close code cut short"}
	}
	code := binary.BigEndian.Uint16(payload)
	if !validCloseCode(code) {
		return &frameError{statusProtocolError, "invalid close code"}
	}
	if !utf8.Valid(payload[2:]) {
		return &frameError{statusInvalidData, "invalid UTF-8"}
	}
	return nil
}

// validCloseCode reports whether a peer may send the code: RFC 6455, section
// 7.4, and the codes 1012 to 1014 registered since.
func validCloseCode(code uint16) bool {
	switch {
	case code >= 3000 && code <= 4999:
		return true
	case code == 1004, code == 1005, code == 1006: // reserved, never sent
		return false
	default:
		return code >= 1000 && code <= 1014
	}
}

// unmask applies the mask in place and returns it rotated for the byte that
// follows b.
func unmask(b []byte, mask uint32) uint32 {
	wide := uint64(mask)<<32 | uint64(mask)
	for len(b) >= 32 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
		binary.LittleEndian.PutUint64(b[8:], binary.LittleEndian.Uint64(b[8:])^wide)
		binary.LittleEndian.PutUint64(b[16:], binary.LittleEndian.Uint64(b[16:])^wide)
		binary.LittleEndian.PutUint64(b[24:], binary.LittleEndian.Uint64(b[24:])^wide)
		b = b[32:]
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(mask)
		mask = bits.RotateLeft32(mask, -8)
	}
	return mask
}

// closeFrame encodes a close frame; code statusNone means an empty one.
func closeFrame(code uint16) *Frame {
	buf := make([]byte, FrameRoom, FrameRoom+2)
	if code != statusNone {
		buf = binary.BigEndian.AppendUint16(buf, code)
	}
	return controlFrame(opClose, buf)
}

// controlFrame encodes a control frame whose payload is buf[FrameRoom:].
func controlFrame(opcode byte, buf []byte) *Frame {
	from := putHeader(buf, FrameRoom, opcode)
	return &Frame{wire: buf[from:], header: uint8(FrameRoom - from)}
}
