package gateway

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/feed"
	"github.com/storywire/storywire/internal/recovery"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

const (
	// reachWait is how long a client that is ahead of this node, because it comes
	// from another one, waits until the node has caught up.
	reachWait = 5 * time.Second
	// prepareTries is how often a replay is read again because newer events have
	// displaced what it was read against.
	prepareTries = 3
	maxPID       = 64 // bytes
)

// ticket is what a client that comes back sends with CONNECT.
type ticket struct {
	PID    string
	Offset string
}

// readTicket returns what auth has of a ticket. What is none is ignored: the
// client starts anew.
func readTicket(auth []byte) ticket {
	var fields struct{ PID, Offset any }
	if len(auth) == 0 || json.Unmarshal(auth, &fields) != nil {
		return ticket{}
	}
	pid, _ := fields.PID.(string)
	offset, _ := fields.Offset.(string)
	if len(pid) > maxPID {
		return ticket{}
	}
	return ticket{pid, offset}
}

// comeBack finds out what the client of a is to carry on, ends the connection
// that still has it, and reads what the client has missed. fresh is the position
// from which a new connection starts.
func (g *Gateway) comeBack(ctx context.Context, a *arrival, t ticket, fresh int64) error {
	s := a.session
	if t.PID != "" {
		now := g.opts.Now()
		record, ok, err := g.deps.Sessions.TakeSession(ctx, t.PID, s.user.ID, s.id, now, now.Add(-g.opts.RecoveryWindow))
		if err != nil {
			return errs.Wrap("gateway.comeBack", err)
		}
		g.hub.supersede(fence{s.user.ID, t.PID, s.id})
		if ok {
			if err := g.restore(ctx, a, record); err != nil {
				return err
			}
		}
	}
	known := false
	if t.Offset != "" {
		var err error
		if a.from, known, err = g.reach(ctx, t.Offset); err != nil {
			return err
		}
		a.lost = !known
	}
	user := feed.Want{Room: roomUser(s.user.ID), After: fresh}
	if known {
		user.After = a.from
	} else {
		a.from = fresh
	}
	a.wants = append(a.wants, user)
	for _, j := range s.stories {
		switch {
		case a.lost:
			a.gaps = append(a.gaps, roomStory(j.id))
		case known:
			a.wants = append(a.wants, feed.Want{Room: roomStory(j.id), After: max(a.from, j.since)})
		default: // it has heard nothing yet
			a.wants = append(a.wants, feed.Want{Room: roomStory(j.id), After: j.since})
			a.from = min(a.from, j.since)
		}
	}
	if a.lost {
		a.gaps = append(a.gaps, roomUser(s.user.ID))
	}
	return g.prepare(ctx, a)
}

func (g *Gateway) prepare(ctx context.Context, a *arrival) (err error) {
	a.replay, err = g.hub.feed.Prepare(ctx, a.wants, a.session.sid)
	return errs.Wrap("gateway.prepare", err)
}

// reach reads the position that a client has come to, and waits until this node
// has come as far. ok is false if no event of this database has that position.
func (g *Gateway) reach(ctx context.Context, offset string) (pos int64, ok bool, err error) {
	pos, ok = g.hub.position(offset)
	if !ok {
		return 0, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, reachWait)
	defer cancel()
	ok, err = g.hub.feed.Reach(ctx, pos)
	return pos, ok, errs.Wrap("gateway.reach", err)
}

// restore gives a's session what the record says, as far as its user still may.
func (g *Gateway) restore(ctx context.Context, a *arrival, r recovery.Record) error {
	s := a.session
	s.pid, s.sid = r.PID, r.State.SID
	s.recorded, s.subscribed = true, r.State.Subscribed
	a.recovered = true
	for _, st := range r.State.Stories {
		role, ok, err := g.mayRead(ctx, s, st.ID)
		if err != nil {
			return err
		}
		if !ok {
			a.revoked = append(a.revoked, st.ID)
			continue
		}
		position, err := g.deps.Comments.Position(ctx, st.ID)
		if err != nil {
			return err
		}
		s.stories = append(s.stories, joined{id: st.ID, count: st.Count, since: st.Since, role: role})
		a.rooms = append(a.rooms, wire.RoomState{StoryID: string(st.ID), Role: role.String(), Epoch: position.Epoch, Seq: position.Seq})
	}
	for _, room := range r.State.Follows {
		if _, ok, err := g.mayRead(ctx, s, storyOfPresenceRoom(room)); err != nil {
			return err
		} else if ok {
			s.follows = append(s.follows, room)
		}
	}
	return nil
}

// mayRead reports whether the session's user may read a story, and as whom.
func (g *Gateway) mayRead(ctx context.Context, s *session, id story.ID) (role story.Role, ok bool, err error) {
	access, err := g.deps.Stories.MayRead(ctx, s.user.ID, id)
	switch errs.CodeOf(err) {
	case errs.NotFound, errs.Forbidden:
		return story.None, false, nil
	}
	if err != nil {
		return story.None, false, err
	}
	return access.RoleOf(s.user.ID), true, nil
}

// storyOfPresenceRoom returns the story that a room of presence is about.
func storyOfPresenceRoom(room string) story.ID {
	return story.ID(room[strings.LastIndexByte(room, ':')+1:])
}

// begin lets the client of an arrival in: it is told what it has missed and joins
// its rooms in one step, so that it hears every event once.
func (g *Gateway) begin(s *socketio.Socket, admit func(socketio.Admission) bool) error {
	a, ok := s.Data().(*arrival)
	if !ok { // only a mistake of ours
		return errs.E("gateway.begin", errs.Internal, "")
	}
	if !g.hub.sessions.add(a.session, g.opts.SocketsPerUser) { // others were faster
		g.letRetry(s, tooManyTabs())
		return refusal(tooManyTabs())
	}
	admitted := false
	enter := func(m feed.Missed) { admitted = g.hub.arrive(a, m, admit) }
	for try := 1; !g.hub.feed.Hold(a.replay, enter); try++ {
		if try == prepareTries {
			for _, w := range a.wants {
				a.gaps = append(a.gaps, w.Room)
			}
			a.replay = nil
		} else if err := g.prepare(s.Context(), a); err != nil {
			g.hub.sessions.remove(a.session)
			g.letRetry(s, err)
			return refusal(err)
		}
	}
	if !admitted {
		g.hub.sessions.remove(a.session)
	}
	return nil
}

// arrive admits a connection. The feed calls it while nothing is told.
func (h *Hub) arrive(a *arrival, m feed.Missed, admit func(socketio.Admission) bool) (admitted bool) {
	h.typing.mu.Lock()
	defer h.typing.mu.Unlock()
	s := a.session
	enter := func(group string) {
		s.mu.Lock()
		s.group = group
		rooms := append([]string{roomOnline, roomUser(s.user.ID)}, s.follows...)
		for _, j := range s.stories {
			rooms = append(rooms, roomStory(j.id))
		}
		if !s.subscribed {
			rooms = append(rooms, group)
		}
		if s.id != s.sid { // services speak to a connection by its own id
			rooms = append(rooms, s.id)
		}
		s.mu.Unlock()
		admitted = admit(socketio.Admission{
			ID: s.sid, PID: s.pid, Recovered: a.recovered, Rooms: rooms, After: h.greeting(a, m),
		})
	}
	h.herald.arrive(s.sid, enter)
	if admitted {
		h.retell(s)
	}
	return admitted
}

// greeting returns what a connection is told first: session:ready, the gaps, and
// what it has missed. It stands behind the answer to CONNECT: before it a client
// would keep what it got of a greeting that broke off, and play it twice.
func (h *Hub) greeting(a *arrival, m feed.Missed) []*socketio.Packet {
	gaps := slices.Concat(m.Gaps, a.gaps)
	at := m.Cursor
	if len(m.Events)+len(gaps) > 0 && !a.lost {
		at = min(at, a.from) // should the connection break within the greeting
	}
	a.ready.Recovered, a.ready.Rooms = a.recovered, append([]wire.RoomState{}, a.rooms...)
	a.ready.Position = wire.Position{Epoch: h.epoch, Seq: m.Cursor}
	packets := h.appendPacket(nil, h.encode(wire.SessionReadyEvent, a.ready, at))
	for _, room := range gaps {
		gap := h.gap(a.session.user.ID, room, a.from, m.Cursor, a.lost)
		if packet, err := h.ns.Encode(wire.SyncGapEvent, gap); err == nil { // strings and numbers
			packets = append(packets, packet)
		}
	}
	for _, e := range m.Events {
		packets = h.appendPacket(packets, e.Body)
	}
	return packets
}

// gap tells somebody that events of a room are missing. lost: because the
// position is none of this database's.
func (h *Hub) gap(user auth.UserID, room string, from, to int64, lost bool) wire.SyncGap {
	gap := wire.SyncGap{Room: nameFor(user, room), Epoch: h.epoch, From: from, To: to, Reason: wire.GapOverflow}
	if lost {
		gap.Reason = wire.GapExpired
	}
	return gap
}

// appendPacket leaves out what could not be encoded, which is logged.
func (h *Hub) appendPacket(packets []*socketio.Packet, body feed.Body) []*socketio.Packet {
	if packet, ok := body.(*socketio.Packet); ok {
		packets = append(packets, packet)
	}
	return packets
}

// supersede ends a connection whose session another one carries on. Its record
// and its rooms are the other's now.
func (s *session) supersede() {
	s.mu.Lock()
	s.ended, s.superseded = true, true
	s.mu.Unlock()
	s.gateway.hub.sessions.remove(s) // now: it must not count against the new one
	s.socket.Supersede()
}
