package presence

import (
	"encoding/json"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
)

// message is what nodes tell each other.
type message struct {
	Node   string   `json:"n"`
	Seq    uint64   `json:"s"`
	Kind   string   `json:"k,omitempty"`
	To     string   `json:"to,omitempty"` // of kindAsk
	People []record `json:"p,omitempty"`
	Moods  []word   `json:"m,omitempty"`
}

// news reports whether a message is numbered: one that was lost would be missed.
func (m *message) news() bool {
	return len(m.People) > 0 || len(m.Moods) > 0 || m.Kind == kindBegin || m.Kind == kindEnd
}

// The kinds of message; the empty one brings changes, or only says that its node lives.
const (
	kindAsk   = "ask"   // To is asked for everything
	kindBegin = "begin" // everything follows
	kindEnd   = "end"   // that was everything: who was not in it is not held
)

// record is one person as a node holds them.
type record struct {
	ID      auth.UserID `json:"u"`
	Off     int64       `json:"off,omitempty"` // not held any more, last seen then, in milliseconds
	Name    string      `json:"d,omitempty"`
	Picture string      `json:"a,omitempty"`
	Since   int64       `json:"t,omitempty"`
	Stories []place     `json:"st,omitempty"`
	Word    *word       `json:"w,omitempty"`
}

type place struct {
	ID    story.ID `json:"i"`
	Since int64    `json:"t"`
}

// word is a saying on the wire.
type word struct {
	ID        auth.UserID     `json:"u,omitempty"`
	At        int64           `json:"t"`
	Invisible bool            `json:"inv,omitempty"`
	Status    Availability    `json:"s,omitempty"`
	Activity  *Activity       `json:"act,omitempty"`
	State     json.RawMessage `json:"x,omitempty"`
}

func wordOf(m Mood, invisible bool, at time.Time) word {
	return word{At: at.UnixMilli(), Invisible: invisible, Status: m.Availability, Activity: m.Activity, State: m.State}
}

func (w *word) saying() saying {
	return saying{Mood{w.Status, w.Activity, w.State}, w.Invisible, time.UnixMilli(w.At)}
}
