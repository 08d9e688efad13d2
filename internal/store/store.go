package store

import (
	"context"
	"errors"
	"log/slog"

	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

var errDraft = errors.New("not written yet")

// Options of a Store. The zero value means the defaults.
type Options struct {
	Logger *slog.Logger // default: discard
}

// Store is the database. It implements the Store of every feature.
type Store struct {
	all
}

// Open opens the database at url ("storywire.db", "sqlite:storywire.db"),
// creates or migrates it, and refuses one that another process holds.
func Open(ctx context.Context, url string, opts Options) (*Store, error) { return nil, errDraft }

// Ready returns nil if the database takes writes now.
func (s *Store) Ready(ctx context.Context) error { return errDraft }

// Secret returns the random value of that name, made by the first call and
// kept from then on; size is in bytes.
func (s *Store) Secret(ctx context.Context, name string, size int) ([]byte, error) {
	return nil, errDraft
}

// Close finishes the writes that wait and closes the database. It is idempotent.
func (s *Store) Close() error { return errDraft }

type all interface {
	comment.Store
	notification.Store
	presence.Store
	story.Store
	user.Store
}
