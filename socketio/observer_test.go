package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
)

// ledger is an observer of both levels that counts.
type ledger struct {
	mu     sync.Mutex
	counts map[string]int
}

func (l *ledger) add(n int, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	l.counts[fmt.Sprintf(format, args...)] += n
}

func (l *ledger) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[what]
}

func (l *ledger) Connected(s *socketio.Socket) { l.add(1, "connected %s", s.Namespace().Name()) }
func (l *ledger) Refused(ns *socketio.Namespace, err error) {
	l.add(1, "refused %s: %v", ns.Name(), err)
}
func (l *ledger) Disconnected(_ *socketio.Socket, reason socketio.DisconnectReason) {
	l.add(1, "disconnected: %s", reason)
}
func (l *ledger) Handled(_ *socketio.Socket, event string, took time.Duration, err error) {
	l.add(1, "handled %s: %v %t", event, err, took > 0)
}
func (l *ledger) Emitted(_ *socketio.Namespace, event string, bytes int) {
	l.add(1, "emitted %s of %d", event, bytes)
}
func (l *ledger) Delivered(_ *socketio.Namespace, sockets int) { l.add(1, "delivered to %d", sockets) }

// engineLedger is a ledger of the connections.
type engineLedger struct{ *ledger }

func (l engineLedger) Opened(s *engineio.Session)   { l.add(1, "opened %s", s.Transport()) }
func (l engineLedger) Upgraded(s *engineio.Session) { l.add(1, "upgraded to %s", s.Transport()) }
func (l engineLedger) Closed(_ *engineio.Session, reason engineio.CloseReason, err error) {
	l.add(1, "closed: %s, slow %t", reason, errors.Is(err, engineio.ErrSlow))
}
func (l engineLedger) Refused(code int)   { l.add(1, "refused with %d", code) }
func (l engineLedger) Received(bytes int) { l.add(bytes, "received") }
func (l engineLedger) Sent(bytes int)     { l.add(bytes, "sent") }

func TestObserver(t *testing.T) {
	var seen ledger
	f := serve(t, socketio.Options{Observer: &seen, Engine: engineio.Options{Observer: engineLedger{&seen}}, Logger: quiet})
	ns := f.io.Of("/")
	refusal := &socketio.ConnectError{Message: "no"}
	f.io.Of("/no").Use(func(context.Context, *socketio.Socket) error { return refusal })
	failure := &socketio.Error{Code: "X", Message: "failed"}
	socketio.Handle(ns, "fail", func(context.Context, *socketio.Socket, int) (int, error) { return 0, failure })
	ns.On("tell", func(_ context.Context, s *socketio.Socket, _ *socketio.Call) error {
		return errors.Join(s.Emit("one", 1), ns.Emit("all", "x", []byte{1, 2}))
	})

	a, b := f.dial(), f.dial()
	a.Connect("/")
	b.Connect("/")
	a.Send("0/no,")
	a.Expect(`4/no,{"message":"no"}`)
	a.Send(`2["fail",1]`, `2["tell"]`)
	a.Expect(`2["one",1]`, `51-["all","x",{"_placeholder":true,"num":0}]`, "binary 0102")
	b.Skip(2)
	a.Send("1")
	b.Close()
	for _, path := range []string{"?EIO=4&transport=carrier-pigeon", "?EIO=4&transport=polling"} {
		res, err := http.Get(f.http.URL + socketio.DefaultPath + path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	for what, want := range map[string]int{
		"opened websocket":                    2,
		"opened polling":                      1,
		"closed: transport close, slow false": 1,
		"refused with 0":                      1,
		"received":                            len("0") + len("0") + len("0/no,") + len(`2["fail",1]`) + len(`2["tell"]`) + len("1"),
		"connected /":                         2,
		"refused /no: no":                     1,
		"disconnected: client namespace disconnect": 1,
		"disconnected: transport close":             1,
		"handled fail: X: failed true":              1,
		"handled tell: <nil> true":                  1,
		"emitted one of 9":                          1,
		`emitted all of ` + fmt.Sprint(len(`["all","x",{"_placeholder":true,"num":0}]`)+2): 1,
		"delivered to 2": 1,
	} {
		eventually(t, what, func() bool { return seen.count(what) >= want })
		if got := seen.count(what); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	if seen.count("sent") == 0 {
		t.Error("nothing was sent")
	}
}

// A broadcast is told of once, with all its sockets, whichever shards they are on.
func TestDeliveredIsToldOncePerBroadcast(t *testing.T) {
	var seen ledger
	var local socketio.Adapter
	f := serve(t, socketio.Options{
		Observer: &seen, Engine: engineio.Options{Shards: 4}, Logger: quiet,
		Adapter: func(_ *socketio.Namespace, a socketio.Adapter) socketio.Adapter { local = a; return a },
	})
	ns := f.io.Of("/")
	f.join([]string{"r"}, []string{"r"}, []string{"r"}, nil)
	remote := func() *socketio.Broadcast {
		return &socketio.Broadcast{Target: socketio.Target{Rooms: []string{"r"}}, Data: []byte(`["x"]`)}
	}
	for _, tt := range []struct {
		name      string
		broadcast func() error
		want      int
	}{
		{"to a room", func() error { return ns.To("r").Emit("x") }, 3},
		{"to nobody", func() error { return ns.To("empty").Emit("x") }, 0},
		{"with acknowledgements", func() error {
			_, err := ns.To("r").Timeout(time.Millisecond).EmitWithAck(t.Context(), "x")
			if errors.Is(err, socketio.ErrAckTimeout) {
				err = nil
			}
			return err
		}, 3},
		{"of other processes", func() error {
			local.(socketio.BatchAdapter).BroadcastAll([]socketio.RemoteBroadcast{{Room: "r", Read: remote}})
			return nil
		}, 3},
		{"of other processes to nobody", func() error {
			local.(socketio.BatchAdapter).BroadcastAll([]socketio.RemoteBroadcast{{Room: "empty", Read: remote}})
			return nil
		}, 0},
	} {
		what := fmt.Sprint("delivered to ", tt.want)
		before := seen.count(what)
		if err := tt.broadcast(); err != nil {
			t.Fatal(err)
		}
		eventually(t, tt.name, func() bool { return seen.count(what) == before+1 })
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	total := 0
	for what, n := range seen.counts {
		if strings.HasPrefix(what, "delivered") {
			total += n
		}
	}
	if total != 5 {
		t.Errorf("%d broadcasts were told of: %v", total, seen.counts)
	}
}
