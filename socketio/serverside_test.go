package socketio_test

import (
	"context"
	"errors"
	"testing"

	"github.com/storywire/storywire/socketio"
)

// What an adapter may hand over, and what comes of it.
func TestServeServerSide(t *testing.T) {
	f := serve(t, socketio.Options{Logger: quiet})
	ns := f.io.Of("/")
	ns.OnServerSide("sum", func(_ context.Context, args *socketio.Args) (any, error) {
		var a, b int
		err := errors.Join(args.Decode(0, &a), args.Decode(1, &b))
		return map[string]any{"sum": a + b, "raw": []byte{1}}, err
	})
	ns.OnServerSide("panic", func(context.Context, *socketio.Args) (any, error) { panic("at the disco") })
	ns.OnServerSide("no JSON", func(context.Context, *socketio.Args) (any, error) { return make(chan int), nil })
	tests := []struct{ data, want string }{
		{`["sum",2,3]`, `{"raw":{"_placeholder":true,"num":0},"sum":5}`},
		{`["sum",2]`, ""},
		{`["sum","a","b"]`, ""},
		{`["panic"]`, ""},
		{`["no JSON"]`, ""},
		{`["unknown"]`, ""},
		{`[]`, ""},
		{`[1]`, ""},
		{`{}`, ""},
		{`[`, ""},
		{``, ""},
	}
	for _, tt := range tests {
		got, err := ns.ServeServerSide(t.Context(), &socketio.ServerEvent{Data: []byte(tt.data)})
		switch {
		case tt.want == "":
			if err == nil || got != nil {
				t.Errorf("ServeServerSide(%s) = %v, %v", tt.data, got, err)
			}
		case err != nil || got.Len() != 1 || string(got.Raw(0)) != tt.want:
			t.Errorf("ServeServerSide(%s) = %v, %v, want %s", tt.data, got, err, tt.want)
		}
	}
}

func TestServerSideHandlers(t *testing.T) {
	f := serve(t, socketio.Options{})
	ns := f.io.Of("/")
	h := func(context.Context, *socketio.Args) (any, error) { return nil, nil }
	ns.OnServerSide("x", h)
	for _, event := range []string{"x", "disconnect"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("OnServerSide(%q) does not panic", event)
				}
			}()
			ns.OnServerSide(event, h)
		}()
	}
	// Alone there is nobody to answer, and children are as alone as others.
	parent := f.io.OfRegexp(tenants)
	f.dial().Connect("/t-1")
	for _, ns := range []*socketio.Namespace{ns, parent} {
		if all, err := ns.ServerSideEmitWithAck(t.Context(), "x"); err != nil || len(all) != 0 {
			t.Errorf("ServerSideEmitWithAck = %v, %v", all, err)
		}
		if err := ns.ServerSideEmit("x", make(chan int)); err == nil {
			t.Error("a channel was sent")
		}
	}
}
