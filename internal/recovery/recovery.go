// Package recovery knows what a connection is in - its stories, what it follows -
// so that another can carry it on, on whichever node and after whatever end.
//
// A [Record] is stored whenever what it says changes, not when the connection
// ends, which may be never known. It needs to say nothing of what the client was
// sent: see package feed. One connection holds it at a time, its owner: whoever
// takes it over ends the rights of the one before, which may still seem to live.
package recovery

import (
	"context"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
)

// Record is what a connection is in.
type Record struct {
	PID   string // the client's secret
	User  auth.UserID
	Owner string // the connection that holds it
	State State
}

// State is what is carried on.
type State struct {
	SID        string   `json:"sid"` // the public id of the socket
	Stories    []Story  `json:"stories,omitempty"`
	Follows    []string `json:"follows,omitempty"`    // rooms of presence
	Subscribed bool     `json:"subscribed,omitempty"` // has asked for presence
}

// Story is one that a connection has joined.
type Story struct {
	ID    story.ID `json:"id"`
	Count int      `json:"n"`   // joins minus leaves
	Since int64    `json:"pos"` // it hears the events above this position
}

// Store keeps records.
type Store interface {
	// SaveSession stores r as of at. It reports false, and stores nothing, if
	// another connection has taken the record over.
	SaveSession(ctx context.Context, r Record, at time.Time) (held bool, err error)
	// TakeSession makes owner hold the record of pid and user that was alive after
	// since, and returns it with the owner before. ok is false if there is none.
	TakeSession(ctx context.Context, pid string, user auth.UserID, owner string, at, since time.Time) (r Record, ok bool, err error)
	// DropSession forgets a record that owner holds.
	DropSession(ctx context.Context, pid, owner string) error
	// TouchSessions says that records live at a moment.
	TouchSessions(ctx context.Context, pids []string, at time.Time) error
	// ExpireSessions forgets at most limit records that were last alive before a
	// moment, and returns how many.
	ExpireSessions(ctx context.Context, before time.Time, limit int) (int, error)
}
