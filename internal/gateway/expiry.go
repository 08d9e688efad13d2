package gateway

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// warnBefore is how long before its end a token is announced to end: time for a
// client to fetch another.
const warnBefore = time.Minute

// expiry is a session's place in the expiryQueue.
type expiry struct {
	at     time.Time // the end of the token
	next   time.Time // when to look at the session again
	warned bool
	index  int // in the heap, plus 1; 0: not in it
}

// expiryQueue ends connections with their tokens: one heap and one goroutine
// for all of them, instead of a timer for each.
type expiryQueue struct {
	now  func() time.Time
	wake chan struct{} // the earliest time has changed

	mu   sync.Mutex // guards heap and the expiry of every session
	heap expiryHeap
}

func newExpiryQueue(now func() time.Time) *expiryQueue {
	return &expiryQueue{now: now, wake: make(chan struct{}, 1)}
}

// set gives s a token that ends at at, in place of any earlier one.
func (q *expiryQueue) set(s *session, at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s.expiry.at, s.expiry.warned = at, false
	s.expiry.next = at.Add(-warnBefore)
	if s.expiry.index == 0 {
		heap.Push(&q.heap, s)
	} else {
		heap.Fix(&q.heap, s.expiry.index-1)
	}
	if q.heap[0] == s {
		q.signal()
	}
}

// remove forgets s.
func (q *expiryQueue) remove(s *session) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if s.expiry.index > 0 {
		heap.Remove(&q.heap, s.expiry.index-1)
	}
}

func (q *expiryQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run calls warn and end for sessions when their time has come, until ctx ends.
func (q *expiryQueue) run(ctx context.Context, warn func(*session, time.Time), end func(*session)) {
	const idle = time.Hour // so that a clock that was set is noticed
	timer := time.NewTimer(idle)
	defer timer.Stop()
	for {
		warned, ended, wait := q.due()
		for _, s := range warned {
			warn(s.session, s.at)
		}
		for _, s := range ended {
			end(s.session)
		}
		timer.Reset(min(wait, idle))
		select {
		case <-ctx.Done():
			return
		case <-q.wake:
		case <-timer.C:
		}
	}
}

// expiring is a session and the end of its token when it was looked at.
type expiring struct {
	*session
	at time.Time
}

// due takes the sessions whose time has come and returns how long to wait for the next.
func (q *expiryQueue) due() (warned, ended []expiring, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	for len(q.heap) > 0 {
		s := q.heap[0]
		if wait = s.expiry.next.Sub(now); wait > 0 {
			return warned, ended, wait
		}
		if !now.Before(s.expiry.at) {
			heap.Pop(&q.heap)
			ended = append(ended, expiring{s, s.expiry.at})
			continue
		}
		s.expiry.next = s.expiry.at
		heap.Fix(&q.heap, 0)
		if !s.expiry.warned {
			s.expiry.warned = true
			warned = append(warned, expiring{s, s.expiry.at})
		}
	}
	return warned, ended, time.Duration(1<<63 - 1)
}

// expiryHeap has the session that is due first at index 0.
type expiryHeap []*session

func (h expiryHeap) Len() int           { return len(h) }
func (h expiryHeap) Less(i, j int) bool { return h[i].expiry.next.Before(h[j].expiry.next) }

func (h expiryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].expiry.index, h[j].expiry.index = i+1, j+1
}

// Push implements heap.Interface.
func (h *expiryHeap) Push(x any) {
	s := x.(*session)
	*h = append(*h, s)
	s.expiry.index = len(*h)
}

// Pop implements heap.Interface.
func (h *expiryHeap) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	s.expiry.index = 0
	return s
}
