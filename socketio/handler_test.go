package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
)

// Handlers of one socket run one at a time and in order, whatever they wait for;
// those of another run meanwhile.
func TestHandlersRunInOrder(t *testing.T) {
	f := serve(t, socketio.Options{})
	ns := f.io.Of("/")
	var running atomic.Int32
	release := make(chan struct{})
	var seen []int
	socketio.Handle(ns, "n", func(_ context.Context, s *socketio.Socket, n int) (int, error) {
		if running.Add(1) != 1 {
			t.Error("two handlers of one socket at once")
		}
		defer running.Add(-1)
		if n == 0 {
			<-release
		}
		seen = append(seen, n)
		return n, nil
	})
	ns.On("free", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error { return call.Ack("free") })
	a, b := f.dial(), f.dial()
	a.Connect("/")
	b.Connect("/")
	const n = 50
	for i := range n {
		a.Send(fmt.Sprintf(`2%d["n",%d]`, i, i))
	}
	b.Send(`21["free"]`)
	b.Expect(`31["free"]`)
	close(release)
	for i := range n {
		a.Expect(fmt.Sprintf("3%d[%d]", i, i))
	}
	if !slices.IsSorted(seen) || len(seen) != n {
		t.Errorf("handled %v", seen)
	}
}

// A handler that does not return delays no heartbeat: its client stays.
func TestSlowHandlerDoesNotDelayHeartbeats(t *testing.T) {
	f := serve(t, socketio.Options{Engine: engineio.Options{PingInterval: 20 * time.Millisecond, PingTimeout: 500 * time.Millisecond}})
	ns := f.io.Of("/")
	reasons := make(chan socketio.DisconnectReason, 1)
	ns.OnDisconnect(func(_ *socketio.Socket, r socketio.DisconnectReason) { reasons <- r })
	ns.On("slow", func(ctx context.Context, _ *socketio.Socket, call *socketio.Call) error {
		select {
		case <-time.After(time.Second): // two timeouts
		case <-ctx.Done():
		}
		return call.Ack("done")
	})
	c := f.dial()
	c.Connect("/")
	c.Send(`21["slow"]`)
	c.Expect(`31["done"]`)
	if len(reasons) > 0 {
		t.Errorf("disconnected: %q", <-reasons)
	}
}

func TestEventMiddleware(t *testing.T) {
	f := serve(t, socketio.Options{})
	ns := f.io.Of("/")
	type key struct{}
	ns.On("early", func(ctx context.Context, _ *socketio.Socket, call *socketio.Call) error {
		return call.Ack(ctx.Value(key{}))
	})
	var trace []string
	step := func(name string) {
		ns.UseEvent(func(next socketio.EventHandler) socketio.EventHandler {
			return func(ctx context.Context, s *socketio.Socket, call *socketio.Call) error {
				trace = append(trace, name)
				return next(context.WithValue(ctx, key{}, name), s, call)
			}
		})
	}
	step("outer")
	step("inner")
	ns.UseEvent(func(next socketio.EventHandler) socketio.EventHandler {
		return func(ctx context.Context, s *socketio.Socket, call *socketio.Call) error {
			if call.Event() == "forbidden" {
				return &socketio.Error{Code: "forbidden", Message: "no"}
			}
			return next(ctx, s, call)
		}
	})
	ns.On("forbidden", func(context.Context, *socketio.Socket, *socketio.Call) error { panic("unreachable") })
	ns.OnUnknown(func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error {
		return call.Ack("unknown", call.Event(), call.Raw(0))
	})
	c := f.dial()
	c.Connect("/")
	c.Send(`21["early"]`, `22["forbidden"]`, `23["nobody",{"a":1}]`)
	c.Expect(`31["inner"]`, `32[{"error":{"code":"forbidden","message":"no"}}]`, `33["unknown","nobody",{"a":1}]`)
	if want := strings.Repeat("outer inner ", 3); strings.Join(trace, " ")+" " != want {
		t.Errorf("trace = %v", trace)
	}
}

// TestRespond: one hook decides how outcomes look.
func TestRespond(t *testing.T) {
	f := serve(t, socketio.Options{Logger: quiet})
	ns := f.io.Of("/")
	ns.Respond(func(_ context.Context, s *socketio.Socket, call *socketio.Call, out any, err error) {
		var decode *socketio.DecodeError
		var panicked *socketio.PanicError
		switch {
		case err == nil:
			err = call.Ack(map[string]any{"ok": true, "data": out})
		case errors.As(err, &decode):
			err = call.Ack("decode", decode.Arg)
		case errors.As(err, &panicked):
			err = call.Ack("panic", panicked.Value)
		case call.HasAck():
			err = call.Ack(map[string]any{"ok": false, "error": err.Error()})
		default:
			err = s.Emit("exception", call.Event(), err.Error())
		}
		if err != nil {
			t.Error(err)
		}
	})
	socketio.Handle(ns, "double", func(_ context.Context, _ *socketio.Socket, n int) (int, error) {
		switch n {
		case 0:
			return 0, errors.New("zero")
		case 13:
			panic("thirteen")
		}
		return 2 * n, nil
	})
	ns.On("silent", func(context.Context, *socketio.Socket, *socketio.Call) error { return nil })
	ns.On("fails", func(context.Context, *socketio.Socket, *socketio.Call) error { return errors.New("failed") })
	c := f.dial()
	c.Connect("/")
	tests := []struct{ send, want string }{
		{`21["double",4]`, `31[{"data":8,"ok":true}]`},
		{`22["double"]`, `32[{"error":"zero","ok":false}]`},
		{`2["double",0]`, `2["exception","double","zero"]`},
		{`23["double","x"]`, `33["decode",0]`},
		{`24["double",13]`, `34["panic","thirteen"]`},
		{`25["fails"]`, `35[{"error":"failed","ok":false}]`},
	}
	c.Send(`26["silent"]`)
	for _, tt := range tests {
		c.Send(tt.send)
		c.Expect(tt.want)
	}
}

func TestArgs(t *testing.T) {
	f := serve(t, socketio.Options{})
	ns := f.io.Of("/")
	ns.On("args", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error {
		var s string
		var n int
		var decode *socketio.DecodeError
		var blob []byte
		switch {
		case call.Len() != 4, call.Raw(4) != nil, call.Raw(-1) != nil, call.Binary(9) != nil:
			t.Errorf("Len = %d, Raw(4) = %s", call.Len(), call.Raw(4))
		case call.Decode(0, &s) != nil || s != "a":
			t.Errorf("argument 0 = %q", s)
		case !errors.As(call.Decode(0, &n), &decode) || decode.Arg != 0:
			t.Errorf("Decode into an int: %v", decode)
		case !errors.As(call.Decode(4, &n), &decode) || decode.Arg != 4:
			t.Errorf("Decode of nothing: %v", decode)
		case string(call.Binary(1)) != "\x01\x02" || call.Binary(0) != nil:
			t.Errorf("Binary(1) = %x, Binary(0) = %x", call.Binary(1), call.Binary(0))
		case call.Decode(1, &blob) != nil || string(blob) != "\x01\x02":
			t.Errorf("argument 1 = %x", blob)
		}
		var all []string
		for i := range call.Len() {
			all = append(all, string(call.Raw(i)))
		}
		return call.Ack(all)
	})
	c := f.dial()
	c.Connect("/")
	c.Send(`51-1["args","a",{"_placeholder":true,"num":0},{"b": [1]},null]`, []byte{1, 2})
	c.Expect(`31[["\"a\"","{\"_placeholder\":true,\"num\":0}","{\"b\": [1]}","null"]]`)
}

func TestRegistration(t *testing.T) {
	f := serve(t, socketio.Options{})
	ns := f.io.Of("chat")
	if ns != f.io.Of("/chat") || ns.Name() != "/chat" {
		t.Error("Of does not add the slash")
	}
	nop := func(context.Context, *socketio.Socket, *socketio.Call) error { return nil }
	ns.On("a", nop)
	for _, name := range []string{"a", "connect", "disconnecting"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("On(%q) does not panic", name)
				}
			}()
			ns.On(name, nop)
		}()
	}
	if err := ns.Emit("disconnect"); !errors.Is(err, socketio.ErrReservedEvent) {
		t.Errorf("Emit(disconnect) = %v", err)
	}
	if err := ns.Emit("x", make(chan int)); err == nil {
		t.Error("Emit of a channel: no error")
	}
}
