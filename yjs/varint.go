package yjs

import "unicode/utf8"

// maxSafe is the largest integer that JavaScript counts exactly: 2^53-1. No number of the format is larger.
const maxSafe = 1<<53 - 1

// reader walks over one message. The first failure sticks: after it every read returns zero, so that callers look at
// err once per struct instead of once per number.
type reader struct {
	b   []byte
	pos int
	err *Error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = refuse(Malformed, format+" at byte %d", append(args, r.pos)...)
	}
	r.pos = len(r.b)
}

func (r *reader) left() int { return len(r.b) - r.pos }

func (r *reader) byte() byte {
	if r.pos >= len(r.b) {
		r.fail("unexpected end")
		return 0
	}
	c := r.b[r.pos]
	r.pos++
	return c
}

// varUint reads lib0's varuint: seven bits per byte, least significant first.
func (r *reader) varUint() uint64 {
	if r.pos < len(r.b) && r.b[r.pos] < 0x80 {
		r.pos++
		return uint64(r.b[r.pos-1])
	}
	var v uint64
	for shift := 0; shift < 56; shift += 7 { // 8 bytes hold 56 bits, more than 2^53-1 needs
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			if v > maxSafe {
				break
			}
			return v
		}
	}
	r.fail("number above 2^53-1")
	return 0
}

// varInt reads lib0's varint: sign and six bits in the first byte. The sign of a zero is reported too.
func (r *reader) varInt() (v uint64, negative bool) {
	c := r.byte()
	v, negative = uint64(c&0x3f), c&0x40 != 0
	for shift := 6; c >= 0x80; shift += 7 {
		if shift > 48 {
			r.fail("number above 2^53-1")
			return 0, false
		}
		c = r.byte()
		v |= uint64(c&0x7f) << shift
	}
	if v > maxSafe {
		r.fail("number above 2^53-1")
		return 0, false
	}
	return v, negative
}

// count reads a number of things that take at least size bytes each, so that it can be trusted as a bound.
func (r *reader) count(size int) int {
	n := r.varUint()
	if n > uint64(r.left()/size) {
		r.fail("%d things announced in %d bytes", n, r.left())
		return 0
	}
	return int(n)
}

// bytes returns the next n bytes, not copied and without room to grow.
func (r *reader) bytes(n int) []byte {
	if n < 0 || n > r.left() {
		r.fail("unexpected end")
		return nil
	}
	b := r.b[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

func (r *reader) varBytes() []byte { return r.bytes(r.count(1)) }

func (r *reader) varString() []byte {
	b := r.varBytes()
	if !utf8.Valid(b) {
		r.fail("string is not UTF-8")
		return nil
	}
	return b
}

func appendVarUint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendVarInt(b []byte, v uint64, negative bool) []byte {
	first := byte(v & 0x3f)
	if negative {
		first |= 0x40
	}
	if v >>= 6; v > 0 {
		return appendVarUint(append(b, first|0x80), v)
	}
	return append(b, first)
}

func appendVarBytes[T []byte | string](b []byte, s T) []byte {
	return append(appendVarUint(b, uint64(len(s))), s...)
}
