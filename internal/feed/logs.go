package feed

import (
	"cmp"
	"slices"
)

// overhead is what an event costs besides its body, in bytes.
const overhead = 256

// logs are the recent events, by room and by origin, bounded in bytes.
type logs struct {
	max   int
	bytes int
	floor int64 // events up to it are not here
	all   []*Event
	gone  int // entries at the beginning of all that are nil
	rooms map[string][]*Event
}

func newLogs(bytes int, head int64) logs {
	return logs{max: bytes, floor: head, rooms: map[string][]*Event{}}
}

func size(e *Event) int { return e.Body.Size() + overhead }

func (l *logs) add(e *Event) {
	l.all = append(l.all, e)
	l.bytes += size(e)
	for _, room := range l.keys(e) {
		l.rooms[room] = append(l.rooms[room], e)
	}
	for l.bytes > l.max {
		l.drop()
	}
}

// keys are the logs that an event is in: the origin's, which may not be in the room.
func (l *logs) keys(e *Event) []string {
	if e.Origin == "" || e.Except {
		return []string{e.Room}
	}
	return []string{e.Room, originRoom(e.Origin)}
}

func originRoom(origin string) string { return "origin:" + origin }

// drop forgets the oldest event.
func (l *logs) drop() {
	e := l.all[l.gone]
	l.all[l.gone] = nil
	if l.gone++; l.gone > len(l.all)/2 {
		kept := copy(l.all, l.all[l.gone:])
		clear(l.all[kept:])
		l.all, l.gone = l.all[:kept], 0
	}
	l.bytes -= size(e)
	l.floor = e.Pos
	for _, room := range l.keys(e) {
		if log := l.rooms[room]; len(log) == 1 {
			delete(l.rooms, room)
		} else {
			log[0] = nil
			l.rooms[room] = log[1:]
		}
	}
}

// since returns the events of a room above a position, which is not below floor.
func (l *logs) since(room string, after int64) []*Event {
	log := l.rooms[room]
	i, _ := slices.BinarySearchFunc(log, after+1, func(e *Event, pos int64) int { return cmp.Compare(e.Pos, pos) })
	return log[i:]
}
