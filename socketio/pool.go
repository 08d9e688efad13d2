package socketio

import (
	"context"
	"sync"
)

// maxIdleWorkers bounds the goroutines that wait for the next job.
// They are kept because their stacks have grown to what handlers need.
const maxIdleWorkers = 256

// A job is what a worker does: usually a socket's events, until none is left.
type job interface{ work() }

// pool runs jobs: each on one goroutine at a time, which takes another job when
// the first has nothing left.
//
// As long as jobs wait, one worker more than those that work is on its way to
// them: so a handler that blocks holds up nobody, while handlers that do not are
// run by few workers without waking one for each event.
type pool struct {
	wake chan struct{} // has room for all idle workers
	stop chan struct{}

	mu      sync.Mutex // guards the fields below
	ready   []job      // that wait, from next on
	next    int
	waking  bool // a worker is on its way
	workers int
	idle    int
	stopped bool
	drained chan struct{} // closed when stopped and workers is 0
}

func newPool() *pool {
	return &pool{wake: make(chan struct{}, maxIdleWorkers), stop: make(chan struct{}), drained: make(chan struct{})}
}

// run has a worker do j. It does not block.
func (p *pool) run(j job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = append(p.ready, j)
	p.summon()
}

// summon sees to it that a worker comes if jobs wait. The caller holds mu.
func (p *pool) summon() {
	if p.waking && !p.stopped || p.next == len(p.ready) {
		return
	}
	p.waking = true
	if p.idle > 0 && !p.stopped {
		p.idle--
		p.wake <- struct{}{}
		return
	}
	p.workers++
	go p.work()
}

func (p *pool) work() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		p.waking = false
		for j := p.take(); j != nil; j = p.take() {
			p.summon()
			p.mu.Unlock()
			j.work()
			p.mu.Lock()
		}
		if p.stopped || p.idle == maxIdleWorkers {
			p.workers--
			p.signal()
			return
		}
		p.idle++
		p.mu.Unlock()
		select {
		case <-p.wake:
		case <-p.stop:
		}
		p.mu.Lock()
	}
}

// take returns the job that has waited longest, or nil. The caller holds mu.
func (p *pool) take() job {
	if p.next == len(p.ready) {
		return nil
	}
	j := p.ready[p.next]
	p.ready[p.next] = nil
	p.next++
	switch {
	case p.next == len(p.ready):
		p.ready, p.next = p.ready[:0], 0
	case p.next >= 1024 && p.next > len(p.ready)/2:
		p.ready = append(p.ready[:0], p.ready[p.next:]...)
		p.next = 0
	}
	return j
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
