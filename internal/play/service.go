package play

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
)

// Limits of a Service.
const (
	MaxOpen      = 20   // parties of one host that have not ended
	MaxEvents    = 200  // that a connection which comes back is given; beyond it, the state
	MaxText      = 500  // runes of what is said
	MaxPage      = 100  // messages, parties or events in one answer
	maxBooks     = 2000 // releases whose expressions stay compiled
	defaultCache = 50_000
	codeAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // 32 signs that are not taken for one another
	codeLength   = 6
	codeTries    = 8
	MaxInvited   = 50 // people in one invitation
)

// Options of a Service. The zero value means the defaults.
type Options struct {
	Now       func() time.Time // default time.Now
	NewID     func() string    // default: random, rising with time
	Node      string           // id of this node, another one at each start; default: a random one
	Shared    bool             // other nodes write the same database
	CacheSize int              // parties whose state stays in memory; default 50,000
	Beat      time.Duration    // how often the node says that it lives; silent for three of them it counts as dead. Default 3 s
	// Gather is how long the first vote of a round waits for the others that come
	// at the same moment, so that they share a write; it never waits when all have
	// voted. Default 5 ms; below 0: not at all.
	Gather time.Duration
	// Keep is how long the log of a party is kept after its end; its state, with the way it took, stays. Default 90 days.
	Keep time.Duration
	// Check is the share of parties whose log is replayed at their end and compared with their state. Default 0.01; below 0: none.
	Check    float64
	Observer Observer     // may be nil
	Logger   *slog.Logger // default slog.Default()
}

// Deps are what a Service works with; all are needed.
type Deps struct {
	Store     Store
	Stories   Stories
	People    People
	Publisher Publisher
	Notifier  Notifier
}

// Service keeps parties. It may be used by many goroutines at once.
type Service struct {
	deps   Deps
	opts   Options
	wheel  *wheel
	offset atomic.Int64 // nanoseconds from this node's clock to that of all
	links  links
	news   chan func(context.Context) // what may be told a little later
	crowd  crowd

	mu    sync.Mutex // guards the fields below
	boxes map[ID]*mailbox
	books map[story.ReleaseID]*tale.Book
}

// NewService returns a service. Time passes in its parties only while
// [Service.Run] runs, here or on another node.
func NewService(deps Deps, opts Options) *Service {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.NewID == nil {
		opts.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if opts.Node == "" {
		opts.Node = uuid.NewString()
	}
	if opts.CacheSize <= 0 {
		opts.CacheSize = defaultCache
	}
	if opts.Gather == 0 {
		opts.Gather = 5 * time.Millisecond
	}
	if opts.Keep <= 0 {
		opts.Keep = 90 * 24 * time.Hour
	}
	if opts.Check == 0 {
		opts.Check = 0.01
	}
	if opts.Observer == nil {
		opts.Observer = unobserved{}
	}
	if opts.Beat <= 0 {
		opts.Beat = 3 * time.Second
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	return &Service{
		deps: deps, opts: opts, wheel: newWheel(), news: make(chan func(context.Context), 1024),
		links: links{all: make(map[member]*link), wake: make(chan struct{}, 1)}, crowd: crowd{due: make(map[ID]int), moved: make(map[ID]bool)},
		boxes: make(map[ID]*mailbox), books: make(map[story.ReleaseID]*tale.Book),
	}
}

// now returns the time that all nodes go by.
func (s *Service) now() time.Time {
	return s.opts.Now().Add(time.Duration(s.offset.Load())).UTC().Truncate(time.Millisecond)
}

// Now returns the time that all nodes go by.
func (s *Service) Now() time.Time { return s.now() }

// Draft is a party that somebody wants to play.
type Draft struct {
	StoryID   story.ID
	ReleaseID story.ReleaseID // empty: the last one
	Change    Change          // from DefaultSettings
	CmdID     string
	Attach    bool // the caller is connected to this node, until Unlink
}

// Create makes a party with caller as its host.
func (s *Service) Create(ctx context.Context, caller auth.UserID, in Draft) (Result, error) {
	const op = "play.Create"
	if err := checkCmdID(in.CmdID); err != nil {
		return Result{}, err
	}
	r, err := s.releaseFor(ctx, caller, in)
	if err != nil {
		return Result{}, err
	}
	book, err := s.book(ctx, r.ID)
	if err != nil {
		return Result{}, err
	}
	settings, err := DefaultSettings().with(in.Change)
	if err != nil {
		return Result{}, err
	}
	n, err := s.deps.Store.OpenPlays(ctx, caller)
	if err != nil {
		return Result{}, errs.Wrap(op, err)
	}
	if n >= MaxOpen {
		return Result{}, errs.E(op, errs.Conflict, "You play in too many parties. Leave one first.")
	}
	fresh := ID(s.opts.NewID())
	seat := Seat{User: caller, No: 1, Conn: InGrace, GraceMs: s.now().Add(Grace).UnixMilli()}
	if in.Attach {
		seat.Conn, seat.GraceMs = On, 0
		seat.Links = []Link{{Node: s.opts.Node, Epoch: s.Link(fresh, caller)}}
	}
	id, duplicate, err := s.insert(ctx, Data{
		ID: fresh, StoryID: r.StoryID, ReleaseID: r.ID, Title: book.Title, Seed: random(16), Settings: &settings, Seat: &seat,
	}, in.CmdID)
	if in.Attach && (err != nil || duplicate) {
		s.links.drop(member{fresh, caller})
	}
	if err != nil {
		return Result{}, errs.Wrap(op, err)
	}
	row, err := s.deps.Store.Play(ctx, id)
	if err != nil {
		return Result{}, errs.Wrap(op, err)
	}
	s.wheel.set(id, row.State.DueMs())
	if in.Attach && duplicate {
		s.attach(ctx, id, caller, s.Link(id, caller))
	}
	return Result{Row: row, Seq: row.State.Seq, Duplicate: duplicate, Book: book}, nil
}

func (s *Service) releaseFor(ctx context.Context, caller auth.UserID, in Draft) (story.Release, error) {
	if in.ReleaseID == "" {
		return s.deps.Stories.LatestRelease(ctx, caller, in.StoryID)
	}
	if _, err := s.deps.Stories.MayRead(ctx, caller, in.StoryID); err != nil {
		return story.Release{}, err
	}
	r, err := s.deps.Stories.Release(ctx, in.ReleaseID)
	if err == nil && r.StoryID != in.StoryID {
		return story.Release{}, errs.E("play.Create", errs.NotFound, "The story has no such release.")
	}
	return r, err
}

// insert stores a new party under a code that nobody has.
func (s *Service) insert(ctx context.Context, d Data, cmdID string) (id ID, duplicate bool, err error) {
	for range codeTries {
		d.Code = newCode()
		state, events := New(d, s.now().UnixMilli(), cmdID)
		id, duplicate, err = s.deps.Store.CreatePlay(ctx, state, events, cmdID)
		if !errors.Is(err, ErrCodeTaken) {
			return id, duplicate, err
		}
	}
	return "", false, err
}

func newCode() string {
	var b [codeLength]byte
	_, _ = rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = codeAlphabet[b[i]%byte(len(codeAlphabet))] // 256 is 8 times 32: every sign is as likely
	}
	return string(b[:])
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func checkCmdID(id string) error {
	if id == "" || len(id) > MaxID || !utf8.ValidString(id) || strings.ContainsRune(id, 0) {
		return errs.E("play", errs.Validation, "A cmdId is text of 1 to 64 bytes.")
	}
	return nil
}

// CommandID returns the id under which a command of caller is stored: the same
// cmdId of two players is two commands, also where clients count them 1, 2, 3.
func CommandID(caller auth.UserID, cmdID string) string {
	sum := sha256.Sum256([]byte(string(caller) + "\x00" + cmdID)) // no cmdId has a zero byte
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Find returns the party that somebody names by its id or its code.
func (s *Service) Find(ctx context.Context, id ID, code string) (ID, error) {
	const op = "play.Find"
	if id != "" {
		return id, nil
	}
	code = strings.ToUpper(strings.TrimSpace(code))
	if len(code) != codeLength {
		return "", errs.E(op, errs.BadCode, "A code has six letters and digits.")
	}
	id, err := s.deps.Store.PlayOfCode(ctx, code)
	return id, errs.Wrap(op, err)
}

// Entry is how somebody comes to a party.
type Entry struct {
	ID     ID
	As     string // MemberPlayer, MemberWatcher; empty: what one was, else a player
	CmdID  string
	Attach bool // as of Draft
}

// Enter gives caller a seat, or the one they had, or a place to watch from.
func (s *Service) Enter(ctx context.Context, caller auth.UserID, in Entry) (Result, error) {
	const op = "play.Enter"
	if err := checkCmdID(in.CmdID); err != nil {
		return Result{}, err
	}
	row, err := s.row(ctx, in.ID)
	if err != nil {
		return Result{}, err
	}
	if _, err := s.deps.Stories.MayRead(ctx, caller, row.State.StoryID); err != nil {
		return Result{}, err
	}
	was, err := s.deps.Store.PlayRole(ctx, in.ID, caller)
	if err != nil {
		return Result{}, errs.Wrap(op, err)
	}
	if in.As == "" {
		in.As = was
	}
	switch in.As {
	case MemberWatcher:
		return s.watch(ctx, caller, in, row)
	case "", MemberPlayer:
	default:
		return Result{}, errs.E(op, errs.Validation, "as must be player or spectator.")
	}
	if row.State.Status == Ended && was == MemberPlayer { // to look at it once more
		return s.result(ctx, row)
	}
	cmd := Cmd{Kind: Join, ID: CommandID(caller, in.CmdID), Actor: caller}
	if in.Attach {
		cmd.Node, cmd.Epoch = s.opts.Node, s.Link(in.ID, caller)
	}
	r, err := s.do(ctx, in.ID, cmd)
	if err != nil && in.Attach {
		s.links.drop(member{in.ID, caller})
	}
	if err == nil && was == MemberWatcher {
		_, err = s.deps.Store.RemoveWatcher(ctx, in.ID, caller)
		s.crowd.move(in.ID)
	}
	return r, err
}

// watch makes caller a spectator.
func (s *Service) watch(ctx context.Context, caller auth.UserID, in Entry, row Row) (Result, error) {
	const op = "play.watch"
	if seat := row.State.seat(caller); seat != nil {
		switch {
		case seat.Conn == KickedOut:
			return Result{}, errs.E(op, errs.Kicked, "You were sent away from this party.")
		case !seat.gone():
			return Result{}, errs.E(op, errs.Conflict, "You play in this party. Leave it to watch.")
		}
	}
	if err := s.deps.Store.AddWatcher(ctx, in.ID, caller, s.now(), row.State.Settings.MaxWatchers); err != nil {
		return Result{}, errs.Wrap(op, err)
	}
	s.crowd.move(in.ID)
	if in.Attach {
		s.Link(in.ID, caller)
	}
	return s.result(ctx, row)
}

// result returns a row as the result of what changed nothing.
func (s *Service) result(ctx context.Context, row Row) (Result, error) {
	book, err := s.book(ctx, row.State.ReleaseID)
	return Result{Row: row, Seq: row.State.Seq, Book: book}, err
}

// Do carries out a command of caller.
func (s *Service) Do(ctx context.Context, caller auth.UserID, id ID, cmd Cmd) (Result, error) {
	if err := checkCmdID(cmd.ID); err != nil {
		return Result{}, err
	}
	if err := checkID(id); err != nil {
		return Result{}, err
	}
	cmd.ID, cmd.Actor, cmd.Node = CommandID(caller, cmd.ID), caller, ""
	r, err := s.do(ctx, id, cmd)
	if errs.CodeOf(err) == errs.NotEligible && (cmd.Kind == Choose || cmd.Kind == Leave) {
		if role, roleErr := s.deps.Store.PlayRole(ctx, id, caller); roleErr == nil && role == MemberWatcher {
			return s.asWatcher(ctx, caller, id, cmd)
		}
	}
	return r, err
}

// asWatcher votes with the audience, or leaves it.
func (s *Service) asWatcher(ctx context.Context, caller auth.UserID, id ID, cmd Cmd) (Result, error) {
	const op = "play.asWatcher"
	row, err := s.row(ctx, id)
	if err != nil {
		return Result{}, err
	}
	if cmd.Kind == Leave {
		if _, err := s.deps.Store.RemoveWatcher(ctx, id, caller); err != nil {
			return Result{}, errs.Wrap(op, err)
		}
		s.crowd.move(id)
		return s.result(ctx, row)
	}
	o := row.State.option(cmd.Option)
	switch {
	case row.State.Settings.Audience == AudienceOff:
		return Result{}, errs.E(op, errs.NotEligible, "Spectators do not vote in this party.")
	case row.State.Status != Playing:
		return Result{}, errs.E(op, errs.WrongState, "Nothing is being played now.")
	case cmd.Round != row.State.Round:
		return Result{}, errs.E(op, errs.StaleRound, "The story has moved on.")
	case o == nil || o.Only:
		return Result{}, errs.E(op, errs.BadOption, "This is no choice here.")
	}
	if err := s.deps.Store.SetAudienceVote(ctx, id, cmd.Round, caller, cmd.Option); err != nil {
		return Result{}, errs.Wrap(op, err)
	}
	s.crowd.voted(id, cmd.Round)
	return s.result(ctx, row)
}

func checkID(id ID) error {
	if id == "" || len(id) > MaxID {
		return errs.E("play", errs.NotFound, "There is no such party.")
	}
	return nil
}

// row returns a party as it is stored now.
func (s *Service) row(ctx context.Context, id ID) (Row, error) {
	if err := checkID(id); err != nil {
		return Row{}, err
	}
	row, err := s.deps.Store.Play(ctx, id)
	return row, errs.Wrap("play.row", err)
}

// book returns a release with its expressions compiled.
func (s *Service) book(ctx context.Context, id story.ReleaseID) (*tale.Book, error) {
	const op = "play.book"
	s.mu.Lock()
	b := s.books[id]
	s.mu.Unlock()
	if b != nil {
		return b, nil
	}
	r, err := s.deps.Stories.Release(ctx, id)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	t, err := r.Tale()
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	if b, err = tale.Open(t); err != nil {
		return nil, errs.Wrap(op, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.books) >= maxBooks {
		for old := range s.books {
			delete(s.books, old) // any: it is read again when needed
			break
		}
	}
	s.books[id] = b
	return b, nil
}
