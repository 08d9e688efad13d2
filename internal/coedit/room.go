package coedit

import (
	"cmp"
	"context"
	"hash/fnv"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/yjs"
)

const (
	inboxSize    = 1024
	tick         = 5 * time.Second       // for what need not be prompt: expiry, idleness, automatic versions
	awarenessLag = 50 * time.Millisecond // cursors are gathered for so long
	storeTimeout = 10 * time.Second      // for the database, before a client is told to wait
)

// message is something a room is told.
type message interface{ handle(r *room) }

// room is a document that is open on this node. Its goroutine owns all fields
// but those that say otherwise.
type room struct {
	s          *Service
	id         story.ID
	inbox      chan message
	stop       chan struct{} // closed by Service.close
	departures departures
	empty      atomic.Bool // read by others: nobody is here
	held       *push       // taken out of the inbox while gathering a group, but too large for it

	doc     *yjs.Doc // nil: not loaded, or given up
	seq     int64
	bounds  bounds
	tail    tail
	bytes   int64 // part of Service.memory
	sums    sums
	writers map[uint64]auth.UserID // owners of client ids, as far as they have been seen

	members   map[string]*member // by connection
	awareness yjs.Awareness
	places    map[uint64]presence    // by client: what awareness says
	dirty     map[uint64]newPresence // by client
	flush     <-chan time.Time       // fires when it is to be told; nil: nothing is
	offences  map[auth.UserID]*offences
	left      time.Time // when the last member left, or the room was made
	versioned versioned
}

// tail is what has come after the saved state.
type tail struct {
	updates, bytes int
}

// member is a connection that has the document open.
type member struct {
	Visitor
	role  story.Role
	color string
}

func newRoom(s *Service, id story.ID) *room {
	r := &room{
		s: s, id: id,
		inbox: make(chan message, inboxSize), stop: make(chan struct{}),
		members: map[string]*member{}, places: map[uint64]presence{}, dirty: map[uint64]newPresence{}, offences: map[auth.UserID]*offences{},
		left: s.opts.Now(),
	}
	r.departures.wake = make(chan struct{}, 1)
	r.empty.Store(true)
	return r
}

func (r *room) run() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	defer r.subscribe()()
	r.s.opts.Observer.DocOpened()
	defer r.s.opts.Observer.DocClosed()
	defer r.hold(0)
	for {
		select {
		case m := <-r.inbox:
			r.safely(m)
		case <-r.departures.wake:
			r.depart()
		case <-r.flush:
			r.flush = nil
			r.tellAwareness()
		case <-ticker.C:
			r.expire()
			r.compareSums()
			r.keepVersion()
			if r.idle(r.s.opts.Unload) && r.quit() {
				return
			}
		case <-r.stop:
			r.finish()
			return
		}
		for r.held != nil {
			r.safely(r.takeHeld())
		}
	}
}

func (r *room) takeHeld() *push {
	p := r.held
	r.held = nil
	return p
}

// safely handles a message. If that panics the document is in no state to go
// on with: it is given up, and read again from the log when it is needed.
func (r *room) safely(m message) {
	defer func() {
		if v := recover(); v != nil {
			r.s.opts.Logger.Error("document given up", "story", r.id, "panic", v, "stack", string(debug.Stack()))
			r.discard()
			if p, ok := m.(*push); ok {
				p.fail(errs.E("coedit.room", errs.Internal, ""))
			}
		}
	}()
	m.handle(r)
}

// finish handles what is left and saves, when the service ends.
func (r *room) finish() {
	for len(r.inbox) > 0 || r.held != nil {
		if r.held != nil {
			r.safely(r.takeHeld())
			continue
		}
		r.safely(<-r.inbox)
	}
	r.save()
}

// idle reports whether nobody has been here for d.
func (r *room) idle(d time.Duration) bool {
	return len(r.members) == 0 && r.s.opts.Now().Sub(r.left) >= d
}

// quit saves and takes the room out of the service, unless somebody has come.
func (r *room) quit() bool {
	ctx, cancel := r.context()
	defer cancel()
	if err := r.purge(ctx); err != nil { // the next time, then
		r.s.opts.Logger.Warn("empty the trash", "story", r.id, "error", err)
	}
	r.save()
	return r.s.leave(r)
}

// evictMsg asks a room to go if nobody is there.
type evictMsg struct{}

// handle forgets the document, which frees the memory; the room follows when it has been idle.
func (evictMsg) handle(r *room) {
	if len(r.members) == 0 && r.doc != nil {
		r.save()
		r.forget()
	}
}

// context is for the database, during one message.
func (r *room) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), storeTimeout)
}

// askMsg runs a function in the room, with the document loaded or the reason why it is not.
type askMsg struct {
	f func(context.Context, *room, error)
}

func (m askMsg) handle(r *room) {
	ctx, cancel := r.context()
	defer cancel()
	var done bool
	defer func() {
		if v := recover(); v != nil && !done {
			m.f(ctx, r, errs.E("coedit.room", errs.Internal, ""))
			panic(v)
		}
	}()
	err := r.load(ctx)
	m.f(ctx, r, err)
	done = true
}

// enter makes a connection a member and says what it lacks.
func (r *room) enter(ctx context.Context, v Visitor, have yjs.StateVector) (Opened, error) {
	const op = "coedit.Open"
	access, err := r.s.deps.Stories.MayRead(ctx, v.User.ID, r.id)
	if err != nil {
		return Opened{}, err
	}
	role := access.RoleOf(v.User.ID)
	if err := r.mayEnter(op, v, role); err != nil {
		return Opened{}, err
	}
	if _, err := r.catchUp(ctx); err != nil {
		return Opened{}, errs.Wrap(op, err)
	}
	if err := r.know(ctx, v.Client); err != nil {
		return Opened{}, errs.Wrap(op, err)
	}
	if owner, known := r.writers[v.Client]; known && owner != v.User.ID {
		return Opened{}, errs.E(op, errs.ClientID, "This client id belongs to somebody else: open the story with a new one.")
	}
	if !r.s.visiting(v.Conn, r.id) {
		return Opened{}, errs.E(op, errs.Unavailable, "The connection has ended.")
	}
	r.members[v.Conn] = &member{Visitor: v, role: role, color: colorOf(v.User.ID)}
	r.empty.Store(false)
	r.s.hint(r.id, hint{Kind: hintAsk})
	return Opened{
		Synced:    r.synced(role, have, MaxDiff),
		Awareness: yjs.EncodeAwareness(r.awareness.States()...),
		Peers:     r.peers(),
	}, nil
}

func (r *room) mayEnter(op string, v Visitor, role story.Role) error {
	writing, reading := 0, 0
	for conn, m := range r.members {
		switch {
		case conn == v.Conn:
		case m.role >= story.Editor:
			writing++
		default:
			reading++
		}
	}
	if role >= story.Editor && writing >= MaxEditors || role < story.Editor && reading >= MaxReaders {
		return errs.E(op, errs.RoomFull, "Too many people have this story open.")
	}
	return nil
}

// know finds out who owns client ids that are new here, if anybody does.
func (r *room) know(ctx context.Context, clients ...uint64) error {
	unseen := slices.DeleteFunc(clients, func(c uint64) bool { _, seen := r.writers[c]; return seen })
	if len(unseen) == 0 {
		return nil
	}
	owners, err := r.s.deps.Writers.WritersOf(ctx, r.id, unseen)
	if err != nil {
		return err
	}
	for client, owner := range owners {
		r.writers[client] = owner
	}
	return nil
}

// synced returns what somebody lacks, unless it is larger than limit.
func (r *room) synced(role story.Role, have yjs.StateVector, limit int) Synced {
	update := r.doc.EncodeState(have)
	if len(update) > limit {
		update = nil
	}
	return Synced{Role: role, Seq: r.seq, Vector: r.doc.StateVector().Encode(), Update: update}
}

func (r *room) peers() []Peer {
	peers := make([]Peer, 0, len(r.members))
	for _, m := range r.members {
		if m.role >= story.Commenter {
			peers = append(peers, Peer{m.Client, m.User, m.color})
		}
	}
	slices.SortFunc(peers, func(a, b Peer) int { return cmp.Compare(a.Client, b.Client) })
	return peers
}

// colors can be told from each other on white and on dark paper.
var colors = [...]string{"#d14343", "#c2710c", "#8a8a00", "#2f8f4e", "#0f8b8d", "#2f6fd1", "#7a4fd0", "#c23b8f"}

func colorOf(id auth.UserID) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return colors[h.Sum32()%uint32(len(colors))]
}

// departures is what a room must hear of even if its inbox is full. It is safe
// for concurrent use.
type departures struct {
	wake chan struct{} // holds a value while there is something

	mu    sync.Mutex // guards the fields below
	conns []string
	users []auth.UserID // whose rights have changed
}

func (d *departures) add(conn string) {
	d.mu.Lock()
	d.conns = append(d.conns, conn)
	d.mu.Unlock()
	d.rouse()
}

func (d *departures) recheck(userID auth.UserID) {
	d.mu.Lock()
	d.users = append(d.users, userID)
	d.mu.Unlock()
	d.rouse()
}

func (d *departures) rouse() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *departures) take() (conns []string, users []auth.UserID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	conns, users = d.conns, d.users
	d.conns, d.users = nil, nil
	return conns, users
}

// depart takes out connections that have left, and looks at changed rights. A
// connection that has come back meanwhile stays.
func (r *room) depart() {
	conns, users := r.departures.take()
	for _, conn := range conns {
		if !r.s.visiting(conn, r.id) {
			r.remove(conn)
		}
	}
	if len(users) == 0 {
		return
	}
	ctx, cancel := r.context()
	defer cancel()
	for conn, m := range r.members {
		if slices.Contains(users, m.User.ID) {
			r.recheck(ctx, conn, m)
		}
	}
}

// recheck takes over what a member may do now.
func (r *room) recheck(ctx context.Context, conn string, m *member) {
	role := story.None
	access, err := r.s.deps.Stories.MayRead(ctx, m.User.ID, r.id)
	switch errs.CodeOf(err) {
	case "":
		role = access.RoleOf(m.User.ID)
	case errs.Forbidden, errs.NotFound:
	default: // asked again with the next batch
		return
	}
	if role == m.role {
		return
	}
	m.role = role
	if role == story.None {
		_ = r.s.Close(conn, r.id)
		r.remove(conn)
	}
	r.s.deps.Publisher.RoleChanged(conn, r.id, role)
}

func (r *room) remove(conn string) {
	m := r.members[conn]
	if m == nil {
		return
	}
	delete(r.members, conn)
	twin := func(other *member) bool { return other.Client == m.Client }
	if !slices.ContainsFunc(slices.Collect(maps.Values(r.members)), twin) {
		r.silence(m.Client)
	}
	if len(r.members) == 0 {
		r.left = r.s.opts.Now()
		r.empty.Store(true)
		r.keepVersionNow()
		r.save()
	}
}

// visiting reports whether the connection still wants the document.
func (s *Service) visiting(conn string, id story.ID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.visits[conn][id]
	return ok
}
