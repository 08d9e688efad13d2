package engineio

import (
	"runtime"
	"time"
)

// A shard gathers before it writes, because each write costs more than all the
// rest: what it applied may have set handlers going, and clients go on sending.
// maxRounds bounds that, and with it the delay.
const maxRounds = 8

func (sh *Shard) run() {
	defer close(sh.done)
	defer sh.timer.Stop()
	defer sh.stopPoller()
	for sh.wait() {
		sh.beat() // first: what arrives after its session's time is late
		for range maxRounds {
			n := sh.applyAll()
			if sh.look(); n == 0 && !sh.busy {
				break
			}
		}
		if !sh.holds() {
			sh.flushAll()
		}
		sh.arm()
	}
}

// look reads from connections that are ready and lets other goroutines run:
// those that handle what was read, and those that read.
func (sh *Shard) look() {
	sh.busy = sh.poll()
	runtime.Gosched()
}

// lookEvery is after how many writes a shard looks what has arrived. A round of
// writes may take milliseconds; what is read meanwhile reaches all shards before
// their next round and shares its writes.
const lookEvery = 64

// flushAll writes to all sessions that have something, once. What arrives
// meanwhile shares the writes that are still to come; sessions that had theirs
// come in the next round.
func (sh *Shard) flushAll() {
	o := &sh.outboxes[sh.gathers]
	if len(o.dirty) == 0 {
		return
	}
	sh.gathers ^= 1
	sh.hold.begin(sh)
	for i, s := range o.dirty {
		sh.flush(s)
		if (i+1)%lookEvery == 0 {
			sh.look()
			sh.applyAll()
		}
	}
	sh.hold.end(sh, o)
	sh.forgetJoined()
	o.reset()
	sh.busy = sh.busy || len(sh.outboxes[sh.gathers].dirty) > 0
}

// A hold makes rounds of writes wait for messages of other processes. These come
// a while after the local ones that were sent at the same time, and would cost
// members a second write.
type hold struct {
	met     int64 // when such messages were joined; 0: not lately, then nothing waits
	arrived int64 // when something came last
	began   int64 // the round of writes
	cost    int64 // of one write in it, in nanoseconds
	joins   bool  // a write of it had several messages
	until   int64 // when the round that waits begins; never: none waits
}

// A round waits until nothing has come for a lull, at most so long as holdFactor
// rounds like it take, at most maxHold. That ends holdFor after messages of other
// processes were joined.
const (
	lull       = time.Millisecond
	holdFactor = 4
	maxHold    = 10 * time.Millisecond
	holdFor    = 100 * time.Millisecond
)

// Gather tells that what the running task appends comes from another process, so
// that more may be on its way: if it shares writes with other messages, the writes
// that follow wait for more, for milliseconds at most.
func (sh *Shard) Gather() { sh.outboxes[sh.gathers].afar = true }

// holds reports whether the next round of writes waits.
func (sh *Shard) holds() bool {
	h, o := &sh.hold, &sh.outboxes[sh.gathers]
	h.until = never
	if h.met == 0 || len(o.dirty) == 0 {
		return false
	}
	now := sh.now()
	if now-h.met > int64(holdFor) {
		h.met = 0
		return false
	}
	until := min(h.arrived+int64(lull), o.since+min(holdFactor*h.cost*int64(len(o.dirty)), int64(maxHold)))
	if until <= now {
		return false
	}
	h.until = until
	return true
}

// came notes that something was applied.
func (h *hold) came(sh *Shard) { h.arrived = h.clock(sh) }

// begin notes that a round of writes begins.
func (h *hold) begin(sh *Shard) { h.began, h.joins = h.clock(sh), false }

// wrote notes a write. Attachments are part of the message before them.
func (h *hold) wrote(n *node) {
	if n.joins() && !n.frame.binary {
		h.joins = true
	}
}

// end learns from a round of writes to what o has.
func (h *hold) end(sh *Shard, o *outbox) {
	h.cost = 0
	if h.met != 0 {
		h.cost = (sh.now() - h.began) / int64(len(o.dirty))
	}
	if h.joins && (o.afar || sh.outboxes[sh.gathers].afar) {
		h.met = sh.now()
	}
}

// clock returns the time if anything may wait.
func (h *hold) clock(sh *Shard) int64 {
	if h.met == 0 {
		return 0
	}
	return sh.now()
}
