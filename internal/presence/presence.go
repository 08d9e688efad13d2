package presence

import (
	"context"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// ConnectionID names one connection of a user, for example a socket. It is never used twice.
type ConnectionID string

// MaxLookup is how many users one question may name.
const MaxLookup = 500

// Member is somebody who is in a story.
type Member struct {
	User  user.Profile
	Since time.Time // when they came
}

// Gone is somebody who left a story.
type Gone struct {
	UserID     auth.UserID
	LastSeenAt time.Time
}

// Diff is what changed in a story since the diff before; Seq rises by one.
// Joins and Leaves are sets to add and to remove: applying one twice, or after
// a newer Snapshot, does no harm.
type Diff struct {
	StoryID story.ID
	Joins   []Member
	Leaves  []Gone
	Count   int // people in the story after it
	Seq     int64
}

// Snapshot is who is in a story. Diffs with a higher Seq follow it.
type Snapshot struct {
	StoryID story.ID
	Members []Member // the first to come first; at most Options.MaxListed
	Count   int      // all of them
	Seq     int64
}

// Online is who is online on the site.
type Online struct {
	UserIDs []auth.UserID // at most Options.MaxListed
	Count   int           // all of them
}

// Status is whether somebody is online.
type Status struct {
	Online     bool
	LastSeenAt time.Time // now if online; zero if never seen
}

// Seen is when somebody was last seen.
type Seen struct {
	UserID auth.UserID
	At     time.Time
}

// Store keeps when people were last seen.
type Store interface {
	SaveLastSeen(ctx context.Context, seen []Seen) error
	LastSeen(ctx context.Context, ids []auth.UserID) ([]Seen, error)
}

// Announcer tells the news; its methods are called one at a time, in order, and must not block.
type Announcer interface {
	UserOnline(ctx context.Context, id auth.UserID, since time.Time)
	UserOffline(ctx context.Context, id auth.UserID, lastSeen time.Time)
	StoryChanged(ctx context.Context, d Diff)
}
