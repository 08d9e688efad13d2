package socketio_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/storywire/storywire/socketio"
)

// seen records what taps and handlers tell.
type seen struct {
	mu   sync.Mutex
	what []string
}

func (s *seen) add(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.what = append(s.what, fmt.Sprintf(format, args...))
}

func (s *seen) check(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.what, want) {
		t.Errorf("seen %q, want %q", s.what, want)
	}
}

func TestOnAny(t *testing.T) {
	f := serve(t, socketio.Options{Logger: quiet})
	ns := f.io.Of("/")
	var got seen
	socketio.Handle(ns, "typed", func(_ context.Context, _ *socketio.Socket, n int) (int, error) {
		got.add("handler")
		return n, nil
	})
	ns.UseEvent(func(next socketio.EventHandler) socketio.EventHandler {
		return func(ctx context.Context, s *socketio.Socket, call *socketio.Call) error {
			got.add("middleware")
			return next(ctx, s, call)
		}
	})
	for i := range 2 {
		ns.OnAny(func(s *socketio.Socket, call *socketio.Call) {
			got.add("tap %d: %s %s", i, call.Event(), call.Raw(0))
			if call.Event() == "panic" {
				panic(s.ID())
			}
		})
	}
	c := f.dial()
	c.Connect("/")
	c.Send(`20["nobody",1]`, `21["panic"]`, `22["typed",3]`)
	c.Expect(`31[{"error":{"code":"internal","message":"internal error"}}]`, `32[3]`)
	got.check(t, "tap 0: nobody 1", "tap 1: nobody 1", "tap 0: panic ",
		"tap 0: typed 3", "tap 1: typed 3", "middleware", "handler")
}

func TestOnAnyOutgoing(t *testing.T) {
	f := serve(t, socketio.Options{})
	ns := f.io.Of("/")
	m := f.join([]string{"a"})[0]
	var got seen
	ns.OnAnyOutgoing(func(out socketio.Outgoing) {
		who := "all"
		if out.Socket != nil {
			who = out.Socket.ID()
		}
		var all []any
		for i := range out.Args.Len() {
			var v any
			if err := out.Args.Decode(i, &v); err != nil {
				t.Error(err)
			}
			all = append(all, v)
		}
		got.add("%s %v %v %s %v", who, out.Target.Rooms, out.Target.Except, out.Event, all)
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	must(m.Emit("one", 1, []byte{2}))
	must(m.Volatile().Emit("two"))
	must(ns.To("a").Except("b").Emit("three", "x"))
	answers := askAll(t.Context(), ns.To("a"), 4)
	m.Expect(`51-["one",1,{"_placeholder":true,"num":0}]`, "binary 02", `2["two"]`, `2["three","x"]`, `20["q",4]`)
	m.Send(`30[]`)
	checkOutcome(t, "answers", receive(t, answers), nil, "")
	alone := make(chan error, 1)
	go func() {
		_, err := m.EmitWithAck(t.Context(), "q", 5)
		alone <- err
	}()
	m.Expect(`21["q",5]`)
	m.Send(`31[]`)
	must(receive(t, alone))
	if err := m.Emit("no JSON", make(chan int)); err == nil {
		t.Error("a channel was sent")
	}
	id := m.ID()
	got.check(t, id+" [] [] one [1 [2]]", id+" [] [] two []", "all [a] [b] three [x]", "all [a] [] q [4]", id+" [] [] q [5]")
}

// Children inherit the taps of their parent.
func TestTapsOfChildren(t *testing.T) {
	f := serve(t, socketio.Options{})
	parent := f.io.OfRegexp(tenants)
	var got seen
	parent.OnAnyOutgoing(func(out socketio.Outgoing) { got.add("out %s", out.Event) })
	parent.OnAny(func(_ *socketio.Socket, call *socketio.Call) { got.add("in %s", call.Event()) })
	socketio.Handle(parent, "x", func(_ context.Context, s *socketio.Socket, _ int) (struct{}, error) {
		return struct{}{}, s.Emit("y")
	})
	c := f.dial()
	c.Connect("/t-1")
	c.Send(`2/t-1,["x"]`)
	c.Expect(`2/t-1,["y"]`)
	if err := parent.Emit("z"); err != nil {
		t.Error(err)
	}
	c.Expect(`2/t-1,["z"]`)
	got.check(t, "in x", "out y", "out z")
}
