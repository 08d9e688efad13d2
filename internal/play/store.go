package play

import (
	"context"
	"errors"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/internal/user"
)

// Errors of a Store that are no failures.
var (
	ErrConflict  = errors.New("the party was written by somebody else meanwhile")
	ErrDuplicate = errors.New("the command was stored before")
	ErrCodeTaken = errors.New("another party has the code")
)

// Row is a party as it is stored. Version rises by one with each write.
type Row struct {
	State   *State
	Version int64
}

// Write is one write of a party: it counts only if the stored version is From.
type Write struct {
	From   int64
	Was    *State // what From is believed to be; nil: not known
	State  *State
	Events []Event
}

// Seen is a party in somebody's list.
type Seen struct {
	Row
	Role      string // MemberPlayer or MemberWatcher
	UpdatedAt time.Time
}

// Roles of members.
const (
	MemberPlayer  = "player"
	MemberWatcher = "spectator"
)

// Message is something that was said in a party.
type Message struct {
	PlayID ID
	ID     int64
	User   user.Profile
	Text   string
	CmdID  string
	At     time.Time
}

// Store keeps parties. Those who play are members from their Created or Joined
// event on until they leave or are sent away.
type Store interface {
	// CreatePlay stores a new party with version 1, or returns the id of the
	// one that was made before with the same key, with duplicate set. The error is
	// ErrCodeTaken if another party that has not ended has the code.
	CreatePlay(ctx context.Context, s *State, events []Event, key string) (id ID, duplicate bool, err error)
	// CommitPlay stores w and calls committed after the commit and before it
	// returns: for one party in the order of the versions, never two at a time.
	// committed must not block, nor write to the store. The error is ErrConflict if
	// the version is not From, and ErrDuplicate if one of the commands has been
	// stored before; then nothing is stored.
	CommitPlay(ctx context.Context, w Write, committed func()) error
	// Play returns a party, or an error of code NOT_FOUND.
	Play(ctx context.Context, id ID) (Row, error)
	// PlayOfCode returns the party that has not ended with a code, or an error of code BAD_CODE.
	PlayOfCode(ctx context.Context, code string) (ID, error)
	// PlayCommand returns the seq of the first event of a command; 0 if it has none.
	PlayCommand(ctx context.Context, id ID, cmdID string) (int64, error)
	// PlayEvents returns at most limit events after seq, in order.
	PlayEvents(ctx context.Context, id ID, after int64, limit int) ([]Event, error)

	Members
	Talk
	Watch
}

// Members keeps who takes part in which party.
type Members interface {
	// PlaysOf returns at most limit parties of somebody that they have not left,
	// the latest first; of one story unless that is empty.
	PlaysOf(ctx context.Context, id auth.UserID, of story.ID, limit int) ([]Seen, error)
	// AddWatcher makes somebody who does not play a spectator; at most limit
	// are. One more is refused with an error of code FULL.
	AddWatcher(ctx context.Context, id ID, watcher auth.UserID, at time.Time, limit int) error
	// RemoveWatcher ends it, and reports whether somebody was a spectator.
	RemoveWatcher(ctx context.Context, id ID, watcher auth.UserID) (bool, error)
	// Watchers counts the spectators of a party.
	Watchers(ctx context.Context, id ID) (int, error)
	// PlayRole returns what somebody is in a party: empty if nothing.
	PlayRole(ctx context.Context, id ID, member auth.UserID) (string, error)
	// OpenPlays returns how many parties that have not ended somebody plays in.
	OpenPlays(ctx context.Context, player auth.UserID) (int, error)
}

// Talk keeps what is said, and the votes of spectators.
type Talk interface {
	// InsertMessage stores m, or returns the one with the same user and command, with duplicate set.
	InsertMessage(ctx context.Context, m Message) (stored Message, duplicate bool, err error)
	// Messages returns at most limit messages with an id below below (0: all), newest first.
	Messages(ctx context.Context, id ID, below int64, limit int) ([]Message, error)
	// SetAudienceVote stores how a spectator votes in a round.
	SetAudienceVote(ctx context.Context, id ID, round int, voter auth.UserID, option string) error
	// AudienceVotes counts the votes of a round by option.
	AudienceVotes(ctx context.Context, id ID, round int) (map[string]int, error)
}

// Watch finds parties that have to be looked at.
type Watch interface {
	// DuePlays returns at most limit parties that were due at a time, the oldest first.
	DuePlays(ctx context.Context, at time.Time, limit int) ([]ID, error)
	// BeatNode says that a node lives; first reports whether it was not known.
	BeatNode(ctx context.Context, node string, at time.Time) (first bool, err error)
	// SilentNodes returns the other nodes that have not said so since a time.
	SilentNodes(ctx context.Context, node string, since time.Time) ([]string, error)
	// PlaysOfNode returns at most limit parties that a node holds connections of.
	PlaysOfNode(ctx context.Context, node string, limit int) ([]ID, error)
	// ForgetNode forgets a node.
	ForgetNode(ctx context.Context, node string) error
	// ForgetEvents deletes at most limit events, the oldest of one party that ended
	// before a time, and reports whether there may be more to delete.
	ForgetEvents(ctx context.Context, ended time.Time, limit int) (deleted int, more bool, err error)
	// PlayClock returns the time that all nodes go by.
	PlayClock(ctx context.Context) (time.Time, error)
}

// Stories decides who may read what, and has the releases, as story.Service does.
type Stories interface {
	MayRead(ctx context.Context, caller auth.UserID, id story.ID) (*story.Access, error)
	LatestRelease(ctx context.Context, caller auth.UserID, id story.ID) (story.Release, error)
	Release(ctx context.Context, id story.ReleaseID) (story.Release, error)
}

// People tells who somebody is, as user.Directory does.
type People interface {
	Profile(ctx context.Context, id auth.UserID) user.Profile
	Profiles(ctx context.Context, ids []auth.UserID) map[auth.UserID]user.Profile
}

// Notifier stores notifications and pushes them, as notification.Service does.
type Notifier interface {
	Create(ctx context.Context, in notification.Draft) ([]notification.Notification, bool, error)
}

// News is what was stored in one write.
type News struct {
	Row
	Events []Event
	Now    time.Time
	People map[auth.UserID]user.Profile // of the seats
	Book   *tale.Book
}

// Publisher tells the members of a party what is new; its methods must not
// block, nor write to the store.
type Publisher interface {
	// PlayChanged is called after the commit, for one party on one node in the
	// order of the versions, never two at a time.
	PlayChanged(ctx context.Context, n News)
	// PlaySaid is called after the commit.
	PlaySaid(ctx context.Context, m Message)
	// PlayAudience is called when spectators have voted, a few times a second at most.
	PlayAudience(ctx context.Context, id ID, round int, counts map[string]int)
	// PlayWatched is called when spectators have come or gone, a few times a second at most.
	PlayWatched(ctx context.Context, id ID, watchers int)
}
