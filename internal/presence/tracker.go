package presence

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// Defaults of Options.
const (
	defaultGrace     = 10 * time.Second       // longer than a reload, shorter than patience
	defaultDiffEvery = 250 * time.Millisecond // four times a second
	defaultListed    = 1000
)

// Options of a Tracker. The zero value means the defaults.
type Options struct {
	Grace     time.Duration    // how long somebody stays online after the last connection was lost; default 10 s
	DiffEvery time.Duration    // least time between two diffs of a story; default 250 ms
	MaxListed int              // users in one Online, members in one Snapshot; default 1000
	Now       func() time.Time // default time.Now
	Logger    *slog.Logger     // default: discard
}

// Tracker knows who is online and who is in which story, counted over
// connections and nodes. It may be used by many goroutines at once.
type Tracker struct {
	store     Store
	announcer Announcer
	opts      Options
	wake      chan struct{} // there is news, or a first thing to wait for
	seenWake  chan struct{} // there is something to store

	mu      sync.Mutex // guards the fields below
	people  map[auth.UserID]*person
	visible int // of people
	conns   map[ConnectionID]*connection
	rooms   map[story.ID]*room
	dirty   map[story.ID]*room // with a diff to tell
	flushed time.Time          // when diffs were told last
	counts  map[story.ID]Count // to be told
	counted time.Time          // when counts were told last
	graces  []grace            // ends of grace, the next first
	news    []transition
	seen    map[auth.UserID]time.Time // to be stored
	peers   *Replica                  // nil: there are no other nodes
}

// person is somebody who is online at some node.
type person struct {
	profile   user.Profile
	mood      Mood
	moodAt    time.Time // of mood and invisible: the newest word counts, whichever node it came to
	invisible bool
	visible   bool // counted, listed, and told of
	since     time.Time
	hold
	stays map[story.ID]*stay
}

// stay is somebody's being in a story.
type stay struct {
	since time.Time
	hold
}

// hold is why somebody is there.
type hold struct {
	conns  int       // connections of this node
	lostAt time.Time // when the last of them was lost; zero while there is one
	here   bool      // this node holds: it has a connection, or had one less than a grace ago
	nodes  []string  // other nodes that hold
}

func (h *hold) none() bool { return !h.here && len(h.nodes) == 0 }

type connection struct {
	user    auth.UserID
	stories []story.ID
}

// grace is when to look whether somebody, or somebody in a story, came back.
type grace struct {
	at     time.Time
	lostAt time.Time
	user   auth.UserID
	story  story.ID // empty: the user as a whole
}

// transition is a person's coming online, going offline, or change of availability.
type transition struct {
	user         auth.UserID
	online       bool
	availability Availability // set: it is this that changed
	at           time.Time
}

// NewTracker returns a tracker. Nothing is announced and nobody goes offline
// unless [Tracker.Run] runs.
func NewTracker(store Store, announcer Announcer, opts Options) *Tracker {
	if opts.Grace <= 0 {
		opts.Grace = defaultGrace
	}
	if opts.DiffEvery <= 0 {
		opts.DiffEvery = defaultDiffEvery
	}
	if opts.MaxListed <= 0 {
		opts.MaxListed = defaultListed
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Tracker{
		store: store, announcer: announcer, opts: opts,
		wake: make(chan struct{}, 1), seenWake: make(chan struct{}, 1),
		people: make(map[auth.UserID]*person), conns: make(map[ConnectionID]*connection),
		rooms: make(map[story.ID]*room), dirty: make(map[story.ID]*room), counts: make(map[story.ID]Count),
		seen: make(map[auth.UserID]time.Time),
	}
}

// Hides reports whether somebody who connects does not want to be seen.
func (t *Tracker) Hides(ctx context.Context, id auth.UserID) (bool, error) {
	if invisible, known := t.knows(id); known {
		return invisible, nil
	}
	invisible, err := t.store.Invisible(ctx, id)
	return invisible, errs.Wrap("presence.Hides", err)
}

func (t *Tracker) knows(id auth.UserID) (invisible, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	who := t.people[id]
	return who != nil && who.invisible, who != nil
}

// Connect says that a user has a new connection. hides is what Hides said before;
// what was said of a person who is there counts more.
func (t *Tracker) Connect(conn ConnectionID, p user.Profile, hides bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.conns[conn]; ok {
		return
	}
	t.conns[conn] = &connection{user: p.ID}
	who := t.people[p.ID]
	if who == nil {
		who = t.add(p.ID, t.opts.Now())
		who.invisible = hides
	}
	who.profile, who.lostAt = p, time.Time{}
	if who.conns++; !who.here {
		who.here = true
		t.changedHere(p.ID)
	}
	t.settle(p.ID, who, who.since)
}

// add and the other small methods below are called with mu held.
func (t *Tracker) add(id auth.UserID, since time.Time) *person {
	who := &person{since: since, stays: make(map[story.ID]*stay)}
	t.people[id] = who
	return who
}

// settle tells of a person what has become of them: they can be seen, or not
// any more, or are gone altogether. vanished: they could be seen until now.
func (t *Tracker) settle(id auth.UserID, who *person, at time.Time) (vanished bool) {
	visible := !who.none() && !who.invisible
	switch {
	case visible && !who.visible:
		who.visible = true
		t.visible++
		t.tell(transition{user: id, online: true, at: who.since})
		if a := who.mood.Availability; a != "" && a != Available {
			t.tell(transition{user: id, availability: a, at: at})
		}
		for storyID, st := range who.stays {
			t.enterRoom(storyID, id, st)
		}
		if who.here {
			t.saw(id, at)
		}
	case !visible && who.visible:
		who.visible = false
		t.visible--
		for storyID := range who.stays {
			t.leaveRoom(storyID, id, at)
		}
		t.tell(transition{user: id, at: at})
		vanished = true
	}
	if who.none() {
		delete(t.people, id)
	}
	return vanished
}

// settleStay is settle for somebody in a story.
func (t *Tracker) settleStay(storyID story.ID, id auth.UserID, who *person, st *stay, at time.Time) {
	if st.none() {
		delete(who.stays, storyID)
		if who.visible {
			t.leaveRoom(storyID, id, at)
		}
		return
	}
	if who.stays[storyID] == nil {
		who.stays[storyID] = st
		if who.visible {
			t.enterRoom(storyID, id, st)
		}
	}
}

// Disconnect says that a connection is gone, with all its stories.
func (t *Tracker) Disconnect(conn ConnectionID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.disconnect(conn)
}

// LogOut is Disconnect without grace, for a connection that will not come back.
func (t *Tracker) LogOut(conn ConnectionID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id, ok := t.disconnect(conn)
	if who := t.people[id]; ok && who.conns == 0 {
		t.release(id, who)
	}
}

func (t *Tracker) disconnect(conn ConnectionID) (id auth.UserID, ok bool) {
	c := t.conns[conn]
	if c == nil {
		return "", false
	}
	delete(t.conns, conn)
	now := t.opts.Now()
	who := t.people[c.user]
	for _, id := range c.stories {
		if st := who.stays[id]; st != nil {
			if st.conns--; st.conns == 0 {
				st.lostAt = now
				t.grant(grace{lostAt: now, user: c.user, story: id})
			}
		}
	}
	if who.conns--; who.conns == 0 {
		who.lostAt = now
		t.grant(grace{lostAt: now, user: c.user})
	}
	return c.user, true
}

func (t *Tracker) grant(g grace) {
	g.at = g.lostAt.Add(t.opts.Grace)
	t.graces = append(t.graces, g)
	if len(t.graces) == 1 {
		t.signal(t.wake)
	}
}

// endGrace acts unless they came back, or came back and were lost again.
func (t *Tracker) endGrace(g grace) {
	who := t.people[g.user]
	if who == nil {
		return
	}
	if t.peers != nil && t.peers.cannotHear() {
		// They may have gone to another node, which cannot tell us now.
		g.at = t.opts.Now().Add(t.opts.Grace)
		t.graces = append(t.graces, g)
		return
	}
	if g.story == "" {
		if who.here && who.conns == 0 && who.lostAt.Equal(g.lostAt) {
			t.release(g.user, who)
		}
		return
	}
	if st := who.stays[g.story]; st != nil && st.here && st.conns == 0 && st.lostAt.Equal(g.lostAt) {
		t.releaseStay(g.story, g.user, who, st, g.lostAt)
	}
}

// release ends this node's hold of somebody.
func (t *Tracker) release(id auth.UserID, who *person) {
	for storyID, st := range who.stays {
		if st.here {
			st.here = false
			t.settleStay(storyID, id, who, st, who.lostAt)
		}
	}
	who.here = false
	t.changedHere(id)
	if t.settle(id, who, who.lostAt) {
		t.saw(id, who.lostAt)
	}
}

func (t *Tracker) releaseStay(storyID story.ID, id auth.UserID, who *person, st *stay, at time.Time) {
	st.here = false
	t.changedHere(id)
	t.settleStay(storyID, id, who, st, at)
}

// Enter says that a connection is in a story; twice is once.
func (t *Tracker) Enter(conn ConnectionID, id story.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.conns[conn]
	if c == nil || slices.Contains(c.stories, id) {
		return
	}
	c.stories = append(c.stories, id)
	who := t.people[c.user]
	st := who.stays[id]
	if st == nil {
		st = &stay{since: t.opts.Now()}
	}
	st.lostAt = time.Time{}
	if st.conns++; !st.here {
		st.here = true
		t.changedHere(c.user)
	}
	t.settleStay(id, c.user, who, st, st.since)
}

// Leave says that a connection left a story, without grace.
func (t *Tracker) Leave(conn ConnectionID, id story.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.conns[conn]
	if c == nil {
		return
	}
	i := slices.Index(c.stories, id)
	if i < 0 {
		return
	}
	c.stories = slices.Delete(c.stories, i, i+1)
	who := t.people[c.user]
	if st := who.stays[id]; st != nil {
		if st.conns--; st.conns == 0 {
			t.releaseStay(id, c.user, who, st, t.opts.Now())
		}
	}
}

func (t *Tracker) tell(n transition) {
	t.news = append(t.news, n)
	t.signal(t.wake)
}

func (t *Tracker) saw(id auth.UserID, at time.Time) {
	t.seen[id] = at
	t.signal(t.seenWake)
}

func (t *Tracker) signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
