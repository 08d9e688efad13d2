package comment

import (
	"context"
	"errors"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

var errDraft = errors.New("not written yet")

// Options of a Service. The zero value means the defaults.
type Options struct {
	Now       func() time.Time // default time.Now
	NewID     func() string    // default: random, rising with time
	TypingTTL time.Duration    // how long somebody types without saying so again; default 8 s
}

// Deps are what a Service works with; all are needed.
type Deps struct {
	Store     Store
	Stories   Stories
	People    People
	Publisher Publisher
	Notifier  Notifier
}

// Service holds the rules of comments. It may be used by many goroutines at once.
type Service struct {
	deps   Deps
	opts   Options
	typing *Typing
}

// NewService returns a service. Typists expire only while [Service.Run] runs.
func NewService(deps Deps, opts Options) *Service {
	return &Service{deps: deps, opts: opts}
}

// Run announces typing transitions until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error { return errDraft }

// Post stores a comment and tells the readers. duplicate says that it is the
// one stored before for the same cid; it is not told again.
func (s *Service) Post(ctx context.Context, caller auth.UserID, in Draft) (c Comment, duplicate bool, err error) {
	return Comment{}, false, errDraft
}

// Get returns a comment of a story that caller may read.
func (s *Service) Get(ctx context.Context, caller auth.UserID, id ID) (Comment, error) {
	return Comment{}, errDraft
}

// List returns a page of a story's comments, newest first.
func (s *Service) List(ctx context.Context, caller auth.UserID, q Query) (Page, error) {
	return Page{}, errDraft
}

// Position returns where a story's durable events are now; it decides nothing
// about rights.
func (s *Service) Position(ctx context.Context, id story.ID) (Seq, error) {
	return Seq{}, errDraft
}

// SetTyping says that caller types in a story, or no longer, over the connection conn.
func (s *Service) SetTyping(ctx context.Context, caller auth.UserID, conn string, id story.ID, typing bool) error {
	return errDraft
}

// StopTyping ends caller's typing over conn in one story: conn left it.
func (s *Service) StopTyping(conn string, caller auth.UserID, id story.ID) {}

// Disconnected ends all typing over conn.
func (s *Service) Disconnected(conn string) {}

// Typists returns who types in a story now, in the order they began.
func (s *Service) Typists(id story.ID) []user.Profile { return nil }
