package notification

import (
	"context"
	"encoding/json"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/user"
)

// ID names a notification.
type ID string

// Limits of a notification.
const (
	MaxUsers    = 1000    // addressees of one request
	MaxUserID   = 255     // bytes
	MaxType     = 64      // bytes
	MaxTitle    = 200     // runes, at least 1
	MaxBody     = 2000    // runes
	MaxLink     = 2048    // bytes
	MaxData     = 8 << 10 // bytes of JSON
	MaxKey      = 64      // bytes of an idempotency key
	MaxRead     = 500     // ids in one request
	MaxPage     = 100     // notifications in one page
	DefaultPage = 20
)

// KeyWindow is how long an idempotency key is remembered.
const KeyWindow = 24 * time.Hour

// Type says what a notification is about. Other services may use types of their own.
type Type string

// Types made here.
const (
	CommentReply Type = "comment.reply" // to the author of the parent comment
	StoryComment Type = "story.comment" // to the author of the story
	System       Type = "system"        // the default of the server API

	PlayInvited  Type = "play.invited"   // to who is asked to play
	PlayYourTurn Type = "play.your_turn" // to a player whom the party waits for
	PlayResumed  Type = "play.resumed"   // to a player who was away

	CoauthorInvited  Type = "coauthor.invited"  // to who is asked to work on a story
	CoauthorAccepted Type = "coauthor.accepted" // to who has asked
)

// Notification is one entry of somebody's inbox.
type Notification struct {
	ID        ID
	UserID    auth.UserID // the addressee
	Type      Type
	Title     string
	Body      string
	Link      string       // a path of the site or an http(s) address; empty if none
	Actor     user.Profile // who caused it; zero ID if nobody
	Data      json.RawMessage
	CreatedAt time.Time // to the millisecond, UTC
	ReadAt    time.Time // zero: unread
}

// Counts are the totals of an inbox. Rev rises with every change, so that of
// two counts the one with the higher Rev is the newer.
type Counts struct {
	Unread int64
	Rev    int64
}

// Stored is a notification just stored, with the totals after it.
type Stored struct {
	Notification Notification
	Counts       Counts
	Pos          int64 // place among all durable events, as comment.Comment.Pos
}

// Draft is what another service wants to tell people.
type Draft struct {
	UserIDs []auth.UserID // 1..1000; one notification each
	Type    Type          // empty: System
	Title   string        // 1..200 runes after trimming
	Body    string        // at most 2000 runes
	Link    string        // a path starting with one slash, or an http(s) address; at most 2048 bytes
	Actor   auth.UserID   // empty: nobody; the actor is never notified
	Data    json.RawMessage
	Key     string // idempotency key, at most 64 bytes; empty: none
}

// Query asks for a page of the caller's inbox, newest first.
type Query struct {
	Cursor string // of the page before; empty: the first page
	Limit  int    // 1..100; 0: 20
	Unread bool   // only unread ones
}

// Page is a page of an inbox.
type Page struct {
	Items      []Notification
	NextCursor string // empty: no more
	Counts     Counts
}

// Mark says what the caller has read: the ids, or all.
type Mark struct {
	IDs    []ID // at most 500; those of others are ignored
	All    bool
	Origin string // connection it came over, handed through to the Pusher; empty: none
}

// Marked is what became read by a Mark.
type Marked struct {
	IDs    []ID // the changed ones; nil if All
	All    bool
	ReadAt time.Time
	Counts Counts
	Pos    int64 // place among all durable events, as comment.Comment.Pos; 0 if nothing changed
}

// Read is what a user has read, as it is told again.
type Read struct {
	UserID auth.UserID
	Marked Marked
}

// Position is where a page ends: the next one starts below it. The zero value is above everything.
type Position struct {
	CreatedAt time.Time
	ID        ID
}

// Store keeps inboxes. Notifications come back without the actor's name, which the service adds.
type Store interface {
	// InsertNotifications stores ns in one transaction. If the non-empty key was used
	// after since, nothing is stored and those of the first time come back with duplicate set.
	// committed, unless nil, is called after the commit and before
	// InsertNotifications returns, in commit order, with nothing but what was
	// stored. committed must not block, nor write to the store.
	InsertNotifications(ctx context.Context, ns []Notification, key string, since time.Time, committed func([]Stored)) (stored []Stored, duplicate bool, err error)
	// Notifications returns at most limit of somebody's notifications, newest first, and the totals.
	Notifications(ctx context.Context, id auth.UserID, unread bool, below Position, limit int) ([]Notification, Counts, error)
	// MarkRead marks those of ids (or all) that are id's and unread, and
	// returns the changed ones (none listed if all) and the totals. committed, unless
	// nil, is called as by InsertNotifications, if anything changed.
	MarkRead(ctx context.Context, id auth.UserID, m Mark, at time.Time, committed func(Marked)) (Marked, error)
	// NotificationCounts returns somebody's totals.
	NotificationCounts(ctx context.Context, id auth.UserID) (Counts, error)
}

// People tells who somebody is, as user.Directory does.
type People interface {
	Profile(ctx context.Context, id auth.UserID) user.Profile
	Profiles(ctx context.Context, ids []auth.UserID) map[auth.UserID]user.Profile
}

// Pusher brings news to all connections of a user; its methods are called
// after the commit, in commit order, and must not block, nor write to the store.
type Pusher interface {
	NotificationCreated(ctx context.Context, n Stored)
	// NotificationsRead says that id read m, over the connection origin.
	NotificationsRead(ctx context.Context, id auth.UserID, m Marked, origin string)
}
