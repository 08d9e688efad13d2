package yjs

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxNesting bounds the recursion over values and the nesting of shared types, whatever a policy allows.
const maxNesting = 64

// The tags of lib0's "any" encoding.
const (
	anyUndefined = 127
	anyNull      = 126
	anyInt       = 125
	anyFloat32   = 124
	anyFloat64   = 123
	anyBigInt    = 122
	anyFalse     = 121
	anyTrue      = 120
	anyString    = 119
	anyObject    = 118
	anyArray     = 117
	anyBytes     = 116
)

// Undefined is JavaScript's undefined, which is not null.
type Undefined struct{}

// reservedKey reports whether a key would change the prototype of a JavaScript object, or pretend to.
func reservedKey[T []byte | string](key T) bool {
	switch string(key) {
	case "__proto__", "constructor", "prototype":
		return true
	}
	return false
}

// shape is what values look like without decoding them.
type shape struct {
	depth    int
	reserved bool
}

// skipAny validates one value and walks over it.
func (r *reader) skipAny(depth int, sh *shape) {
	if sh.depth = max(sh.depth, depth); depth > maxNesting {
		r.fail("value nested deeper than %d", maxNesting)
		return
	}
	switch tag := r.byte(); tag {
	case anyUndefined, anyNull, anyFalse, anyTrue:
	case anyInt:
		r.varInt()
	case anyFloat32:
		r.bytes(4)
	case anyFloat64, anyBigInt:
		r.bytes(8)
	case anyString:
		r.varString()
	case anyBytes:
		r.varBytes()
	case anyObject:
		for n := r.count(2); n > 0; n-- {
			if key := r.varString(); reservedKey(key) {
				sh.reserved = true
			}
			r.skipAny(depth+1, sh)
		}
	case anyArray:
		for n := r.count(1); n > 0; n-- {
			r.skipAny(depth+1, sh)
		}
	default:
		r.fail("unknown value tag %d", tag)
	}
}

// readAny decodes a value that skipAny has accepted.
func (r *reader) readAny() any {
	switch r.byte() {
	case anyNull:
		return nil
	case anyInt:
		v, negative := r.varInt()
		if negative {
			return -float64(v)
		}
		return float64(v)
	case anyFloat32:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(r.bytes(4))))
	case anyFloat64:
		return math.Float64frombits(binary.BigEndian.Uint64(r.bytes(8)))
	case anyBigInt:
		return int64(binary.BigEndian.Uint64(r.bytes(8)))
	case anyFalse:
		return false
	case anyTrue:
		return true
	case anyString:
		return string(r.varString())
	case anyBytes:
		return append([]byte{}, r.varBytes()...)
	case anyObject:
		m := map[string]any{}
		for n := r.count(2); n > 0; n-- {
			key := string(r.varString())
			m[key] = r.readAny()
		}
		return m
	case anyArray:
		n := r.count(1)
		a := make([]any, 0, n)
		for ; n > 0; n-- {
			a = append(a, r.readAny())
		}
		return a
	}
	return Undefined{}
}

// appendAny encodes a value the way lib0 does: integers of 32 bits as integers, other numbers as the shortest float
// that holds them, the keys of an object sorted, see compareKeys. ok is false when v holds a type that has no encoding or lies too deep.
func appendAny(b []byte, v any, depth int) (_ []byte, ok bool) {
	if depth > maxNesting {
		return b, false
	}
	switch v := v.(type) {
	case nil:
		return append(b, anyNull), true
	case Undefined:
		return append(b, anyUndefined), true
	case bool:
		if v {
			return append(b, anyTrue), true
		}
		return append(b, anyFalse), true
	case string:
		return appendVarBytes(append(b, anyString), v), true
	case []byte:
		return appendVarBytes(append(b, anyBytes), v), true
	case int:
		return appendNumber(b, float64(v)), int64(v) >= -maxSafe && int64(v) <= maxSafe
	case float64:
		return appendNumber(b, v), true
	case int64:
		return binary.BigEndian.AppendUint64(append(b, anyBigInt), uint64(v)), true
	case []any:
		b = appendVarUint(append(b, anyArray), uint64(len(v)))
		for _, e := range v {
			if b, ok = appendAny(b, e, depth+1); !ok {
				return b, false
			}
		}
		return b, true
	case map[string]any:
		return appendObject(b, v, depth)
	}
	return b, false
}

func appendObject(b []byte, v map[string]any, depth int) (_ []byte, ok bool) {
	keys := make([]string, 0, len(v))
	for k := range v {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareKeys)
	b = appendVarUint(append(b, anyObject), uint64(len(v)))
	for _, k := range keys {
		if b, ok = appendAny(appendVarBytes(b, k), v[k], depth+1); !ok {
			return b, false
		}
	}
	return b, true
}

// compareKeys sorts the keys of an object. Those that JavaScript takes for indexes of an array come first, by number: it
// would put them there when it writes the object again.
func compareKeys(a, b string) int {
	i, isIndex := arrayIndex(a)
	j, isIndexToo := arrayIndex(b)
	switch {
	case isIndex && isIndexToo:
		return cmp.Compare(i, j)
	case isIndex:
		return -1
	case isIndexToo:
		return 1
	}
	return strings.Compare(a, b)
}

func arrayIndex(key string) (uint64, bool) {
	i, err := strconv.ParseUint(key, 10, 32)
	return i, err == nil && i < math.MaxUint32 && strconv.FormatUint(i, 10) == key
}

func appendNumber(b []byte, f float64) []byte {
	const bits31 = 1<<31 - 1
	switch {
	case f == math.Trunc(f) && math.Abs(f) <= bits31:
		return appendVarInt(append(b, anyInt), uint64(math.Abs(f)), math.Signbit(f))
	case float64(float32(f)) == f:
		return binary.BigEndian.AppendUint32(append(b, anyFloat32), math.Float32bits(float32(f)))
	}
	return binary.BigEndian.AppendUint64(append(b, anyFloat64), math.Float64bits(f))
}
