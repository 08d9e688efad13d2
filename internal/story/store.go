package story

import (
	"context"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/user"
)

// Position is where a page ends: the next one starts below it.
// The zero value is above everything.
type Position struct {
	CreatedAt time.Time
	ID        ID
}

// Store keeps stories, their releases and their members. Stories come back without the
// author's name, which the service adds; StoriesFor sets Role to the role
// somebody was given, the service works out the rest.
type Store interface {
	ReleaseStore
	// CreateStory stores s, or returns what the same author made with the same
	// non-empty key after since (or the story that has the same id), with duplicate set.
	CreateStory(ctx context.Context, s Story, key string, since time.Time) (stored Story, duplicate bool, err error)
	// Story returns a story, or an error of code NOT_FOUND.
	Story(ctx context.Context, id ID) (Story, error)
	// StoriesFor returns at most limit stories, without bodies, that reader may read, newest first.
	StoriesFor(ctx context.Context, reader auth.UserID, below Position, limit int) ([]Story, error)
	// Access returns who may do what in a story, or an error of code NOT_FOUND.
	Access(ctx context.Context, id ID) (*Access, error)
	// SetMember gives a role to somebody, or None to take it away; at most limit people have one.
	// One more is refused with an error of code VALIDATION.
	SetMember(ctx context.Context, id ID, userID auth.UserID, role Role, since time.Time, limit int) error
}

// People tells who somebody is, as user.Directory does.
type People interface {
	Profile(ctx context.Context, id auth.UserID) user.Profile
	Profiles(ctx context.Context, ids []auth.UserID) map[auth.UserID]user.Profile
}

// Announcer hears of changed rights after they are stored; it must not block.
type Announcer interface {
	// AccessChanged says that userID's role in the story was set to role; with
	// None the user may no longer read it. Of two changes at the same moment
	// the older may be told last: what counts is the answer of MayRead.
	AccessChanged(ctx context.Context, id ID, userID auth.UserID, role Role)
	// AccessUnknown says that rights may have changed without a word: whoever
	// holds one asks MayRead again. It may take its time.
	AccessUnknown(ctx context.Context)
}
