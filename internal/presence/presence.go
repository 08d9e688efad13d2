package presence

import (
	"context"
	"encoding/json"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// ConnectionID names one connection of a user, for example a socket. It is never used twice.
type ConnectionID string

// MaxLookup is how many users one question may name.
const MaxLookup = 500

// MaxState is how large the free part of a Mood may be, in bytes of JSON.
const MaxState = 1 << 10

// Member is somebody who is in a story.
type Member struct {
	User  user.Profile
	Since time.Time // when they came
	Mood  Mood
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
	Updates []Member // those whose Mood changed
	Count   Count    // people in the story after it
	Seq     int64
}

// Count is how many people are in a story.
type Count struct {
	Online  int // all of them
	Playing int // of them, those who say that they play
	Editing int // of them, those who say that they write
}

// Snapshot is who is in a story. Diffs with a higher Seq follow it.
type Snapshot struct {
	StoryID story.ID
	Members []Member // the first to come first; at most Options.MaxListed
	Count   Count    // all of them
	Seq     int64
}

// Online is who is online on the site.
type Online struct {
	UserIDs []auth.UserID // at most Options.MaxListed
	Count   int           // all of them
}

// Availability is what somebody who is online says of their attention.
type Availability string

// The availabilities.
const (
	Available Availability = "online"
	Away      Availability = "away"
	Busy      Availability = "dnd"
)

// Doing is what somebody is about.
type Doing string

// The doings.
const (
	Reading    Doing = "reading"
	Playing    Doing = "playing"
	Editing    Doing = "editing"
	Commenting Doing = "commenting"
)

// Activity is what somebody does, and where.
type Activity struct {
	Kind      Doing
	StoryID   story.ID // empty: nowhere in particular
	PassageID string
}

// Mood is what somebody says of themselves while they are online. The zero
// value is that of somebody who has said nothing.
type Mood struct {
	Availability Availability // empty: Available
	Activity     *Activity
	State        json.RawMessage // a JSON object of at most MaxState bytes, or nil
}

// Update changes what somebody says of themselves; what is nil stays as it is.
type Update struct {
	Availability *Availability
	Activity     *Activity
	State        json.RawMessage
	Invisible    *bool // offline to everybody else, until taken back
}

// Status is whether somebody is online.
type Status struct {
	Online       bool
	Availability Availability // empty if offline
	LastSeenAt   time.Time    // now if online; zero if never seen
}

// Seen is when somebody was last seen.
type Seen struct {
	UserID auth.UserID
	At     time.Time
}

// Store keeps when people were last seen, and who does not want to be.
type Store interface {
	SaveLastSeen(ctx context.Context, seen []Seen) error
	LastSeen(ctx context.Context, ids []auth.UserID) ([]Seen, error)
	SetInvisible(ctx context.Context, id auth.UserID, invisible bool) error
	Invisible(ctx context.Context, id auth.UserID) (bool, error)
}

// Announcer tells the news to this node's connections; its methods are called
// one at a time, in order, and must not block.
type Announcer interface {
	UserOnline(ctx context.Context, id auth.UserID, since time.Time)
	UserOffline(ctx context.Context, id auth.UserID, lastSeen time.Time)
	UserAvailability(ctx context.Context, id auth.UserID, a Availability, at time.Time)
	StoryChanged(ctx context.Context, d Diff)
	StoryCounted(ctx context.Context, id story.ID, c Count)
}

// Bus carries what nodes tell each other: Publish to all others, in order.
// Messages that a node may have missed are told of by OnGap, afterwards. The
// functions it calls must be quick and must not keep data.
type Bus interface {
	Publish(channel string, data []byte)
	Subscribe(channel string, receive func(data []byte)) (cancel func())
	Healthy() bool
	OnGap(f func()) (cancel func())
}
