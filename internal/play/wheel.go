package play

import (
	"container/heap"
	"sync"
	"time"
)

// wheel knows when the parties that this node has written last are due. The
// database knows it too: what the wheel forgets is found there a little later.
type wheel struct {
	wake chan struct{} // of one

	mu    sync.Mutex // guards the fields below
	queue dueQueue
	at    map[ID]*due
}

type due struct {
	id    ID
	ms    int64
	index int
}

func newWheel() *wheel { return &wheel{wake: make(chan struct{}, 1), at: make(map[ID]*due)} }

// set says when a party is due; 0: never.
func (w *wheel) set(id ID, ms int64) {
	w.mu.Lock()
	d := w.at[id]
	switch {
	case ms == 0 && d != nil:
		heap.Remove(&w.queue, d.index)
		delete(w.at, id)
	case ms != 0 && d != nil:
		d.ms = ms
		heap.Fix(&w.queue, d.index)
	case ms != 0:
		d = &due{id: id, ms: ms}
		w.at[id] = d
		heap.Push(&w.queue, d)
	}
	first := len(w.queue) > 0 && w.queue[0].id == id
	w.mu.Unlock()
	if first {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// take returns the parties that are due, and how long it is to the next one.
func (w *wheel) take(nowMs int64) (ids []ID, next time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) > 0 && w.queue[0].ms <= nowMs {
		d := heap.Pop(&w.queue).(*due)
		delete(w.at, d.id)
		ids = append(ids, d.id)
	}
	if len(w.queue) == 0 {
		return ids, time.Hour
	}
	return ids, time.Duration(w.queue[0].ms-nowMs) * time.Millisecond
}

type dueQueue []*due

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].ms < q[j].ms }
func (q dueQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push implements heap.Interface.
func (q *dueQueue) Push(x any) {
	d := x.(*due)
	d.index = len(*q)
	*q = append(*q, d)
}

// Pop implements heap.Interface.
func (q *dueQueue) Pop() any {
	old := *q
	d := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return d
}
