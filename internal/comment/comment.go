package comment

import (
	"context"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/notification"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// ID names a comment.
type ID string

// Limits of a comment.
const (
	MaxContent      = 5000           // runes, at least 1 after trimming
	MaxContentBytes = 4 * MaxContent // bytes: the longest UTF-8 of MaxContent runes
	MaxID           = 64             // bytes
	MaxCID          = 64             // bytes
	MaxPage         = 100            // comments in one page
	DefaultPage     = 50
)

// CIDWindow is how long a cid is remembered: a retry within it gets the first result.
const CIDWindow = 24 * time.Hour

// Seq is a position in a story's durable events: gapless from 1 and rising
// within an epoch, which changes only if the database is replaced by an older one.
type Seq struct {
	Epoch string
	Seq   int64
}

// Comment is a stored comment.
type Comment struct {
	ID        ID
	StoryID   story.ID
	Seq       int64
	Epoch     string
	ParentID  ID // empty: not a reply
	Content   string
	User      user.Profile
	CreatedAt time.Time // to the millisecond, UTC
	CID       string    // the author's nonce; empty if none
	// Pos is the place among the durable events of all stories and inboxes: it
	// rises by one, over all nodes, in the order of the commits.
	Pos int64
}

// Draft is what somebody wants to say.
type Draft struct {
	StoryID  story.ID
	Content  string
	ParentID ID     // empty: not a reply
	CID      string // idempotency nonce, at most 64 bytes; empty: none
	Origin   string // connection it came over, handed through to the Publisher; empty: none
}

// Query asks for a page of a story's comments, newest first.
type Query struct {
	StoryID story.ID
	Cursor  string // of the page before; empty: the first page
	Limit   int    // 1..100; 0: 50
}

// Page is a page of comments.
type Page struct {
	Items      []Comment
	NextCursor string // empty: no more
	Seq        Seq    // the position to which the page is continuous with the live events
}

// Receipt is what the store made of a comment and its notifications.
type Receipt struct {
	Comment       Comment // as stored; with the first result if Duplicate
	Duplicate     bool
	Notifications []notification.Stored
}

// Store keeps comments. Comments come back without the names of their authors, which the service adds.
type Store interface {
	// InsertComment stores c with the story's next seq and ns in one
	// transaction. If c.User.ID has used c.CID after since, nothing is stored
	// and the receipt has the first comment. committed, unless nil, is called
	// after the commit and before InsertComment returns, with nothing but what
	// was stored: for one story in the order of seq, never two at a time.
	// committed must not block, nor write to the store.
	InsertComment(ctx context.Context, c Comment, since time.Time, ns []notification.Notification, committed func(Receipt)) (Receipt, error)
	// Comment returns a comment, or an error of code NOT_FOUND.
	Comment(ctx context.Context, id ID) (Comment, error)
	// Comments returns at most limit (0: none) comments of a story with a seq below
	// below (0: all), newest first, and the story's position at that moment.
	Comments(ctx context.Context, id story.ID, below int64, limit int) ([]Comment, Seq, error)
	// CommentsSince returns at most limit comments of a story with a seq above seq,
	// oldest first, and the story's position at that moment.
	CommentsSince(ctx context.Context, id story.ID, seq int64, limit int) ([]Comment, Seq, error)
}

// Stories decides who may do what in a story, as story.Service does.
type Stories interface {
	MayRead(ctx context.Context, caller auth.UserID, id story.ID) (*story.Access, error)
	MayComment(ctx context.Context, caller auth.UserID, id story.ID) (*story.Access, error)
}

// People tells who somebody is, as user.Directory does.
type People interface {
	Profile(ctx context.Context, id auth.UserID) user.Profile
	Profiles(ctx context.Context, ids []auth.UserID) map[auth.UserID]user.Profile
}

// Publisher tells readers the news; its methods must not block, nor write to the store.
type Publisher interface {
	// CommentCreated is called after the commit, for one story in the order of
	// seq, never two at a time. origin is the Draft's.
	CommentCreated(ctx context.Context, c Comment, origin string)
	// TypingChanged is called for each transition, never two at a time.
	TypingChanged(ctx context.Context, t TypingChange)
}

// Notifier delivers stored notifications, as notification.Service does; it must not block.
type Notifier interface {
	Deliver(ctx context.Context, stored []notification.Stored)
}
