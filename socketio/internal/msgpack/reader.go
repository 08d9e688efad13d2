package msgpack

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"
)

// A Reader reads values one behind the other. What it returns as []byte aliases
// the data. After an error it must not be used any more.
type Reader struct {
	// MaxBinary is how many binary values JSON reads, beyond is ErrType; 0: as many
	// as there are. Each takes at least two bytes of the data, and many more of JSON.
	MaxBinary int

	data []byte
	at   int
}

// NewReader returns a Reader of data.
func NewReader(data []byte) *Reader { return &Reader{data: data} }

// Left returns the number of bytes that have not been read.
func (r *Reader) Left() int { return len(r.data) - r.at }

// Undefined skips undefined, as notepack.io 2 writes it, if it comes next, and
// reports whether it did.
func (r *Reader) Undefined() bool {
	found := r.Left() >= 3 && r.data[r.at] == fixExt1 && r.data[r.at+1] == extLegacy
	if found {
		r.at += 3
	}
	return found
}

// kind is what a token is.
type kind uint8

const (
	kindNil kind = iota
	kindUndefined
	kindBool
	kindInt
	kindUint
	kindFloat
	kindString
	kindBinary
	kindArray
	kindMap
	kindTime
)

// token is a value, or the head of an array or map.
type token struct {
	kind  kind
	count int    // of an array or map
	bytes []byte // of a string or binary value
	bits  uint64 // of a boolean or number
	time  time.Time
}

// next reads a token.
func (r *Reader) next() (token, error) {
	b, err := r.take(1)
	if err != nil {
		return token{}, err
	}
	switch lead := b[0]; {
	case lead < fixMap:
		return token{kind: kindUint, bits: uint64(lead)}, nil
	case lead < fixArray:
		return r.container(kindMap, int(lead&0x0f))
	case lead < fixStr:
		return r.container(kindArray, int(lead&0x0f))
	case lead < leadNil:
		return r.run(kindString, int(lead&0x1f))
	case lead > map32:
		return token{kind: kindInt, bits: uint64(int64(int8(lead)))}, nil
	case lead == leadNil:
		return token{}, nil
	case lead == leadFalse, lead == leadTrue:
		return token{kind: kindBool, bits: uint64(lead & 1)}, nil
	case lead >= leadFloat32 && lead <= leadInt64:
		return r.number(lead)
	default:
		return r.sized(lead)
	}
}

// take returns the next n bytes.
func (r *Reader) take(n int) ([]byte, error) {
	if n > r.Left() {
		return nil, ErrSyntax
	}
	b := r.data[r.at : r.at+n : r.at+n]
	r.at += n
	return b, nil
}

// uint reads n bytes, at most 8.
func (r *Reader) uint(n int) (uint64, error) {
	b, err := r.take(n)
	if err != nil {
		return 0, err
	}
	var u uint64
	for _, c := range b {
		u = u<<8 | uint64(c)
	}
	return u, nil
}

// length reads n bytes as a length that the rest of the data can hold.
func (r *Reader) length(n int) (int, error) {
	u, err := r.uint(n)
	if err != nil || u > uint64(r.Left()) {
		return 0, ErrSyntax
	}
	return int(u), nil
}

// container checks that what it holds can still come: a byte for each value.
func (r *Reader) container(k kind, n int) (token, error) {
	least := n
	if k == kindMap {
		least = 2 * n
	}
	if least > r.Left() {
		return token{}, ErrSyntax
	}
	return token{kind: k, count: n}, nil
}

// run is a string or binary value of n bytes.
func (r *Reader) run(k kind, n int) (token, error) {
	b, err := r.take(n)
	return token{kind: k, bytes: b}, err
}

func (r *Reader) number(lead byte) (token, error) {
	switch lead {
	case leadFloat32:
		u, err := r.uint(4)
		return token{kind: kindFloat, bits: math.Float64bits(float64(math.Float32frombits(uint32(u))))}, err
	case leadFloat64:
		u, err := r.uint(8)
		return token{kind: kindFloat, bits: u}, err
	case leadUint8, leadUint16, leadUint32, leadUint64:
		u, err := r.uint(1 << (lead - leadUint8))
		return token{kind: kindUint, bits: u}, err
	}
	n := 1 << (lead - leadInt8)
	u, err := r.uint(n)
	shift := 64 - 8*n
	return token{kind: kindInt, bits: uint64(int64(u<<shift) >> shift)}, err
}

// sized reads what has its length, or that of its length, in the lead byte.
func (r *Reader) sized(lead byte) (token, error) {
	switch lead {
	case bin8, bin16, bin32:
		n, err := r.length(1 << (lead - bin8))
		if err != nil {
			return token{}, err
		}
		return r.run(kindBinary, n)
	case str8, str16, str32:
		n, err := r.length(1 << (lead - str8))
		if err != nil {
			return token{}, err
		}
		return r.run(kindString, n)
	case array16, array32:
		n, err := r.length(2 << (lead - array16))
		if err != nil {
			return token{}, err
		}
		return r.container(kindArray, n)
	case map16, map32:
		n, err := r.length(2 << (lead - map16))
		if err != nil {
			return token{}, err
		}
		return r.container(kindMap, n)
	case ext8, ext16, ext32:
		n, err := r.length(1 << (lead - ext8))
		if err != nil {
			return token{}, err
		}
		return r.extension(n, false)
	case fixExt1, fixExt2, fixExt4, fixExt8, fixExt16:
		return r.extension(1<<(lead-fixExt1), true)
	}
	return token{}, ErrSyntax // 0xc1
}

// extension reads the type of an extension and its n bytes.
func (r *Reader) extension(n int, fixed bool) (token, error) {
	b, err := r.take(1 + n)
	if err != nil {
		return token{}, err
	}
	kind, b := int8(b[0]), b[1:]
	switch {
	case kind == extTimestamp:
		return timestamp(b)
	case kind != extLegacy:
	case !fixed:
		return token{kind: kindBinary, bytes: b}, nil
	case n == 1:
		return token{kind: kindUndefined}, nil
	case n == 8:
		return token{kind: kindTime, time: time.UnixMilli(int64(binary.BigEndian.Uint64(b))).UTC()}, nil
	}
	return token{}, ErrType
}

func timestamp(b []byte) (token, error) {
	var sec int64
	var ns uint32
	switch len(b) {
	case 4:
		sec = int64(binary.BigEndian.Uint32(b))
	case 8:
		u := binary.BigEndian.Uint64(b)
		sec, ns = int64(u&(1<<34-1)), uint32(u>>34)
	case 12:
		ns, sec = binary.BigEndian.Uint32(b), int64(binary.BigEndian.Uint64(b[4:]))
	default:
		return token{}, ErrSyntax
	}
	if ns >= 1e9 {
		return token{}, ErrSyntax
	}
	return token{kind: kindTime, time: time.Unix(sec, int64(ns)).UTC()}, nil
}

// expect reads a token of that kind.
func (r *Reader) expect(k kind) (token, error) {
	t, err := r.next()
	if err == nil && t.kind != k {
		err = ErrType
	}
	return t, err
}

// Array reads the head of an array and returns how many values follow.
func (r *Reader) Array() (int, error) {
	t, err := r.expect(kindArray)
	return t.count, err
}

// Map reads the head of a map and returns how many pairs of a key, see
// [Reader.Key], and a value follow.
func (r *Reader) Map() (int, error) {
	t, err := r.expect(kindMap)
	return t.count, err
}

// Int reads a whole number, in whatever form it was written.
func (r *Reader) Int() (int64, error) {
	t, err := r.next()
	if err != nil {
		return 0, err
	}
	switch f := math.Float64frombits(t.bits); {
	case t.kind == kindInt, t.kind == kindUint && t.bits <= math.MaxInt64:
		return int64(t.bits), nil
	case t.kind == kindFloat && f == math.Trunc(f) && math.Abs(f) < 1<<63:
		return int64(f), nil
	}
	return 0, ErrType
}

// Text reads a string.
func (r *Reader) Text() (string, error) {
	t, err := r.expect(kindString)
	return string(t.bytes), err
}

// Key reads the key of a pair: a string, or an integer, which JavaScript makes a
// string of.
func (r *Reader) Key() (string, error) {
	key, err := r.key()
	return string(key), err
}

func (r *Reader) key() ([]byte, error) {
	t, err := r.next()
	if err != nil {
		return nil, err
	}
	switch t.kind {
	case kindString:
		return t.bytes, nil
	case kindInt:
		return strconv.AppendInt(nil, int64(t.bits), 10), nil
	case kindUint:
		return strconv.AppendUint(nil, t.bits, 10), nil
	}
	return nil, ErrType
}

// Skip reads a value and forgets it.
func (r *Reader) Skip() error { return r.skip(MaxDepth) }

func (r *Reader) skip(depth int) error {
	t, err := r.next()
	if err != nil {
		return err
	}
	n := t.count
	if t.kind == kindMap {
		n *= 2
	}
	if n > 0 && depth == 0 {
		return ErrDepth
	}
	for range n {
		if err := r.skip(depth - 1); err != nil {
			return err
		}
	}
	return nil
}

// End returns an error unless everything was read.
func (r *Reader) End() error {
	if r.at != len(r.data) {
		return ErrSyntax
	}
	return nil
}
