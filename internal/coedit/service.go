package coedit

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/yjs"
)

// DefaultMemory is how much all open documents of a node may take, in bytes.
const DefaultMemory = 1 << 30

// Options of a Service. The zero value means the defaults.
type Options struct {
	Now    func() time.Time // default time.Now
	NewID  func() string    // default: random, rising with time
	Node   string           // names this node in the log; default: random
	Logger *slog.Logger     // default slog.Default()

	Observer Observer // default: none

	Memory int64         // bytes of all open documents; default DefaultMemory
	Unload time.Duration // how long a document stays after the last visitor; default 30 s
	Poll   time.Duration // how often the log is asked for what the bus lost; default 1 s
}

func (o *Options) setDefaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if o.Node == "" {
		o.Node = uuid.NewString()
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Observer == nil {
		o.Observer = unobserved{}
	}
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	if o.Unload <= 0 {
		o.Unload = 30 * time.Second
	}
	if o.Poll <= 0 {
		o.Poll = time.Second
	}
}

// Deps are what a Service works with; all are needed unless said otherwise.
type Deps struct {
	Log           Log
	Writers       Writers
	Versions      Versions
	Notes         Notes
	Invitations   Invitations
	Stories       Stories
	Members       Members
	People        People
	Notifications Notifications
	Publisher     Publisher
	Releases      Releases
	Bus           Bus // nil: there is one node

	// Seed gives what a document starts with when it is opened for the first time.
	Seed func(ctx context.Context, id story.ID) (Content, error)
}

// Service holds the open documents of this node.
type Service struct {
	deps Deps
	opts Options

	memory atomic.Int64 // bytes of all open documents
	active sync.WaitGroup

	mu     sync.RWMutex // guards the fields below; held for reading while a message is handed to a room
	rooms  map[story.ID]*room
	visits map[string]map[story.ID]struct{} // by connection
	closed bool
}

// NewService returns a service. What the bus loses is healed, and documents
// are unloaded at the end, only while [Service.Run] runs.
func NewService(deps Deps, opts Options) *Service {
	opts.setDefaults()
	return &Service{deps: deps, opts: opts, rooms: map[story.ID]*room{}, visits: map[string]map[story.ID]struct{}{}}
}

func (s *Service) now() time.Time { return s.opts.Now().UTC().Truncate(time.Millisecond) }

// Run reads what other nodes have written and the bus has lost, and looks after
// documents that nobody opens, until ctx ends. Then it saves and closes all documents. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(s.opts.Poll)
	defer ticker.Stop()
	var sweeping sync.WaitGroup
	sweeping.Go(func() { s.sweep(ctx) })
	for {
		select {
		case <-ctx.Done():
			sweeping.Wait()
			s.close()
			return nil
		case <-ticker.C:
			s.poll(ctx)
		}
	}
}

// close lets all rooms save what they have, and waits for them.
func (s *Service) close() {
	s.mu.Lock()
	s.closed = true
	for _, r := range s.rooms {
		close(r.stop)
	}
	s.mu.Unlock()
	s.active.Wait()
}

// poll tells the rooms of the heads of their logs.
func (s *Service) poll(ctx context.Context) {
	s.mu.RLock()
	ids := make([]story.ID, 0, len(s.rooms))
	for id := range s.rooms {
		ids = append(ids, id)
	}
	s.mu.RUnlock()
	if len(ids) == 0 {
		return
	}
	heads, err := s.deps.Log.Heads(ctx, ids)
	if err != nil {
		if ctx.Err() == nil {
			s.opts.Logger.Warn("read the heads of the documents", "error", err)
		}
		return
	}
	for id, head := range heads {
		_, _ = s.tellOpen(id, headMsg{head}) // a busy room is asked again in a second
	}
}

var (
	errBusy   = &errs.Error{Op: "coedit", Code: errs.RateLimited, Message: "Too much is being written here at once. It will be tried again.", RetryAfter: 500 * time.Millisecond}
	errClosed = &errs.Error{Op: "coedit", Code: errs.Unavailable, Message: "The server is stopping. Your changes are kept until it is back.", RetryAfter: time.Second}
)

// tell hands m to the room of a document, which is opened if need be.
func (s *Service) tell(id story.ID, m message) error {
	for {
		if sent, err := s.tellOpen(id, m); sent || err != nil {
			return err
		}
		if err := s.openRoom(id); err != nil {
			return err
		}
	}
}

// tellOpen hands m to the room of a document, if there is one. A room is not
// left by its goroutine while the lock is held: what was handed over is dealt with.
func (s *Service) tellOpen(id story.ID, m message) (sent bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return false, errClosed
	}
	r := s.rooms[id]
	if r == nil {
		return false, nil
	}
	select {
	case r.inbox <- m:
		return true, nil
	default:
		return false, errBusy
	}
}

func (s *Service) openRoom(id story.ID) error {
	if s.memory.Load() > s.opts.Memory && !s.evict() {
		return &errs.Error{Op: "coedit.open", Code: errs.Unavailable, Message: "Too many stories are open on this server. Try again in a moment.", RetryAfter: 5 * time.Second}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if s.rooms[id] == nil {
		r := newRoom(s, id)
		s.rooms[id] = r
		s.active.Go(r.run)
	}
	return nil
}

// evict asks empty rooms to go, and reports whether that frees memory.
func (s *Service) evict() (any bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, r := range s.rooms {
		if r.empty.Load() {
			select {
			case r.inbox <- evictMsg{}:
				any = true
			default: // it is busy, and hence not idle
			}
		}
	}
	return any
}

// leave takes a room out of the map unless a message came meanwhile.
func (s *Service) leave(r *room) (left bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(r.inbox) > 0 {
		return false
	}
	delete(s.rooms, r.id)
	return true
}

// ask hands a question to a document's room and waits for the answer.
func ask[T any](ctx context.Context, s *Service, id story.ID, f func(context.Context, *room) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	err := s.tell(id, askMsg{func(ctx context.Context, r *room, err error) {
		var a answer
		if a.err = err; err == nil {
			a.value, a.err = f(ctx, r)
		}
		answers <- a
	}})
	if err != nil {
		var none T
		return none, err
	}
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, errs.Wrap("coedit.ask", &errs.Error{Op: "coedit.ask", Code: errs.Unavailable, Message: "This took too long. Try again.", Err: ctx.Err()})
	}
}

// Open lets a connection see and, if its user may, write the document of a story.
func (s *Service) Open(ctx context.Context, v Visitor, id story.ID, vector []byte) (Opened, error) {
	const op = "coedit.Open"
	if v.Client < MinClient || v.Client > maxSafe {
		return Opened{}, errs.E(op, errs.ClientID, "This client id is not one that a client may have.")
	}
	have, err := decodeVector(op, vector)
	if err != nil {
		return Opened{}, err
	}
	if _, err := s.deps.Stories.MayRead(ctx, v.User.ID, id); err != nil {
		return Opened{}, err
	}
	if err := s.visit(v.Conn, id); err != nil {
		return Opened{}, err
	}
	opened, err := ask(ctx, s, id, func(ctx context.Context, r *room) (Opened, error) { return r.enter(ctx, v, have) })
	if err != nil {
		_ = s.Close(v.Conn, id)
	}
	return opened, err
}

func (s *Service) visit(conn string, id story.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := s.visits[conn]
	if open == nil {
		open = map[story.ID]struct{}{}
		s.visits[conn] = open
	}
	if _, again := open[id]; !again && len(open) >= MaxOpen {
		return errs.E("coedit.Open", errs.RoomFull, "You write in too many stories in this tab.")
	}
	open[id] = struct{}{}
	return nil
}

func decodeVector(op string, vector []byte) (yjs.StateVector, error) {
	if len(vector) == 0 {
		return nil, nil
	}
	have, err := yjs.DecodeStateVector(vector)
	if err != nil {
		return nil, &errs.Error{Op: op, Code: errs.MalformedUpdate, Message: "This is not a state vector.", Err: err}
	}
	return have, nil
}

// Sync returns what a client lacks, to somebody who may read the story.
func (s *Service) Sync(ctx context.Context, caller auth.UserID, id story.ID, vector []byte) (Synced, error) {
	const op = "coedit.Sync"
	have, err := decodeVector(op, vector)
	if err != nil {
		return Synced{}, err
	}
	return s.synced(ctx, caller, id, have, MaxDiff)
}

// State returns what a client lacks however large it is.
func (s *Service) State(ctx context.Context, caller auth.UserID, id story.ID, vector []byte) (Synced, error) {
	have, err := decodeVector("coedit.State", vector)
	if err != nil {
		return Synced{}, err
	}
	return s.synced(ctx, caller, id, have, MaxState)
}

func (s *Service) synced(ctx context.Context, caller auth.UserID, id story.ID, have yjs.StateVector, limit int) (Synced, error) {
	access, err := s.deps.Stories.MayRead(ctx, caller, id)
	if err != nil {
		return Synced{}, err
	}
	return ask(ctx, s, id, func(_ context.Context, r *room) (Synced, error) {
		return r.synced(access.RoleOf(caller), have, limit), nil
	})
}

// Push gives a batch of a connection that has the document open. done is
// called once, perhaps before Push returns: with the seq when the batch is
// stored, else with the refusal. It must not block. Push keeps data, which
// must not be changed any more.
func (s *Service) Push(conn string, caller auth.UserID, id story.ID, data []byte, done func(seq int64, err error)) {
	if len(data) > MaxUpdate {
		done(0, &errs.Error{Op: "coedit.Push", Code: errs.PayloadTooLarge, Message: "This is too much at once: send it over HTTP."})
		return
	}
	s.push(id, newPush(conn, caller, data, done))
}

// Upload gives what was written offline, however long it took, and waits until it is stored.
func (s *Service) Upload(ctx context.Context, caller auth.UserID, id story.ID, data []byte) (seq int64, err error) {
	if _, err := s.deps.Stories.MayRead(ctx, caller, id); err != nil {
		return 0, err
	}
	type answer struct {
		seq int64
		err error
	}
	answers := make(chan answer, 1)
	p := newPush("", caller, data, func(seq int64, err error) { answers <- answer{seq, err} })
	p.upload = true
	s.push(id, p)
	a := <-answers // also if ctx has ended: it is stored or it is not
	return a.seq, a.err
}

func (s *Service) push(id story.ID, p *push) {
	if err := s.tell(id, p); err != nil {
		p.done(0, err)
	}
}

// SetAwareness takes a message of a connection that has the document open.
// What cannot be taken is dropped: it is told again soon.
func (s *Service) SetAwareness(conn string, id story.ID, msg []byte) error {
	list, err := yjs.DecodeAwareness(msg)
	if err != nil || len(list) != 1 || len(msg) > 2*MaxPresence {
		return &errs.Error{Op: "coedit.SetAwareness", Code: errs.Validation, Message: "An awareness message holds one state of at most 4 KiB.", Err: err}
	}
	_, err = s.tellOpen(id, awarenessMsg{conn, list[0]})
	return err
}

// Close ends the visit of a connection. Whoever is not there has left already.
func (s *Service) Close(conn string, id story.ID) error {
	s.mu.Lock()
	_, there := s.visits[conn][id]
	delete(s.visits[conn], id)
	if len(s.visits[conn]) == 0 {
		delete(s.visits, conn)
	}
	r := s.rooms[id]
	s.mu.Unlock()
	if !there || r == nil {
		return nil
	}
	r.departures.add(conn)
	return nil
}

// Disconnected ends all visits of a connection.
func (s *Service) Disconnected(conn string) {
	s.mu.RLock()
	var open []story.ID
	for id := range s.visits[conn] {
		open = append(open, id)
	}
	s.mu.RUnlock()
	for _, id := range open {
		_ = s.Close(conn, id)
	}
}

// AccessChanged takes over that a role has changed, here or on another node.
// What counts is the answer of MayRead from now on.
func (s *Service) AccessChanged(id story.ID, userID auth.UserID) {
	s.mu.RLock()
	r := s.rooms[id]
	s.mu.RUnlock()
	if r != nil {
		r.departures.recheck(userID)
	}
}
