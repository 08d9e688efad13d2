package adminui

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/storywire/storywire/engineio"
)

// tally counts what happens to connections, by second, while it is on.
type tally struct {
	on atomic.Bool

	mu      sync.Mutex // guards the fields below
	polling map[*engineio.Session]struct{}
	counts  map[tallyKey]int
}

type tallyKey struct {
	second    int64
	kind, sub string
}

// aggregated is a count as the dashboard wants it.
type aggregated struct {
	Timestamp int64  `json:"timestamp"` // Unix milliseconds
	Type      string `json:"type"`
	SubType   string `json:"subType,omitempty"`
	Count     int    `json:"count"`
}

func (t *tally) add(kind, sub string, n int) {
	if t.on.Load() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.counts[tallyKey{time.Now().Unix(), kind, sub}] += n
	}
}

// collect turns the tally on or off and returns what it has counted.
func (t *tally) collect(on bool) (all []aggregated, polling int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, n := range t.counts {
		all = append(all, aggregated{k.second * 1000, k.kind, k.sub, n})
	}
	t.counts = map[tallyKey]int{}
	t.on.Store(on)
	return all, len(t.polling)
}

// observer is the engineio.Observer of an Admin. It passes all to next.
type observer struct {
	next  engineio.Observer // may be nil
	tally *tally
}

var _ engineio.Observer = observer{}

// Opened implements [engineio.Observer].
func (o observer) Opened(s *engineio.Session) {
	if s.Transport() == engineio.Polling {
		o.tally.mu.Lock()
		o.tally.polling[s] = struct{}{}
		o.tally.mu.Unlock()
	}
	o.tally.add("rawConnection", "", 1)
	if o.next != nil {
		o.next.Opened(s)
	}
}

// Upgraded implements [engineio.Observer].
func (o observer) Upgraded(s *engineio.Session) {
	o.forget(s)
	if o.next != nil {
		o.next.Upgraded(s)
	}
}

// Closed implements [engineio.Observer].
func (o observer) Closed(s *engineio.Session, reason engineio.CloseReason, err error) {
	o.forget(s)
	o.tally.add("rawDisconnection", string(reason), 1)
	if o.next != nil {
		o.next.Closed(s, reason, err)
	}
}

func (o observer) forget(s *engineio.Session) {
	o.tally.mu.Lock()
	delete(o.tally.polling, s)
	o.tally.mu.Unlock()
}

// Refused implements [engineio.Observer].
func (o observer) Refused(code int) {
	if o.next != nil {
		o.next.Refused(code)
	}
}

// Received implements [engineio.Observer].
func (o observer) Received(bytes int) {
	o.tally.add("packetsIn", "", 1)
	o.tally.add("bytesIn", "", bytes)
	if o.next != nil {
		o.next.Received(bytes)
	}
}

// Sent implements [engineio.Observer]. What is written at once counts as one.
func (o observer) Sent(bytes int) {
	o.tally.add("packetsOut", "", 1)
	o.tally.add("bytesOut", "", bytes)
	if o.next != nil {
		o.next.Sent(bytes)
	}
}
