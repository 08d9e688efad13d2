package engineio

import "time"

// All sessions share one ping interval and one ping timeout, so two lists in
// the order of insertion are lists in the order of due times: a shard needs a
// single timer, and a session costs two pointers and a due time.

// A beatList is a doubly linked list of sessions through their beat fields.
type beatList struct{ first, last *Session }

// beatPlace is a session's place in its shard's heartbeat.
type beatPlace struct {
	prev, next *Session
	list       *beatList // nil: in none
	due        int64     // nanoseconds since Shard.base
}

// The states of Session.awaited.
const (
	pongNotAwaited uint32 = iota
	pongAwaited
	pongExtended // its time was extended; that happens once per ping
)

func (l *beatList) push(s *Session, due int64) {
	s.beat = beatPlace{prev: l.last, list: l, due: due}
	if l.last == nil {
		l.first = s
	} else {
		l.last.beat.next = s
	}
	l.last = s
}

// leaveBeat takes the session out of the heartbeat.
func (s *Session) leaveBeat() {
	l := s.beat.list
	if l == nil {
		return
	}
	if s.beat.prev == nil {
		l.first = s.beat.next
	} else {
		s.beat.prev.beat.next = s.beat.next
	}
	if s.beat.next == nil {
		l.last = s.beat.prev
	} else {
		s.beat.next.beat.prev = s.beat.prev
	}
	s.beat = beatPlace{}
}

func (sh *Shard) now() int64 { return int64(time.Since(sh.base)) }

// schedulePing makes the session's next ping due one interval after from.
func (sh *Shard) schedulePing(s *Session, from int64) {
	s.leaveBeat()
	sh.pings.push(s, from+int64(sh.srv.opts.PingInterval))
}

// pong handles the arrival of an awaited pong.
func (sh *Shard) pong(s *Session) {
	if s.beat.list == &sh.pongs {
		sh.schedulePing(s, sh.now())
	}
}

// alive extends the wait for a pong: the client is there, its pong may be
// queued behind something large.
func (sh *Shard) alive(s *Session) {
	if s.beat.list == &sh.pongs {
		s.leaveBeat()
		sh.pongs.push(s, sh.now()+int64(sh.srv.opts.PingTimeout))
	}
}

// beat sends the pings that are due and ends the sessions whose pong is
// overdue.
func (sh *Shard) beat() {
	if sh.nextDue() == never {
		return
	}
	now := sh.now()
	for s := sh.pings.first; s != nil && s.beat.due <= now; s = sh.pings.first {
		due := s.beat.due + int64(sh.srv.opts.PingTimeout)
		if now-s.beat.due > int64(maxLag) {
			due = now + int64(sh.srv.opts.PingTimeout) // do not charge the client for our delay
		}
		s.leaveBeat()
		sh.pongs.push(s, due)
		s.awaited.Store(pongAwaited)
		sh.Append(s, pingFrame)
	}
	for _, overdue := range [...]*beatList{&sh.pongs, &sh.silences} {
		for s := overdue.first; s != nil && s.beat.due <= now; s = overdue.first {
			s.leaveBeat()
			if e := (ending{reason: PingTimeout}); s.die(e) {
				(&ended{s, e}).Run(sh) // at once: a poll in this turn comes too late
			}
		}
	}
}

// maxLag is how late a ping may be without its timeout being counted anew.
const maxLag = 50 * time.Millisecond

// arm makes the shard wake when something is due next.
func (sh *Shard) arm() {
	next := min(sh.nextDue(), sh.hold.until)
	if next == never || (next >= sh.armed && sh.armed != 0) {
		return // at the latest when the timer fires this is looked at again
	}
	sh.armed = next
	sh.timer.Reset(time.Duration(next - sh.now()))
}

func (sh *Shard) nextDue() int64 {
	return min(sh.pings.dueFirst(), sh.pongs.dueFirst(), sh.silences.dueFirst())
}

// never is a due time that does not come.
const never = int64(1<<63 - 1)

func (l *beatList) dueFirst() int64 {
	if l.first == nil {
		return never
	}
	return l.first.beat.due
}
