package parser

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Revision 3 of Engine.IO differs in how binary messages travel and in how
// packets are put into a payload: each behind its length, and all of them in a
// binary form if one is binary and the client can take that.

// ErrPayload is the error of a payload of revision 3 whose lengths are wrong.
var ErrPayload = errors.New("invalid payload")

// maxDigits is how many digits a length may have: more than any payload needs,
// and no number overflows.
const maxDigits = 9

// lengthEnd ends a length in a binary payload.
const lengthEnd = 0xff

// DecodePacketV3 decodes a packet of revision 3 as it travels on a WebSocket. The
// packet's Data shares memory with data, unless it came in base64.
func DecodePacketV3(data []byte, binary bool) (Packet, error) {
	switch {
	case binary:
		if len(data) == 0 || data[0] > byte(Noop-Open) {
			return Packet{}, fmt.Errorf("decode packet: %w", ErrUnknownType)
		}
		return Packet{Type: Open + Type(data[0]), Data: data[1:], Binary: true}, nil
	case len(data) >= 2 && data[0] == binaryPrefix:
		p, err := DecodePacket(data[1:])
		if err != nil {
			return Packet{}, err
		}
		p.Binary = true
		if p.Data, err = decodeBase64(p.Data); err != nil {
			return Packet{}, fmt.Errorf("decode packet: %w", err)
		}
		return p, nil
	case len(data) > 0 && data[0] == binaryPrefix:
		return Packet{}, fmt.Errorf("decode packet: %w", ErrUnknownType)
	}
	return DecodePacket(data)
}

// AppendPacketV3 appends a packet as it travels where only text can: a binary
// message in base64, behind its type.
func AppendPacketV3(dst []byte, p Packet) []byte {
	if p.Binary {
		dst = append(dst, binaryPrefix, byte(p.Type))
		return base64.StdEncoding.AppendEncode(dst, p.Data)
	}
	return AppendPacket(dst, p)
}

// DecodePayloadV3 is DecodePayload for revision 3. binary: the body has the
// binary form. A text body must be valid UTF-8; its lengths count UTF-16 units.
func DecodePayloadV3(body []byte, binary bool, fn func(Packet) error) error {
	if len(body) == 0 {
		return fmt.Errorf("decode payload: %w: empty", ErrPayload)
	}
	for len(body) > 0 {
		text, isText, rest, err := cutV3(body, binary)
		if err != nil {
			return err
		}
		body = rest
		if len(text) == 0 {
			continue // as the reference implementation
		}
		p, err := DecodePacketV3(text, !isText)
		if err != nil {
			return err
		}
		if err := fn(p); err != nil {
			return err
		}
	}
	return nil
}

// cutV3 cuts the first packet off a body.
func cutV3(body []byte, binary bool) (packet []byte, isText bool, rest []byte, err error) {
	isText = true
	zero, end := byte('0'), byte(':')
	if binary {
		if body[0] > 1 {
			return nil, false, nil, fmt.Errorf("decode payload: %w: neither text nor binary", ErrPayload)
		}
		isText, zero, end, body = body[0] == 0, 0, lengthEnd, body[1:]
	}
	n, digits := 0, 0
	for ; digits < len(body) && body[digits] != end; digits++ {
		d := body[digits] - zero
		if d > 9 || digits == maxDigits {
			return nil, false, nil, fmt.Errorf("decode payload: %w: no length", ErrPayload)
		}
		n = 10*n + int(d)
	}
	if digits == 0 || digits == len(body) {
		return nil, false, nil, fmt.Errorf("decode payload: %w: no length", ErrPayload)
	}
	body = body[digits+1:]
	size := n
	if !binary {
		size = prefixOfUnits(body, n)
	}
	if size < 0 || size > len(body) {
		return nil, false, nil, fmt.Errorf("decode payload: %w: cut short", ErrPayload)
	}
	if binary && isText && !utf8.Valid(body[:size]) {
		return nil, false, nil, fmt.Errorf("decode payload: %w: no UTF-8", ErrPayload)
	}
	return body[:size], isText, body[size:], nil
}

// prefixOfUnits returns how many bytes n UTF-16 units take, or -1 if text ends
// before or n is within a character.
func prefixOfUnits(text []byte, n int) (size int) {
	for n > 0 {
		r, width := utf8.DecodeRune(text[size:])
		if width == 0 {
			return -1
		}
		n -= unitsOf(r)
		size += width
	}
	if n < 0 {
		return -1
	}
	return size
}

func unitsOf(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

func units(text []byte) (n int) {
	for len(text) > 0 {
		r, width := utf8.DecodeRune(text)
		n += unitsOf(r)
		text = text[width:]
	}
	return n
}

// AppendPayloadV3 appends the packets, each behind its length, to dst. binary
// selects the binary form.
func AppendPayloadV3(dst []byte, binary bool, packets ...Packet) []byte {
	for _, p := range packets {
		if binary {
			dst = appendBinaryV3(dst, p)
			continue
		}
		text := AppendPacketV3(nil, p)
		dst = strconv.AppendInt(dst, int64(units(text)), 10)
		dst = append(append(dst, ':'), text...)
	}
	return dst
}

func appendBinaryV3(dst []byte, p Packet) []byte {
	first, kind := byte(p.Type), byte(0)
	if p.Binary {
		first, kind = byte(p.Type-Open), 1
	}
	dst = append(dst, kind)
	at := len(dst)
	dst = strconv.AppendInt(dst, int64(1+len(p.Data)), 10)
	for i := at; i < len(dst); i++ {
		dst[i] -= '0'
	}
	dst = append(dst, lengthEnd, first)
	return append(dst, p.Data...)
}
