//go:build unix

package main

import (
	"bytes"
	"runtime"
	"sync"
	"syscall"
	"time"
)

type kind uint8

const (
	send kind = iota
	broadcast
	join
	leave
	flushed
)

// entry is one thing to do for a shard.
type entry struct {
	kind  kind
	conn  *conn
	room  string
	frame []byte
}

// shard owns the write half and the room membership of its connections.
type shard struct {
	mu    sync.Mutex // guards inbox
	inbox []entry
	wake  chan struct{}

	rooms map[string][]*conn
	dirty []*conn
	batch []byte
	// write's arguments and results: a closure kept, so that a write allocates nothing.
	write func(fd uintptr) bool
	n     int
	err   error
}

func newShard() *shard {
	s := &shard{wake: make(chan struct{}, 1), rooms: map[string][]*conn{}}
	s.write = func(fd uintptr) bool {
		s.n, s.err = syscall.Write(int(fd), s.batch)
		return true
	}
	go s.run()
	return s
}

func (s *shard) post(e entry) {
	s.mu.Lock()
	s.inbox = append(s.inbox, e)
	first := len(s.inbox) == 1
	s.mu.Unlock()
	if first {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// run takes all that waits, makes one write per connection, and repeats.
func (s *shard) run() {
	var work []entry
	for range s.wake {
		for {
			// Readers that are ready now come first: what they bring is joined.
			runtime.Gosched()
			s.mu.Lock()
			work, s.inbox = s.inbox, work[:0]
			s.mu.Unlock()
			if len(work) == 0 {
				break
			}
			for i := range work {
				s.apply(&work[i])
			}
			clear(work)
			for _, c := range s.dirty {
				s.flush(c)
			}
			s.dirty = s.dirty[:0]
		}
	}
}

func (s *shard) apply(e *entry) {
	switch e.kind {
	case send:
		s.queue(e.conn, e.frame)
	case broadcast:
		for _, c := range s.rooms[e.room] {
			s.queue(c, e.frame)
		}
	case join:
		s.rooms[e.room] = append(s.rooms[e.room], e.conn)
		e.conn.rooms = append(e.conn.rooms, e.room)
	case leave:
		for _, room := range e.conn.rooms {
			m := s.rooms[room]
			for i, c := range m {
				if c == e.conn {
					m[i] = m[len(m)-1]
					m[len(m)-1] = nil
					s.rooms[room] = m[:len(m)-1]
					break
				}
			}
			if len(s.rooms[room]) == 0 {
				delete(s.rooms, room)
			}
		}
	case flushed:
		e.conn.blocked = false
		if len(e.conn.out) > 0 && !e.conn.dirty {
			e.conn.dirty = true
			s.dirty = append(s.dirty, e.conn)
		}
	}
}

func (s *shard) queue(c *conn, frame []byte) {
	c.out = append(c.out, frame)
	if !c.dirty {
		c.dirty = true
		s.dirty = append(s.dirty, c)
	}
}

func (s *shard) flush(c *conn) {
	c.dirty = false
	if c.blocked {
		return
	}
	joined := s.batch[:0]
	if len(c.out) == 1 {
		s.batch = c.out[0]
	} else {
		for _, f := range c.out {
			joined = append(joined, f...)
		}
		s.batch = joined
	}
	clear(c.out)
	c.out = c.out[:0]
	err := c.rc.Write(s.write)
	if err == nil && s.err != nil && s.err != syscall.EAGAIN {
		err = s.err
	}
	if rest := s.batch[max(s.n, 0):]; err == nil && len(rest) > 0 {
		c.blocked = true
		go c.finish(bytes.Clone(rest))
	}
	s.batch = joined
}

// finish writes what the kernel did not take at once.
func (c *conn) finish(rest []byte) {
	_ = c.nc.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.nc.Write(rest); err != nil {
		c.nc.Close()
		return
	}
	c.sh.post(entry{kind: flushed, conn: c})
}
