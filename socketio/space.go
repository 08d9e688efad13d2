package socketio

import (
	"slices"

	"github.com/storywire/storywire/engineio"
)

// space is one shard's part of a namespace. Only the shard's goroutine touches
// it, and the seats of its sockets.
type space struct {
	members []member
	ids     map[string]*Socket
	rooms   map[string]*room
	epoch   uint64   // number of the last selection
	picked  []member // scratch of pick
	watch   *roomWatch
	heard   uint64 // position of the last broadcast, see Recovery
}

// member is a socket in a list, with its session beside it: broadcasting to a
// room then touches no socket.
type member struct {
	session *engineio.Session
	socket  *Socket
}

type room struct {
	name    string
	members []member
}

// seat is a socket's place in its space.
type seat struct {
	taken bool
	at    int32  // index in space.members
	mark  uint64 // epoch of the last selection that met the socket
	rooms []ticket
}

// ticket is a socket's place in a room.
type ticket struct {
	room  *room
	at    int32  // index in room.members
	since uint64 // position of the last broadcast before it joined, see Recovery
}

func (sp *space) add(s *Socket) {
	s.seat.taken = true
	s.seat.at = int32(len(sp.members))
	sp.members = append(sp.members, member{s.conn.session, s})
	sp.ids[s.id] = s
	sp.watch.count(s.id, true, 1)
}

func (sp *space) remove(s *Socket) {
	if !s.seat.taken {
		return
	}
	for _, t := range s.seat.rooms {
		sp.vacate(t)
	}
	last := len(sp.members) - 1
	moved := sp.members[last]
	sp.members[s.seat.at] = moved
	moved.socket.seat.at = s.seat.at
	sp.members[last] = member{}
	sp.members = sp.members[:last]
	if sp.ids[s.id] == s { // not a socket's that carries this one on
		delete(sp.ids, s.id)
		sp.watch.count(s.id, true, -1)
	}
	s.seat = seat{}
}

func (sp *space) join(s *Socket, name string) {
	if !s.seat.taken || slices.ContainsFunc(s.seat.rooms, func(t ticket) bool { return t.room.name == name }) {
		return
	}
	r := sp.rooms[name]
	if r == nil {
		r = &room{name: name}
		sp.rooms[name] = r
		sp.watch.count(name, false, 1)
	}
	s.seat.rooms = append(s.seat.rooms, ticket{r, int32(len(r.members)), sp.heard})
	r.members = append(r.members, member{s.conn.session, s})
}

// resume makes a socket hear its rooms from where the session it carries on did.
func (sp *space) resume(s *Socket, line *lifeline) {
	for i := range s.seat.rooms {
		t := &s.seat.rooms[i]
		if j := slices.IndexFunc(line.rooms, func(st stay) bool { return st.room == t.room.name }); j >= 0 {
			t.since = line.rooms[j].since
		}
	}
}

func (sp *space) leave(s *Socket, name string) {
	i := slices.IndexFunc(s.seat.rooms, func(t ticket) bool { return t.room.name == name })
	if i < 0 {
		return
	}
	sp.vacate(s.seat.rooms[i])
	s.seat.rooms = slices.Delete(s.seat.rooms, i, i+1)
}

// vacate takes the member at t out of its room: the last takes its place.
func (sp *space) vacate(t ticket) {
	r := t.room
	last := len(r.members) - 1
	moved := r.members[last]
	r.members[t.at] = moved
	r.members[last] = member{}
	r.members = r.members[:last]
	if last == 0 {
		delete(sp.rooms, r.name)
		sp.watch.count(r.name, false, -1)
		return
	}
	for i := range moved.socket.seat.rooms {
		if other := &moved.socket.seat.rooms[i]; other.room == r {
			other.at = t.at
		}
	}
}

// pick returns the target's members, each once. The result is valid until rest
// is called; it may be the room's own list.
func (sp *space) pick(t Target) []member {
	if len(t.Except) == 0 {
		switch len(t.Rooms) {
		case 0:
			return sp.members
		case 1:
			name := t.Rooms[0]
			if r := sp.rooms[name]; r != nil && sp.ids[name] == nil {
				return r.members
			}
		}
	}
	sp.epoch++
	for _, name := range t.Except {
		if s := sp.ids[name]; s != nil {
			s.seat.mark = sp.epoch
		}
		if r := sp.rooms[name]; r != nil {
			for _, m := range r.members {
				m.socket.seat.mark = sp.epoch
			}
		}
	}
	if len(t.Rooms) == 0 {
		sp.pickUnmarked(sp.members)
	}
	for _, name := range t.Rooms {
		if s := sp.ids[name]; s != nil {
			sp.pickUnmarked([]member{{s.conn.session, s}})
		}
		if r := sp.rooms[name]; r != nil {
			sp.pickUnmarked(r.members)
		}
	}
	return sp.picked
}

func (sp *space) pickUnmarked(members []member) {
	for _, m := range members {
		if m.socket.seat.mark != sp.epoch {
			m.socket.seat.mark = sp.epoch
			sp.picked = append(sp.picked, m)
		}
	}
}

// rest ends the use of what pick returned.
func (sp *space) rest() {
	clear(sp.picked) // it must not keep sockets alive
	sp.picked = sp.picked[:0]
}

// joinFromAfar is a Join that was not asked for by the socket's own methods.
func (sp *space) joinFromAfar(s *Socket, names []string) {
	limits := s.ns.srv.opts.Limits
	for _, name := range names {
		if name == s.id || len(name) > limits.RoomName || len(s.seat.rooms) >= limits.Rooms {
			continue
		}
		sp.join(s, name)
	}
	s.readBack()
}

// leaveFromAfar is a Leave that was not asked for by the socket's own methods.
func (sp *space) leaveFromAfar(s *Socket, names []string) {
	for _, name := range names {
		sp.leave(s, name)
	}
	s.readBack()
}

// readBack makes s.rooms tell what the shard knows: now, or when the changes
// that are on their way have arrived. Only the shard calls it.
func (s *Socket) readBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = true
	s.refresh()
}

// roomsSettled notes that a change has arrived at the shard. Only the shard
// calls it.
func (s *Socket) roomsSettled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending--
	s.refresh()
}

// refresh reads the rooms back if that is due. The caller is the shard and
// holds mu.
func (s *Socket) refresh() {
	if !s.stale || s.pending > 0 || s.state.Load() != stateConnected {
		return
	}
	s.stale = false
	s.rooms = s.rooms[:0]
	for _, t := range s.seat.rooms {
		s.rooms = append(s.rooms, t.room.name)
	}
}
