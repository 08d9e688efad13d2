package gateway

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/wire"
)

// typingBoard is what has been told of who types, story by story. Its lock
// makes telling and joining exclude each other, so that a late joiner hears of
// every typist exactly once; emitting under it only appends to a queue.
type typingBoard struct {
	mu      sync.Mutex // guards the fields below; taken before a socket's
	stories map[story.ID]map[auth.UserID]typist
	told    uint64 // transitions so far
}

// typist is somebody who types, and which transition told of it.
type typist struct {
	wire.Typing
	told uint64
}

// TypingChanged tells everybody in the story except the typist's own
// connections. It is not volatile, because typists who start at the same moment
// must not displace each other, and a lost end would show for ever.
func (h *Hub) TypingChanged(_ context.Context, t comment.TypingChange) {
	b := &h.typing
	typing := wire.TypingOf(t)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told++
	if t.Typing {
		if b.stories[t.StoryID] == nil {
			b.stories[t.StoryID] = map[auth.UserID]typist{}
		}
		b.stories[t.StoryID][t.User.ID] = typist{typing, b.told}
	} else {
		delete(b.stories[t.StoryID], t.User.ID)
		if len(b.stories[t.StoryID]) == 0 {
			delete(b.stories, t.StoryID)
		}
	}
	h.tell(h.ns.Local().To(roomStory(t.StoryID)).Except(roomUser(t.User.ID)), wire.CommentTypingEvent, typing)
}

// enter makes s join the story's room. The result is for welcome.
func (h *Hub) enter(s *session, id story.ID) (before uint64, err error) {
	h.typing.mu.Lock()
	defer h.typing.mu.Unlock()
	return h.typing.told, s.socket.Join(roomStory(id))
}

// welcome tells s that it has joined, and then of those who have typed since
// before it did: of the others it has heard as they began.
func (h *Hub) welcome(s *session, before uint64, joined wire.StoryJoined) wire.StoryJoined {
	b := &h.typing
	b.mu.Lock()
	defer b.mu.Unlock()
	typists := b.stories[story.ID(joined.StoryID)]
	joined.Typing = []string{}
	var older []wire.Typing
	for _, id := range slices.Sorted(maps.Keys(typists)) {
		if id == s.user.ID {
			continue
		}
		joined.Typing = append(joined.Typing, string(id))
		if typists[id].told <= before {
			older = append(older, typists[id].Typing)
		}
	}
	s.emit(wire.StoryJoinedEvent, joined)
	for _, t := range older {
		s.emit(wire.CommentTypingEvent, t)
	}
	return joined
}
