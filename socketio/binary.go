package socketio

import (
	"bytes"
	"crypto/rand"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"sync"

	"github.com/storywire/storywire/socketio/parser"
)

// Binary values leave the JSON on the way out and come back into it on the way
// in, while encoding/json does all the rest.
//
// Out: the value is copied as far as it holds []byte, with a mark in the place
// of each; the copy is encoded, and the marks' base64 is found in the JSON and
// replaced by placeholders. Marks hold a secret of this process, so that no
// other text is taken for one.
//
// In: a placeholder is replaced by the attachment's base64, which encoding/json
// decodes into a []byte. For the sake of interfaces, where it becomes a string,
// the base64 follows a tag of line breaks, which base64 decoders skip.

// markSize is a multiple of 3, so that the base64 of a mark needs no padding.
const markSize = 18

var (
	markSecret = func() (secret [15]byte) {
		rand.Read(secret[:])
		return secret
	}()
	markPrefix = []byte(`"` + base64.StdEncoding.EncodeToString(markSecret[:]))
)

func newMark(num int) []byte {
	mark := make([]byte, 0, markSize)
	mark = append(mark, markSecret[:]...)
	return append(mark, byte(num>>16), byte(num>>8), byte(num))
}

var errTooDeep = errors.New("value with binary data nested too deeply")

// binaryValue appends arg, which may hold []byte, as JSON and adds what it holds
// to attachments.
func (sc *scratch) binaryValue(arg any, attachments [][]byte) ([][]byte, error) {
	if b, ok := arg.([]byte); ok && b != nil {
		num := len(attachments)
		sc.buf.Write(parser.AppendPlaceholder(sc.buf.AvailableBuffer(), num))
		return append(attachments, bytes.Clone(b)), nil
	}
	x := extractor{found: attachments}
	copied := x.extract(reflect.ValueOf(arg), 0)
	if x.tooDeep {
		return nil, errTooDeep
	}
	if len(x.found) == len(attachments) {
		return attachments, sc.value(arg)
	}
	start := sc.buf.Len()
	if err := sc.value(copied.Interface()); err != nil {
		return nil, err
	}
	marked := bytes.Clone(sc.buf.Bytes()[start:])
	sc.buf.Truncate(start)
	for {
		before, after, ok := bytes.Cut(marked, markPrefix)
		sc.buf.Write(before)
		if !ok {
			return x.found, nil
		}
		var num [3]byte
		if _, err := base64.StdEncoding.Decode(num[:], after[:4]); err != nil {
			return nil, err
		}
		at := int(num[0])<<16 | int(num[1])<<8 | int(num[2])
		sc.buf.Write(parser.AppendPlaceholder(sc.buf.AvailableBuffer(), at))
		marked = after[5:] // and the closing quote
	}
}

// extractor copies a value with marks in the place of binary ones.
type extractor struct {
	found   [][]byte
	tooDeep bool
}

// maxValueDepth bounds the recursion, which a cyclic value would not end.
const maxValueDepth = 200

// extract returns v, or a copy of it if its type may hold bytes.
func (x *extractor) extract(v reflect.Value, depth int) reflect.Value {
	if !v.IsValid() || !typeMayHoldBytes(v.Type()) {
		return v
	}
	if depth > maxValueDepth {
		x.tooDeep = true
		return v
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return v
		}
		inner := x.extract(v.Elem(), depth+1)
		if v.Kind() == reflect.Interface {
			return inner
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(inner)
		return c.Convert(v.Type())
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		if isBytes(v.Type()) {
			x.found = append(x.found, bytes.Clone(v.Bytes()))
			return reflect.ValueOf(newMark(len(x.found) - 1)).Convert(v.Type())
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		x.elements(c, v, depth)
		return c
	case reflect.Array:
		c := reflect.New(v.Type()).Elem()
		x.elements(c, v, depth)
		return c
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		c := reflect.MakeMapWithSize(v.Type(), v.Len())
		for key, value := range v.Seq2() {
			c.SetMapIndex(key, assignable(x.extract(value, depth+1), v.Type().Elem()))
		}
		return c
	}
	return x.fields(v, depth) // a struct: nothing else may hold bytes
}

func (x *extractor) elements(dst, src reflect.Value, depth int) {
	for i := range src.Len() {
		dst.Index(i).Set(assignable(x.extract(src.Index(i), depth+1), src.Type().Elem()))
	}
}

func (x *extractor) fields(v reflect.Value, depth int) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	x.setFields(c, v, depth)
	return c
}

// setFields replaces the fields of dst, a copy of src.
func (x *extractor) setFields(dst, src reflect.Value, depth int) {
	for i := range src.NumField() {
		field := src.Type().Field(i)
		tag := field.Tag.Get("json")
		switch {
		case promotes(field):
			x.setFields(dst.Field(i), src.Field(i), depth)
		case !field.IsExported(), tag == "-":
		case isBytes(field.Type) && src.Field(i).Len() == 0 && omitsEmpty(tag):
		default:
			dst.Field(i).Set(assignable(x.extract(src.Field(i), depth+1), field.Type))
		}
	}
}

// promotes reports whether a field cannot be set itself, but its fields can: an
// embedded struct of an unexported type.
func promotes(f reflect.StructField) bool {
	return f.Anonymous && !f.IsExported() && f.Type.Kind() == reflect.Struct
}

// assignable makes of an absent value, a nil in an interface, the zero of t.
func assignable(v reflect.Value, t reflect.Type) reflect.Value {
	if !v.IsValid() {
		return reflect.Zero(t)
	}
	return v
}

func omitsEmpty(tag string) bool {
	_, options, _ := strings.Cut(tag, ",")
	return strings.Contains(","+options+",", ",omitempty,")
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	holdsBytes    sync.Map // of reflect.Type to bool
)

// mayHoldBytes reports whether v could hold a []byte that is to be sent as an
// attachment.
func mayHoldBytes(v any) bool {
	switch v.(type) {
	case nil, string, bool, int, int64, uint64, float64, json.RawMessage:
		return false
	case []byte:
		return true
	}
	return typeMayHoldBytes(reflect.TypeOf(v))
}

func typeMayHoldBytes(t reflect.Type) bool {
	if known, ok := holdsBytes.Load(t); ok {
		return known.(bool)
	}
	may := searchBytes(t, map[reflect.Type]bool{})
	holdsBytes.Store(t, may)
	return may
}

// searchBytes looks through a type; seen holds those it is looking through.
func searchBytes(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] || t.Kind() != reflect.Interface && encodesItself(t) {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Slice:
		return isBytes(t) || searchBytes(t.Elem(), seen)
	case reflect.Array, reflect.Pointer, reflect.Map:
		return searchBytes(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if searchBytes(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !encodesItself(t) && !encodesItself(t.Elem())
}

func encodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(marshaler) || p.Implements(textMarshaler)
}

// bytesTag precedes the base64 of an attachment. A client that writes it into a
// string of its own gains nothing but bytes, which it could have sent anyway.
const bytesTag = "\r\n\n\r\r\r\n\n"

// escapedTag is bytesTag as JSON.
const escapedTag = `\r\n\n\r\r\r\n\n`

// unmarshalBinary is json.Unmarshal of a value with placeholders.
func unmarshalBinary(raw []byte, attachments [][]byte, v any) error {
	if b, ok := v.(*[]byte); ok {
		num, _, isBinary, err := parser.Placeholder(raw, len(attachments))
		if err != nil {
			return err
		}
		if isBinary {
			*b = bytes.Clone(attachments[num])
			return nil
		}
	}
	full, err := parser.ReplacePlaceholders(nil, raw, len(attachments), func(dst []byte, num int) []byte {
		dst = append(dst, `"`+escapedTag...)
		dst = base64.StdEncoding.AppendEncode(dst, attachments[num])
		return append(dst, '"')
	})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(full, v); err != nil {
		return err
	}
	restoreBytes(reflect.ValueOf(v))
	return nil
}

// restoreBytes replaces tagged strings in interfaces by the bytes they stand
// for. It goes no deeper than the JSON it follows, whose depth is limited.
func restoreBytes(v reflect.Value) {
	if !v.IsValid() || !typeMayHoldBytes(v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		restoreBytes(v.Elem())
	case reflect.Interface:
		if v.CanSet() && !v.IsNil() {
			v.Set(reflect.ValueOf(restored(v.Elem().Interface())))
		}
	case reflect.Slice, reflect.Array:
		if isBytes(v.Type()) {
			return
		}
		for i := range v.Len() {
			restoreBytes(v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() {
			return
		}
		for key, value := range v.Seq2() {
			c := reflect.New(v.Type().Elem()).Elem() // map elements cannot be set
			c.Set(value)
			restoreBytes(c)
			v.SetMapIndex(key, c)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() || promotes(v.Type().Field(i)) {
				restoreBytes(v.Field(i))
			}
		}
	}
}

// restored is restoreBytes for what encoding/json puts into an interface.
func restored(v any) any {
	switch v := v.(type) {
	case string:
		encoded, ok := strings.CutPrefix(v, bytesTag)
		if !ok {
			return v
		}
		b, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return v
		}
		return b
	case []any:
		for i := range v {
			v[i] = restored(v[i])
		}
		return v
	case map[string]any:
		for key := range v {
			v[key] = restored(v[key])
		}
		return v
	}
	restoreBytes(reflect.ValueOf(v)) // a pointer the caller had put there
	return v
}
