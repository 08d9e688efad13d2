package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/storywire/storywire/socketio"
)

func TestEmitWithAck(t *testing.T) {
	f := serve(t, socketio.Options{})
	m := f.join(nil)[0]
	type answer struct {
		args *socketio.Args
		err  error
	}
	ask := func(ctx context.Context, args ...any) <-chan answer {
		ch := make(chan answer, 1)
		go func() {
			a, err := m.EmitWithAck(ctx, "q", args...)
			ch <- answer{a, err}
		}()
		return ch
	}
	ctx := t.Context()

	first := ask(ctx, "one")
	m.Expect(`20["q","one"]`)
	second := ask(ctx, []byte{9})
	m.Expect(`51-1["q",{"_placeholder":true,"num":0}]`, "binary 09")
	m.Send(`31["b",2]`, `30["a"]`) // in any order
	a := receive(t, first)
	var s string
	if a.err != nil || a.args.Len() != 1 || a.args.Decode(0, &s) != nil || s != "a" {
		t.Errorf("first answer = %q, %v", s, a.err)
	}
	if b := receive(t, second); b.err != nil || b.args.Len() != 2 || string(b.args.Raw(1)) != "2" {
		t.Errorf("second answer = %+v", b)
	}

	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	third := ask(short)
	m.Expect(`22["q"]`)
	if c := receive(t, third); !errors.Is(c.err, socketio.ErrAckTimeout) || !errors.Is(c.err, context.DeadlineExceeded) {
		t.Errorf("timeout = %v", c.err)
	}
	m.Send(`32["late"]`)
	canceled, cancel := context.WithCancel(ctx)
	fourth := ask(canceled)
	m.Expect(`23["q"]`)
	cancel()
	if d := receive(t, fourth); !errors.Is(d.err, context.Canceled) || errors.Is(d.err, socketio.ErrAckTimeout) {
		t.Errorf("cancellation = %v", d.err)
	}
	fifth := ask(ctx)
	m.Expect(`24["q"]`)
	m.Client.Close()
	if e := receive(t, fifth); !errors.Is(e.err, socketio.ErrDisconnected) {
		t.Errorf("at disconnect = %v", e.err)
	}
}

func TestAckTimeoutOption(t *testing.T) {
	f := serve(t, socketio.Options{AckTimeout: 10 * time.Millisecond})
	m := f.join(nil)[0]
	if _, err := m.EmitWithAck(t.Context(), "q"); !errors.Is(err, socketio.ErrAckTimeout) {
		t.Errorf("EmitWithAck = %v", err)
	}
}

// An event can be acknowledged once, later, by any goroutine; after the client
// left nothing happens.
func TestAckLater(t *testing.T) {
	f := serve(t, socketio.Options{})
	ns := f.io.Of("/")
	calls := make(chan *socketio.Call, 1)
	ns.On("x", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error { calls <- call; return nil })
	gone := make(chan struct{})
	ns.OnDisconnect(func(*socketio.Socket, socketio.DisconnectReason) { close(gone) })
	c := f.dial()
	c.Connect("/")
	for i := range 3 {
		c.Send(fmt.Sprintf(`2%d["x"]`, i))
		call := receive(t, calls)
		if err := call.Ack(make(chan int)); err == nil {
			t.Error("acknowledging with a channel: no error")
		}
		for range 2 {
			if err := call.Ack("late"); err != nil {
				t.Error(err)
			}
		}
		c.Expect(fmt.Sprintf(`3%d["late"]`, i))
	}
	c.Send(`2["x"]`)
	if call := receive(t, calls); call.HasAck() || call.Ack() != nil {
		t.Error("an event without id wants an acknowledgement")
	}
	c.Send(`29["x"]`)
	call := receive(t, calls)
	c.Close()
	receive(t, gone)
	if err := call.Ack("nobody"); err != nil {
		t.Error(err)
	}
}
