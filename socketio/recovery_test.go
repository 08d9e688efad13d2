package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/siotest"
)

// traveller is a client as far as recovery is concerned: what its last answer to
// CONNECT said, and the last position that it has seen.
type traveller struct {
	*siotest.Client
	SID, PID string
	offset   string
	got      []string // events, as text without position
}

// arrive connects as a client with a session does: it reads until it is answered.
func (f *fixture) arrive(before *traveller, more string) *traveller {
	f.t.Helper()
	tr := &traveller{Client: f.dial()}
	auth := "{" + strings.TrimPrefix(more, ",") + "}"
	if before != nil {
		auth = fmt.Sprintf(`{"pid":%q,"offset":%q%s}`, before.PID, before.offset, more)
		tr.offset = before.offset
	}
	tr.Send("0" + auth)
	for {
		m := tr.Next().Text
		if rest, ok := strings.CutPrefix(m, "0"); ok {
			if err := json.Unmarshal([]byte(rest), tr); err != nil {
				f.t.Fatal(err)
			}
			return tr
		}
		tr.take(f.t, m)
	}
}

// take notes an event.
func (tr *traveller) take(t *testing.T, packet string) {
	t.Helper()
	var args []any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(packet, "2")), &args); err != nil {
		t.Fatalf("%q: %v", packet, err)
	}
	if last, ok := args[len(args)-1].(string); ok {
		tr.offset = last
		args = args[:len(args)-1]
	}
	tr.got = append(tr.got, fmt.Sprint(args...))
}

// hear reads n events.
func (tr *traveller) hear(t *testing.T, n int) {
	t.Helper()
	for range n {
		tr.take(t, tr.Next().Text)
	}
}

// meet makes a server whose sockets are handed over as they connect.
func meet(t *testing.T, o socketio.Recovery) (*fixture, *socketio.Namespace, chan *socketio.Socket, chan socketio.DisconnectReason) {
	f := serve(t, socketio.Options{Logger: quiet, Recovery: &o, Engine: engineio.Options{Shards: 3}})
	ns := f.io.Of("/")
	sockets, parted := make(chan *socketio.Socket, 100), make(chan socketio.DisconnectReason, 100)
	ns.OnConnect(func(s *socketio.Socket) { sockets <- s })
	ns.OnDisconnect(func(_ *socketio.Socket, reason socketio.DisconnectReason) { parted <- reason })
	return f, ns, sockets, parted
}

func emit(t *testing.T, op socketio.Operator, values ...any) {
	t.Helper()
	for _, v := range values {
		if err := op.Emit("news", v); err != nil {
			t.Fatal(err)
		}
	}
}

// What a client missed in its rooms comes in order, each once, just before its
// CONNECT is answered; what it did not hear before, it does not hear now.
func TestRecovery(t *testing.T) {
	f, ns, sockets, parted := meet(t, socketio.Recovery{})
	a := f.arrive(nil, "")
	s := receive(t, sockets)
	if a.PID == "" || s.Recovered() {
		t.Fatalf("pid %q, recovered %t", a.PID, s.Recovered())
	}
	emit(t, ns.To("a"), "before it joined")
	if err := s.Join("a", "b"); err != nil {
		t.Fatal(err)
	}
	s.SetData("kept")
	emit(t, ns.To("a"), 1)
	a.hear(t, 1)
	a.Close()
	receive(t, parted)
	emit(t, ns.To("a"), 2)
	emit(t, ns.To("other"), "elsewhere")
	emit(t, ns.To("a", "b"), 3)
	emit(t, ns.To("b").Except("a"), "excepted")
	emit(t, ns.To(s.ID()), 4)
	emit(t, ns.Volatile().To("a"), "volatile")
	emit(t, ns.Except(), 5)

	b := f.arrive(a, "")
	again := receive(t, sockets)
	if want := []string{"news2", "news3", "news4", "news5"}; !slices.Equal(b.got, want) {
		t.Errorf("missed %v, want %v", b.got, want)
	}
	if b.SID != a.SID || b.PID != a.PID || again.ID() != s.ID() || !again.Recovered() || again.Data() != "kept" {
		t.Errorf("sid %s, pid %s, data %v; were %s, %s", b.SID, b.PID, again.Data(), a.SID, a.PID)
	}
	if got, want := again.Rooms(), []string{s.ID(), "a", "b"}; !slices.Equal(got, want) {
		t.Errorf("rooms %v, want %v", got, want)
	}
	emit(t, ns.To("b"), 6)
	if err := again.Emit("news", 7); err != nil {
		t.Fatal(err)
	}
	b.hear(t, 2)
	if want := []string{"news6", "news7"}; !slices.Equal(b.got[4:], want) {
		t.Errorf("live: %v, want %v", b.got[4:], want)
	}
	if err := again.Volatile().Emit("news", "no position"); err != nil {
		t.Fatal(err)
	}
	b.Expect(`2["news","no position"]`)
	b.Close()
	receive(t, parted)
	// Left, lost and joined again: nothing of the time before.
	c := f.arrive(b, "")
	if len(c.got) != 0 || c.SID != a.SID {
		t.Errorf("third time: %v, sid %s", c.got, c.SID)
	}
}

// The old connection may still seem to live: it is ended, and its end takes
// nothing from the new one.
func TestRecoveryTakesOverHalfOpenConnection(t *testing.T) {
	f, ns, sockets, parted := meet(t, socketio.Recovery{AfterConnect: true})
	a := f.arrive(nil, "")
	s := receive(t, sockets)
	if err := s.Join("a"); err != nil {
		t.Fatal(err)
	}
	emit(t, ns.To("a"), 1, 2)
	a.hear(t, 1) // of 2 it knows nothing
	b := f.arrive(a, "")
	again := receive(t, sockets)
	if reason := receive(t, parted); reason != socketio.Superseded {
		t.Errorf("the old one parted for %q", reason)
	}
	a.hear(t, 1)
	a.ExpectClosed()
	if s.Connected() || !again.Recovered() {
		t.Errorf("old connected %t, new recovered %t", s.Connected(), again.Recovered())
	}
	emit(t, ns.To("a"), 3)
	emit(t, ns.To(s.ID()), 4)
	b.hear(t, 3)
	if want := []string{"news2", "news3", "news4"}; !slices.Equal(b.got, want) {
		t.Errorf("heard %v, want %v", b.got, want)
	}
	found, err := ns.FetchSockets(t.Context())
	if err != nil || len(found) != 1 {
		t.Errorf("%d sockets, %v", len(found), err)
	}
}

// Who may not carry on starts anew, with another id.
func TestRecoveryIsRefused(t *testing.T) {
	const here = `,"user":"ann"`
	identity := func(s *socketio.Socket) string {
		var who struct{ User string }
		if s.Handshake().DecodeAuth(&who) != nil {
			return ""
		}
		return who.User
	}
	tests := []struct {
		name   string
		opts   socketio.Recovery
		part   func(f *fixture, a *traveller, s *socketio.Socket)
		change func(a *traveller)
		more   string
	}{
		{name: "left", part: func(_ *fixture, a *traveller, _ *socketio.Socket) { a.Send("1") }},
		{name: "sent away", part: func(_ *fixture, _ *traveller, s *socketio.Socket) { s.Disconnect(true) }},
		{name: "somebody else", more: `,"user":"bob"`},
		{name: "nobody", more: `,"user":7`},
		{name: "unknown session", change: func(a *traveller) { a.PID = "x" }},
		{name: "foreign position", change: func(a *traveller) { a.offset = "abcdef.1" }},
		{name: "no position", change: func(a *traveller) { a.offset = "junk" }},
		{name: "position of the future", change: func(a *traveller) { a.offset += "0" }},
		{name: "away for too long", opts: socketio.Recovery{MaxDisconnection: 1}},
		{name: "missed too much", opts: socketio.Recovery{RoomBytes: 1000}},
		{name: "all missed too much", opts: socketio.Recovery{Bytes: 1000}},
		{name: "too many are away", opts: socketio.Recovery{Sessions: 1}, part: func(f *fixture, a *traveller, _ *socketio.Socket) {
			a.Close()
			eventually(f.t, "away", func() bool { return f.io.Engine().SessionCount() == 0 })
			f.arrive(nil, "").Close()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Identity = identity
			f, ns, sockets, parted := meet(t, tt.opts)
			a := f.arrive(nil, here)
			s := receive(t, sockets)
			if err := s.Join("a"); err != nil {
				t.Fatal(err)
			}
			emit(t, ns.To("a"), 0)
			a.hear(t, 1)
			if tt.part != nil {
				tt.part(f, a, s)
			} else {
				a.Close()
			}
			receive(t, parted)
			if tt.opts.Sessions == 1 {
				receive(t, parted)
			}
			eventually(t, "noted that it is away", func() bool {
				found, err := ns.In("a").FetchSockets(t.Context())
				return err == nil && len(found) == 0
			})
			for range 20 {
				emit(t, ns.To("a"), strings.Repeat("x", 100))
			}
			if tt.change != nil {
				tt.change(a)
			}
			if tt.more == "" {
				tt.more = here
			}
			b := f.arrive(a, tt.more)
			if b.SID == a.SID || b.PID == a.PID || b.PID == "" || len(b.got) > 0 {
				t.Errorf("sid %s, pid %s, events %v: it carries on", b.SID, b.PID, b.got)
			}
			if got := receiveLast(t, sockets); got.Recovered() || len(got.Rooms()) != 1 {
				t.Errorf("recovered %t, rooms %v", got.Recovered(), got.Rooms())
			}
		})
	}
}

// receiveLast waits for the socket of the client that came last.
func receiveLast(t *testing.T, sockets chan *socketio.Socket) (s *socketio.Socket) {
	t.Helper()
	for s = receive(t, sockets); len(sockets) > 0 || !s.Connected(); s = receive(t, sockets) {
	}
	return s
}

// Of many who present one session at the same time one has it in the end.
func TestRecoveryIsOfOneConnection(t *testing.T) {
	f, ns, sockets, parted := meet(t, socketio.Recovery{})
	a := f.arrive(nil, "")
	if err := receive(t, sockets).Join("a"); err != nil {
		t.Fatal(err)
	}
	emit(t, ns.To("a"), 0)
	a.hear(t, 1)
	a.Close()
	receive(t, parted)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			c := f.dial()
			c.Send(fmt.Sprintf(`0{"pid":%q,"offset":%q}`, a.PID, a.offset))
			_, _ = c.Receive() // it may be superseded at once
		})
	}
	wg.Wait()
	found, err := ns.In("a").FetchSockets(t.Context())
	if err != nil || len(found) > 1 {
		t.Errorf("%d sockets have the session, %v", len(found), err)
	}
}

func TestRecoverySkipsMiddlewares(t *testing.T) {
	for _, skip := range []bool{false, true} {
		f, ns, sockets, parted := meet(t, socketio.Recovery{SkipMiddlewares: skip})
		runs := make(chan bool, 10)
		ns.Use(func(_ context.Context, s *socketio.Socket) error {
			runs <- s.Recovered()
			return s.Join("greeted")
		})
		a := f.arrive(nil, "")
		receive(t, sockets)
		a.Close()
		receive(t, parted)
		f.arrive(a, "")
		s := receive(t, sockets)
		want := 2
		if skip {
			want = 1
		}
		if len(runs) != want || !s.Recovered() || !slices.Contains(s.Rooms(), "greeted") {
			t.Errorf("skip %t: %d runs, recovered %t, rooms %v", skip, len(runs), s.Recovered(), s.Rooms())
		}
	}
}

// However often a client loses its connection while a room is told 1, 2, 3 and
// so on, from several goroutines at once with the room's lock held, it hears
// each once and in order.
func TestRecoveryHasNoHoleBetweenReplayAndLive(t *testing.T) {
	for _, after := range []bool{false, true} {
		f, ns, sockets, _ := meet(t, socketio.Recovery{AfterConnect: after, RoomBytes: 1 << 20})
		const total = 2000
		tr := f.arrive(nil, "")
		if err := receive(t, sockets).Join("a"); err != nil {
			t.Fatal(err)
		}
		var told sync.WaitGroup
		var mu sync.Mutex
		n := 0
		for range 3 {
			told.Go(func() {
				for {
					mu.Lock()
					if n == total {
						mu.Unlock()
						return
					}
					n++
					pause := n%50 == 0
					err := ns.To("a").Emit("news", n)
					mu.Unlock()
					if err != nil {
						t.Error(err)
					}
					if pause {
						time.Sleep(time.Millisecond)
					}
				}
			})
		}
		var got []string
		drops := 0
		for len(got) < total {
			m, err := tr.Receive()
			if err != nil {
				t.Fatalf("after %d: %v", len(got), err)
			}
			tr.take(t, m.Text)
			got = append(got, tr.got[len(tr.got)-1])
			if len(got)%100 == 50 && drops < 30 {
				drops++
				if drops%2 == 0 {
					tr.Close()
				}
				tr = f.arrive(tr, "")
				if s := receive(t, sockets); !s.Recovered() {
					t.Fatalf("not recovered after %d", len(got))
				}
				got = append(got, tr.got...)
			}
		}
		told.Wait()
		for i, g := range got {
			if want := fmt.Sprint("news", i+1); g != want {
				t.Fatalf("after connect %t: event %d is %q, want %q", after, i+1, g, want)
			}
		}
		tr.Close()
	}
}

// TestOnAdmit: a program's own log, with the same primitive.
func TestOnAdmit(t *testing.T) {
	f := serve(t, socketio.Options{Logger: quiet})
	ns := f.io.Of("/")
	packet := func(v string) *socketio.Packet {
		p, err := ns.Encode("news", v)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	refusal := errors.New("no")
	var how func(s *socketio.Socket, admit func(socketio.Admission) bool) error
	ns.OnAdmit(func(s *socketio.Socket, admit func(socketio.Admission) bool) error { return how(s, admit) })
	sockets := make(chan *socketio.Socket, 1)
	ns.OnConnect(func(s *socketio.Socket) { sockets <- s })

	how = func(_ *socketio.Socket, admit func(socketio.Admission) bool) error {
		ok := admit(socketio.Admission{
			ID: "an-id-of-20-letters_", PID: "p", Recovered: true, Rooms: []string{"a"},
			Before: []*socketio.Packet{packet("1")}, After: []*socketio.Packet{packet("2"), packet("3")},
		})
		if again := admit(socketio.Admission{}); !ok || again {
			t.Errorf("admitted %t, again %t", ok, again)
		}
		return ns.To("a").EmitPacket(packet("4"))
	}
	c := f.dial()
	c.Send("0")
	c.Expect(`2["news","1"]`, `0{"sid":"an-id-of-20-letters_","pid":"p"}`, `2["news","2"]`, `2["news","3"]`, `2["news","4"]`)
	s := receive(t, sockets)
	if err := s.EmitPacket(packet("5")); err != nil || !s.Recovered() || s.ID() != "an-id-of-20-letters_" || packet("5").Size() == 0 {
		t.Errorf("%v, recovered %t, id %s", err, s.Recovered(), s.ID())
	}
	c.Expect(`2["news","5"]`)

	how = func(*socketio.Socket, func(socketio.Admission) bool) error { return refusal }
	c = f.dial()
	c.Send("0")
	c.Expect(`4{"message":"internal error"}`)
	how = func(*socketio.Socket, func(socketio.Admission) bool) error { return nil }
	c = f.dial()
	c.Send("0")
	c.Expect(`4{"message":"internal error"}`)
	how = func(_ *socketio.Socket, admit func(socketio.Admission) bool) error {
		admit(socketio.Admission{})
		return refusal
	}
	c = f.dial()
	c.Connect("/")
	c.ExpectClosed()
}
