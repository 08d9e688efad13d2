package gateway

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

// roomOnline holds every connection that has been told session:ready.
const roomOnline = "online"

func roomStory(id story.ID) string         { return "story:" + string(id) }
func roomStoryPresence(id story.ID) string { return "presence:story:" + string(id) }
func roomStoryCount(id story.ID) string    { return "presence:count:" + string(id) }

// presenceRooms returns those of rooms that tell of presence in a story.
func presenceRooms(rooms []string) []string {
	return slices.DeleteFunc(rooms, func(room string) bool {
		return !strings.HasPrefix(room, roomStoryPresence("")) && !strings.HasPrefix(room, roomStoryCount(""))
	})
}

func roomUser(id auth.UserID) string { return "user:" + string(id) }

// HubOptions of a Hub. The zero value means the defaults.
type HubOptions struct {
	// AnnounceEvery is how often connections that never subscribed to presence
	// are told again who is online. Default 30 s.
	AnnounceEvery time.Duration
	Now           func() time.Time // default time.Now
	Logger        *slog.Logger     // default slog.Default()
}

// Hub tells the news of the services to the rooms they concern. None of its
// methods blocks.
type Hub struct {
	ns       *socketio.Namespace
	log      *slog.Logger
	sessions registry
	typing   typingBoard
	herald   *herald

	// door is locked by a connection between its session:ready and its rooms,
	// so that whatever its client does upon the one finds the other.
	door sync.RWMutex
}

var (
	_ comment.Publisher   = (*Hub)(nil)
	_ notification.Pusher = (*Hub)(nil)
	_ presence.Announcer  = (*Hub)(nil)
	_ story.Announcer     = (*Hub)(nil)
)

// NewHub returns a Hub that tells the sockets of ns.
func NewHub(ns *socketio.Namespace, o HubOptions) *Hub {
	if o.AnnounceEvery <= 0 {
		o.AnnounceEvery = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	h := &Hub{ns: ns, log: o.Logger}
	h.sessions.byUser = map[auth.UserID][]*session{}
	h.typing.stories = map[story.ID]map[auth.UserID]typist{}
	h.herald = newHerald(ns, o, h.sessions.size, h.tell)
	return h
}

// Run tells who is online, in batches, until ctx ends. It returns nil.
func (h *Hub) Run(ctx context.Context) error {
	h.herald.run(ctx)
	return nil
}

// Drain tells everybody that the server is about to stop: they come back by themselves.
func (h *Hub) Drain() {
	h.tell(h.ns.To(roomOnline), wire.SessionClosingEvent, wire.SessionClosing{Reason: wire.ClosingDrain})
}

// arrive tells s that it is ready and lets it hear the news from then on.
func (h *Hub) arrive(s *session, ready wire.SessionReady) {
	h.door.Lock()
	defer h.door.Unlock()
	s.emit(wire.SessionReadyEvent, ready)
	err := h.herald.arrive(s.id, func(group string) error {
		s.group = group
		return s.socket.Join(roomOnline, roomUser(s.user.ID), group)
	})
	if err != nil && !errors.Is(err, socketio.ErrDisconnected) {
		h.log.Error("join", "error", err)
	}
}

// tell emits to rooms and logs what can only be a mistake of ours.
func (h *Hub) tell(to socketio.Operator, event string, payload any) {
	if err := to.Emit(event, payload); err != nil {
		h.log.Error("emit", "event", event, "error", err)
	}
}

// CommentCreated tells everybody in the story, and the connection it came from
// whether or not it is there: each once.
func (h *Hub) CommentCreated(_ context.Context, c comment.Comment, origin string) {
	to := h.ns.To(roomStory(c.StoryID))
	if origin != "" {
		to = h.ns.To(roomStory(c.StoryID), origin)
	}
	h.tell(to, wire.CommentCreatedEvent, wire.CommentOf(c))
}

// NotificationCreated tells all connections of the user.
func (h *Hub) NotificationCreated(_ context.Context, n notification.Stored) {
	h.door.RLock()
	defer h.door.RUnlock()
	h.tell(h.ns.To(roomUser(n.Notification.UserID)), wire.NotificationNewEvent, wire.NotificationNew{
		Notification: wire.NotificationOf(n.Notification), Counts: wire.CountsOf(n.Counts),
	})
}

// NotificationsRead tells the other connections of the user.
func (h *Hub) NotificationsRead(_ context.Context, id auth.UserID, m notification.Marked, origin string) {
	h.door.RLock()
	defer h.door.RUnlock()
	to := h.ns.To(roomUser(id))
	if origin != "" {
		to = to.Except(origin)
	}
	h.tell(to, wire.NotificationUpdatedEvent, wire.NotificationUpdatedOf(m))
}

// UserOnline tells everybody, in the next batch.
func (h *Hub) UserOnline(_ context.Context, id auth.UserID, since time.Time) {
	h.herald.change(id, true, since)
}

// UserOffline tells everybody, in the next batch.
func (h *Hub) UserOffline(_ context.Context, id auth.UserID, lastSeen time.Time) {
	h.herald.change(id, false, lastSeen)
}

// UserAvailability tells everybody, in the next batch.
func (h *Hub) UserAvailability(_ context.Context, id auth.UserID, a presence.Availability, at time.Time) {
	h.herald.attention(id, a, at)
}

// StoryCounted tells who follows how many are in the story.
func (h *Hub) StoryCounted(_ context.Context, id story.ID, c presence.Count) {
	h.tell(h.ns.Local().To(roomStoryCount(id)), wire.PresenceCountEvent, wire.StoryCountOf(id, c))
}

// StoryChanged tells who follows the story's presence. It is not volatile: the
// last one before a quiet time would be missed for long.
func (h *Hub) StoryChanged(_ context.Context, d presence.Diff) {
	h.tell(h.ns.Local().To(roomStoryPresence(d.StoryID)), wire.PresenceDiffEvent, wire.PresenceDiffOf(d))
}

// AccessUnknown asks for every connection again whether it may read what it has
// joined.
func (h *Hub) AccessUnknown(ctx context.Context) {
	for _, s := range h.sessions.all() {
		for _, id := range s.joinedStories() {
			s.gateway.recheck(ctx, s, id)
		}
	}
}

// AccessChanged takes the user's connections out of a story that they may no
// longer read.
func (h *Hub) AccessChanged(_ context.Context, id story.ID, userID auth.UserID, role story.Role) {
	sessions := h.sessions.of(userID)
	if len(sessions) > 0 { // whoever is not here has no document open here
		sessions[0].gateway.deps.Edits.AccessChanged(id, userID)
	}
	for _, s := range sessions {
		if role == story.None {
			s.gateway.revoke(s, id)
		} else {
			s.promote(id, role)
		}
	}
}
