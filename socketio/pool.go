package socketio

import (
	"context"
	"sync"
)

// maxIdleWorkers bounds the goroutines that wait for the next socket with work.
// They are kept because their stacks have grown to what handlers need.
const maxIdleWorkers = 64

// pool runs the work of sockets: each on one goroutine at a time, which takes
// another socket when the first has nothing left.
type pool struct {
	ready chan *Socket // unbuffered: a send succeeds only if a worker waits
	stop  chan struct{}

	mu      sync.Mutex // guards the fields below
	workers int
	idle    int
	stopped bool
	drained chan struct{} // closed when stopped and workers is 0
}

func newPool() *pool {
	return &pool{ready: make(chan *Socket), stop: make(chan struct{}), drained: make(chan struct{})}
}

// run works for s until it has nothing left. It does not block.
func (p *pool) run(s *Socket) {
	select {
	case p.ready <- s:
		return
	default:
	}
	p.mu.Lock()
	p.workers++
	p.mu.Unlock()
	go p.work(s)
}

func (p *pool) work(s *Socket) {
	for ok := true; ok; s, ok = p.next() {
		s.work()
	}
	p.mu.Lock()
	p.workers--
	p.signal()
	p.mu.Unlock()
}

// next waits for another socket, unless enough workers wait already.
func (p *pool) next() (*Socket, bool) {
	p.mu.Lock()
	if p.stopped || p.idle == maxIdleWorkers {
		p.mu.Unlock()
		return nil, false
	}
	p.idle++
	p.mu.Unlock()
	var s *Socket
	select {
	case s = <-p.ready:
	case <-p.stop:
	}
	p.mu.Lock()
	p.idle--
	p.mu.Unlock()
	return s, s != nil
}

// close lets the workers finish and waits for them. Work that comes meanwhile
// is done as well.
func (p *pool) close(ctx context.Context) error {
	p.mu.Lock()
	if !p.stopped {
		p.stopped = true
		close(p.stop)
		p.signal()
	}
	p.mu.Unlock()
	select {
	case <-p.drained:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// signal closes drained once nothing is left. The caller holds mu.
func (p *pool) signal() {
	if !p.stopped || p.workers > 0 {
		return
	}
	select {
	case <-p.drained:
	default:
		close(p.drained)
	}
}
