package socketio_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/storywire/storywire/socketio"
)

// FuzzServerSideEvent: an event of another process, whatever it holds, makes
// nothing panic, and its values are JSON or missing.
func FuzzServerSideEvent(f *testing.F) {
	for _, seed := range []string{
		`["x"]`, `["x",1,"two",{"three":[null,true]}]`, `["x",{"_placeholder":true,"num":0}]`,
		`["x",{"a":{"num":1,"_placeholder":true}}]`, `["x",{"_placeholder":true,"num":2}]`,
		`["x",{"_placeholder":true}]`, `["x","\r\n\n\r\r\r\n\nAAAA"]`, `[]`, `{}`, `[1]`, `["x"`,
	} {
		f.Add([]byte(seed), []byte{1, 2, 3}, []byte{})
	}
	srv := socketio.NewServer(socketio.Options{Logger: quiet})
	f.Cleanup(func() {
		if err := srv.Close(context.Background()); err != nil {
			f.Error(err)
		}
	})
	ns := srv.Of("/")
	type value struct {
		A    []byte
		B    any
		Num  json.RawMessage
		List []struct{ C []byte }
	}
	var panicked any // the server would only log it
	ns.OnServerSide("x", func(_ context.Context, args *socketio.Args) (any, error) {
		defer func() { panicked = recover() }()
		all := []any{}
		for i := range args.Len() {
			if raw := args.Raw(i); raw != nil && !json.Valid(raw) {
				panic("value is no JSON: " + string(raw))
			}
			args.Binary(i)
			var v any
			if args.Decode(i, &v) == nil {
				all = append(all, v)
			}
			_ = args.Decode(i, new(value)) // may be of another shape
			_ = args.Decode(i, new([]byte))
		}
		return all, nil
	})
	f.Fuzz(func(t *testing.T, data, first, second []byte) {
		answer, err := ns.ServeServerSide(t.Context(), &socketio.ServerEvent{Data: data, Attachments: [][]byte{first, second}})
		if panicked != nil {
			t.Fatalf("%q: panic: %v", data, panicked)
		}
		if err != nil {
			return
		}
		var back any
		if err := answer.Decode(0, &back); err != nil {
			t.Fatalf("the answer to %q cannot be read: %v", data, err)
		}
	})
}

// FuzzLegacyConnect: whatever an old client writes behind the name of a namespace,
// the name has no query and the auth payload is an object, or none.
func FuzzLegacyConnect(f *testing.F) {
	for _, seed := range []string{"", "/", "/a", "/a?", "/a?token=b", "/?x=1&x=2&y", "/a?b?c=%20%", "?=&;", "/a?%zz=1", "/a?\xff=\xfe"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, namespace []byte) {
		name, auth := socketio.FromLegacy(namespace)
		if bytes.ContainsRune(name, '?') || string(name) == "/" {
			t.Errorf("%q: namespace %q", namespace, name)
		}
		if auth == nil {
			return
		}
		var object map[string]any
		if err := json.Unmarshal(auth, &object); err != nil || len(object) == 0 {
			t.Errorf("%q: auth %q, %v", namespace, auth, err)
		}
	})
}

// FuzzString: a string is read and written as encoding/json does, though most are
// not given to it.
func FuzzString(f *testing.F) {
	for _, seed := range []string{
		``, `plain`, `ünïcödé 🎉`, `with "quotes"`, `back\slash`, "line\nfeed", "nul\x00", "del\x7f", "<html> & more", "\u2028\u2029", "bad \xff UTF-8", `{"_placeholder":true,"num":0}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode([]string{"e", s}); err != nil {
			t.Fatal(err)
		}
		data, _, err := socketio.EncodeEvent("e", s)
		if err != nil || string(data) != strings.TrimSpace(want.String()) {
			t.Errorf("%q is written as %s, %v, want %s", s, data, err, want.String())
		}
		for _, data := range []string{string(data), `["e","` + s + `"]`, `["e",` + s + `]`} {
			args, err := socketio.ParseArgs([]byte(data), nil)
			if err != nil || args.Len() != 2 {
				continue
			}
			var got, want string
			err, wrong := args.Decode(1, &got), json.Unmarshal(args.Raw(1), &want)
			if got != want || (err == nil) != (wrong == nil) {
				t.Errorf("%s is read as %q, %v, want %q, %v", data, got, err, want, wrong)
			}
		}
	})
}
