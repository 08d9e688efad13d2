package parser_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/storywire/storywire/socketio/internal/siotest"
	"github.com/storywire/storywire/socketio/parser"
)

// vector is one entry of testdata/packets.json, which the JavaScript parser
// reads as well.
type vector struct {
	Name   string
	Text   string
	Packet *struct {
		Type        parser.Type
		NSP         string
		ID          *uint64
		Attachments int
		Data        json.RawMessage
	}
	Error string
}

func TestVectors(t *testing.T) {
	for _, v := range siotest.Vectors[vector](t, "testdata/packets.json") {
		t.Run(v.Name, func(t *testing.T) {
			p, err := parser.Decode([]byte(v.Text), parser.Limits{})
			if v.Error != "" {
				if err == nil || !strings.HasPrefix(err.Error(), v.Error) {
					t.Fatalf("Decode(%q) = %+v, %v, want error %q", v.Text, p, err, v.Error)
				}
				return
			}
			if err != nil {
				t.Fatalf("Decode(%q): %v", v.Text, err)
			}
			w := v.Packet
			nsp := string(p.Namespace)
			if nsp == "" {
				nsp = "/"
			}
			if p.Type != w.Type || nsp != w.NSP || p.Attachments != w.Attachments || p.HasID != (w.ID != nil) {
				t.Errorf("Decode(%q) = %+v, want %+v", v.Text, p, w)
			}
			if w.ID != nil && p.ID != *w.ID {
				t.Errorf("Decode(%q).ID = %d, want %d", v.Text, p.ID, *w.ID)
			}
			if !siotest.SameJSON(p.Data, w.Data) {
				t.Errorf("Decode(%q).Data = %s, want %s", v.Text, p.Data, w.Data)
			}
		})
	}
}

func TestEventAndArgs(t *testing.T) {
	tests := []struct {
		text, event string
		args        int
	}{
		{`2["say"]`, "say", 0},
		{`2["say",1,[2,3],"4"]`, "say", 3},
		{`2[ "sa\u0079" , 1 ]`, "say", 1},
		{`2[-1.5]`, "-1.5", 0},
		{`31[]`, "", 0},
		{`31[[],[]]`, "", 2},
	}
	for _, tt := range tests {
		p, err := parser.Decode([]byte(tt.text), parser.Limits{})
		if err != nil || string(p.Event) != tt.event || p.Args != tt.args {
			t.Errorf("Decode(%q) = event %q, %d args, %v, want %q, %d", tt.text, p.Event, p.Args, err, tt.event, tt.args)
		}
	}
}

func TestLimits(t *testing.T) {
	nested := func(n int) string { return `2["a",` + strings.Repeat("[", n) + strings.Repeat("]", n) + "]" }
	args := func(n int) string { return `["a"` + strings.Repeat(",1", n) + "]" }
	tests := []struct {
		name   string
		text   string
		limits parser.Limits
		want   error
	}{
		{"64 arguments", "2" + args(64), parser.Limits{}, nil},
		{"65 arguments", "2" + args(65), parser.Limits{}, parser.ErrArgs},
		{"64 answers", "31" + args(63), parser.Limits{}, nil},
		{"65 answers", "31" + args(64), parser.Limits{}, parser.ErrArgs},
		{"2 of 2 arguments", "2" + args(2), parser.Limits{Args: 2}, nil},
		{"3 of 2 arguments", "2" + args(3), parser.Limits{Args: 2}, parser.ErrArgs},
		{"depth 64", nested(63), parser.Limits{}, nil},
		{"depth 65", nested(64), parser.Limits{}, parser.ErrDepth},
		{"depth never above 64", nested(64), parser.Limits{Depth: 1000}, parser.ErrDepth},
		{"depth 3 of 2", nested(2), parser.Limits{Depth: 2}, parser.ErrDepth},
		{"depth of a connect", `0{"a":[1]}`, parser.Limits{Depth: 1}, parser.ErrDepth},
		{"a million brackets", "2" + strings.Repeat("[", 1<<20), parser.Limits{}, parser.ErrDepth},
		{"a million brackets behind a name", `2["a",` + strings.Repeat("[", 1<<20), parser.Limits{}, parser.ErrDepth},
		{"a million objects", `2["a",` + strings.Repeat(`{"a":`, 1<<20), parser.Limits{}, parser.ErrDepth},
		{"10 attachments", `510-["a"]`, parser.Limits{}, nil},
		{"11 attachments", `511-["a"]`, parser.Limits{}, parser.ErrAttachments},
		{"11 of 12 attachments", `511-["a"]`, parser.Limits{Attachments: 12}, nil},
		{"a billion billion attachments", `51000000000000000000000-["a"]`, parser.Limits{}, parser.ErrAttachments},
		{"name of 128", `2["` + strings.Repeat("a", 128) + `"]`, parser.Limits{}, nil},
		{"name of 129", `2["` + strings.Repeat("a", 129) + `"]`, parser.Limits{}, parser.ErrEvent},
		{"number of 129", `2[` + strings.Repeat("1", 129) + `]`, parser.Limits{}, parser.ErrEvent},
		{"id 2^53", `29007199254740992["a"]`, parser.Limits{}, parser.ErrID},
		{"id beyond 64 bits", `2` + strings.Repeat("9", 40) + `["a"]`, parser.Limits{}, parser.ErrID},
	}
	for _, tt := range tests {
		if _, err := parser.Decode([]byte(tt.text), tt.limits); !errors.Is(err, tt.want) {
			t.Errorf("%s: error = %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestElement(t *testing.T) {
	tests := []struct {
		array string
		i     int
		want  string
		ok    bool
	}{
		{`["a",{"b":[1,2]},3]`, 0, `"a"`, true},
		{`["a",{"b":[1,2]},3]`, 1, `{"b":[1,2]}`, true},
		{`[ "a" , 3 ]`, 1, `3`, true},
		{`["a"]`, 1, "", false},
		{`[]`, 0, "", false},
		{``, 0, "", false},
	}
	for _, tt := range tests {
		got, ok := parser.Element([]byte(tt.array), tt.i)
		if string(got) != tt.want || ok != tt.ok {
			t.Errorf("Element(%s, %d) = %s, %v, want %s, %v", tt.array, tt.i, got, ok, tt.want, tt.ok)
		}
	}
}

func TestReplacePlaceholders(t *testing.T) {
	tests := []struct {
		raw, want string
		err       error
	}{
		{`[1,{"_placeholder":true,"num":0},2]`, `[1,<0>,2]`, nil},
		{`{"a":{ "num" : 1 , "_placeholder" : true },"b":{"_placeholder":true,"num":0}}`, `{"a":<1>,"b":<0>}`, nil},
		{`{"_placeholder":true,"num":1}`, `<1>`, nil},
		{`"{\"_placeholder\":true,\"num\":0}"`, `"{\"_placeholder\":true,\"num\":0}"`, nil},
		{`[{"_placeholder":false,"num":0},{"num":7},{}]`, `[{"_placeholder":false,"num":0},{"num":7},{}]`, nil},
		{`{"_placeholder":true,"num":2}`, ``, parser.ErrAttachments},
		{`{"_placeholder":true,"num":-1}`, ``, parser.ErrAttachments},
		{`{"_placeholder":true,"num":"0"}`, ``, parser.ErrAttachments},
		{`{"_placeholder":true,"num":99999999999}`, ``, parser.ErrAttachments},
		{`{"_placeholder":true,"num":0.5}`, ``, parser.ErrAttachments},
		{`{"_placeholder":true}`, ``, parser.ErrAttachments},
		{`{"_placeholder":true,"num":0,"x":1}`, ``, parser.ErrAttachments},
	}
	for _, tt := range tests {
		got, err := parser.ReplacePlaceholders(nil, []byte(tt.raw), 2, func(dst []byte, num int) []byte {
			return append(dst, '<', '0'+byte(num), '>')
		})
		if !errors.Is(err, tt.err) || err == nil && string(got) != tt.want {
			t.Errorf("ReplacePlaceholders(%s) = %s, %v, want %s, %v", tt.raw, got, err, tt.want, tt.err)
		}
		if err := parser.CheckPlaceholders([]byte(tt.raw), 2); !errors.Is(err, tt.err) {
			t.Errorf("CheckPlaceholders(%s) = %v, want %v", tt.raw, err, tt.err)
		}
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	text := []byte(`2/ws,12["comment:new",{"storyId":"42","content":"hello"}]`)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := parser.Decode(text, parser.Limits{}); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("Decode allocates %v times, want 0", n)
	}
}

// FuzzDecode: nothing panics; what is accepted is JSON and survives
// encode and decode.
func FuzzDecode(f *testing.F) {
	for _, v := range siotest.Vectors[vector](f, "testdata/packets.json") {
		f.Add(v.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parser.Decode([]byte(text), parser.Limits{})
		if err != nil {
			return
		}
		if p.Data != nil && !json.Valid(p.Data) {
			t.Fatalf("Decode(%q) accepts %q, which is not JSON", text, p.Data)
		}
		again, err := parser.Decode(parser.Append(nil, p), parser.Limits{})
		if err != nil || !same(p, again) {
			t.Fatalf("decode(encode(%+v)) = %+v, %v", p, again, err)
		}
		for i := range p.Args {
			if _, ok := parser.Element(p.Data, i); !ok {
				t.Fatalf("Decode(%q): no element %d of %d", text, i, p.Args)
			}
		}
		if p.Type.Binary() {
			out, err := parser.ReplacePlaceholders(nil, p.Data, p.Attachments, func(dst []byte, _ int) []byte {
				return append(dst, `"x"`...)
			})
			if err == nil && !json.Valid(out) {
				t.Fatalf("ReplacePlaceholders(%q) = %q, which is not JSON", p.Data, out)
			}
		}
	})
}

func same(a, b parser.Packet) bool {
	return a.Type == b.Type && bytes.Equal(a.Namespace, b.Namespace) && a.ID == b.ID && a.HasID == b.HasID &&
		a.Attachments == b.Attachments && bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Event, b.Event) && a.Args == b.Args
}

func BenchmarkDecode(b *testing.B) {
	text := []byte(`2/ws,12["comment:new",{"storyId":"42","content":"hello, this is a comment of usual length"}]`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parser.Decode(text, parser.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
