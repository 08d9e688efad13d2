package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
)

// outcome is what EmitWithAck of an operator returned.
type outcome struct {
	answers []string
	err     error
}

func askAll(ctx context.Context, op socketio.Operator, args ...any) <-chan outcome {
	ch := make(chan outcome, 1)
	go func() {
		all, err := op.EmitWithAck(ctx, "q", args...)
		out := outcome{err: err}
		for _, a := range all {
			out.answers = append(out.answers, string(a.Raw(0)))
		}
		slices.Sort(out.answers)
		ch <- out
	}()
	return ch
}

func checkOutcome(t *testing.T, what string, got outcome, wantErr error, want ...string) {
	t.Helper()
	if !errors.Is(got.err, wantErr) || !slices.Equal(got.answers, want) {
		t.Errorf("%s = %v, %v, want %v, %v", what, got.answers, got.err, want, wantErr)
	}
}

func TestBroadcastWithAck(t *testing.T) {
	f := serve(t, socketio.Options{Engine: engineio.Options{Shards: 2}})
	ns := f.io.Of("/")
	m := f.join([]string{"a"}, []string{"a", "b"}, nil, []string{"a"})
	room := ns.To("a", "b").Timeout(patience)
	ask := func(what string, op socketio.Operator, id int, members ...int) <-chan outcome {
		t.Helper()
		ch := askAll(t.Context(), op, what)
		for _, i := range members {
			m[i].Expect(fmt.Sprintf(`2%d["q",%q]`, id, what))
		}
		return ch
	}

	got := ask("all answer", room, 0, 0, 1, 3)
	m[3].Send(`30["three"]`)
	m[0].Send(`30["zero"]`, `30["again"]`)
	m[1].Send(`30["one","and more"]`)
	checkOutcome(t, "answers", receive(t, got), nil, `"one"`, `"three"`, `"zero"`)

	checkOutcome(t, "nobody", receive(t, askAll(t.Context(), ns.To("empty"))), nil)

	got = askAll(t.Context(), ns.To(m[2].ID()), []byte{7})
	m[2].Expect(`51-2["q",{"_placeholder":true,"num":0}]`, "binary 07")
	m[2].Send(`61-2[{"_placeholder":true,"num":0}]`, []byte{8})
	checkOutcome(t, "binary", receive(t, got), nil, `{"_placeholder":true,"num":0}`)

	got = ask("timeout", ns.To("a").Timeout(time.Second), 3, 0, 1, 3)
	m[1].Send(`33[1]`)
	checkOutcome(t, "timeout", receive(t, got), socketio.ErrAckTimeout, "1")
	for _, i := range []int{0, 1, 3} {
		eventually(t, "nobody waits", func() bool { return m[i].PendingAcks() == 0 })
	}
	m[0].Send(`33["late"]`)

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	late := receive(t, askAll(ctx, room))
	checkOutcome(t, "deadline of the context", late, socketio.ErrAckTimeout)
	checkOutcome(t, "deadline of the context", late, context.DeadlineExceeded)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	checkOutcome(t, "cancellation", receive(t, askAll(canceled, room)), context.Canceled)
}

// Sockets that are disconnected hold up nobody.
func TestBroadcastWithAckDisconnect(t *testing.T) {
	f := serve(t, socketio.Options{Engine: engineio.Options{Shards: 2}})
	ns := f.io.Of("/")
	m := f.join([]string{"a"}, []string{"a"}, []string{"a"})
	got := askAll(t.Context(), ns.To("a"))
	for i := range m {
		m[i].Expect(`20["q"]`)
	}
	m[0].Client.Close()
	m[1].Send(`1`)
	m[2].Send(`30["here"]`)
	checkOutcome(t, "answers", receive(t, got), socketio.ErrDisconnected, `"here"`)

	got = askAll(t.Context(), ns.To("a"))
	m[2].Expect(`21["q"]`)
	m[2].Send(`31["alone"]`)
	checkOutcome(t, "without the disconnected", receive(t, got), nil, `"alone"`)

	m[1].Client.Close()
	got = askAll(t.Context(), ns.To("a"))
	m[2].Expect(`22["q"]`)
	f.closeWhile(m[2].Client)
	if out := receive(t, got); out.err == nil {
		t.Error("closing the server: no error")
	}
}

func TestBroadcastAckTimeoutOption(t *testing.T) {
	f := serve(t, socketio.Options{AckTimeout: 10 * time.Millisecond})
	f.join(nil)
	checkOutcome(t, "answers", receive(t, askAll(t.Context(), f.io.Of("/").To())), socketio.ErrAckTimeout)
	if _, err := f.io.Of("/").EmitWithAck(t.Context(), "disconnect"); !errors.Is(err, socketio.ErrReservedEvent) {
		t.Errorf("reserved name: %v", err)
	}
}

func TestRemoteSocketEmitWithAck(t *testing.T) {
	f := serve(t, socketio.Options{})
	m := f.join(nil)[0]
	found, err := f.io.Of("/").FetchSockets(t.Context())
	if err != nil || len(found) != 1 {
		t.Fatalf("FetchSockets = %v, %v", found, err)
	}
	answer := make(chan error, 1)
	go func() {
		a, err := found[0].EmitWithAck(t.Context(), "q")
		if err == nil && string(a.Raw(0)) != "5" {
			err = fmt.Errorf("got %s", a.Raw(0))
		}
		answer <- err
	}()
	m.Expect(`20["q"]`)
	m.Send(`30[5]`)
	if err := receive(t, answer); err != nil {
		t.Error(err)
	}
	m.Disconnect(false)
	if _, err := found[0].EmitWithAck(t.Context(), "q"); !errors.Is(err, socketio.ErrDisconnected) {
		t.Errorf("to one that is gone: %v", err)
	}
}
