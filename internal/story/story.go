package story

import (
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/user"
)

// ID names a story.
type ID string

// Limits of a story.
const (
	MaxID       = 64        // bytes
	MaxTitle    = 200       // runes, at least 1
	MaxSynopsis = 1000      // runes
	MaxBody     = 256 << 10 // bytes
	MaxMembers  = 1000      // people with a role of their own in one story
	MaxKey      = 64        // bytes of an idempotency key
	MaxPage     = 100       // stories in one page
	DefaultPage = 20
)

// KeyWindow is how long an idempotency key is remembered.
const KeyWindow = 24 * time.Hour

// Visibility says who may read a story.
type Visibility string

// Visibilities.
const (
	Public  Visibility = "public"  // every signed-in user may read, join and comment
	Private Visibility = "private" // members only
)

// Role is what somebody may do in a story; a higher role may do all that a lower one may.
type Role uint8

// Roles, in rising order.
const (
	None Role = iota
	Viewer
	Commenter
	Player
	Editor
	Author // the owner: exactly one for each story
	Moderator
	Admin
)

var roleNames = [...]string{"none", "viewer", "commenter", "player", "editor", "author", "moderator", "admin"}

// String returns the role's name in the published contract.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return roleNames[None]
}

// ParseRole returns the role of that name; ok is false for an unknown one.
func ParseRole(name string) (r Role, ok bool) {
	for i, n := range roleNames {
		if n == name {
			return Role(i), true
		}
	}
	return None, false
}

// Story is a story as one caller sees it.
type Story struct {
	ID           ID
	Title        string
	Synopsis     string
	Body         string // plain text, paragraphs separated by blank lines; empty in lists
	CoverColor   string // "#rrggbb"
	Author       user.Profile
	Visibility   Visibility
	Role         Role // of the caller
	CommentCount int64
	Release      int // number of the last release; 0: there is none, it cannot be played
	CreatedAt    time.Time
}

// Member is somebody with a role of their own in a story.
type Member struct {
	User  user.Profile
	Role  Role
	Since time.Time // when they got the role
}

// Access is what is needed to decide who may do what in a story.
// It is immutable and may be shared.
type Access struct {
	ID         ID
	Title      string
	Author     auth.UserID
	Visibility Visibility
	Members    map[auth.UserID]Grant // without the author
}

// Grant is the role somebody was given.
type Grant struct {
	Role  Role
	Since time.Time
}

// RoleOf returns the role of a signed-in user.
func (a *Access) RoleOf(id auth.UserID) Role {
	role := a.Members[id].Role
	if id == a.Author {
		role = max(role, Author)
	}
	if a.Visibility == Public {
		role = max(role, Commenter)
	}
	return role
}

// Draft is what somebody wants to make a story of.
type Draft struct {
	ID         ID         // only for trusted callers that seed a known story; empty: a new one
	Title      string     // 1..200 runes after trimming
	Synopsis   string     // at most 1000 runes
	Body       string     // at most 256 KiB
	CoverColor string     // "#rrggbb"; empty: one is chosen
	Visibility Visibility // empty: Public
	Key        string     // idempotency key, at most 64 bytes; empty: none
}

// Query asks for a page of stories, newest first.
type Query struct {
	Cursor string // of the page before; empty: the first page
	Limit  int    // 1..100; 0: 20
}

// Page is a page of stories.
type Page struct {
	Items      []Story
	NextCursor string // empty: no more
}
