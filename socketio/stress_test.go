package socketio_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/storywire/storywire/socketio"
)

// stressTime is how long TestStress makes trouble, and STRESS another duration.
const stressTime = 15 * time.Second

// stressRooms are the rooms of each namespace.
const stressRooms = 3

// ticker numbers what is told to a room.
type ticker struct {
	mu   sync.Mutex // held while the room is told, and while somebody joins or leaves
	last uint64
}

// stressed is the server's half of the stress test.
type stressed struct {
	io            *socketio.Server
	rooms         sync.Map // of namespace and room to *ticker
	arrived, left atomic.Int64
}

func (st *stressed) room(ns *socketio.Namespace, name string) *ticker {
	t, _ := st.rooms.LoadOrStore(ns.Name()+" "+name, new(ticker))
	return t.(*ticker)
}

func (st *stressed) register(ns *socketio.Namespace) {
	ns.OnConnect(func(*socketio.Socket) { st.arrived.Add(1) })
	ns.OnDisconnect(func(*socketio.Socket, socketio.DisconnectReason) { st.left.Add(1) })
	// They answer before the next number is told, so that a client knows which it
	// has to hear.
	st.membership(ns, "join", (*socketio.Socket).Join)
	st.membership(ns, "leave", func(s *socketio.Socket, rooms ...string) error {
		s.Leave(rooms...)
		return nil
	})
	socketio.Handle(ns, "say", func(_ context.Context, s *socketio.Socket, name string) (uint64, error) {
		r := st.room(s.Namespace(), name)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.last++
		var attached []byte
		if r.last%5 == 0 {
			attached = []byte{byte(r.last)}
		}
		return r.last, s.Namespace().To(name).Emit("news", name, r.last, attached)
	})
	ns.On("echo", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error { return call.Ack(call.Raw(0)) })
	socketio.Handle(ns, "ask-me", func(ctx context.Context, s *socketio.Socket, n int) (int, error) {
		answer, err := s.EmitWithAck(ctx, "question", n)
		if err != nil {
			return 0, err
		}
		var back int
		return back, answer.Decode(0, &back)
	})
	socketio.Handle(ns, "ask-room", func(ctx context.Context, s *socketio.Socket, name string) (int, error) {
		answers, _ := s.Namespace().To(name).EmitWithAck(ctx, "question", 1) // some may leave meanwhile
		return len(answers), nil
	})
	socketio.Handle(ns, "throw-me-out", func(_ context.Context, s *socketio.Socket, closeTransport bool) (struct{}, error) {
		s.Disconnect(closeTransport)
		return struct{}{}, nil
	})
}

// membership registers the handler that changes whether a client is in a room.
func (st *stressed) membership(ns *socketio.Namespace, event string, change func(*socketio.Socket, ...string) error) {
	ns.On(event, func(_ context.Context, s *socketio.Socket, call *socketio.Call) error {
		var name string
		if err := call.Decode(0, &name); err != nil {
			return err
		}
		r := st.room(s.Namespace(), name)
		r.mu.Lock()
		defer r.mu.Unlock()
		if err := change(s, name); err != nil {
			return err
		}
		return call.Ack(r.last)
	})
}

// actor connects, makes trouble and goes, again and again. It returns the peer
// that it leaves connected.
func actor(t *testing.T, base string, dice *rand.Rand, until time.Time) *peer {
	namespaces := []string{"/", "/", "/b", "/t-1", "/t-2"}
	for {
		p := newPeer(t, base, namespaces[dice.IntN(len(namespaces))], dice)
		for range 20 + dice.IntN(150) {
			if t.Failed() || time.Now().After(until) {
				return p
			}
			act(p, dice)
		}
		p.end(dice.IntN(5))
	}
}

func act(p *peer, dice *rand.Rand) {
	room := fmt.Sprintf("room-%d", dice.IntN(stressRooms))
	nothing := func(*peer, []json.RawMessage) {}
	switch n := dice.IntN(100); {
	case n < 10:
		if p.settle(0) && !slices.Contains(p.members(), room) {
			p.join(room)
		}
	case n < 15:
		if p.settle(0) && slices.Contains(p.members(), room) {
			p.leave(room)
		}
	case n < 55:
		p.ask(nothing, "say", room)
	case n < 80:
		p.echo(dice)
	case n < 88:
		p.ask(nothing, "ask-me", dice.IntN(1000))
	case n < 91:
		p.ask(nothing, "ask-room", room)
	case n < 95:
		select {
		case p.upgrade <- struct{}{}:
		default:
		}
	default:
		time.Sleep(time.Duration(dice.IntN(5)) * time.Millisecond)
	}
	p.settle(20) // not far ahead of the answers: that would measure queues
}

// TestStress: clients connect over both transports, upgrade, join, leave, speak,
// ask, answer and go, all at once and at random. No acknowledgement is lost or
// comes twice; each member of a room hears all that was said while it was in, in
// order, once; at rest the server's memberships are the clients'; and when all have
// gone nothing is left: no socket, session, goroutine or descriptor.
//
// STRESS=1m makes it longer, STRESS_SEED=n repeats a run's dice.
func TestStress(t *testing.T) {
	duration := stressTime
	if testing.Short() {
		duration = 2 * time.Second
	}
	if text := os.Getenv("STRESS"); text != "" {
		var err error
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	seed := rand.Uint64()
	if text := os.Getenv("STRESS_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("STRESS_SEED=%d", seed)
	files := openFiles()

	f := serve(t, socketio.Options{Logger: quiet})
	st := &stressed{io: f.io}
	st.register(f.io.Of("/"))
	st.register(f.io.Of("/b"))
	st.register(f.io.OfRegexp(regexp.MustCompile(`^/t-\d$`)))

	const actors = 24
	peers := make([]*peer, actors)
	var wg sync.WaitGroup
	until := time.Now().Add(duration)
	for i := range peers {
		wg.Go(func() { peers[i] = actor(t, f.http.URL, rand.New(rand.NewPCG(seed, uint64(i))), until) })
	}
	wg.Wait()
	if !t.Failed() {
		st.checkRest(t, peers)
	}
	for _, p := range peers {
		p.end(3)
	}
	if t.Failed() {
		return
	}
	st.checkEnd(t, f)
	f.http.CloseClientConnections()
	own := 3 + len(f.io.Engine().Shards()) // the server's own: each shard has a poller
	eventually(t, "no descriptor is left", func() bool { return openFiles() <= files+own })
	total := 0
	for _, p := range peers {
		total += p.heard + p.acked
	}
	t.Logf("%d sockets; those left at the end had heard %d messages", st.arrived.Load(), total)
}

// checkRest: everything asked was answered, and the rooms are those of the
// clients.
func (st *stressed) checkRest(t *testing.T, peers []*peer) {
	t.Helper()
	truth := map[string][]string{} // ids by namespace and room
	for _, p := range peers {
		eventually(t, "all questions are answered", p.settled)
		for _, room := range p.members() {
			key := p.ns + " " + room
			truth[key] = append(truth[key], p.id)
		}
	}
	for _, ns := range st.io.Namespaces() {
		for i := range stressRooms {
			room := fmt.Sprintf("room-%d", i)
			found, err := ns.To(room).FetchSockets(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, r := range found {
				ids = append(ids, r.ID)
			}
			want := truth[ns.Name()+" "+room]
			slices.Sort(ids)
			slices.Sort(want)
			if !slices.Equal(ids, want) {
				t.Errorf("%s %s has %v, want %v", ns.Name(), room, ids, want)
			}
		}
	}
	live := int64(len(peers))
	eventually(t, "those who went are gone", func() bool { return st.arrived.Load()-st.left.Load() == live })
}

// checkEnd: when all have gone nothing is left.
func (st *stressed) checkEnd(t *testing.T, f *fixture) {
	t.Helper()
	eventually(t, "no session is left", func() bool { return f.io.Engine().SessionCount() == 0 })
	eventually(t, "every socket was told its end", func() bool { return st.arrived.Load() == st.left.Load() })
	for _, ns := range f.io.Namespaces() {
		if found, err := ns.FetchSockets(t.Context()); err != nil || len(found) > 0 {
			t.Errorf("%s has %d sockets, %v", ns.Name(), len(found), err)
		}
	}
	eventually(t, "the clients' namespaces are removed", func() bool { return len(f.io.Namespaces()) == 2 })
}

// openFiles counts the descriptors of this process, where that can be told.
func openFiles() int {
	if runtime.GOOS != "linux" {
		return 0
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
