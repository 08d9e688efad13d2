package socketio_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/storywire/storywire/socketio"
)

// tenants matches "/t-1" and its like.
var tenants = regexp.MustCompile(`^/t-\d+$`)

// counted counts the adapters that are open.
type counted struct {
	socketio.Adapter
	open *atomic.Int32
}

func (c counted) Close() error {
	c.open.Add(-1)
	return c.Adapter.Close()
}

// countAdapters returns options that count the namespaces of a server.
func countAdapters(opts socketio.Options) (socketio.Options, *atomic.Int32) {
	open := new(atomic.Int32)
	opts.Adapter = func(_ *socketio.Namespace, local socketio.Adapter) socketio.Adapter {
		open.Add(1)
		return counted{local, open}
	}
	return opts, open
}

// Children have what the parent had when they were made.
func TestDynamicNamespaces(t *testing.T) {
	opts, open := countAdapters(socketio.Options{})
	f := serve(t, opts)
	parent := f.io.OfRegexp(tenants)
	parent.Use(func(_ context.Context, s *socketio.Socket) error {
		if s.Handshake().Auth != nil {
			return &socketio.ConnectError{Message: "no"}
		}
		return s.Join("room")
	})
	parent.OnConnect(func(s *socketio.Socket) {
		if err := s.Emit("hello", s.Namespace().Name()); err != nil {
			t.Error(err)
		}
	})
	socketio.Handle(parent, "double", func(_ context.Context, _ *socketio.Socket, n int) (int, error) { return 2 * n, nil })

	one, two := f.dial(), f.dial()
	one.Connect("/t-1")
	one.Expect(`2/t-1,["hello","/t-1"]`)
	two.Connect("/t-2")
	two.Expect(`2/t-2,["hello","/t-2"]`)
	two.Send(`2/t-2,0["double",21]`)
	two.Expect(`3/t-2,0[42]`)
	two.Send(`0/t-3,{}`)
	two.Expect(`4/t-3,{"message":"no"}`)
	two.Send(`0/other,`, `0`, `0/t-3x,`)
	two.Expect(`4/other,{"message":"Invalid namespace"}`, `4{"message":"Invalid namespace"}`, `4/t-3x,{"message":"Invalid namespace"}`)

	if err := f.io.Of("/t-1").To("room").Emit("x"); err != nil {
		t.Fatal(err)
	}
	one.Expect(`2/t-1,["x"]`)
	for _, op := range []socketio.Operator{parent.To("room"), parent.Local()} {
		if err := op.Emit("all", []byte{1}); err != nil {
			t.Fatal(err)
		}
		one.Expect(`51-/t-1,["all",{"_placeholder":true,"num":0}]`, "binary 01")
		two.Expect(`51-/t-2,["all",{"_placeholder":true,"num":0}]`, "binary 01")
	}
	found, err := parent.FetchSockets(t.Context())
	if err != nil || len(found) != 2 {
		t.Fatalf("FetchSockets = %v, %v", found, err)
	}
	got := askAll(t.Context(), parent.To("room"))
	one.Expect(`2/t-1,0["q"]`)
	two.Expect(`2/t-2,0["q"]`)
	one.Send(`3/t-1,0[1]`)
	two.Send(`3/t-2,0[2]`)
	checkOutcome(t, "answers", receive(t, got), nil, "1", "2")
	if err := parent.DisconnectSockets(false); err != nil {
		t.Fatal(err)
	}
	one.Expect("1/t-1,")
	two.Expect("1/t-2,")
	eventually(t, "only the namespace Of asked for is left", func() bool { return open.Load() == 1 })
	two.Connect("/t-2") // again, on the same connection
	two.Expect(`2/t-2,["hello","/t-2"]`)
	two.Send(`2/t-2,1["double",1]`)
	two.Expect(`3/t-2,1[2]`)
}

// What a client may have made is decided by its name and its auth, for each.
func TestDynamicMatch(t *testing.T) {
	f := serve(t, socketio.Options{Logger: quiet})
	f.io.OfFunc(func(name string, auth json.RawMessage) bool {
		if name == "/panic" {
			panic("match")
		}
		return bytes.Contains(auth, []byte("secret"))
	})
	c := f.dial()
	const invalid = `{"message":"Invalid namespace"}`
	c.ConnectAuth("/a", `{"word":"secret"}`)
	long := "/" + strings.Repeat("a", 255)
	c.Send(`0/panic,{"word":"secret"}`, `0`+long+`,{"word":"secret"}`)
	c.Expect(`4/panic,`+invalid, `4`+long+`,`+invalid)
	other := f.dial()
	other.Send(`0/a,{"word":"guess"}`, `0/a`)
	other.Expect(`4/a,`+invalid, `4/a,`+invalid)
}

func TestDynamicLimit(t *testing.T) {
	const full = `{"message":"Too many namespaces"}`
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprintf("keep %v", keep), func(t *testing.T) {
			opts, open := countAdapters(socketio.Options{
				KeepEmptyNamespaces: keep, Limits: socketio.Limits{DynamicNamespaces: 2, Namespaces: 2},
			})
			f := serve(t, opts)
			f.io.OfRegexp(tenants).On("x", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error { return call.Ack() })
			a, b := f.dial(), f.dial()
			a.Connect("/t-1")
			b.Connect("/t-2")
			a.Send(`0/t-3`)
			a.Expect(`4/t-3,` + full)
			a.Connect("/t-2") // exists
			a.Send("1/t-1,", "2/t-2,0[\"x\"]")
			a.Expect("3/t-2,0[]")
			want := int32(1)
			if keep {
				want = 2
			}
			eventually(t, "the first is empty", func() bool { return open.Load() == want })
			// The first one's socket may not be done with yet: then there is no room.
			eventually(t, "room for another", func() bool {
				b.Send(`0/t-3`)
				return strings.HasPrefix(b.Next().Text, `0/t-3,{"sid":`)
			})
			if got := open.Load(); got != 2 {
				t.Errorf("%d namespaces, want 2", got)
			}
			b.Send(`0/t-2,`) // again: out of turn
			b.ExpectClosed()
			a.Close()
			want = 0
			if keep {
				want = 2
			}
			eventually(t, "all are empty", func() bool { return open.Load() == want })
		})
	}
}

// Of keeps a namespace that a client had made.
func TestDynamicKeptByOf(t *testing.T) {
	opts, open := countAdapters(socketio.Options{})
	f := serve(t, opts)
	f.io.OfRegexp(tenants)
	gone := make(chan struct{}, 2)
	c := f.dial()
	id := c.Connect("/t-1")
	ns := f.io.Of("/t-1")
	ns.OnDisconnect(func(*socketio.Socket, socketio.DisconnectReason) { gone <- struct{}{} })
	if found, err := ns.FetchSockets(t.Context()); err != nil || len(found) != 1 || found[0].ID != id {
		t.Fatalf("FetchSockets = %v, %v", found, err)
	}
	for range 2 {
		c.Send("1/t-1,")
		receive(t, gone)
		c.Connect("/t-1")
	}
	if f.io.Of("/t-1") != ns || open.Load() != 1 {
		t.Errorf("the namespace was replaced; %d exist", open.Load())
	}
}

// Clients that come and go leave nothing behind.
func TestDynamicChurn(t *testing.T) {
	opts, open := countAdapters(socketio.Options{Limits: socketio.Limits{DynamicNamespaces: 2}})
	f := serve(t, opts)
	f.io.OfRegexp(tenants)
	var wg sync.WaitGroup
	for i := range 4 {
		c := f.dial()
		wg.Go(func() {
			for round := range 50 {
				name := fmt.Sprintf("/t-%d", (i+round)%3)
				c.Send("0" + name)
				m, err := c.Receive()
				if err != nil {
					t.Error(err)
					return
				}
				if strings.HasPrefix(m.Text, "0"+name+",") {
					c.Send("1" + name + ",")
				} else if !strings.HasPrefix(m.Text, "4"+name+`,{"message":"Too many`) {
					t.Errorf("got %s", m)
				}
			}
		})
	}
	wg.Wait()
	eventually(t, "none is left", func() bool { return open.Load() == 0 })
}

// Programs learn of every namespace once, whoever made it.
func TestOnNamespace(t *testing.T) {
	f := serve(t, socketio.Options{})
	f.io.Of("/before")
	var mu sync.Mutex
	var made []string
	f.io.OnNamespace(func(ns *socketio.Namespace) {
		mu.Lock()
		defer mu.Unlock()
		made = append(made, ns.Name())
		ns.OnConnect(func(s *socketio.Socket) {
			if err := s.Emit("welcome"); err != nil {
				t.Error(err)
			}
		})
	})
	f.io.OfRegexp(tenants)
	f.io.Of("/after")
	f.io.Of("/before")
	f.io.Of("/after")
	for range 2 {
		c := f.dial()
		c.Connect("/t-1")
		c.Expect(`2/t-1,["welcome"]`)
	}
	f.io.Of("/t-1")
	mu.Lock()
	defer mu.Unlock()
	if got := fmt.Sprint(made); got != "[/after /t-1]" {
		t.Errorf("told of %s, want [/after /t-1]", got)
	}
	if n := len(f.io.Namespaces()); n != 3 {
		t.Errorf("%d namespaces, want 3", n)
	}
}
