package presence

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

var errDraft = errors.New("not written yet")

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
}

// NewTracker returns a tracker. Nothing is announced and nobody goes offline
// unless [Tracker.Run] runs.
func NewTracker(store Store, announcer Announcer, opts Options) *Tracker {
	return &Tracker{store: store, announcer: announcer, opts: opts}
}

// Connect says that a user has a new connection.
func (t *Tracker) Connect(conn ConnectionID, p user.Profile) {}

// Disconnect says that a connection is gone, with all its stories.
func (t *Tracker) Disconnect(conn ConnectionID) {}

// LogOut is Disconnect without grace: the user meant it.
func (t *Tracker) LogOut(conn ConnectionID) {}

// Enter says that a connection is in a story; twice is once.
func (t *Tracker) Enter(conn ConnectionID, id story.ID) {}

// Leave says that a connection left a story, without grace.
func (t *Tracker) Leave(conn ConnectionID, id story.ID) {}

// Story returns who is in a story.
func (t *Tracker) Story(id story.ID) Snapshot { return Snapshot{} }

// Readers returns how many people are in a story.
func (t *Tracker) Readers(id story.ID) int { return 0 }

// Online returns who is online.
func (t *Tracker) Online() Online { return Online{} }

// Statuses returns whether the ids (at most MaxLookup, else VALIDATION) are online: one entry for each id.
func (t *Tracker) Statuses(ctx context.Context, ids []auth.UserID) (map[auth.UserID]Status, error) {
	return nil, errDraft
}

// Run announces transitions and stores when people were last seen, until ctx
// ends: then everybody's last seen is stored, and nobody is announced offline,
// since clients come back to another node or after a restart. Run returns nil.
func (t *Tracker) Run(ctx context.Context) error { return errDraft }
