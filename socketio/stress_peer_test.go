package socketio_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/socketio/internal/siotest"
	"github.com/storywire/storywire/socketio/parser"
)

// wire is a client of either transport.
type wire interface {
	Send(messages ...any)
	Receive() (siotest.Message, error)
	Quit()
	Close()
}

// peer is one connection of the stress test, in one namespace, and what must be
// true of it.
type peer struct {
	t    *testing.T
	wire wire
	ns   string
	id   string

	upgrade chan struct{} // has room for one: change the transport when you can
	gone    chan struct{} // closed when nothing is received any more

	mu      sync.Mutex // guards the fields below
	nextAck uint64
	pending map[uint64]func(p *peer, args []json.RawMessage)
	rooms   map[string]uint64 // last number heard, by room it is in
	leaving bool              // an end of the connection is no surprise
	heard   int
	acked   int
}

// newPeer connects over a transport that the dice choose.
func newPeer(t *testing.T, base, ns string, dice *rand.Rand) *peer {
	p := &peer{
		t: t, ns: ns, upgrade: make(chan struct{}, 1), gone: make(chan struct{}),
		pending: map[uint64]func(*peer, []json.RawMessage){}, rooms: map[string]uint64{},
	}
	if dice.IntN(2) == 0 {
		p.wire = siotest.Dial(t, base)
	} else {
		p.wire = siotest.Poll(t, base)
	}
	p.wire.Send(string(p.packet(parser.Connect, 0, false, nil)))
	m, err := p.wire.Receive()
	if err != nil {
		t.Errorf("connect to %s: %v", ns, err)
		close(p.gone)
		return p
	}
	var answer struct{ SID string }
	packet, err := parser.Decode([]byte(m.Text), parser.Limits{})
	if err != nil || packet.Type != parser.Connect || json.Unmarshal(packet.Data, &answer) != nil || len(answer.SID) != 20 {
		t.Errorf("connect to %s: got %s", ns, m)
	}
	p.id = answer.SID
	go p.receive()
	return p
}

func (p *peer) packet(t parser.Type, id uint64, hasID bool, data []byte) []byte {
	return parser.Append(nil, parser.Packet{Type: t, Namespace: []byte(p.ns), ID: id, HasID: hasID, Data: data})
}

// ask emits an event; then is called with the answer, once.
func (p *peer) ask(then func(p *peer, args []json.RawMessage), event string, args ...any) {
	data, err := json.Marshal(append([]any{event}, args...))
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	id := p.nextAck
	p.nextAck++
	p.pending[id] = then
	p.mu.Unlock()
	p.wire.Send(string(p.packet(parser.Event, id, true, data)))
}

// receive checks all that comes, until the connection ends.
func (p *peer) receive() {
	defer close(p.gone)
	for {
		select {
		case <-p.upgrade:
			if poller, ok := p.wire.(*siotest.Poller); ok {
				if err := poller.Upgrade(); err != nil && !p.expected() {
					p.t.Errorf("upgrade: %v", err)
				}
			}
		default:
		}
		m, err := p.wire.Receive()
		if err != nil {
			if !p.expected() {
				p.t.Errorf("%s%s: connection lost: %v", p.ns, p.id, err)
			}
			return
		}
		if m.Binary != nil {
			continue // the attachment of an event that was checked
		}
		packet, err := parser.Decode([]byte(m.Text), parser.Limits{})
		if err != nil {
			p.t.Errorf("received %q: %v", m.Text, err)
			return
		}
		p.take(packet)
	}
}

func (p *peer) expected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leaving
}

// take checks one packet.
func (p *peer) take(packet parser.Packet) {
	var args []json.RawMessage
	if packet.Data != nil && packet.Type != parser.Connect {
		if err := json.Unmarshal(packet.Data, &args); err != nil {
			p.t.Errorf("%s: %v", packet.Data, err)
			return
		}
	}
	switch packet.Type {
	case parser.Ack, parser.BinaryAck:
		p.mu.Lock()
		then := p.pending[packet.ID]
		delete(p.pending, packet.ID)
		p.acked++
		p.mu.Unlock()
		if then == nil {
			p.t.Errorf("acknowledgement %d came twice, or for nothing", packet.ID)
			return
		}
		then(p, args)
	case parser.Event, parser.BinaryEvent:
		switch string(packet.Event) {
		case "news":
			p.news(args)
		case "question":
			answer, err := json.Marshal(args[1:])
			if err != nil {
				panic(err)
			}
			p.wire.Send(string(p.packet(parser.Ack, packet.ID, true, answer)))
		}
	case parser.Disconnect:
		if !p.expected() {
			p.t.Errorf("%s: disconnected by the server", p.id)
		}
	default:
		p.t.Errorf("unexpected %s", packet.Type)
	}
}

// news is one of a room's numbers: none may be missed, doubled or out of order.
func (p *peer) news(args []json.RawMessage) {
	var room string
	var n uint64
	if json.Unmarshal(args[1], &room) != nil || json.Unmarshal(args[2], &n) != nil {
		p.t.Errorf("news: %s", args)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard++
	last, in := p.rooms[room]
	switch {
	case !in:
		p.t.Errorf("%s%s heard number %d of %s and is not in it", p.ns, p.id, n, room)
	case n != last+1:
		p.t.Errorf("%s%s heard number %d of %s after %d", p.ns, p.id, n, room, last)
	}
	p.rooms[room] = n
}

// join and leave ask for a room; the answers tell its number then.
func (p *peer) join(room string) {
	p.ask(func(p *peer, args []json.RawMessage) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.rooms[room] = number(p.t, args)
	}, "join", room)
}

func (p *peer) leave(room string) {
	p.ask(func(p *peer, args []json.RawMessage) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if at, last := number(p.t, args), p.rooms[room]; last != at {
			p.t.Errorf("%s%s left %s at %d and had heard up to %d", p.ns, p.id, room, at, last)
		}
		delete(p.rooms, room)
	}, "leave", room)
}

func number(t *testing.T, args []json.RawMessage) (n uint64) {
	if len(args) != 1 || json.Unmarshal(args[0], &n) != nil {
		t.Errorf("answer %s, want a number", args)
	}
	return n
}

// settled reports whether every question was answered.
func (p *peer) settled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.pending) == 0
}

// settle waits until at most that many questions are unanswered. It reports
// false if that takes too long.
func (p *peer) settle(open int) bool {
	for range 1000 {
		p.mu.Lock()
		settled := len(p.pending) <= open
		p.mu.Unlock()
		if settled {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

// members returns the rooms it is in.
func (p *peer) members() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var rooms []string
	for room := range p.rooms {
		rooms = append(rooms, room)
	}
	slices.Sort(rooms)
	return rooms
}

// end closes the connection in one of several ways.
func (p *peer) end(how int) {
	p.mu.Lock()
	p.leaving = true
	p.mu.Unlock()
	switch how {
	case 0:
		p.wire.Send(string(p.packet(parser.Disconnect, 0, false, nil)))
	case 1:
		p.ask(func(*peer, []json.RawMessage) {}, "throw-me-out", false)
	case 2:
		p.ask(func(*peer, []json.RawMessage) {}, "throw-me-out", true)
		// Over polling the server keeps its last words until they are fetched.
		select {
		case <-p.gone:
		case <-time.After(patience):
			p.t.Errorf("%s%s was not thrown out", p.ns, p.id)
		}
	}
	if _, polls := p.wire.(*siotest.Poller); polls || how == 4 {
		p.wire.Quit()
	}
	p.wire.Close()
	<-p.gone
}

// echo checks that what it sends comes back.
func (p *peer) echo(dice *rand.Rand) {
	want := fmt.Sprintf(`"%x"`, dice.Uint64())
	if dice.IntN(20) == 0 {
		want = `"` + strings.Repeat("x", 5000) + `"`
	}
	p.ask(func(p *peer, args []json.RawMessage) {
		if len(args) != 1 || string(args[0]) != want {
			p.t.Errorf("echo of %.40s: %.40s", want, args)
		}
	}, "echo", json.RawMessage(want))
}
