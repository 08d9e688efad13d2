package wire_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/wire"
)

func TestTimeIsWrittenInUTCWithMilliseconds(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 5, 7, 40_600_000, time.FixedZone("", 3600))
	if got, want := wire.At(at), wire.Time("2026-11-23T08:05:07.040Z"); got != want {
		t.Errorf("At(%v) = %s, want %s", at, got, want)
	}
	if wire.AtOrNull(time.Time{}) != nil {
		t.Error("AtOrNull(zero) is not null")
	}
}

func TestIDTakesStringsAndWholeNumbers(t *testing.T) {
	tests := []struct {
		in, want string
		field    string // of the error, empty if there is none
	}{
		{`{"storyId":"42"}`, "42", ""},
		{`{"storyId":42}`, "42", ""},
		{`{"storyId":9007199254740991}`, "9007199254740991", ""},
		{`{"storyId":"a\u00e9"}`, "aé", ""},
		{`{"storyId":null}`, "", ""},
		{`{}`, "", ""},
		{`{"storyId":9007199254740992}`, "", "storyId"},
		{`{"storyId":4.5}`, "", "storyId"},
		{`{"storyId":-1}`, "", "storyId"},
		{`{"storyId":true}`, "", "storyId"},
		{`{"storyId":{}}`, "", "storyId"},
		{`{"storyId":["42"]}`, "", "storyId"},
	}
	for _, tt := range tests {
		var in wire.StoryJoin
		err := json.Unmarshal([]byte(tt.in), &in)
		field := ""
		if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			field = e.Field
		}
		if string(in.StoryID) != tt.want || field != tt.field || (err != nil) != (tt.field != "") {
			t.Errorf("Unmarshal(%s) = %q, %v (field %q), want %q (field %q)", tt.in, in.StoryID, err, field, tt.want, tt.field)
		}
	}
}
