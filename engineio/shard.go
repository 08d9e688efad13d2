package engineio

import (
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// A Shard owns the write half of a part of the server's sessions. One
// goroutine runs its tasks and writes to its sessions.
//
// It works in turns: it takes everything that waits in its inbox, applies it
// to the outboxes of its sessions, then writes once to each session that has
// something. An idle shard adds no delay; under load the turns, and with them
// the writes, grow by themselves. Between two turns, and during long ones, it
// reads from those of its connections that its poller says are ready.
type Shard struct {
	srv   *Server
	index int

	// mu guards the inbox. Only the gate's lock is taken while it is held.
	mu        sync.Mutex
	inbox     []entry
	asleep    bool // the goroutine waits on wake
	due       bool // the timer fired: a heartbeat may be due
	ready     bool // connections may be read from
	congested bool // the inbox is above Options.MaxBacklog
	stopped   bool

	wake chan struct{}
	done chan struct{}

	// The rest belongs to the shard's goroutine.
	spare []entry
	timer *time.Timer // calls ring
	base  time.Time   // dues are nanoseconds since
	armed int64       // when timer fires, or 0
	pings beatList    // sessions whose next ping is due, in order
	pongs beatList    // sessions whose pong is due, in order
	// silences are sessions of revision 3, by when their ping is overdue.
	silences beatList
	outboxes [2]outbox // one gathers while the other is written
	gathers  uint8     // which one
	joined   []byte    // the bytes of the path joinedOf
	joinedOf *node
	writer   rawWriter
	hold     hold
	poller   *poller // nil until a connection needs it
	busy     bool    // the poller or the outbox that gathers may have more
}

// A Task runs on a shard's goroutine. It must not block.
type Task interface{ Run(sh *Shard) }

// An entry is one thing in an inbox, held by value.
type entry struct {
	kind  entryKind
	sess  *Session
	frame *Frame
	task  Task
}

type entryKind uint8

const (
	entryTask     entryKind = iota
	entrySend               // sess, frame
	entryVolatile           // sess, frame
	entryPong               // sess: its pong arrived
	entryAlive              // sess: something else arrived while a pong was due
	entryPing               // sess: a ping of a client of revision 3
	entryResume             // sess: it is not paused any more
)

// spareInbox is how many entries an idle shard keeps room for; a burst's
// larger slice is given back.
const spareInbox = 4096

func newShard(srv *Server, index int) *Shard {
	sh := &Shard{
		srv:   srv,
		index: index,
		wake:  make(chan struct{}, 1),
		done:  make(chan struct{}),
		base:  time.Now(),
	}
	sh.timer = time.AfterFunc(time.Hour, sh.ring)
	sh.timer.Stop()
	sh.writer.init()
	sh.hold.until = never
	return sh
}

// Index returns the shard's place in Server.Shards.
func (sh *Shard) Index() int { return sh.index }

// Post queues a task. Tasks and messages of one poster run in the order in
// which they were posted. Post never blocks and may be called by any
// goroutine, also by a task. After the server was closed tasks are dropped.
func (sh *Shard) Post(t Task) { sh.put(entry{kind: entryTask, task: t}) }

func (sh *Shard) put(e entry) {
	sh.mu.Lock()
	sh.inbox = append(sh.inbox, e)
	sh.posted()
}

// putAll queues frames for one session with nothing between them.
func (sh *Shard) putAll(kind entryKind, s *Session, frames []*Frame) {
	sh.mu.Lock()
	for _, f := range frames {
		sh.inbox = append(sh.inbox, entry{kind: kind, sess: s, frame: f})
	}
	sh.posted()
}

// posted ends put; it unlocks mu.
func (sh *Shard) posted() {
	if sh.stopped {
		sh.inbox = nil
	}
	if !sh.congested && len(sh.inbox) > sh.srv.opts.MaxBacklog {
		sh.congested = true
		sh.srv.gate.shut()
	}
	sh.rouse()
}

// ring is what the timer calls.
func (sh *Shard) ring() {
	sh.mu.Lock()
	sh.due = true
	sh.rouse()
}

// readable makes the shard look at its poller.
func (sh *Shard) readable() {
	sh.mu.Lock()
	sh.ready = true
	sh.rouse()
}

// rouse unlocks mu and wakes the goroutine.
func (sh *Shard) rouse() {
	wake := sh.asleep
	sh.asleep = false
	sh.mu.Unlock()
	if wake {
		sh.wake <- struct{}{} // has room: one wake per sleep
	}
}

// wait returns when there are entries, a heartbeat may be due or connections may
// be read from; it reports false once the shard was stopped. It waits on one
// channel only: to wait on the timer's channel too would take the timer in and
// out of the runtime's heap with every turn.
func (sh *Shard) wait() (ok bool) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for len(sh.inbox) == 0 && !sh.due && !sh.ready && !sh.busy {
		if sh.stopped {
			return false
		}
		sh.asleep = true
		sh.mu.Unlock()
		<-sh.wake
		sh.mu.Lock()
	}
	if sh.due {
		sh.due, sh.armed = false, 0
	}
	sh.ready = false
	return true
}

// take returns the entries that wait.
func (sh *Shard) take() []entry {
	sh.mu.Lock()
	batch := sh.inbox
	sh.inbox = sh.spare
	sh.spare = nil
	reopen := sh.congested
	sh.congested = false
	sh.mu.Unlock()
	if reopen {
		sh.srv.reopen()
	}
	return batch
}

// startPoller makes the poller. If that fails, later connections get
// goroutines.
func (sh *Shard) startPoller() error {
	if sh.poller != nil {
		return nil
	}
	p, err := newPoller(sh)
	if err != nil {
		sh.srv.polls.Store(false)
		sh.srv.opts.Logger.Warn("engineio: no poller", slog.Any("err", err))
		return err
	}
	sh.poller = p
	return nil
}

func (sh *Shard) stopPoller() {
	if sh.poller != nil {
		sh.poller.close()
	}
}

// applyAll applies what waits in the inbox and returns how many entries that were.
func (sh *Shard) applyAll() int {
	batch := sh.take()
	for i := 0; i < len(batch); {
		i = sh.apply(batch, i)
	}
	clear(batch)
	if cap(batch) <= spareInbox {
		sh.spare = batch[:0]
	}
	if len(batch) > 0 {
		sh.hold.came(sh)
	}
	return len(batch)
}

// apply applies the entries from i on and returns the next index: the end, or
// the one behind a task that panicked.
func (sh *Shard) apply(batch []entry, i int) (next int) {
	next = len(batch)
	defer func() {
		if v := recover(); v != nil {
			sh.srv.opts.Logger.Error("engineio: task panicked",
				slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
			next = i + 1
		}
	}()
	for ; i < len(batch); i++ {
		e := &batch[i]
		switch e.kind {
		case entryTask:
			e.task.Run(sh)
		case entrySend:
			sh.Append(e.sess, e.frame)
		case entryVolatile:
			sh.AppendVolatile(e.sess, e.frame)
		case entryPong:
			sh.pong(e.sess)
		case entryAlive:
			sh.alive(e.sess)
		case entryPing:
			sh.clientPing(e.sess)
		case entryResume:
			e.sess.resume()
		}
	}
	return next
}

// stop ends the goroutine once its inbox is empty.
func (sh *Shard) stop() {
	sh.mu.Lock()
	sh.stopped = true
	sh.rouse()
	<-sh.done
}

// A gate makes readers wait while a shard is behind.
type gate struct {
	mu     sync.Mutex // guards behind
	cond   sync.Cond
	behind int // number of congested shards
	closed atomic.Bool
}

func (g *gate) shut() {
	g.mu.Lock()
	g.behind++
	g.closed.Store(true)
	g.mu.Unlock()
}

// open reports whether no shard is behind any more.
func (g *gate) open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.behind--
	if g.behind > 0 {
		return false
	}
	g.closed.Store(false)
	g.cond.Broadcast()
	return true
}

// reopen opens the gate for one shard and, if no other keeps it shut, makes all
// of them read again.
func (srv *Server) reopen() {
	if srv.gate.open() {
		for _, sh := range srv.shards {
			sh.readable()
		}
	}
}

// pass returns when no shard is behind.
func (g *gate) pass() {
	if !g.closed.Load() {
		return
	}
	g.mu.Lock()
	for g.behind > 0 {
		g.cond.Wait()
	}
	g.mu.Unlock()
}
