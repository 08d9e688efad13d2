package socketio_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/siotest"
)

// member is a connected client and its socket on the server.
type member struct {
	*siotest.Client
	*socketio.Socket
}

// join connects clients to the namespace "/", each in the rooms given.
func (f *fixture) join(rooms ...[]string) []member {
	f.t.Helper()
	ns := f.io.Of("/")
	arrived := make(chan *socketio.Socket, 1)
	ns.OnConnect(func(s *socketio.Socket) {
		select {
		case arrived <- s:
		default: // a fixture of another call
		}
	})
	var all []member
	for _, names := range rooms {
		c := f.dial()
		c.Connect("/")
		s := receive(f.t, arrived)
		if err := s.Join(names...); err != nil {
			f.t.Fatal(err)
		}
		all = append(all, member{c, s})
	}
	return all
}

// TestTargets: who receives what an operator emits; each client once.
func TestTargets(t *testing.T) {
	f := serve(t, socketio.Options{Engine: engineio.Options{Shards: 2}})
	ns := f.io.Of("/")
	m := f.join([]string{"a"}, []string{"a", "b"}, []string{"b"}, nil)
	id := func(i int) string { return m[i].ID() }
	tests := []struct {
		name string
		op   socketio.Operator
		want []int
	}{
		{"all", ns.To(), []int{0, 1, 2, 3}},
		{"a", ns.To("a"), []int{0, 1}},
		{"union", ns.To("a", "b"), []int{0, 1, 2}},
		{"union by chaining", ns.To("a").In("b"), []int{0, 1, 2}},
		{"a room twice", ns.To("a", "a"), []int{0, 1}},
		{"an id", ns.To(id(3)), []int{3}},
		{"room and id", ns.To("a", id(1), id(3)), []int{0, 1, 3}},
		{"nobody", ns.To("nobody"), nil},
		{"except room", ns.To("a").Except("b"), []int{0}},
		{"except id", ns.To("a").Except(id(0)), []int{1}},
		{"except both", ns.To("a", "b").Except("b", id(0)), nil},
		{"all except", ns.Except("a"), []int{2, 3}},
		{"all except nobody", ns.Except("nobody"), []int{0, 1, 2, 3}},
		{"sender left out", m[0].Broadcast(), []int{1, 2, 3}},
		{"sender left out of its room", m[0].To("a", "b"), []int{1, 2}},
		{"sender and more left out", m[3].Except("b"), []int{0}},
		{"sender to itself", m[0].To(id(0)), nil},
		{"local", ns.To("a").Local(), []int{0, 1}},
		{"volatile", ns.Volatile(), []int{0, 1, 2, 3}},
	}
	for i, tt := range tests {
		if err := tt.op.Emit("x", i); err != nil {
			t.Fatal(err)
		}
		if err := ns.Emit("end"); err != nil {
			t.Fatal(err)
		}
		for j := range m {
			if slices.Contains(tt.want, j) {
				m[j].Expect(fmt.Sprintf(`2["x",%d]`, i))
			}
			if got := m[j].Next().String(); got != `2["end"]` {
				t.Fatalf("%s: client %d got %s", tt.name, j, got)
			}
		}
		found, err := tt.op.FetchSockets(t.Context())
		if err != nil || len(found) != len(tt.want) {
			t.Errorf("%s: FetchSockets found %d, %v, want %d", tt.name, len(found), err, len(tt.want))
		}
	}
}

// An operator is a value: refining one leaves it as it was.
func TestOperatorIsImmutable(t *testing.T) {
	f := serve(t, socketio.Options{})
	m := f.join([]string{"a"}, []string{"b"})
	base := f.io.Of("/").To("a")
	_ = base.To("b")
	_ = base.Except("a")
	for _, op := range []socketio.Operator{base, base} {
		if err := op.Emit("x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.io.Of("/").Emit("end"); err != nil {
		t.Fatal(err)
	}
	m[0].Expect(`2["x"]`, `2["x"]`, `2["end"]`)
	m[1].Expect(`2["end"]`)
}

func TestOperatorsActOnSockets(t *testing.T) {
	f := serve(t, socketio.Options{})
	ns := f.io.Of("/")
	m := f.join([]string{"a"}, []string{"a"}, nil)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	m[0].SetData("first")
	check(ns.In("a").SocketsJoin("b"))
	check(ns.To("b").Emit("joined")) // sees what this goroutine did before
	m[0].Expect(`2["joined"]`)
	m[1].Expect(`2["joined"]`)
	check(ns.In(m[0].ID()).SocketsLeave("a"))
	found, err := ns.To("a", "b").FetchSockets(t.Context())
	check(err)
	for _, r := range found {
		want := []string{m[1].ID(), "a", "b"}
		if r.ID == m[0].ID() {
			want = []string{m[0].ID(), "b"}
			if r.Data != "first" {
				t.Errorf("Data = %v, want first", r.Data)
			}
		}
		if !slices.Equal(r.Rooms, want) {
			t.Errorf("Rooms = %v, want %v", r.Rooms, want)
		}
		if s := r.Socket(); s == nil || s.ID() != r.ID {
			t.Errorf("Socket() = %v, want that of %s", s, r.ID)
		}
		if r.Handshake().Query.Get("EIO") != "4" {
			t.Errorf("Handshake().Query = %v", r.Handshake().Query)
		}
		check(r.Leave("b"))
		check(r.Join("c"))
		check(r.Emit("hello", r.ID))
	}
	m[0].Expect(`2["hello","` + m[0].ID() + `"]`)
	m[1].Expect(`2["hello","` + m[1].ID() + `"]`)
	eventually(t, "rooms are read back", func() bool {
		return slices.Equal(m[0].Rooms(), []string{m[0].ID(), "c"}) && slices.Equal(m[1].Rooms(), []string{m[1].ID(), "a", "c"})
	})
	check(found[0].Disconnect(false))
	check(ns.Except("a").DisconnectSockets(true))
	check(ns.DisconnectSockets(true))
	for i := range m {
		m[i].Expect("1")
	}
	found, err = ns.FetchSockets(t.Context())
	if err != nil || len(found) != 0 {
		t.Errorf("FetchSockets = %v, %v, want none", found, err)
	}
}

// Leaving moves the last member into the gap; nobody must be lost by it.
func TestMembershipUnderChange(t *testing.T) {
	f := serve(t, socketio.Options{Engine: engineio.Options{Shards: 2}})
	ns := f.io.Of("/")
	const n = 12
	rooms := make([][]string, n)
	for i := range rooms {
		rooms[i] = []string{"r", fmt.Sprint("own", i%3), "s"}
	}
	m := f.join(rooms...)
	for i := 0; i < n; i += 3 {
		m[i].Leave("r", "never in it")
	}
	for i := 1; i < n; i += 3 {
		m[i].Socket.Disconnect(false)
		m[i].Expect("1")
	}
	for i := 0; i < n; i += 6 {
		if err := m[i].Join("r", "r"); err != nil {
			t.Fatal(err)
		}
	}
	if err := ns.To("r").Emit("x"); err != nil {
		t.Fatal(err)
	}
	if err := ns.Emit("end"); err != nil {
		t.Fatal(err)
	}
	for i := range m {
		switch {
		case i%3 == 1: // disconnected
		case i%3 == 2, i%6 == 0:
			m[i].Expect(`2["x"]`, `2["end"]`)
		default:
			m[i].Expect(`2["end"]`)
		}
	}
}

// TestOrder: what one goroutine does arrives in its order, and a Join counts for
// what follows it.
func TestOrder(t *testing.T) {
	f := serve(t, socketio.Options{Engine: engineio.Options{Shards: 2}})
	ns := f.io.Of("/")
	m := f.join(nil, nil)
	const rounds = 200
	var wg sync.WaitGroup
	for k := range m {
		wg.Go(func() {
			s := m[k].Socket
			for i := range rounds {
				room := fmt.Sprint("room", k)
				for _, err := range []error{
					s.Join(room),
					ns.To(room).Emit("in", i),
					s.Emit("own", i),
					ns.To(s.ID()).Emit("id", i, []byte{1}),
					s.Volatile().Emit("maybe"),
				} {
					if err != nil {
						t.Error(err)
					}
				}
				s.Leave(room)
				if err := ns.To(room).Emit("out", i); err != nil {
					t.Error(err)
				}
			}
			if err := s.Emit("end"); err != nil {
				t.Error(err)
			}
		})
	}
	for k := range m {
		wg.Go(func() {
			next := func() string {
				for {
					msg, err := m[k].Receive()
					if err != nil {
						t.Error(err)
						return ""
					}
					if got := msg.String(); got != `2["maybe"]` {
						return got
					}
				}
			}
			for i := range rounds {
				for _, want := range []string{
					fmt.Sprintf(`2["in",%d]`, i), fmt.Sprintf(`2["own",%d]`, i),
					fmt.Sprintf(`51-["id",%d,{"_placeholder":true,"num":0}]`, i), "binary 01",
				} {
					if got := next(); got != want {
						t.Errorf("client %d got %s, want %s", k, got, want)
						return
					}
				}
			}
			if got := next(); got != `2["end"]` {
				t.Errorf("client %d got %s, want the end", k, got)
			}
		})
	}
	wg.Wait()
}

// Operators that change rooms and the sockets' own Join and Leave may run into
// one another: in the end Rooms and membership agree.
func TestRoomsAgree(t *testing.T) {
	f := serve(t, socketio.Options{})
	ns := f.io.Of("/")
	m := f.join(nil)
	s := m[0].Socket
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			for i := range 200 {
				var err error
				switch (i + k) % 4 {
				case 0:
					err = s.Join("r")
				case 1:
					err = ns.SocketsLeave("r")
				case 2:
					s.Leave("r")
				case 3:
					err = ns.SocketsJoin("r")
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	found, err := ns.To("r").FetchSockets(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if in := slices.Contains(s.Rooms(), "r"); in != (len(found) == 1) {
		t.Errorf("Rooms = %v, but the room has %d members", s.Rooms(), len(found))
	}
}

func TestFetchSocketsObeysItsContext(t *testing.T) {
	f := serve(t, socketio.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if found, err := f.io.Of("/").FetchSockets(ctx); err == nil && len(found) > 0 {
		t.Errorf("FetchSockets = %v, %v", found, err)
	}
	if err := f.io.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.io.Of("/").FetchSockets(context.Background()); err == nil {
		t.Error("FetchSockets after Close: no error")
	}
}
