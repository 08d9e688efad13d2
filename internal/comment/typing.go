package comment

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// defaultTypingTTL outlives a pause for thought between two refreshes of a client (every 3-5 s).
const defaultTypingTTL = 8 * time.Second

// minExpiry is the least time between two looks at who fell silent: each looks at everybody.
const minExpiry = 100 * time.Millisecond

// maxTypists is how many people are shown typing in one story; more are not counted.
const maxTypists = 200

// TypingChange is a transition: somebody began to type in a story, or ended.
type TypingChange struct {
	StoryID story.ID
	User    user.Profile
	Typing  bool
}

// TypingOptions of a Typing.
type TypingOptions struct {
	TTL      time.Duration    // default 8 s
	Now      func() time.Time // default time.Now
	Announce func(context.Context, TypingChange)
	Bus      Bus // to the other nodes; nil: there are none
}

// Typing knows who types where, counted over connections: somebody types in a
// story from the first connection that says so until none does, whichever node
// it came to. Only transitions are announced, in order, by the goroutine of
// [Typing.Run]. It may be used by many goroutines at once.
type Typing struct {
	opts TypingOptions
	node string // this one, for the others
	wake chan struct{}

	mu      sync.Mutex // guards the fields below
	stories map[story.ID]map[auth.UserID]*typist
	conns   map[string][]typingPlace // where a connection types, to find it when it goes
	news    []TypingChange           // not yet announced
	mail    []typingMessage          // to other nodes, not yet published
}

type typist struct {
	profile user.Profile
	began   time.Time
	conns   map[string]time.Time // when each connection's typing expires; another node counts as one
	here    int                  // of conns, those of this node
	mailed  time.Time            // when the other nodes were told last
}

type typingPlace struct {
	story story.ID
	user  auth.UserID
}

// NewTyping returns a Typing in which nobody types.
func NewTyping(opts TypingOptions) *Typing {
	if opts.TTL <= 0 {
		opts.TTL = defaultTypingTTL
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Typing{
		opts: opts, node: rand.Text(), wake: make(chan struct{}, 1),
		stories: make(map[story.ID]map[auth.UserID]*typist),
		conns:   make(map[string][]typingPlace),
	}
}

// Begin says that p types in a story over conn, or still does.
func (t *Typing) Begin(conn string, id story.ID, p user.Profile) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begin(conn, id, p)
}

// begin callers hold mu.
func (t *Typing) begin(conn string, id story.ID, p user.Profile) {
	typists := t.stories[id]
	if typists == nil {
		typists = make(map[auth.UserID]*typist)
		t.stories[id] = typists
	}
	who := typists[p.ID]
	now := t.opts.Now()
	if who == nil {
		if len(typists) >= maxTypists {
			return
		}
		who = &typist{profile: p, began: now, conns: make(map[string]time.Time, 1)}
		typists[p.ID] = who
		t.tell(TypingChange{StoryID: id, User: p, Typing: true})
	}
	if _, ok := who.conns[conn]; !ok {
		t.conns[conn] = append(t.conns[conn], typingPlace{id, p.ID})
		if !isNode(conn) {
			who.here++
		}
	}
	who.conns[conn] = now.Add(t.opts.TTL)
	if !isNode(conn) && now.Sub(who.mailed) >= t.opts.TTL/refreshes {
		who.mailed = now
		t.post(typingMessage{Kind: typingOn, Story: id, User: p.ID, Name: p.DisplayName, Picture: p.AvatarURL})
	}
}

// End says that a user does not type in a story over conn any more.
func (t *Typing) End(conn string, id story.ID, userID auth.UserID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end(conn, typingPlace{id, userID})
}

// Posted ends a user's typing in a story over all connections.
func (t *Typing) Posted(id story.ID, userID auth.UserID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stories[id][userID] != nil {
		t.post(typingMessage{Kind: typingPosted, Story: id, User: userID})
	}
	t.posted(id, userID)
}

// posted callers hold mu.
func (t *Typing) posted(id story.ID, userID auth.UserID) {
	who := t.stories[id][userID]
	if who == nil {
		return
	}
	for conn := range who.conns {
		t.end(conn, typingPlace{id, userID})
	}
}

// Disconnected ends all typing over conn.
func (t *Typing) Disconnected(conn string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, place := range slices.Clone(t.conns[conn]) {
		t.end(conn, place)
	}
}

// end callers hold mu.
func (t *Typing) end(conn string, place typingPlace) {
	who := t.stories[place.story][place.user]
	if who == nil {
		return
	}
	if _, ok := who.conns[conn]; !ok {
		return
	}
	delete(who.conns, conn)
	places := slices.DeleteFunc(t.conns[conn], func(p typingPlace) bool { return p == place })
	if t.conns[conn] = places; len(places) == 0 {
		delete(t.conns, conn)
	}
	if !isNode(conn) {
		if who.here--; who.here == 0 {
			who.mailed = time.Time{}
			t.post(typingMessage{Kind: typingOff, Story: place.story, User: place.user})
		}
	}
	if len(who.conns) > 0 {
		return
	}
	delete(t.stories[place.story], place.user)
	if len(t.stories[place.story]) == 0 {
		delete(t.stories, place.story)
	}
	t.tell(TypingChange{StoryID: place.story, User: who.profile})
}

// tell callers hold mu.
func (t *Typing) tell(c TypingChange) {
	t.news = append(t.news, c)
	t.signal()
}

func (t *Typing) signal() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Typists returns who types in a story now, in the order they began.
func (t *Typing) Typists(id story.ID) []user.Profile {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]*typist, 0, len(t.stories[id]))
	for _, who := range t.stories[id] {
		all = append(all, who)
	}
	slices.SortFunc(all, func(a, b *typist) int {
		return cmp.Or(a.began.Compare(b.began), cmp.Compare(a.profile.ID, b.profile.ID))
	})
	profiles := make([]user.Profile, len(all))
	for i, who := range all {
		profiles[i] = who.profile
	}
	return profiles
}

// Run announces transitions and ends the typing of those who fell silent,
// until ctx ends. It returns nil.
func (t *Typing) Run(ctx context.Context) error {
	expiry := time.NewTimer(time.Hour)
	expiry.Stop()
	armed := false
	if t.opts.Bus != nil {
		defer t.opts.Bus.Subscribe(typingChannel, t.receive)()
	}
	for {
		t.publish()
		for _, c := range t.takeNews() {
			t.opts.Announce(ctx, c)
		}
		// Whoever begins later expires later: an armed timer stays right.
		if !armed && t.anyone() {
			expiry.Reset(t.opts.TTL)
			armed = true
		}
		select {
		case <-ctx.Done():
			expiry.Stop()
			return nil
		case <-t.wake:
		case <-expiry.C:
			next := t.expire()
			if armed = next > 0; armed {
				expiry.Reset(next)
			}
		}
	}
}

func (t *Typing) takeNews() []TypingChange {
	t.mu.Lock()
	defer t.mu.Unlock()
	news := t.news
	t.news = nil
	return news
}

func (t *Typing) anyone() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.stories) > 0
}

// expire ends what has expired and says how long until more will; 0 if nobody types.
func (t *Typing) expire() (next time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.opts.Now()
	for id, typists := range t.stories {
		for userID, who := range typists {
			for conn, expires := range who.conns {
				left := expires.Sub(now)
				if left <= 0 {
					t.end(conn, typingPlace{id, userID})
				} else if next == 0 || left < next {
					next = left
				}
			}
		}
	}
	if next > 0 {
		next = max(next, minExpiry)
	}
	return next
}

// SetTyping says that caller types in a story, or no longer, over the connection conn.
func (s *Service) SetTyping(ctx context.Context, caller auth.UserID, conn string, id story.ID, typing bool) error {
	if !typing {
		s.typing.End(conn, id, caller)
		return nil
	}
	if id == "" || len(id) > story.MaxID {
		return errs.E("comment.SetTyping", errs.Validation, "Typing needs the story it happens in.")
	}
	if _, err := s.deps.Stories.MayComment(ctx, caller, id); err != nil {
		return err
	}
	s.typing.Begin(conn, id, s.deps.People.Profile(ctx, caller))
	return nil
}

// StopTyping ends caller's typing over conn in one story: conn left it.
func (s *Service) StopTyping(conn string, caller auth.UserID, id story.ID) {
	s.typing.End(conn, id, caller)
}

// Disconnected ends all typing over conn.
func (s *Service) Disconnected(conn string) { s.typing.Disconnected(conn) }

// Typists returns who types in a story now, in the order they began.
func (s *Service) Typists(id story.ID) []user.Profile { return s.typing.Typists(id) }
