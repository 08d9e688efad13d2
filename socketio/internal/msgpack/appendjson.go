package msgpack

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/storywire/storywire/socketio/parser"
)

// AppendJSON appends one JSON value. If there are attachments, the placeholders
// of package parser become them. The error is ErrSyntax or ErrDepth, or that of a
// placeholder that names no attachment.
func AppendJSON(dst, raw []byte, attachments [][]byte) ([]byte, error) {
	j := transcoder{raw: raw, attachments: attachments}
	dst, err := j.value(dst, MaxDepth)
	if err != nil {
		return dst, err
	}
	if j.space(); j.at != len(raw) {
		return dst, ErrSyntax
	}
	return dst, nil
}

// transcoder reads JSON from raw[at:].
type transcoder struct {
	raw         []byte
	at          int
	attachments [][]byte
}

func (j *transcoder) space() {
	for j.at < len(j.raw) {
		switch j.raw[j.at] {
		case ' ', '\t', '\r', '\n':
			j.at++
		default:
			return
		}
	}
}

// peek returns the next byte that is no space, or 0.
func (j *transcoder) peek() byte {
	if j.space(); j.at < len(j.raw) {
		return j.raw[j.at]
	}
	return 0
}

func (j *transcoder) take(c byte) bool {
	if j.peek() == c {
		j.at++
		return true
	}
	return false
}

func (j *transcoder) value(dst []byte, depth int) ([]byte, error) {
	switch c := j.peek(); c {
	case '"':
		return j.text(dst)
	case '{', '[':
		if depth == 0 {
			return dst, ErrDepth
		}
		if c == '[' {
			return j.container(dst, ']', depth)
		}
		if len(j.attachments) > 0 {
			num, end, ok, err := parser.Placeholder(j.raw[j.at:], len(j.attachments))
			if err != nil {
				return dst, err
			}
			if ok {
				j.at += end
				return AppendBytes(dst, j.attachments[num]), nil
			}
		}
		return j.container(dst, '}', depth)
	case 't':
		return AppendBool(dst, true), j.word("true")
	case 'f':
		return AppendBool(dst, false), j.word("false")
	case 'n':
		return AppendNil(dst), j.word("null")
	default:
		return j.number(dst)
	}
}

func (j *transcoder) word(w string) error {
	if !bytes.HasPrefix(j.raw[j.at:], []byte(w)) {
		return ErrSyntax
	}
	j.at += len(w)
	return nil
}

// container appends the array or the object that ends with that bracket. How many
// values it has is known at its end: the head is made for few, and widened.
func (j *transcoder) container(dst []byte, end byte, depth int) ([]byte, error) {
	j.at++
	head := len(dst)
	dst = append(dst, 0)
	n := 0
	for !j.take(end) {
		if n > 0 && !j.take(',') {
			return dst, ErrSyntax
		}
		var err error
		if end == '}' {
			if j.peek() != '"' {
				return dst, ErrSyntax
			}
			if dst, err = j.text(dst); err != nil {
				return dst, err
			}
			if !j.take(':') {
				return dst, ErrSyntax
			}
		}
		if dst, err = j.value(dst, depth-1); err != nil {
			return dst, err
		}
		n++
	}
	small, lead16, lead32 := byte(fixArray), byte(array16), byte(array32)
	if end == '}' {
		small, lead16, lead32 = fixMap, map16, map32
	}
	return widen(dst, head, n, small, lead16, lead32), nil
}

// widen writes the head of a container of n values into the byte kept for it at
// dst[head], and moves the values behind it if it needs more.
func widen(dst []byte, head, n int, small, lead16, lead32 byte) []byte {
	var more int
	switch {
	case n < 0x10:
		dst[head] = small | byte(n)
		return dst
	case n <= math.MaxUint16:
		more = 2
	default:
		more = 4
	}
	end := len(dst)
	dst = append(dst, make([]byte, more)...)
	copy(dst[head+1+more:], dst[head+1:end])
	if more == 2 {
		dst[head] = lead16
		binary.BigEndian.PutUint16(dst[head+1:], uint16(n))
	} else {
		dst[head] = lead32
		binary.BigEndian.PutUint32(dst[head+1:], uint32(n))
	}
	return dst
}

// text appends the string that starts here.
func (j *transcoder) text(dst []byte) ([]byte, error) {
	start := j.at
	plain := true
	for i := start + 1; i < len(j.raw); i++ {
		switch c := j.raw[i]; {
		case c == '"':
			j.at = i + 1
			if plain {
				return AppendString(dst, j.raw[start+1:i]), nil
			}
			var s string
			if err := json.Unmarshal(j.raw[start:j.at], &s); err != nil {
				return dst, ErrSyntax
			}
			return AppendString(dst, s), nil
		case c == '\\':
			plain = false
			i++
		case c < 0x20:
			return dst, ErrSyntax
		case c >= 0x80:
			plain = false // json.Unmarshal repairs what is no UTF-8
		}
	}
	return dst, ErrSyntax
}

// number appends the number that starts here.
func (j *transcoder) number(dst []byte) ([]byte, error) {
	start := j.at
	whole := true
	for ; j.at < len(j.raw); j.at++ {
		c := j.raw[j.at]
		if c == '.' || c == 'e' || c == 'E' || c == '+' {
			whole = false
		} else if c != '-' && (c < '0' || c > '9') {
			break
		}
	}
	literal := string(j.raw[start:j.at])
	if !json.Valid(j.raw[start:j.at]) {
		return dst, ErrSyntax
	}
	if whole {
		if i, err := strconv.ParseInt(literal, 10, 64); err == nil {
			return AppendInt(dst, i), nil
		}
		if u, err := strconv.ParseUint(literal, 10, 64); err == nil {
			return AppendUint(dst, u), nil
		}
	}
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil && !math.IsInf(f, 0) { // JavaScript reads 1e999 as Infinity
		return dst, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return AppendFloat(dst, f), nil
}
