package gateway

import (
	"context"
	"errors"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

// joinStory lets the connection hear a story. It answers with story:joined also
// where an acknowledgement was asked for: listeners of the event rely on it.
func (g *Gateway) joinStory(ctx context.Context, s *session, in wire.StoryJoin) (wire.StoryJoined, error) {
	id := story.ID(in.StoryID)
	access, err := g.deps.Stories.MayRead(ctx, s.user.ID, id)
	if err != nil {
		return wire.StoryJoined{}, err
	}
	role := access.RoleOf(s.user.ID)
	first, ok := s.join(id, role)
	if !ok {
		return wire.StoryJoined{}, errs.E("gateway.joinStory", errs.Unavailable, "The connection has ended.")
	}
	before, err := g.hub.enter(s, id, first)
	if err != nil {
		s.leave(id)
		if errors.Is(err, socketio.ErrRoom) {
			return wire.StoryJoined{}, errs.E("gateway.joinStory", errs.RoomFull, "You have too many stories open in this tab.")
		}
		return wire.StoryJoined{}, errs.Wrap("gateway.joinStory", err)
	}
	// Again after joining: whoever lost the right in between was not yet here to be taken out.
	if _, err := g.deps.Stories.MayRead(ctx, s.user.ID, id); err != nil {
		g.leave(s, id)
		return wire.StoryJoined{}, err
	}
	if err := g.record(ctx, s); err != nil {
		g.leave(s, id)
		return wire.StoryJoined{}, err
	}
	if first {
		g.deps.Presence.Enter(presence.ConnectionID(s.id), id)
	}
	// Read after joining: every comment above this position comes live.
	position, err := g.deps.Comments.Position(ctx, id)
	if err != nil {
		g.leave(s, id)
		return wire.StoryJoined{}, errors.Join(err, g.record(ctx, s))
	}
	return g.hub.welcome(s, before, wire.StoryJoined{
		StoryID: string(id),
		Role:    role.String(),
		Epoch:   position.Epoch,
		Seq:     position.Seq,
		Online:  g.deps.Presence.Readers(id),
	}), nil
}

// leaveStory takes back one join; a leave without a join does nothing.
func (g *Gateway) leaveStory(ctx context.Context, s *session, in wire.StoryLeave) (wire.StoryLeft, error) {
	id := story.ID(in.StoryID)
	left := wire.StoryLeft{StoryID: string(in.StoryID), Reason: wire.LeftByWish}
	if !s.has(id) {
		return left, nil
	}
	last := g.leave(s, id)
	if err := g.record(ctx, s); err != nil {
		return left, err
	}
	if last {
		s.emit(wire.StoryLeftEvent, left)
	}
	return left, nil
}

// leave takes back one join and reports whether it was the last.
func (g *Gateway) leave(s *session, id story.ID) (last bool) {
	if last = s.leave(id); last {
		g.vacate(s, id)
	}
	return last
}

// revoke takes a connection out of a story that its user may no longer read.
func (g *Gateway) revoke(s *session, id story.ID) {
	s.socket.Leave(roomStoryPresence(id), roomStoryCount(id))
	if s.drop(id) {
		g.vacate(s, id)
		s.emit(wire.StoryLeftEvent, wire.StoryLeft{StoryID: string(id), Reason: wire.LeftByRevoke})
	}
}

// recheck takes a connection out of a story if its user may no longer read it,
// and else remembers the role they have now.
func (g *Gateway) recheck(ctx context.Context, s *session, id story.ID) {
	access, err := g.deps.Stories.MayRead(ctx, s.user.ID, id)
	switch code := errs.CodeOf(err); {
	case err == nil:
		s.promote(id, access.RoleOf(s.user.ID))
	case code == errs.Forbidden || code == errs.NotFound:
		g.revoke(s, id)
	default: // the database does not answer: neither does it for what needs the right
		g.opts.Logger.Warn("check rights again", "error", err)
	}
}

func (g *Gateway) vacate(s *session, id story.ID) {
	s.socket.Leave(roomStory(id))
	g.deps.Comments.StopTyping(s.id, s.user.ID, id)
	g.deps.Presence.Leave(presence.ConnectionID(s.id), id)
}
