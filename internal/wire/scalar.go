package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"time"
)

// TimeLayout is how every time is written: RFC 3339 in UTC with milliseconds.
const TimeLayout = "2006-01-02T15:04:05.000Z"

// Time is a moment, written by [TimeLayout]. It is a string already, so that
// encoding it costs no more than any other.
type Time string

// At returns t as it travels.
func At(t time.Time) Time { return Time(t.UTC().Format(TimeLayout)) }

// AtOrNull returns t as it travels, and nil (JSON null) for the zero time.
func AtOrNull(t time.Time) *Time {
	if t.IsZero() {
		return nil
	}
	w := At(t)
	return &w
}

// ID is an id as a client sends it. Ids are strings; a whole number is taken
// as its decimal digits, because a site's own tables often number their rows
// and its client code passes the number on.
type ID string

// UnmarshalJSON reads a string or a whole number of at most 2^53-1.
func (id *ID) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	if len(b) > 0 && b[0] == '"' {
		if plain(b[1 : len(b)-1]) { // nearly all ids
			*id = ID(b[1 : len(b)-1])
			return nil
		}
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*id = ID(s)
		return nil
	}
	const maxSafe = 1<<53 - 1 // beyond it a JavaScript number is no longer exact
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 || n > maxSafe {
		return &json.UnmarshalTypeError{Value: kindOf(b), Type: reflect.TypeFor[string]()}
	}
	*id = ID(strconv.FormatInt(n, 10))
	return nil
}

// plain reports whether the inside of a JSON string stands for itself.
func plain(b []byte) bool {
	for _, c := range b {
		if c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}

func kindOf(b []byte) string {
	switch {
	case len(b) == 0:
		return "nothing"
	case b[0] == '{':
		return "object"
	case b[0] == '[':
		return "array"
	case b[0] == 't', b[0] == 'f':
		return "bool"
	default:
		return "number"
	}
}
