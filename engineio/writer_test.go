package engineio_test

import (
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
)

func numbered(i int) string { return fmt.Sprintf("message %d", i) }

// smallBuffers makes the kernel hold little for the server, so that a client
// that does not read is noticed soon.
type smallBuffers struct{ net.Listener }

func (l smallBuffers) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		conn.(*net.TCPConn).SetWriteBuffer(16 << 10)
	}
	return conn, err
}

func withSmallBuffers(s *httptest.Server) {
	s.Listener = smallBuffers{s.Listener}
	s.Start()
}

func TestOrderOfEachSender(t *testing.T) {
	h := newHarness(t, engineio.Options{MaxQueue: 8 << 20}, nil)
	c, s := h.dial()
	const senders, each = 16, 200
	var wg sync.WaitGroup
	for sender := range senders {
		wg.Go(func() {
			for i := range each {
				s.Send(text(fmt.Sprintf("%d %d", sender, 2*i)), text(fmt.Sprintf("%d %d", sender, 2*i+1)))
			}
		})
	}
	next := make([]int, senders)
	for n := 0; n < 2*senders*each; n++ {
		_, payload, err := c.next()
		if err != nil {
			t.Fatal(err)
		}
		var sender, i int
		fmt.Sscanf(string(payload), "4%d %d", &sender, &i)
		if i != next[sender] {
			t.Fatalf("sender %d: got %d, want %d", sender, i, next[sender])
		}
		next[sender]++
		if i%2 == 0 { // its pair follows with nothing between
			c.expect(t, fmt.Sprintf("text 4%d %d", sender, i+1))
			next[sender]++
			n++
		}
	}
	wg.Wait()
}

func TestJoinedWritesKeepEachSessionsOrder(t *testing.T) {
	h := newHarness(t, engineio.Options{Shards: 1}, nil)
	const members = 6
	var clients [members]*wsClient
	var sessions [members]*engineio.Session
	for i := range members {
		clients[i], sessions[i] = h.dial()
	}
	// In one turn: messages to all, to some, to one, in changing order, and
	// more than is joined into one write.
	var want [members][]string
	long := strings.Repeat("x", 30<<10)
	h.eio.Shards()[0].Post(taskFunc(func(sh *engineio.Shard) {
		for round := range 20 {
			all, some := text(fmt.Sprintf("all %d", round)), text(fmt.Sprintf("some %d %s", round, long[:round*1000]))
			for i, s := range sessions {
				if i%2 == round%2 {
					sh.Append(s, some)
					want[i] = append(want[i], string(some.Wire()))
				}
				sh.Append(s, all)
				want[i] = append(want[i], string(all.Wire()))
				if i == round%members {
					own := text(fmt.Sprintf("own %d", round))
					sh.Append(s, own)
					want[i] = append(want[i], string(own.Wire()))
				}
			}
		}
		for _, s := range sessions {
			sh.Append(s, text("end"))
		}
	}))
	for i, c := range clients {
		var got strings.Builder
		for {
			_, payload, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			if string(payload) == "4end" {
				break
			}
			got.Write(text(string(payload[1:])).Wire())
		}
		if got.String() != strings.Join(want[i], "") {
			t.Errorf("client %d: the stream differs", i)
		}
	}
}

func TestNothingIsLostWhenAClientPauses(t *testing.T) {
	h := newHarness(t, engineio.Options{Shards: 1, MaxQueue: 64 << 20}, withSmallBuffers)
	c, s := h.dial()
	other, _ := h.dial()
	const n = 3000
	body := strings.Repeat("y", 1000)
	for i := range n {
		s.Send(text(numbered(i) + " " + body))
	}
	// The shard is not held up by the client that does not read.
	other.text(t, "4hello")
	other.expect(t, "text 4hello")
	for i := range n {
		_, payload, err := c.next()
		if err != nil {
			t.Fatal(err)
		}
		if want := "4" + numbered(i) + " " + body; string(payload) != want {
			t.Fatalf("got %.30q, want %.30q", payload, want)
		}
	}
	c.text(t, "4still fine")
	c.expect(t, "text 4still fine")
}

func TestSlowReaderIsCutAtTheQueueLimit(t *testing.T) {
	h := newHarness(t, engineio.Options{Shards: 1, MaxQueue: 1 << 16}, withSmallBuffers)
	_, s := h.dial()
	other, _ := h.dial()
	frame := text(strings.Repeat("z", 1<<12))
	for !s.Closed() {
		s.Send(frame)
		other.text(t, "4x") // in step with the shard
		other.expect(t, "text 4x")
	}
	if e := h.awaitEnd(); e.reason != engineio.TransportError || !errors.Is(e.err, engineio.ErrSlow) {
		t.Errorf("ended with %v", e)
	}
}

func TestOneMessageAboveTheQueueLimitPasses(t *testing.T) {
	h := newHarness(t, engineio.Options{MaxQueue: 1 << 10}, withSmallBuffers)
	c, s := h.dial()
	big := strings.Repeat("b", 1<<20)
	s.Send(text(big))
	c.expect(t, "text "+show("4"+big))
}

func TestWriteWithoutProgressIsCut(t *testing.T) {
	h := newHarness(t, engineio.Options{WriteTimeout: 50 * time.Millisecond}, withSmallBuffers)
	_, s := h.dial()
	s.Send(text(strings.Repeat("z", 4<<20))) // more than any socket buffer takes
	if e := h.awaitEnd(); e.reason != engineio.TransportError || !errors.Is(e.err, engineio.ErrSlow) {
		t.Errorf("ended with %v", e)
	}
}

func TestVolatileIsDroppedWhileAClientIsBehind(t *testing.T) {
	h := newHarness(t, engineio.Options{Shards: 1, MaxQueue: 64 << 20}, withSmallBuffers)
	c, s := h.dial()
	s.SendVolatile(text("caught"))
	c.expect(t, "text 4caught")
	big := strings.Repeat("b", 2<<20)
	s.Send(text(big))
	for range 2 { // the second task runs in a turn after the first one's
		done := make(chan struct{})
		s.Shard().Post(taskFunc(func(*engineio.Shard) { close(done) }))
		<-done
	}
	s.SendVolatile(text("dropped"))
	s.Send(text("kept"))
	c.expect(t, "text "+show("4"+big))
	c.expect(t, "text 4kept")
}

func TestCloseWaitsForWhatIsQueued(t *testing.T) {
	h := newHarness(t, engineio.Options{MaxQueue: 64 << 20}, withSmallBuffers)
	c, s := h.dial()
	big := strings.Repeat("b", 2<<20)
	s.Send(text(big), text("last"))
	s.Close(engineio.ForcedClose)
	s.Send(text("never"))
	c.expect(t, "text "+show("4"+big))
	c.expect(t, "text 4last")
	c.expect(t, "close")
	if e := h.awaitEnd(); e.reason != engineio.ForcedClose {
		t.Errorf("ended with %v", e)
	}
}

func TestReadersPauseWhileAShardIsBehind(t *testing.T) {
	h := newHarness(t, engineio.Options{Shards: 1, MaxBacklog: 4}, nil)
	c, s := h.dial()
	release, entered := make(chan struct{}), make(chan struct{})
	s.Shard().Post(taskFunc(func(*engineio.Shard) { close(entered); <-release }))
	<-entered
	for i := range 100 {
		c.text(t, "4"+numbered(i)) // each echo adds to the inbox
	}
	for range 8 {
		s.Send(text("posted")) // Send itself never blocks
	}
	close(release)
	posted := 0
	for i := 0; i < 100; {
		_, payload, err := c.next()
		if err != nil {
			t.Fatal(err)
		}
		switch got := string(payload); got {
		case "4posted":
			posted++
		case "4" + numbered(i):
			i++
		default:
			t.Fatalf("got %q, want echo %d", got, i)
		}
	}
	if posted != 8 {
		t.Errorf("%d of 8 posted messages before the last echo", posted)
	}
}

// A roundWatcher stops a round of writes at its first, until it is told to go on.
type roundWatcher struct {
	engineio.Observer
	began, goOn chan struct{}
	armed       atomic.Bool
	writes      atomic.Int32
}

func (*roundWatcher) Opened(*engineio.Session) {}

func (*roundWatcher) Closed(*engineio.Session, engineio.CloseReason, error) {}

func (w *roundWatcher) Sent(int) {
	if !w.armed.Load() {
		return
	}
	if w.writes.Add(1) == 1 {
		close(w.began)
		<-w.goOn
	}
}

// What arrives while a round of writes is under way shares the writes that are
// still to come.
func TestMessageJoinsTheRoundUnderWay(t *testing.T) {
	const members = 200
	w := &roundWatcher{began: make(chan struct{}), goOn: make(chan struct{})}
	h := newHarness(t, engineio.Options{Shards: 1, Observer: w}, nil)
	clients := make([]*wsClient, members)
	room := make([]*engineio.Session, members)
	for i := range room {
		clients[i], room[i] = h.dial()
	}
	broadcast := func(f *engineio.Frame) {
		room[0].Shard().Post(taskFunc(func(sh *engineio.Shard) {
			for _, s := range room {
				sh.Append(s, f)
			}
		}))
	}
	w.armed.Store(true)
	broadcast(text("first"))
	await(t, w.began)
	broadcast(text("second"))
	close(w.goOn)
	for _, c := range clients {
		c.expect(t, "text 4first")
		c.expect(t, "text 4second")
	}
	// A shard looks for news after every 64 writes: so many had the first alone.
	if got := w.writes.Load(); got != members+64 {
		t.Errorf("%d writes, want %d", got, members+64)
	}
}
