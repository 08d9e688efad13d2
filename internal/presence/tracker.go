package presence

import (
	"cmp"
	"context"
	"fmt"
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
// connections. It may be used by many goroutines at once.
type Tracker struct {
	store     Store
	announcer Announcer
	opts      Options
	wake      chan struct{} // there is news, or a first thing to wait for
	seenWake  chan struct{} // there is something to store

	mu      sync.Mutex // guards the fields below
	people  map[auth.UserID]*person
	conns   map[ConnectionID]*connection
	rooms   map[story.ID]*room
	dirty   map[story.ID]*room // with a diff to tell
	flushed time.Time          // when diffs were told last
	graces  []grace            // ends of grace, the next first
	news    []transition
	seen    map[auth.UserID]time.Time // to be stored
}

type person struct {
	profile user.Profile
	since   time.Time
	conns   int
	lostAt  time.Time // when the last connection was lost; zero while there is one
	stays   map[story.ID]*stay
}

// stay is somebody's being in a story.
type stay struct {
	since  time.Time
	conns  int
	lostAt time.Time // as person's
}

type connection struct {
	user    auth.UserID
	stories []story.ID
}

type room struct {
	members map[auth.UserID]*stay
	seq     int64
	touched map[auth.UserID]time.Time // who came or left since the last diff, and when they were last seen
}

// grace is when to look whether somebody, or somebody in a story, came back.
type grace struct {
	at     time.Time
	lostAt time.Time
	user   auth.UserID
	story  story.ID // empty: the user as a whole
}

// transition is a person's coming online or going offline.
type transition struct {
	user   auth.UserID
	online bool
	at     time.Time
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
		rooms: make(map[story.ID]*room), dirty: make(map[story.ID]*room),
		seen: make(map[auth.UserID]time.Time),
	}
}

// Connect says that a user has a new connection.
func (t *Tracker) Connect(conn ConnectionID, p user.Profile) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.conns[conn]; ok {
		return
	}
	t.conns[conn] = &connection{user: p.ID}
	who := t.people[p.ID]
	if who == nil {
		who = &person{since: t.opts.Now(), stays: make(map[story.ID]*stay)}
		t.people[p.ID] = who
		t.tell(transition{p.ID, true, who.since})
		t.saw(p.ID, who.since)
	}
	who.profile, who.lostAt = p, time.Time{}
	who.conns++
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
		t.offline(id, who)
	}
}

// disconnect and the other small methods below are called with mu held.
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
		who.stays[id] = st
		r := t.rooms[id]
		if r == nil {
			// Numbers start at the clock: a story that everybody left and came
			// back to, or a restart, never goes back to a number used before.
			r = &room{members: make(map[auth.UserID]*stay), seq: st.since.UnixMilli()}
			t.rooms[id] = r
		}
		r.members[c.user] = st
		t.touch(id, r, c.user, st.since)
	}
	st.lostAt = time.Time{}
	st.conns++
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
	if st := t.people[c.user].stays[id]; st != nil {
		if st.conns--; st.conns == 0 {
			t.gone(id, c.user, t.opts.Now())
		}
	}
}

// gone takes somebody out of a story.
func (t *Tracker) gone(id story.ID, userID auth.UserID, lastSeen time.Time) {
	delete(t.people[userID].stays, id)
	r := t.rooms[id]
	delete(r.members, userID)
	t.touch(id, r, userID, lastSeen)
}

func (t *Tracker) offline(id auth.UserID, who *person) {
	for storyID := range who.stays {
		t.gone(storyID, id, who.lostAt)
	}
	delete(t.people, id)
	t.tell(transition{id, false, who.lostAt})
	t.saw(id, who.lostAt)
}

func (t *Tracker) touch(id story.ID, r *room, userID auth.UserID, at time.Time) {
	if r.touched == nil {
		r.touched = make(map[auth.UserID]time.Time)
	}
	r.touched[userID] = at
	t.dirty[id] = r
	if len(t.dirty) == 1 {
		t.signal(t.wake)
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

// Story returns who is in a story.
func (t *Tracker) Story(id story.ID) Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	snap := Snapshot{StoryID: id, Seq: t.opts.Now().UnixMilli()}
	r := t.rooms[id]
	if r == nil {
		return snap
	}
	snap.Seq, snap.Count = r.seq, len(r.members)
	snap.Members = make([]Member, 0, len(r.members))
	for userID, st := range r.members {
		snap.Members = append(snap.Members, Member{User: t.people[userID].profile, Since: st.since})
	}
	sortMembers(snap.Members)
	snap.Members = snap.Members[:min(len(snap.Members), t.opts.MaxListed)]
	return snap
}

func sortMembers(ms []Member) {
	slices.SortFunc(ms, func(a, b Member) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.User.ID, b.User.ID))
	})
}

// Readers returns how many people are in a story.
func (t *Tracker) Readers(id story.ID) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.rooms[id]; r != nil {
		return len(r.members)
	}
	return 0
}

// Online returns who is online.
func (t *Tracker) Online() Online {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := Online{Count: len(t.people), UserIDs: make([]auth.UserID, 0, min(len(t.people), t.opts.MaxListed))}
	for id := range t.people {
		if len(o.UserIDs) == t.opts.MaxListed {
			break
		}
		o.UserIDs = append(o.UserIDs, id)
	}
	slices.Sort(o.UserIDs)
	return o
}

// Since returns since when a user is online; ok is false for one who is not.
func (t *Tracker) Since(id auth.UserID) (since time.Time, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	who := t.people[id]
	if who == nil {
		return time.Time{}, false
	}
	return who.since, true
}

// Statuses returns whether the ids (at most MaxLookup, else VALIDATION) are online: one entry for each id.
func (t *Tracker) Statuses(ctx context.Context, ids []auth.UserID) (map[auth.UserID]Status, error) {
	const op = "presence.Statuses"
	if len(ids) > MaxLookup {
		return nil, errs.E(op, errs.Validation, fmt.Sprintf("At most %d users can be asked for at once.", MaxLookup))
	}
	result := make(map[auth.UserID]Status, len(ids))
	var away []auth.UserID
	t.mu.Lock()
	now := t.opts.Now()
	for _, id := range ids {
		if t.people[id] != nil {
			result[id] = Status{Online: true, LastSeenAt: now}
			continue
		}
		result[id] = Status{LastSeenAt: t.seen[id]}
		if t.seen[id].IsZero() {
			away = append(away, id)
		}
	}
	t.mu.Unlock()
	if len(away) == 0 {
		return result, nil
	}
	stored, err := t.store.LastSeen(ctx, away)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	for _, s := range stored {
		result[s.UserID] = Status{LastSeenAt: s.At}
	}
	return result, nil
}
