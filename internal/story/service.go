package story

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
)

// covers are what a story without a colour of its own gets one from; white text is readable on each.
var covers = [...]string{"#4f46e5", "#0f766e", "#b45309", "#be123c", "#7c3aed", "#0369a1", "#4d7c0f", "#a21caf"}

// Options of a Service. The zero value means the defaults.
type Options struct {
	Now       func() time.Time // default time.Now
	NewID     func() string    // default: random, rising with time
	CacheSize int              // stories whose access rules stay in memory; default 10,000
	Announcer Announcer        // default: nobody hears of changed rights
	Bus       Bus              // to the other nodes; default: there are none
}

// Service holds the rules of stories. It may be used by many goroutines at once.
type Service struct {
	store  Store
	people People
	opts   Options
	cache  accessCache
}

// NewService returns a service over store.
func NewService(store Store, people People, opts Options) *Service {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.NewID == nil {
		opts.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if opts.CacheSize <= 0 {
		opts.CacheSize = defaultCacheSize
	}
	s := &Service{store: store, people: people, opts: opts}
	s.cache.size, s.cache.rules = opts.CacheSize, make(map[ID]*Access)
	return s
}

func (s *Service) now() time.Time { return s.opts.Now().UTC().Truncate(time.Millisecond) }

// Create makes caller the author of a new story. duplicate says that it is the
// one made before with the same key (or ID).
func (s *Service) Create(ctx context.Context, caller auth.UserID, in Draft) (st Story, duplicate bool, err error) {
	const op = "story.Create"
	if in, err = checkDraft(op, in); err != nil {
		return Story{}, false, err
	}
	if in.ID == "" {
		in.ID = ID(s.opts.NewID())
	}
	if in.CoverColor == "" {
		h := fnv.New32a()
		_, _ = h.Write([]byte(in.ID))
		in.CoverColor = covers[h.Sum32()%uint32(len(covers))]
	}
	now := s.now()
	st = Story{
		ID: in.ID, Title: in.Title, Synopsis: in.Synopsis, Body: in.Body, CoverColor: in.CoverColor,
		Visibility: in.Visibility, CreatedAt: now,
	}
	st.Author.ID = caller
	st, duplicate, err = s.store.CreateStory(ctx, st, in.Key, now.Add(-KeyWindow))
	if err != nil {
		return Story{}, false, errs.Wrap(op, err)
	}
	st.Author = s.people.Profile(ctx, st.Author.ID)
	st.Role = (&Access{Author: st.Author.ID, Visibility: st.Visibility}).RoleOf(caller)
	return st, duplicate, nil
}

func checkDraft(op string, in Draft) (Draft, error) {
	refuse := func(format string, args ...any) (Draft, error) {
		return Draft{}, errs.E(op, errs.Validation, fmt.Sprintf(format, args...))
	}
	in.Title, in.Synopsis, in.Body = strings.TrimSpace(in.Title), strings.TrimSpace(in.Synopsis), strings.TrimSpace(in.Body)
	if in.Visibility == "" {
		in.Visibility = Public
	}
	switch {
	case in.Title == "" || !text(in.Title) || utf8.RuneCountInString(in.Title) > MaxTitle:
		return refuse("A title has 1 to %d characters.", MaxTitle)
	case !text(in.Synopsis) || utf8.RuneCountInString(in.Synopsis) > MaxSynopsis:
		return refuse("A synopsis has at most %d characters.", MaxSynopsis)
	case !text(in.Body) || len(in.Body) > MaxBody:
		return refuse("A story has at most %d KiB of text.", MaxBody>>10)
	case in.Visibility != Public && in.Visibility != Private:
		return refuse("A story is public or private.")
	case in.CoverColor != "" && !isColor(in.CoverColor):
		return refuse("A cover colour is written as #rrggbb.")
	case len(in.ID) > MaxID || !text(string(in.ID)):
		return refuse("A story id is text of at most %d bytes.", MaxID)
	case len(in.Key) > MaxKey || !text(in.Key):
		return refuse("An idempotency key has at most %d bytes.", MaxKey)
	}
	return in, nil
}

func text(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func isColor(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	_, err := strconv.ParseUint(s[1:], 16, 32)
	return err == nil
}

// Get returns a story with its body.
func (s *Service) Get(ctx context.Context, caller auth.UserID, id ID) (Story, error) {
	const op = "story.Get"
	a, err := s.MayRead(ctx, caller, id)
	if err != nil {
		return Story{}, err
	}
	st, err := s.store.Story(ctx, id)
	if err != nil {
		return Story{}, errs.Wrap(op, err)
	}
	st.Author, st.Role = s.people.Profile(ctx, st.Author.ID), a.RoleOf(caller)
	return st, nil
}

// List returns a page of the stories caller may read, newest first, without their bodies.
func (s *Service) List(ctx context.Context, caller auth.UserID, q Query) (Page, error) {
	const op = "story.List"
	if q.Limit == 0 {
		q.Limit = DefaultPage
	}
	if q.Limit < 1 || q.Limit > MaxPage {
		return Page{}, errs.E(op, errs.Validation, fmt.Sprintf("A page has 1 to %d stories.", MaxPage))
	}
	below, err := parseCursor(q.Cursor)
	if err != nil {
		return Page{}, errs.E(op, errs.Validation, "This cursor is not one of ours.")
	}
	items, err := s.store.StoriesFor(ctx, caller, below, q.Limit+1)
	if err != nil {
		return Page{}, errs.Wrap(op, err)
	}
	page := Page{Items: items}
	if len(items) > q.Limit {
		page.Items = items[:q.Limit]
		page.NextCursor = cursor(page.Items[q.Limit-1])
	}
	authors := make([]auth.UserID, len(page.Items))
	for i, st := range page.Items {
		authors[i] = st.Author.ID
	}
	people := s.people.Profiles(ctx, authors)
	for i := range page.Items {
		st := &page.Items[i]
		given := Access{Author: st.Author.ID, Visibility: st.Visibility, Members: map[auth.UserID]Grant{caller: {Role: st.Role}}}
		st.Role = given.RoleOf(caller)
		st.Author = people[st.Author.ID]
	}
	return page, nil
}

func cursor(st Story) string {
	return "s" + strconv.FormatInt(st.CreatedAt.UnixMilli(), 36) + "." + string(st.ID)
}

func parseCursor(c string) (Position, error) {
	if c == "" {
		return Position{}, nil
	}
	at, id, ok := strings.Cut(strings.TrimPrefix(c, "s"), ".")
	ms, err := strconv.ParseInt(at, 36, 64)
	if !ok || err != nil || ms <= 0 || len(id) > MaxID || c[0] != 's' {
		return Position{}, fmt.Errorf("cursor %q", c)
	}
	return Position{CreatedAt: time.UnixMilli(ms).UTC(), ID: ID(id)}, nil
}
