package gateway

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/feed"
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

	// Who has stopped lately: a client that comes back may not have heard it.
	ended   map[story.ID]map[auth.UserID]typist
	endings []typist // the first first; some of them have typed again since
}

// maxEnded is how many of those who have stopped are remembered. Who comes back
// after more of them may show somebody as typing until that one types again.
const maxEnded = 10_000

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
		b.forget(t.StoryID, t.User.ID)
	} else {
		b.stopped(typist{typing, b.told})
		delete(b.stories[t.StoryID], t.User.ID)
		if len(b.stories[t.StoryID]) == 0 {
			delete(b.stories, t.StoryID)
		}
	}
	h.tell(h.ns.Local().To(roomStory(t.StoryID)).Except(roomUser(t.User.ID)), wire.CommentTypingEvent, typing)
}

// stopped remembers who has stopped. The caller holds mu.
func (b *typingBoard) stopped(t typist) {
	id := story.ID(t.StoryID)
	if b.ended[id] == nil {
		b.ended[id] = map[auth.UserID]typist{}
	}
	b.ended[id][auth.UserID(t.UserID)] = t
	b.endings = append(b.endings, t)
	if len(b.endings) > maxEnded {
		oldest := b.endings[0]
		b.endings = b.endings[1:]
		if id, user := story.ID(oldest.StoryID), auth.UserID(oldest.UserID); b.ended[id][user].told == oldest.told {
			b.forget(id, user)
		}
	}
}

// forget forgets that somebody has stopped. The caller holds mu.
func (b *typingBoard) forget(id story.ID, user auth.UserID) {
	delete(b.ended[id], user)
	if len(b.ended[id]) == 0 {
		delete(b.ended, id)
	}
}

// retell makes right what s, which carries on another connection, may believe of
// who types: it has heard the beginning of some, but perhaps not the end. The
// caller holds the board's mu.
func (h *Hub) retell(s *session) {
	for _, j := range s.joinedStories() {
		for _, user := range slices.Sorted(maps.Keys(h.typing.ended[j])) {
			if user != s.user.ID {
				s.emit(wire.CommentTypingEvent, h.typing.ended[j][user].Typing)
			}
		}
		for _, user := range slices.Sorted(maps.Keys(h.typing.stories[j])) {
			if user == s.user.ID {
				continue
			}
			typing := h.typing.stories[j][user].Typing
			typing.IsTyping = false // once it is, however often it was told
			s.emit(wire.CommentTypingEvent, typing)
			typing.IsTyping = true
			s.emit(wire.CommentTypingEvent, typing)
		}
	}
}

// enter makes s join the story's room. The result is for welcome.
func (h *Hub) enter(s *session, id story.ID, first bool) (before uint64, err error) {
	// While nothing is told, so that the position is where it starts to hear.
	h.feed.Hold(nil, func(m feed.Missed) {
		h.typing.mu.Lock()
		defer h.typing.mu.Unlock()
		before = h.typing.told
		if err = s.socket.Join(roomStory(id)); err == nil && first {
			s.entered(id, m.Cursor)
		}
	})
	return before, err
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
