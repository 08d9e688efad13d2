//go:build linux

package load

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// RFC 6455, section 5.2.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9

	finBit  = 0x80
	rsvBits = 0x70
	maskBit = 0x80

	// maxFrame bounds what a server may send in one frame: every answer of the
	// benchmark is far smaller, so a larger one is a broken server.
	maxFrame = 64 << 10 // bytes
)

var errFrame = errors.New("broken frame from the server")

// maskKey masks everything the generator sends. RFC 6455 asks for a fresh key
// per frame to protect proxies; there is none between the two ends here, and a
// constant key lets a frame be masked once and sent a million times.
var maskKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// appendMasked appends one whole masked text frame with payload to dst.
func appendMasked(dst []byte, payload string) []byte {
	return appendFrame(dst, opText, payload)
}

func appendFrame(dst []byte, op byte, payload string) []byte {
	dst = append(dst, finBit|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, maskBit|byte(n))
	case n <= 0xffff:
		dst = append(dst, maskBit|126)
		dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	default:
		dst = append(dst, maskBit|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	dst = append(dst, maskKey[:]...)
	for i := range len(payload) {
		dst = append(dst, payload[i]^maskKey[i&3])
	}
	return dst
}

// nextFrame cuts the first whole frame off b. n is its length in bytes, 0 if b
// holds only a part of it; payload is a part of b.
func nextFrame(b []byte) (op byte, payload []byte, n int, err error) {
	if len(b) < 2 {
		return 0, nil, 0, nil
	}
	if b[0]&finBit == 0 || b[0]&rsvBits != 0 || b[1]&maskBit != 0 {
		return 0, nil, 0, fmt.Errorf("%w: header %x", errFrame, b[:2])
	}
	head, size := 2, int(b[1])
	switch size {
	case 126:
		if len(b) < 4 {
			return 0, nil, 0, nil
		}
		head, size = 4, int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		return 0, nil, 0, fmt.Errorf("%w: more than %d bytes", errFrame, 0xffff)
	}
	if size > maxFrame-head {
		return 0, nil, 0, fmt.Errorf("%w: %d bytes", errFrame, size)
	}
	if len(b) < head+size {
		return 0, nil, 0, nil
	}
	return b[0] & 0x0f, b[head : head+size], head + size, nil
}
