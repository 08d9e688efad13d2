package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/storywire/storywire/internal/wire"
)

// The short ways of editors say the same as the long ones.
func TestReadEditPush(t *testing.T) {
	const id = "01890a5d-ac96-774b-bcce-b302099a8057"
	tests := []struct {
		raw  string
		want wire.EditPush
		num  int
		ok   bool
	}{
		{`{"storyId":"` + id + `","u":{"_placeholder":true,"num":0},"n":17}`, wire.EditPush{StoryID: id, N: 17}, 0, true},
		{`{"storyId":"s","u":{"_placeholder":true,"num":3},"n":0}`, wire.EditPush{StoryID: "s"}, 3, true},
		{`{"storyId":"s","u":{"_placeholder":true,"num":0},"n":-1}`, wire.EditPush{}, 0, false},
		{`{"storyId":"s","u":{"_placeholder":true,"num":0},"n":1.5}`, wire.EditPush{}, 0, false},
		{`{"storyId":"s","u":{"_placeholder":true,"num":0},"n":1234567890123456}`, wire.EditPush{}, 0, false},
		{`{"storyId":"s","u":{"_placeholder":true,"num":0},"n":1,"more":2}`, wire.EditPush{}, 0, false},
		{`{"storyId":"s","u":{"_placeholder":true,"num":0,"n":1},"n":1}`, wire.EditPush{}, 0, false},
		{`{"storyId":"a\u0062","u":{"_placeholder":true,"num":0},"n":1}`, wire.EditPush{}, 0, false},
		{`{"storyId":"s","x":"","u":{"_placeholder":true,"num":0},"n":1}`, wire.EditPush{}, 0, false},
		{`{"storyId":7,"u":{"_placeholder":true,"num":0},"n":1}`, wire.EditPush{}, 0, false},
		{`{"n":1,"storyId":"s","u":{"_placeholder":true,"num":0}}`, wire.EditPush{}, 0, false},
		{`{"storyId":"s"}`, wire.EditPush{}, 0, false},
		{``, wire.EditPush{}, 0, false},
	}
	for _, tt := range tests {
		in, num, ok := wire.ReadEditPush([]byte(tt.raw))
		if ok != tt.ok || ok && (in.StoryID != tt.want.StoryID || in.N != tt.want.N || num != tt.num) {
			t.Errorf("ReadEditPush(%s) = %+v, %d, %v", tt.raw, in, num, ok)
		}
	}
}

func TestEditPushedAnswer(t *testing.T) {
	p := wire.EditPushed{N: 1<<53 - 1, Seq: 42}
	want, err := json.Marshal(wire.Success[wire.EditPushed]{OK: true, Data: p})
	if err != nil || string(p.Answer()) != string(want) {
		t.Errorf("Answer() = %s, want %s (%v)", p.Answer(), want, err)
	}
}
