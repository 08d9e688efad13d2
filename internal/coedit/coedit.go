package coedit

import (
	"context"
	"errors"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// Limits of a document and of those who write in it.
const (
	MaxUpdate    = 512 << 10 // bytes of one update over a socket
	MaxUpload    = 16 << 20  // bytes of one update over HTTP: what was written offline
	MaxDiff      = 512 << 10 // bytes of an answer over a socket; larger ones are fetched over HTTP
	MaxBody      = 64 << 10  // UTF-16 units of one passage
	MaxPassages  = 5_000
	MaxUnits     = 4 << 20  // UTF-16 units of all passages
	MaxState     = 16 << 20 // bytes of the encoded document
	MaxName      = 200      // UTF-16 units of a title or a name
	MaxTags      = 32       // of one passage
	MaxTag       = 64       // UTF-16 units
	MaxVars      = 500
	MaxVarDoc    = 1_000 // UTF-16 units
	MaxOpen      = 8     // documents of one connection
	MaxEditors   = 50    // connections that may write in one document, on one node
	MaxReaders   = 1_000 // and others
	MaxPresence  = 4 << 10
	MinClient    = 1024 // client ids below are the server's
	maxSafe      = 1<<53 - 1
	maxGroup     = 256       // batches that are stored together
	maxGroupSize = 256 << 10 // bytes
)

// Visitor is a connection that opens a document.
type Visitor struct {
	Conn   string // id of the connection
	User   user.Profile
	Client uint64 // id of its Y.Doc
}

// Synced is what a client lacks.
type Synced struct {
	Role   story.Role
	Seq    int64
	Vector []byte // encoded state vector of the server
	Update []byte // nil when it is larger than MaxDiff
}

// Opened is a document with those who are there.
type Opened struct {
	Synced
	Awareness []byte
	Peers     []Peer
}

// Peer is a connection that has the document open.
type Peer struct {
	Client uint64
	User   user.Profile
	Color  string // "#rrggbb"
}

// Update is an entry of the log.
type Update struct {
	Seq  int64
	Data []byte // a Yjs update, V1
}

// Saved is a document as the database has it.
type Saved struct {
	Head int64    // seq of the last update; 0: nobody has written yet
	Seq  int64    // that State includes
	Data []byte   // the encoded state; nil at seq 0
	Tail []Update // the rest, in order
}

// Entry is an update to be appended.
type Entry struct {
	Data    []byte
	Node    string
	After   int64                  // the head it must follow; Anywhere: whatever it is
	Clients map[uint64]auth.UserID // who writes with client ids that are new here
	At      time.Time
}

// Anywhere appends an [Entry] after whatever is there.
const Anywhere = -1

// ErrConflict says that an [Entry] does not follow the head it must follow.
var ErrConflict = errors.New("the document has moved on")

// ForeignClientError says that a client id belongs to somebody else.
type ForeignClientError struct {
	Client uint64
	Owner  auth.UserID
}

// Error implements error.
func (e *ForeignClientError) Error() string { return "the client id belongs to " + string(e.Owner) }

// Refused is an update that was not accepted, kept for a while to look at.
type Refused struct {
	UserID auth.UserID
	Code   string
	Data   []byte // at most 64 KiB of it
	At     time.Time
}

// Log keeps documents: the order of their updates is the order in which
// Append returned.
type Log interface {
	// Document returns a document with its tail; an unknown one is empty.
	Document(ctx context.Context, id story.ID) (Saved, error)
	// Updates returns at most limit updates after a seq, in order. They may
	// begin later than asked for: older ones are in the saved state.
	Updates(ctx context.Context, id story.ID, after int64, limit int) ([]Update, error)
	// Append stores e as the document's next update, with the client ids it
	// brings, in one transaction, and returns its seq. It returns ErrConflict,
	// or a *ForeignClientError, and then nothing is stored.
	Append(ctx context.Context, id story.ID, e Entry) (seq int64, err error)
	// Heads returns the head of each document that has one.
	Heads(ctx context.Context, ids []story.ID) (map[story.ID]int64, error)
	// Compact keeps state as the document's state at seq unless it has a later
	// one, and drops updates that are far behind it.
	Compact(ctx context.Context, id story.ID, seq int64, state []byte) error
	// Quarantine keeps a refused update.
	Quarantine(ctx context.Context, id story.ID, r Refused) error
	// DropRefused drops the refused updates of before a time, and returns how many there were.
	DropRefused(ctx context.Context, before time.Time) (int64, error)
	// Documents returns at most limit documents after one, or the first ones
	// after an empty id, in an order that does not change.
	Documents(ctx context.Context, after story.ID, limit int) ([]story.ID, error)
}

// Writers tells who wrote with a client id.
type Writers interface {
	// WritersOf returns the owners of those client ids that have one.
	WritersOf(ctx context.Context, id story.ID, clients []uint64) (map[uint64]auth.UserID, error)
}

// Stories decides who may do what in a story, as story.Service does.
type Stories interface {
	MayRead(ctx context.Context, caller auth.UserID, id story.ID) (*story.Access, error)
}

// People tells who somebody is, as user.Directory does.
type People interface {
	Profile(ctx context.Context, id auth.UserID) user.Profile
	Profiles(ctx context.Context, ids []auth.UserID) map[auth.UserID]user.Profile
}

// Publisher tells the connections of this node; its methods must not block.
// For one document they are called by one goroutine at a time.
type Publisher interface {
	// Updated tells those who have the document open, in the order of seq. from
	// is the client it came from, 0 if several; except is its connection, or empty.
	Updated(id story.ID, u Update, from uint64, except string)
	// AwarenessChanged tells those who have the document open, except one, or empty.
	AwarenessChanged(id story.ID, message []byte, except string)
	// CursorsMoved tells these connections, where too many are there for everybody to follow all cursors.
	CursorsMoved(conns []string, id story.ID, message []byte)
	// RoleChanged tells one connection what it may do now; with story.None it is out.
	RoleChanged(conn string, id story.ID, role story.Role)
	// ResetNeeded tells one connection to give its replica up.
	ResetNeeded(conn string, id story.ID, reason errs.Code)
	// DocClosed tells everybody that this node has given the document up.
	DocClosed(id story.ID)
	// NoteChanged tells everybody of a new or changed note.
	NoteChanged(id story.ID, n Note)
	// DocPublished tells everybody of a new release.
	DocPublished(id story.ID, r Release)
}

// Bus carries hints between the nodes, as cluster.Bus does. Messages may be
// lost, doubled and reordered; they come from other nodes of the cluster only.
type Bus interface {
	// Publish sends to all other nodes; it must not block.
	Publish(channel string, data []byte)
	// Subscribe calls f with the messages of a channel until cancel is called.
	// f must not block, and keeps no message.
	Subscribe(channel string, f func(data []byte)) (cancel func())
}
