package gateway

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/feed"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/internal/wire"
)

// History reads the durable events that the database has. People come without
// their names.
type History interface {
	// Epoch names the database that positions belong to.
	Epoch() string
	// Head returns the position of the last committed event.
	Head(ctx context.Context) (int64, error)
	// StoryComments returns the newest comments of a story above a position, in
	// order and at most limit.
	StoryComments(ctx context.Context, id story.ID, after int64, limit int) ([]comment.Comment, error)
	// InboxNews returns the newest notifications of a user, and what the user has
	// read, above a position: each in order and at most limit.
	InboxNews(ctx context.Context, id auth.UserID, after int64, limit int) ([]notification.Stored, []notification.Read, error)
	// Committed returns all events with after < position <= upTo, each kind in order.
	Committed(ctx context.Context, after, upTo int64) ([]comment.Comment, []notification.Stored, []notification.Read, error)
}

// People tells who somebody is, as user.Directory does.
type People interface {
	Profiles(ctx context.Context, ids []auth.UserID) map[auth.UserID]user.Profile
}

// source is a History as the feed reads it.
type source struct {
	hub     *Hub
	history History
	people  People
}

var _ feed.Source = source{}

// Head implements feed.Source.
func (s source) Head(ctx context.Context) (int64, error) { return s.history.Head(ctx) }

// Range implements feed.Source.
func (s source) Range(ctx context.Context, after, upTo int64) ([]*feed.Event, error) {
	cs, news, reads, err := s.history.Committed(ctx, after, upTo)
	if err != nil {
		return nil, err
	}
	return s.events(ctx, cs, news, reads), nil
}

// Room implements feed.Source.
func (s source) Room(ctx context.Context, room string, after int64, limit int) ([]*feed.Event, error) {
	if id, ok := strings.CutPrefix(room, roomStory("")); ok {
		cs, err := s.history.StoryComments(ctx, story.ID(id), after, limit)
		return s.events(ctx, cs, nil, nil), err
	}
	id := auth.UserID(strings.TrimPrefix(room, roomUser("")))
	news, reads, err := s.history.InboxNews(ctx, id, after, limit)
	events := s.events(ctx, nil, news, reads)
	return events[max(0, len(events)-limit):], err
}

// events returns what was stored as it would have been told, in order.
func (s source) events(ctx context.Context, cs []comment.Comment, news []notification.Stored, reads []notification.Read) []*feed.Event {
	var ids []auth.UserID
	for _, c := range cs {
		ids = append(ids, c.User.ID)
	}
	for _, n := range news {
		if id := n.Notification.Actor.ID; id != "" {
			ids = append(ids, id)
		}
	}
	var people map[auth.UserID]user.Profile
	if len(ids) > 0 {
		slices.Sort(ids)
		people = s.people.Profiles(ctx, slices.Compact(ids))
	}
	events := make([]*feed.Event, 0, len(cs)+len(news)+len(reads))
	for _, c := range cs {
		c.User = people[c.User.ID]
		events = append(events, s.hub.commentEvent(c, ""))
	}
	for _, n := range news {
		if id := n.Notification.Actor.ID; id != "" {
			n.Notification.Actor = people[id]
		}
		events = append(events, s.hub.notificationEvent(n))
	}
	for _, r := range reads {
		events = append(events, s.hub.readEvent(r.UserID, r.Marked, ""))
	}
	slices.SortFunc(events, func(a, b *feed.Event) int { return cmp.Compare(a.Pos, b.Pos) })
	return events
}

// commentEvent tells everybody in the story, and the connection it came from
// whether or not it is there.
func (h *Hub) commentEvent(c comment.Comment, origin string) *feed.Event {
	return &feed.Event{
		Pos: c.Pos, Room: roomStory(c.StoryID), Origin: origin,
		Body: h.encode(wire.CommentCreatedEvent, wire.CommentOf(c), c.Pos),
	}
}

// notificationEvent tells all connections of the user.
func (h *Hub) notificationEvent(n notification.Stored) *feed.Event {
	payload := wire.NotificationNew{Notification: wire.NotificationOf(n.Notification), Counts: wire.CountsOf(n.Counts)}
	return &feed.Event{
		Pos: n.Pos, Room: roomUser(n.Notification.UserID),
		Body: h.encode(wire.NotificationNewEvent, payload, n.Pos),
	}
}

// readEvent tells the other connections of the user.
func (h *Hub) readEvent(id auth.UserID, m notification.Marked, origin string) *feed.Event {
	return &feed.Event{
		Pos: m.Pos, Room: roomUser(id), Origin: origin, Except: true,
		Body: h.encode(wire.NotificationUpdatedEvent, wire.NotificationUpdatedOf(m), m.Pos),
	}
}
