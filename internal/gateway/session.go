package gateway

import (
	"slices"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/ratelimit"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/socketio"
)

// session is the record of one connection: who it is and what it has joined.
// It knows its socket, but nothing in it depends on that one, so that another
// socket can carry it on.
type session struct {
	id      string // of the connection, which alone has it
	sid     string // of the socket, which a connection that carries it on has too: the origin of what it writes
	pid     string // the client's secret; see package recovery
	gateway *Gateway
	socket  *socketio.Socket
	user    user.Profile
	group   string // the room of its announcements

	mu         sync.Mutex // guards the fields below
	ended      bool
	superseded bool // another connection carries it on
	stories    []joined
	follows    []string  // rooms of presence
	subscribed bool      // has asked for presence, so that it needs no announcements
	recorded   bool      // there is a record of it
	parties    []play.ID // that hear of this connection's end

	expiry expiry // guarded by the expiryQueue

	// Only the handlers of the socket's events use these, one at a time. Most
	// connections need none of them.
	ctrl, eph  *ratelimit.Bucket
	doc        *ratelimit.Bucket // updates of documents
	docBytes   *ratelimit.Bucket // and their sizes
	cursor     *ratelimit.Bucket // awareness
	violations *ratelimit.Violations
	dropped    int // ephemeral events
}

// joined is a story that a session has joined.
type joined struct {
	id    story.ID
	count int   // joins minus leaves: two components may show one story
	since int64 // it hears what comes after this position
	role  story.Role
}

// join counts a join; first says that it is the first of the story. ok is
// false if the session has ended meanwhile.
func (s *session) join(id story.ID, role story.Role) (first, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false, false
	}
	if i := s.index(id); i >= 0 {
		s.stories[i].count++
		s.stories[i].role = role
		return false, true
	}
	s.stories = append(s.stories, joined{id: id, count: 1, role: role})
	return true, true
}

// leave takes one join back; last says that it was the last of the story.
func (s *session) leave(id story.ID) (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(id)
	if i < 0 {
		return false
	}
	if s.stories[i].count--; s.stories[i].count > 0 {
		return false
	}
	s.stories = slices.Delete(s.stories, i, i+1)
	return true
}

// drop takes all joins of a story back and reports whether there were any.
func (s *session) drop(id story.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(id)
	if i < 0 {
		return false
	}
	s.stories = slices.Delete(s.stories, i, i+1)
	return true
}

// entered remembers from where on the session hears a story.
func (s *session) entered(id story.ID, since int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.index(id); i >= 0 {
		s.stories[i].since = since
	}
}

// follow remembers that the session follows rooms of presence, instead of others.
func (s *session) follow(rooms, instead []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.follows = slices.DeleteFunc(s.follows, func(room string) bool { return slices.Contains(instead, room) })
	for _, room := range rooms {
		if !slices.Contains(s.follows, room) {
			s.follows = append(s.follows, room)
		}
	}
}

// promote remembers a changed role.
func (s *session) promote(id story.ID, role story.Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.index(id); i >= 0 {
		s.stories[i].role = role
	}
}

// joinedStories returns what the session has joined; the slice is the caller's.
func (s *session) joinedStories() []story.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]story.ID, len(s.stories))
	for i, j := range s.stories {
		ids[i] = j.id
	}
	return ids
}

func (s *session) has(id story.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index(id) >= 0
}

// announced returns the room of the session's announcements.
func (s *session) announced() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.group
}

// subscribe reports whether it is the session's first subscription to presence.
func (s *session) subscribe() (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first = !s.subscribed
	s.subscribed = true
	return first
}

func (s *session) isRecorded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recorded
}

// end closes the record: nothing can be joined any more.
func (s *session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}

// index returns where the story is in s.stories, or -1. The caller holds mu.
func (s *session) index(id story.ID) int {
	return slices.IndexFunc(s.stories, func(j joined) bool { return j.id == id })
}

// violate counts a refused event and reports whether that makes it abuse.
func (s *session) violate(now time.Time) (abuse bool) {
	if s.violations == nil {
		s.violations = new(ratelimit.Violations)
	}
	return s.violations.Add(now)
}
