package socketio

import (
	"cmp"
	"slices"
	"time"

	"github.com/storywire/storywire/engineio"
)

// logged is an event that may have to be sent again.
type logged struct {
	position uint64
	at       time.Time
	size     int
	frames   []*engineio.Frame
	except   []string
}

// entryOverhead is what an entry of a log costs besides its frames, in bytes.
const entryOverhead = 160

// eventLogs are the events of a namespace that may have to be sent again, each in
// the log of every room it went to.
type eventLogs struct {
	position uint64 // of the last event
	perRoom  int    // bytes, as in Recovery
	total    int
	bytes    int
	rooms    map[string]*roomLog
	everyone roomLog   // events that went to no room in particular
	order    []copyRef // all copies in logs, the oldest first, and some that are gone
	gone     int       // of those at the beginning of order
}

// copyRef is an event in a log.
type copyRef struct {
	log   *roomLog
	event *logged
}

// roomLog is what one room was sent, in order.
type roomLog struct {
	name    string
	events  []*logged
	bytes   int
	dropped uint64    // the last position that was given up for want of room
	at      time.Time // when
}

func newEventLogs(perRoom, total int) eventLogs {
	return eventLogs{perRoom: perRoom, total: total, rooms: map[string]*roomLog{}}
}

// next returns the position of a new event.
func (l *eventLogs) next() uint64 {
	l.position++
	return l.position
}

// add keeps an event that is sent now for the time given; no rooms: everyone.
func (l *eventLogs) add(now time.Time, keep time.Duration, e *logged, rooms []string) {
	e.at, e.size = now, framesSize(e.frames)+entryOverhead
	l.expire(now.Add(-keep))
	if len(rooms) == 0 {
		l.put(&l.everyone, e)
	}
	for i, name := range rooms {
		if slices.Contains(rooms[:i], name) {
			continue
		}
		log := l.rooms[name]
		if log == nil {
			log = &roomLog{name: name}
			l.rooms[name] = log
		}
		l.put(log, e)
	}
	for l.bytes > l.total {
		l.drop(l.order[l.gone], now)
	}
}

func (l *eventLogs) put(log *roomLog, e *logged) {
	log.events = append(log.events, e)
	log.bytes += e.size
	l.bytes += e.size
	l.order = append(l.order, copyRef{log, e})
	for log.bytes > l.perRoom {
		l.giveUp(log, e.at)
	}
}

// giveUp forgets the oldest event of a log for want of room.
func (l *eventLogs) giveUp(log *roomLog, now time.Time) {
	log.dropped, log.at = log.events[0].position, now
	l.shift(log)
}

// shift removes the oldest event of a log.
func (l *eventLogs) shift(log *roomLog) {
	e := log.events[0]
	log.events[0] = nil
	log.events = log.events[1:]
	log.bytes -= e.size
	l.bytes -= e.size
}

// drop forgets the oldest copy of all, if it is still there.
func (l *eventLogs) drop(c copyRef, now time.Time) {
	if len(c.log.events) > 0 && c.log.events[0] == c.event {
		l.giveUp(c.log, now)
	}
	l.advance()
}

// advance moves behind the first entry of order.
func (l *eventLogs) advance() {
	l.order[l.gone] = copyRef{}
	if l.gone++; l.gone > len(l.order)/2 {
		l.order = append(l.order[:0], l.order[l.gone:]...)
		clear(l.order[len(l.order):cap(l.order)])
		l.gone = 0
	}
}

// expire forgets events from before due: who has not seen them is no longer
// waited for. An empty log that gave something up is remembered for as long.
func (l *eventLogs) expire(due time.Time) {
	for l.gone < len(l.order) {
		c := l.order[l.gone]
		if !c.event.at.Before(due) {
			return
		}
		if len(c.log.events) > 0 && c.log.events[0] == c.event {
			l.shift(c.log)
		}
		if len(c.log.events) == 0 && c.log.at.Before(due) && l.rooms[c.log.name] == c.log {
			delete(l.rooms, c.log.name)
		}
		l.advance()
	}
}

// missed returns what a session has missed since a position, in order. It
// reports false if that is not known any more, or is more than limit bytes.
func (l *eventLogs) missed(line *lifeline, offset uint64, limit int) ([]*Packet, bool) {
	stays := append([]stay{{line.id, line.began}}, line.rooms...)
	found, ok := l.everyone.since(nil, max(offset, line.began))
	for _, st := range stays {
		if log := l.rooms[st.room]; log != nil && ok {
			found, ok = log.since(found, max(offset, st.since))
		}
	}
	if !ok || offset > l.position {
		return nil, false
	}
	slices.SortFunc(found, func(a, b *logged) int { return cmp.Compare(a.position, b.position) })
	found = slices.Compact(found) // one event to several rooms
	packets := make([]*Packet, 0, len(found))
	for _, e := range found {
		if slices.ContainsFunc(stays, func(st stay) bool { return slices.Contains(e.except, st.room) }) {
			continue
		}
		if limit -= e.size; limit < 0 {
			return nil, false
		}
		packets = append(packets, &Packet{msg: message{frames: e.frames}})
	}
	return packets, true
}

// since appends the events behind a position; it reports false if some of them
// were given up.
func (log *roomLog) since(found []*logged, position uint64) ([]*logged, bool) {
	if log.dropped > position {
		return found, false
	}
	i, _ := slices.BinarySearchFunc(log.events, position+1, func(e *logged, at uint64) int { return cmp.Compare(e.position, at) })
	return append(found, log.events[i:]...), true
}
