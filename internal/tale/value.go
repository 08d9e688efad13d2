package tale

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// Type is the type of a variable.
type Type string

// Types.
const (
	Int    Type = "int"
	Bool   Type = "bool"
	String Type = "string"
)

// Value is a whole number, a truth value or a short text. Values can be
// compared by ==; the zero Value is none of these.
type Value struct {
	t Type
	n int64 // the number; 1 for true
	s string
}

// IntValue returns n as a value.
func IntValue(n int64) Value { return Value{t: Int, n: n} }

// BoolValue returns b as a value.
func BoolValue(b bool) Value {
	if b {
		return Value{t: Bool, n: 1}
	}
	return Value{t: Bool}
}

// StringValue returns s as a value.
func StringValue(s string) Value { return Value{t: String, s: s} }

// zero returns what a variable of type t is before anything is known of it.
func zero(t Type) Value { return Value{t: t} }

// Type returns the type of v.
func (v Value) Type() Type { return v.t }

// Text returns v as a reader sees it.
func (v Value) Text() string {
	switch v.t {
	case Int:
		return strconv.FormatInt(v.n, 10)
	case Bool:
		return strconv.FormatBool(v.n != 0)
	default:
		return v.s
	}
}

// source returns v as an expression is written.
func (v Value) source() string {
	if v.t == String {
		return strconv.Quote(v.s)
	}
	return v.Text()
}

// native returns v as expressions know it.
func (v Value) native() any {
	switch v.t {
	case Int:
		return int(v.n)
	case Bool:
		return v.n != 0
	default:
		return v.s
	}
}

// valueOf returns the result of an expression, if it is within the limits.
func valueOf(result any) (Value, error) {
	switch r := result.(type) {
	case int:
		if r > MaxInt || r < -MaxInt {
			return Value{}, fmt.Errorf("the number %d is too large", r)
		}
		return IntValue(int64(r)), nil
	case bool:
		return BoolValue(r), nil
	case string:
		if len(r) > MaxString {
			return Value{}, fmt.Errorf("the text has more than %d bytes", MaxString)
		}
		return StringValue(r), nil
	default:
		return Value{}, fmt.Errorf("a value is a whole number, true or false, or text, not %T", result)
	}
}

// MarshalJSON writes a number, a truth value or a string.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.t == String {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		err := e.Encode(v.s)
		return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
	}
	if v.t == "" {
		return []byte("null"), nil
	}
	return []byte(v.Text()), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (v *Value) UnmarshalJSON(data []byte) error {
	switch {
	case string(data) == "null":
		*v = Value{}
	case string(data) == "true" || string(data) == "false":
		*v = BoolValue(data[0] == 't')
	case len(data) > 0 && data[0] == '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*v = StringValue(s)
	default:
		n, err := strconv.ParseInt(string(data), 10, 64)
		if err != nil {
			return fmt.Errorf("a value is a whole number, true or false, or text: %w", err)
		}
		*v = IntValue(n)
	}
	return nil
}
