package story

import (
	"context"
	"errors"
	"time"

	"github.com/storywire/storywire/internal/auth"
)

var errDraft = errors.New("not written yet")

// Options of a Service. The zero value means the defaults.
type Options struct {
	Now       func() time.Time // default time.Now
	NewID     func() string    // default: random, rising with time
	CacheSize int              // stories whose access rules stay in memory; default 10,000
	Announcer Announcer        // default: nobody hears of changed rights
}

// Service holds the rules of stories. It may be used by many goroutines at once.
type Service struct {
	store  Store
	people People
	opts   Options
}

// NewService returns a service over store.
func NewService(store Store, people People, opts Options) *Service {
	return &Service{store: store, people: people, opts: opts}
}

// Create makes caller the author of a new story. duplicate says that it is the
// one made before with the same key (or ID).
func (s *Service) Create(ctx context.Context, caller auth.UserID, in Draft) (st Story, duplicate bool, err error) {
	return Story{}, false, errDraft
}

// Get returns a story with its body.
func (s *Service) Get(ctx context.Context, caller auth.UserID, id ID) (Story, error) {
	return Story{}, errDraft
}

// List returns a page of the stories caller may read, newest first, without their bodies.
func (s *Service) List(ctx context.Context, caller auth.UserID, q Query) (Page, error) {
	return Page{}, errDraft
}

// MayRead returns the story's rules if caller may read (and join) it, else FORBIDDEN or NOT_FOUND.
func (s *Service) MayRead(ctx context.Context, caller auth.UserID, id ID) (*Access, error) {
	return nil, errDraft
}

// MayComment returns the story's rules if caller may comment in it.
func (s *Service) MayComment(ctx context.Context, caller auth.UserID, id ID) (*Access, error) {
	return nil, errDraft
}

// Members returns the members of a story, its author first; to whoever may read it.
func (s *Service) Members(ctx context.Context, caller auth.UserID, id ID) ([]Member, error) {
	return nil, errDraft
}

// SetMember gives userID a role (Viewer..Editor); only the author may.
func (s *Service) SetMember(ctx context.Context, caller auth.UserID, id ID, userID auth.UserID, role Role) (Member, error) {
	return Member{}, errDraft
}

// RemoveMember takes userID's role away; the author may, and everybody for themselves.
func (s *Service) RemoveMember(ctx context.Context, caller auth.UserID, id ID, userID auth.UserID) error {
	return errDraft
}
