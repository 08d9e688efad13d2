package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/feed"
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

// HubOptions of a Hub. The zero value of each optional field means its default.
type HubOptions struct {
	History History
	People  People
	Bus     Bus // to the other nodes; nil: there are none
	// Guests are the sockets of other Socket.IO servers; nil: there are none.
	Guests Guests
	// Shared says that other processes commit to the same database: what no
	// message tells of is then looked for there.
	Shared bool

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
	bus      Bus
	guests   Guests
	epoch    string
	feed     *feed.Feed
	sessions registry
	typing   typingBoard
	herald   *herald
}

var (
	_ comment.Publisher   = (*Hub)(nil)
	_ notification.Pusher = (*Hub)(nil)
	_ presence.Announcer  = (*Hub)(nil)
	_ story.Announcer     = (*Hub)(nil)
)

// NewHub returns a Hub that tells the sockets of ns what happens from now on.
func NewHub(ctx context.Context, ns *socketio.Namespace, o HubOptions) (*Hub, error) {
	if o.AnnounceEvery <= 0 {
		o.AnnounceEvery = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	h := &Hub{ns: ns, log: o.Logger, bus: o.Bus, guests: o.Guests, epoch: o.History.Epoch()}
	h.sessions.byUser = map[auth.UserID][]*session{}
	h.typing.stories = map[story.ID]map[auth.UserID]typist{}
	h.typing.ended = map[story.ID]map[auth.UserID]typist{}
	h.herald = newHerald(ns, o, h.sessions.size, h.tell)
	fo := feed.Options{Source: source{h, o.History, o.People}, Deliver: h.deliver, Alone: o.Bus == nil && !o.Shared, Logger: o.Logger}
	if o.Bus != nil {
		fo.Publish = h.publish
	}
	var err error
	if h.feed, err = feed.Open(ctx, fo); err != nil {
		return nil, fmt.Errorf("open the feed: %w", err)
	}
	return h, nil
}

// Run tells who is online, in batches, and the durable events of all nodes,
// until ctx ends. It returns nil.
func (h *Hub) Run(ctx context.Context) error {
	if h.bus != nil {
		defer h.bus.Subscribe(feedChannel, h.receive)()
		defer h.bus.Subscribe(fenceChannel, h.fenced)()
		defer h.bus.OnGap(h.feed.Nudge)()
	}
	var wg sync.WaitGroup
	wg.Go(func() { h.herald.run(ctx) })
	err := h.feed.Run(ctx)
	wg.Wait()
	return err
}

// Drain tells everybody that the server is about to stop: they come back by themselves.
func (h *Hub) Drain() {
	h.tell(h.ns.Local().To(roomOnline), wire.SessionClosingEvent, wire.SessionClosing{Reason: wire.ClosingDrain})
}

// tell emits to rooms and logs what can only be a mistake of ours.
func (h *Hub) tell(to socketio.Operator, event string, payload any) {
	if err := to.Emit(event, payload); err != nil {
		h.log.Error("emit", "event", event, "error", err)
	}
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
