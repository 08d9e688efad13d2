package play

import (
	"maps"
	"slices"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
)

// ID names a party.
type ID string

// Status of a party.
type Status string

// Statuses.
const (
	Lobby   Status = "lobby"
	Playing Status = "playing"
	Paused  Status = "paused"
	Ended   Status = "ended"
)

// Reason says why a party is paused or has ended.
type Reason string

// Reasons.
const (
	ByHost   Reason = "host"
	Empty    Reason = "empty"   // nobody is there; goes on with the first who returns
	Loop     Reason = "loop"    // the story goes in a circle without choices
	ByStory  Reason = "story"   // an ending was reached
	ByExpiry Reason = "expired" // nobody came back for long

)

// Limits of a party.
const (
	MaxSeats     = 16
	MaxWatchers  = 1000
	MaxID        = 64             // bytes of an id of a party or a command
	MaxVarBytes  = 12 << 10       // of all variables; more is not assigned
	MaxPath      = 500            // rounds after which a party cannot go back any more
	maxAuto      = 64             // passages that may follow each other without a choice
	maxMailTimer = 14 * 24 * 3600 // seconds
)

const (
	// Grace is how long somebody whose connection was lost keeps seat and vote.
	Grace = 30 * time.Second
	// Lateness is how long after the shown deadline votes still count: they were
	// on their way.
	Lateness = 300 * time.Millisecond

	lobbyTTL  = 24 * time.Hour      // of a lobby in which nothing happens
	resumeTTL = 30 * 24 * time.Hour // of a party that has started
)

// Conn says whether a player is there.
type Conn string

// States of a seat.
const (
	On         Conn = "on"
	InGrace    Conn = "grace" // the connection was lost a moment ago
	Off        Conn = "off"
	Left       Conn = "left"
	KickedOut  Conn = "kicked"
	restNode        = "" // of who acts without a connection
	graceMilli      = int64(Grace / time.Millisecond)
)

// Link says that a node holds connections of a player. Epoch rises with each
// attachment, so that the late end of an older one is told from the newest's.
type Link struct {
	Node  string `json:"node"`
	Epoch int64  `json:"epoch"`
}

// Seat is a player's place. It stays when the player goes.
type Seat struct {
	User    auth.UserID `json:"user"`
	No      int         `json:"no"` // from 1
	Ready   bool        `json:"ready,omitempty"`
	Role    string      `json:"role,omitempty"`
	Conn    Conn        `json:"conn"`
	Links   []Link      `json:"links,omitempty"`
	GraceMs int64       `json:"graceMs,omitempty"` // when the grace ends
	Awaited bool        `json:"awaited,omitempty"` // in grace because the node was lost: a round waits, or the first to return would decide it
}

// present reports whether the player counts as being there.
func (s *Seat) present() bool { return s.Conn == On || s.Conn == InGrace }

// gone reports whether the player will not come back by themselves.
func (s *Seat) gone() bool { return s.Conn == Left || s.Conn == KickedOut }

// Option is a choice of a round. Options are fixed when the round begins.
type Option struct {
	ID    string         `json:"id"`
	Label string         `json:"label"`
	To    tale.PassageID `json:"to"`
	Who   string         `json:"who,omitempty"`
	Auto  bool           `json:"auto,omitempty"`
	Once  bool           `json:"once,omitempty"`
	For   []auth.UserID  `json:"for,omitempty"`  // only these see it; nil: all
	Only  bool           `json:"only,omitempty"` // For counts, also if it is empty
}

// Step is a passage that the party was in, and the option that led on.
type Step struct {
	Round   int            `json:"round"`
	Passage tale.PassageID `json:"passage"`
	Option  string         `json:"option,omitempty"`
}

// Proposal asks the players to go back.
type Proposal struct {
	To     int           `json:"to"`
	By     auth.UserID   `json:"by"`
	Agreed []auth.UserID `json:"agreed"`
}

// Values are variables by name.
type Values = map[string]tale.Value

// State is a party. It changes by Apply only, which never changes a list or a
// map that a state holds: states share them.
type State struct {
	ID        ID              `json:"id"`
	Code      string          `json:"code"`
	StoryID   story.ID        `json:"story"`
	ReleaseID story.ReleaseID `json:"release"`
	Title     string          `json:"title"`
	Seed      string          `json:"seed"` // of chance; never told
	CreatedMs int64           `json:"created"`
	ActiveMs  int64           `json:"active"` // when something last happened
	Seq       int64           `json:"seq"`    // of the last event

	Status   Status      `json:"status"`
	Reason   Reason      `json:"reason,omitempty"`
	Host     auth.UserID `json:"host"`
	First    auth.UserID `json:"first"` // the first host
	Settings Settings    `json:"settings"`
	Seats    []Seat      `json:"seats"`
	Rematch  ID          `json:"rematch,omitempty"`

	Round      int                    `json:"round,omitempty"`
	Passage    tale.PassageID         `json:"passage,omitempty"`
	Mode       tale.Mode              `json:"mode,omitempty"`
	Options    []Option               `json:"options,omitempty"`
	Eligible   []auth.UserID          `json:"eligible,omitempty"`
	Turn       int                    `json:"turn,omitempty"` // number of a seat
	Votes      map[auth.UserID]string `json:"votes,omitempty"`
	Suggested  map[auth.UserID]string `json:"suggested,omitempty"`
	Tied       []string               `json:"tied,omitempty"`     // of a second vote
	Misses     int                    `json:"misses,omitempty"`   // deadlines that decided nothing
	TimerMs    int64                  `json:"timer,omitempty"`    // of this round
	DeadlineMs int64                  `json:"deadline,omitempty"` // 0: none
	LeftMs     int64                  `json:"left,omitempty"`     // of the time, while paused
	Vars       Values                 `json:"vars,omitempty"`
	Priv       map[auth.UserID]Values `json:"priv,omitempty"`
	Visited    map[tale.PassageID]int `json:"visited,omitempty"`
	Used       map[string]bool        `json:"used,omitempty"` // options that can be taken once
	Path       []Step                 `json:"path,omitempty"`
	Proposal   *Proposal              `json:"proposal,omitempty"`
}

// clone returns a copy. It shares lists and maps with s: they never change,
// [Apply] puts others in their place.
func (s *State) clone() *State {
	c := *s
	return &c
}

// with returns a copy of m in which key has a value.
func with[M ~map[K]V, K comparable, V any](m M, key K, value V) M {
	c := make(M, len(m)+1)
	maps.Copy(c, m)
	c[key] = value
	return c
}

// without returns a copy of m without key, m itself if it is not there.
func without[M ~map[K]V, K comparable, V any](m M, key K) M {
	if _, ok := m[key]; !ok {
		return m
	}
	c := maps.Clone(m)
	delete(c, key)
	return c
}

// both returns a copy of m with all that more has.
func both[M ~map[K]V, K comparable, V any](m, more M) M {
	c := make(M, len(m)+len(more))
	maps.Copy(c, m)
	maps.Copy(c, more)
	return c
}

// seat returns the seat of a user, nil if they never had one.
func (s *State) seat(id auth.UserID) *Seat {
	for i := range s.Seats {
		if s.Seats[i].User == id {
			return &s.Seats[i]
		}
	}
	return nil
}

// counted reports whether the round waits for somebody: live, for who is
// connected now or was until the node was lost; by mail, for all who have not gone.
func (s *State) counted(seat *Seat) bool {
	if s.Settings.Pace == Mail {
		return !seat.gone()
	}
	return seat.Conn == On || seat.Awaited
}

// there reports whether somebody plays on.
func (s *State) there(seat *Seat) bool {
	if s.Settings.Pace == Mail {
		return !seat.gone()
	}
	return seat.present()
}

// players returns the seats of who plays on, in the order of their numbers.
func (s *State) players() []*Seat {
	var list []*Seat
	for i := range s.Seats {
		if s.there(&s.Seats[i]) {
			list = append(list, &s.Seats[i])
		}
	}
	return list
}

// taken returns how many seats are not free.
func (s *State) taken() int {
	n := 0
	for i := range s.Seats {
		if !s.Seats[i].gone() {
			n++
		}
	}
	return n
}

// Nodes returns the nodes that hold connections of players, sorted.
func (s *State) Nodes() []string {
	var nodes []string
	for i := range s.Seats {
		for _, l := range s.Seats[i].Links {
			if !slices.Contains(nodes, l.Node) {
				nodes = append(nodes, l.Node)
			}
		}
	}
	slices.Sort(nodes)
	return nodes
}

// DueMs returns when the party has to be looked at again if nothing happens
// until then, in milliseconds since 1970; 0: never.
func (s *State) DueMs() int64 {
	if s.Status == Ended {
		return 0
	}
	due := s.expiresMs()
	if s.Status == Playing && s.DeadlineMs > 0 {
		due = min(due, s.DeadlineMs+int64(Lateness/time.Millisecond))
	}
	for i := range s.Seats {
		if s.Seats[i].Conn == InGrace {
			due = min(due, s.Seats[i].GraceMs)
		}
	}
	return due
}

func (s *State) expiresMs() int64 {
	if s.Status == Lobby {
		return s.ActiveMs + int64(lobbyTTL/time.Millisecond)
	}
	return s.ActiveMs + int64(resumeTTL/time.Millisecond)
}

func (s *State) option(id string) *Option {
	for i := range s.Options {
		if s.Options[i].ID == id {
			return &s.Options[i]
		}
	}
	return nil
}
