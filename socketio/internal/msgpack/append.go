package msgpack

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// MaxDepth is how deep values may be nested, both ways.
const MaxDepth = 256

// What cannot be read or written. Errors of this package wrap one of these.
var (
	ErrSyntax = errors.New("msgpack: malformed")
	ErrDepth  = errors.New("msgpack: nested too deeply")
	ErrType   = errors.New("msgpack: unexpected type")
)

// Lead bytes, as the MessagePack specification names them.
const (
	fixMap      = 0x80
	fixArray    = 0x90
	fixStr      = 0xa0
	leadNil     = 0xc0
	leadFalse   = 0xc2
	leadTrue    = 0xc3
	bin8        = 0xc4
	bin16       = 0xc5
	bin32       = 0xc6
	ext8        = 0xc7
	ext16       = 0xc8
	ext32       = 0xc9
	leadFloat32 = 0xca
	leadFloat64 = 0xcb
	leadUint8   = 0xcc
	leadUint16  = 0xcd
	leadUint32  = 0xce
	leadUint64  = 0xcf
	leadInt8    = 0xd0
	leadInt16   = 0xd1
	leadInt32   = 0xd2
	leadInt64   = 0xd3
	fixExt1     = 0xd4
	fixExt2     = 0xd5
	fixExt4     = 0xd6
	fixExt8     = 0xd7
	fixExt16    = 0xd8
	str8        = 0xd9
	str16       = 0xda
	str32       = 0xdb
	array16     = 0xdc
	array32     = 0xdd
	map16       = 0xde
	map32       = 0xdf
)

// Types of extensions.
const (
	extTimestamp = -1
	extLegacy    = 0 // notepack.io 2: ArrayBuffer, undefined and Date, told apart by their size
)

// AppendNil appends nil.
func AppendNil(dst []byte) []byte { return append(dst, leadNil) }

// AppendBool appends a boolean.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, leadTrue)
	}
	return append(dst, leadFalse)
}

// AppendInt appends an integer in its smallest form.
func AppendInt(dst []byte, i int64) []byte {
	switch {
	case i >= 0:
		return AppendUint(dst, uint64(i))
	case i >= -0x20:
		return append(dst, byte(i))
	case i >= math.MinInt8:
		return append(dst, leadInt8, byte(i))
	case i >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, leadInt16), uint16(i))
	case i >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, leadInt32), uint32(i))
	}
	return binary.BigEndian.AppendUint64(append(dst, leadInt64), uint64(i))
}

// AppendUint appends a non-negative integer in its smallest form.
func AppendUint(dst []byte, u uint64) []byte {
	switch {
	case u < 0x80:
		return append(dst, byte(u))
	case u <= math.MaxUint8:
		return append(dst, leadUint8, byte(u))
	case u <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, leadUint16), uint16(u))
	case u <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, leadUint32), uint32(u))
	}
	return binary.BigEndian.AppendUint64(append(dst, leadUint64), u)
}

// AppendFloat appends a number as JavaScript would: a whole one as an integer.
func AppendFloat(dst []byte, f float64) []byte {
	if f == math.Trunc(f) {
		switch {
		case f >= 0 && f < 1<<64:
			return AppendUint(dst, uint64(f))
		case f < 0 && f >= -(1<<63):
			return AppendInt(dst, int64(f))
		}
	}
	return binary.BigEndian.AppendUint64(append(dst, leadFloat64), math.Float64bits(f))
}

// appendLength appends a lead byte with its length: small holds it itself, in the
// lead byte, below limit; lead8 is 0 if there is no form with one byte.
func appendLength(dst []byte, n int, small byte, limit int, lead8, lead16, lead32 byte) []byte {
	switch {
	case n < limit:
		return append(dst, small|byte(n))
	case n <= math.MaxUint8 && lead8 != 0:
		return append(dst, lead8, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, lead16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, lead32), uint32(n))
}

// AppendString appends a string, which should be UTF-8.
func AppendString[S ~string | ~[]byte](dst []byte, s S) []byte {
	return append(appendLength(dst, len(s), fixStr, 0x20, str8, str16, str32), s...)
}

// AppendBytes appends a binary value.
func AppendBytes(dst, b []byte) []byte {
	return append(appendLength(dst, len(b), 0, 0, bin8, bin16, bin32), b...)
}

// AppendArray appends the head of an array; its n values are to follow.
func AppendArray(dst []byte, n int) []byte {
	return appendLength(dst, n, fixArray, 0x10, 0, array16, array32)
}

// AppendMap appends the head of a map; its n pairs of a key and a value are to
// follow.
func AppendMap(dst []byte, n int) []byte {
	return appendLength(dst, n, fixMap, 0x10, 0, map16, map32)
}

// AppendTime appends a point in time, in milliseconds as a JavaScript Date has it.
func AppendTime(dst []byte, t time.Time) []byte {
	t = t.Truncate(time.Millisecond)
	sec, ns := t.Unix(), uint32(t.Nanosecond())
	const timestamp8 = 0xff // extTimestamp
	switch {
	case sec >= 0 && sec <= math.MaxUint32 && ns == 0:
		return binary.BigEndian.AppendUint32(append(dst, fixExt4, timestamp8), uint32(sec))
	case sec >= 0 && sec < 1<<34:
		return binary.BigEndian.AppendUint64(append(dst, fixExt8, timestamp8), uint64(ns)<<34|uint64(sec))
	}
	dst = binary.BigEndian.AppendUint32(append(dst, ext8, 12, timestamp8), ns)
	return binary.BigEndian.AppendUint64(dst, uint64(sec))
}

// Append appends a value: nil, a boolean, a number, a string, []byte, a time, a
// slice of strings or of any, a map with strings as keys, which are sorted, or
// json.RawMessage, see [AppendJSON]. The error is ErrType or ErrDepth.
func Append(dst []byte, v any) ([]byte, error) { return appendValue(dst, v, MaxDepth) }

func appendValue(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return AppendNil(dst), nil
	case bool:
		return AppendBool(dst, v), nil
	case int:
		return AppendInt(dst, int64(v)), nil
	case int64:
		return AppendInt(dst, v), nil
	case uint64:
		return AppendUint(dst, v), nil
	case float64:
		return AppendFloat(dst, v), nil
	case string:
		return AppendString(dst, v), nil
	case []byte:
		return AppendBytes(dst, v), nil
	case time.Time:
		return AppendTime(dst, v), nil
	case json.RawMessage:
		return AppendJSON(dst, v, nil)
	case []string:
		dst = AppendArray(dst, len(v))
		for _, s := range v {
			dst = AppendString(dst, s)
		}
		return dst, nil
	}
	if depth == 0 {
		return dst, ErrDepth
	}
	var err error
	switch v := v.(type) {
	case []any:
		dst = AppendArray(dst, len(v))
		for _, e := range v {
			if dst, err = appendValue(dst, e, depth-1); err != nil {
				return dst, err
			}
		}
	case map[string]any:
		dst = AppendMap(dst, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			dst = AppendString(dst, key)
			if dst, err = appendValue(dst, v[key], depth-1); err != nil {
				return dst, err
			}
		}
	default:
		return dst, fmt.Errorf("%w: %T", ErrType, v)
	}
	return dst, nil
}
