package msgpack

import (
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/storywire/storywire/socketio/parser"
)

// Value reads a value: nil (undefined as well), bool, int64, or uint64 for what
// only that can hold, float64, string, []byte, []any, map[string]any or time.Time.
func (r *Reader) Value() (any, error) { return r.value(MaxDepth) }

func (r *Reader) value(depth int) (any, error) {
	t, err := r.next()
	if err != nil {
		return nil, err
	}
	switch t.kind {
	case kindBool:
		return t.bits != 0, nil
	case kindInt:
		return int64(t.bits), nil
	case kindUint:
		if t.bits > math.MaxInt64 {
			return t.bits, nil
		}
		return int64(t.bits), nil
	case kindFloat:
		return math.Float64frombits(t.bits), nil
	case kindString:
		return string(t.bytes), nil
	case kindBinary:
		return t.bytes, nil
	case kindTime:
		return t.time, nil
	case kindArray, kindMap:
		if depth == 0 {
			return nil, ErrDepth
		}
		if t.kind == kindArray {
			return r.values(t.count, depth)
		}
		return r.pairs(t.count, depth)
	}
	return nil, nil
}

// firstRoom bounds what is allocated before the values have been seen: a value
// takes one byte of the data but many of memory.
const firstRoom = 64

func (r *Reader) values(n, depth int) (any, error) {
	all := make([]any, 0, min(n, firstRoom))
	for range n {
		v, err := r.value(depth - 1)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func (r *Reader) pairs(n, depth int) (any, error) {
	all := make(map[string]any, min(n, firstRoom))
	for range n {
		key, err := r.Key()
		if err != nil {
			return nil, err
		}
		if all[key], err = r.value(depth - 1); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// JSON reads a value, appends it to dst as JSON.stringify would write it, and
// adds the binary values in it to attachments: their placeholders stand in the
// JSON. depth bounds its nesting; at most MaxDepth counts.
//
// A date becomes a string in ISO format with milliseconds, what is no finite
// number null, and a member that is undefined is left out.
func (r *Reader) JSON(dst []byte, attachments [][]byte, depth int) ([]byte, [][]byte, error) {
	w := jsonWriter{r: r, dst: dst, attachments: attachments}
	t, err := r.next()
	if err == nil {
		err = w.value(t, min(depth, MaxDepth))
	}
	return w.dst, w.attachments, err
}

// jsonWriter writes what r reads.
type jsonWriter struct {
	r           *Reader
	dst         []byte
	attachments [][]byte
}

func (w *jsonWriter) value(t token, depth int) error {
	switch t.kind {
	case kindNil, kindUndefined:
		w.dst = append(w.dst, "null"...)
	case kindBool:
		w.dst = strconv.AppendBool(w.dst, t.bits != 0)
	case kindInt:
		w.dst = strconv.AppendInt(w.dst, int64(t.bits), 10)
	case kindUint:
		w.dst = strconv.AppendUint(w.dst, t.bits, 10)
	case kindFloat:
		w.dst = appendFloatJSON(w.dst, math.Float64frombits(t.bits))
	case kindString:
		w.dst = appendQuoted(w.dst, t.bytes)
	case kindBinary:
		if w.r.MaxBinary > 0 && len(w.attachments) == w.r.MaxBinary {
			return ErrType
		}
		w.dst = parser.AppendPlaceholder(w.dst, len(w.attachments))
		w.attachments = append(w.attachments, t.bytes)
	case kindTime:
		w.dst = appendTimeJSON(w.dst, t.time)
	default:
		if depth <= 0 {
			return ErrDepth
		}
		if t.kind == kindArray {
			return w.array(t.count, depth)
		}
		return w.object(t.count, depth)
	}
	return nil
}

func (w *jsonWriter) array(n, depth int) error {
	w.dst = append(w.dst, '[')
	for i := range n {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		t, err := w.r.next()
		if err == nil {
			err = w.value(t, depth-1)
		}
		if err != nil {
			return err
		}
	}
	w.dst = append(w.dst, ']')
	return nil
}

func (w *jsonWriter) object(n, depth int) error {
	w.dst = append(w.dst, '{')
	empty := true
	for range n {
		key, err := w.r.key()
		if err != nil {
			return err
		}
		t, err := w.r.next()
		if err != nil {
			return err
		}
		if t.kind == kindUndefined {
			continue
		}
		if !empty {
			w.dst = append(w.dst, ',')
		}
		empty = false
		w.dst = appendQuoted(w.dst, key)
		w.dst = append(w.dst, ':')
		if err := w.value(t, depth-1); err != nil {
			return err
		}
	}
	w.dst = append(w.dst, '}')
	return nil
}

// appendFloatJSON appends f as ECMAScript writes it.
func appendFloatJSON(dst []byte, f float64) []byte {
	abs := math.Abs(f)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(dst, "null"...)
	case abs == 0 || abs >= 1e-6 && abs < 1e21:
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'e', -1, 64)
}

const isoMillis = `"2006-01-02T15:04:05.000Z"`

// appendTimeJSON appends what Date.prototype.toJSON returns: null beyond the
// years that have four digits here, which is less than JavaScript can.
func appendTimeJSON(dst []byte, t time.Time) []byte {
	if year := t.Year(); year < 0 || year > 9999 {
		return append(dst, "null"...)
	}
	return t.AppendFormat(dst, isoMillis)
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends s as a JSON string.
func appendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	for len(s) > 0 {
		c := s[0]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(s)
			dst = utf8.AppendRune(dst, r) // U+FFFD for what is no UTF-8
			s = s[size:]
			continue
		}
		switch {
		case c == '"', c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, `\u00`...)
			dst = append(dst, hexDigits[c>>4], hexDigits[c&0xf])
		default:
			dst = append(dst, c)
		}
		s = s[1:]
	}
	return append(dst, '"')
}
