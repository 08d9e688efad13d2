package notification

import (
	"context"
	"errors"
	"time"

	"github.com/storywire/storywire/internal/auth"
)

var errDraft = errors.New("not written yet")

// Options of a Service. The zero value means the defaults.
type Options struct {
	Now   func() time.Time // default time.Now
	NewID func() string    // default: random, rising with time
}

// Service holds the rules of inboxes. It may be used by many goroutines at once.
type Service struct {
	store  Store
	people People
	pusher Pusher
	opts   Options
}

// NewService returns a service over store.
func NewService(store Store, people People, pusher Pusher, opts Options) *Service {
	return &Service{store: store, people: people, pusher: pusher, opts: opts}
}

// Create stores a notification for each of the draft's users and pushes it. It
// is for trusted callers: it asks for no rights. duplicate says that they are
// those of the first request with the same key.
func (s *Service) Create(ctx context.Context, in Draft) (ns []Notification, duplicate bool, err error) {
	return nil, false, errDraft
}

// Deliver pushes notifications that another feature has stored, in order.
func (s *Service) Deliver(ctx context.Context, stored []Stored) {}

// List returns a page of caller's inbox, newest first, and its totals.
func (s *Service) List(ctx context.Context, caller auth.UserID, q Query) (Page, error) {
	return Page{}, errDraft
}

// MarkRead marks notifications of caller as read and tells their connections.
func (s *Service) MarkRead(ctx context.Context, caller auth.UserID, m Mark) (Marked, error) {
	return Marked{}, errDraft
}

// Counts returns the totals of caller's inbox.
func (s *Service) Counts(ctx context.Context, caller auth.UserID) (Counts, error) {
	return Counts{}, errDraft
}
