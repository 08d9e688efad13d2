package engineio_test

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storywire/storywire/engineio"
)

// A sentLog is an Observer that notes what each write carries. A write takes
// writeTime, as it does in a kernel.
type sentLog struct {
	mu    sync.Mutex // guards the fields below
	base  time.Time
	sizes []int
	at    []time.Duration
}

const writeTime = 200 * time.Microsecond

func (o *sentLog) Opened(*engineio.Session)                              {}
func (o *sentLog) Upgraded(*engineio.Session)                            {}
func (o *sentLog) Closed(*engineio.Session, engineio.CloseReason, error) {}
func (o *sentLog) Refused(int)                                           {}
func (o *sentLog) Received(int)                                          {}

func (o *sentLog) Sent(bytes int) {
	o.mu.Lock()
	o.sizes = append(o.sizes, bytes)
	o.at = append(o.at, time.Since(o.base))
	o.mu.Unlock()
	time.Sleep(writeTime)
}

// restart forgets what was noted.
func (o *sentLog) restart() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.base, o.sizes, o.at = time.Now(), nil, nil
}

// A step posts messages at a time.
type step struct {
	at       time.Duration
	messages int
	afar     bool // they come from another process
	binary   bool // all but the first are its attachments
}

type held struct {
	name   string
	before step
	pause  time.Duration
	steps  []step
	writes []int // messages in each
	first  time.Duration
	closed bool // at once after the steps
}

func TestWritesWaitForOtherProcesses(t *testing.T) {
	const size = 3 // of a message on a stream
	two := []step{{at: 0, messages: 1}, {at: 300 * time.Microsecond, messages: 1}}
	for _, tt := range []held{
		{"nothing came from afar", step{messages: 2}, 10 * time.Millisecond, two, []int{1, 1}, 0, false},
		{"one came from afar", step{messages: 1, afar: true}, 10 * time.Millisecond, two, []int{1, 1}, 0, false},
		{"one with an attachment", step{messages: 2, afar: true, binary: true}, 10 * time.Millisecond, two, []int{1, 1}, 0, false},
		{"joined a moment ago", step{messages: 2, afar: true}, 10 * time.Millisecond, two, []int{2}, 4 * writeTime, false},
		{"joined long ago", step{messages: 2, afar: true}, 200 * time.Millisecond, two, []int{1, 1}, 0, false},
		{"more than a round is worth", step{messages: 2, afar: true}, 10 * time.Millisecond,
			[]step{{at: 0, messages: 1}, {at: 500 * time.Microsecond, messages: 1}, {at: 900 * time.Microsecond, messages: 1}}, []int{2, 1}, 4 * writeTime, false},
		{"closed meanwhile", step{messages: 2, afar: true}, 10 * time.Millisecond, two[:1], []int{1}, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at, writes := tt.run(t)
				for i := range writes {
					writes[i] /= size
				}
				if !slices.Equal(writes, tt.writes) || at[0] != tt.first {
					t.Errorf("writes of %v messages, the first after %v; want %v, %v", writes, at[0], tt.writes, tt.first)
				}
			})
		})
	}
}

// run returns when writes began and what they carried.
func (h held) run(t *testing.T) (at []time.Duration, sizes []int) {
	log := &sentLog{base: time.Now()}
	accepter := newStreams()
	sessions := make(chan *engineio.Session, 1)
	eio := engineio.NewServer(engineio.HandlerFunc(func(s *engineio.Session) engineio.Receiver {
		sessions <- s
		return receiver{}
	}), engineio.Options{Shards: 1, WebTransport: accepter, Observer: log, Logger: slog.New(slog.DiscardHandler)})
	c := accepter.dial(t, eio)
	go func() { _, _ = io.Copy(io.Discard, c) }()
	session := <-sessions
	post := func(st step) {
		eio.Shards()[0].Post(taskFunc(func(sh *engineio.Shard) {
			if st.afar {
				sh.Gather()
			}
			for i := range st.messages {
				sh.Append(session, engineio.NewFrame([]byte("x"), st.binary && i > 0))
			}
		}))
	}
	time.Sleep(time.Second)
	for range 2 { // the second round learns what a write costs
		post(h.before)
		time.Sleep(2 * time.Millisecond)
	}
	time.Sleep(h.pause)
	log.restart()
	for _, st := range h.steps {
		time.Sleep(st.at - time.Since(log.base))
		post(st)
	}
	if !h.closed {
		time.Sleep(50 * time.Millisecond)
	}
	if err := eio.Close(context.Background()); err != nil {
		t.Error(err)
	}
	return log.at, log.sizes
}
