package gateway

import (
	"context"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
)

// maxWatched is how many users one presence:subscribe may name.
const maxWatched = 200

// subscribePresence answers who is there, as the event presence:users and as
// the acknowledgement. Later changes come as presence:diff for a story, and as
// user:online and user:offline, which everybody gets, for the rest.
func (g *Gateway) subscribePresence(ctx context.Context, s *session, in wire.PresenceSubscribe) (wire.PresenceUsers, error) {
	users, err := g.whoIsThere(ctx, s, in)
	if err != nil {
		return wire.PresenceUsers{}, err
	}
	if s.subscribe() {
		s.socket.Leave(s.announced())
	}
	if in.StoryID != "" {
		if err := g.record(ctx, s); err != nil {
			return wire.PresenceUsers{}, err
		}
	}
	s.emit(wire.PresenceUsersEvent, users)
	return users, nil
}

func (g *Gateway) whoIsThere(ctx context.Context, s *session, in wire.PresenceSubscribe) (wire.PresenceUsers, error) {
	switch {
	case in.StoryID != "":
		return g.followStory(ctx, s, story.ID(in.StoryID), in.Mode)
	case len(in.UserIDs) > maxWatched:
		return wire.PresenceUsers{}, errs.E("gateway.whoIsThere", errs.Validation, "userIds may name at most 200 users.")
	case len(in.UserIDs) > 0:
		return g.whichOf(ctx, wire.UserIDs(in.UserIDs))
	}
	online := g.deps.Presence.Online()
	return wire.PresenceUsers{Users: wire.Map(online.UserIDs, userID), Count: online.Count}, nil
}

// followStory joins before it looks, so that no change falls in between. A
// connection follows a story in one mode, the last it asked for.
func (g *Gateway) followStory(ctx context.Context, s *session, id story.ID, mode string) (wire.PresenceUsers, error) {
	room, other := roomStoryPresence(id), roomStoryCount(id)
	if mode == wire.PresenceCountOnly {
		room, other = other, room
	}
	if _, err := g.deps.Stories.MayRead(ctx, s.user.ID, id); err != nil {
		return wire.PresenceUsers{}, err
	}
	s.socket.Leave(other)
	if err := s.socket.Join(room); err != nil {
		return wire.PresenceUsers{}, errs.E("gateway.followStory", errs.RoomFull, "You have too many stories open in this tab.")
	}
	s.follow([]string{room}, []string{other})
	if _, err := g.deps.Stories.MayRead(ctx, s.user.ID, id); err != nil { // lost in between
		s.socket.Leave(room)
		s.follow(nil, []string{room})
		return wire.PresenceUsers{}, err
	}
	if mode == wire.PresenceCountOnly {
		return wire.PresenceUsers{Users: []string{}, StoryID: string(id), Count: g.deps.Presence.Readers(id)}, nil
	}
	users := wire.PresenceUsersOf(g.deps.Presence.Story(id))
	if mode == wire.PresenceIDs {
		users.Members = nil
	}
	return users, nil
}

func (g *Gateway) whichOf(ctx context.Context, ids []auth.UserID) (wire.PresenceUsers, error) {
	statuses, err := g.deps.Presence.Statuses(ctx, ids)
	if err != nil {
		return wire.PresenceUsers{}, err
	}
	users := []string{}
	for _, id := range ids {
		if statuses[id].Online {
			users = append(users, string(id))
		}
	}
	return wire.PresenceUsers{Users: users, Count: len(users)}, nil
}

// updatePresence changes what others see of the user.
func (g *Gateway) updatePresence(ctx context.Context, s *session, in wire.PresenceUpdate) (wire.PresenceUpdated, error) {
	return wire.PresenceUpdated{}, g.deps.Presence.Update(ctx, s.user.ID, wire.PresenceUpdateOf(in))
}

// getPresence answers who of some people is there, once.
func (g *Gateway) getPresence(ctx context.Context, _ *session, in wire.PresenceGet) (wire.PresenceStatuses, error) {
	statuses, err := g.deps.Presence.Statuses(ctx, wire.UserIDs(in.UserIDs))
	if err != nil {
		return wire.PresenceStatuses{}, err
	}
	return wire.PresenceStatusesOf(statuses), nil
}

// unsubscribePresence ends what is told of presence in a story, or in all.
func (g *Gateway) unsubscribePresence(ctx context.Context, s *session, in wire.PresenceUnsubscribe) (wire.PresenceUnsubscribed, error) {
	id := story.ID(in.StoryID)
	rooms := []string{roomStoryPresence(id), roomStoryCount(id)}
	if in.StoryID == "" {
		rooms = presenceRooms(s.socket.Rooms())
	}
	s.socket.Leave(rooms...)
	s.follow(nil, rooms)
	if s.isRecorded() {
		if err := g.record(ctx, s); err != nil {
			return wire.PresenceUnsubscribed{}, err
		}
	}
	return wire.PresenceUnsubscribed{StoryID: string(in.StoryID)}, nil
}

func userID(id auth.UserID) string { return string(id) }
