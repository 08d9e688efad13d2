package play

import (
	"slices"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
)

// EventType says what happened.
type EventType string

// Types of events.
const (
	Created     EventType = "created"
	Joined      EventType = "joined"
	LeftSeat    EventType = "left"
	Kicked      EventType = "kicked"
	Readied     EventType = "ready"
	Configured  EventType = "settings"
	Started     EventType = "started"
	Rounded     EventType = "round"
	ForOne      EventType = "private" // how one player finds the round; changes nothing
	Voted       EventType = "voted"
	Suggested   EventType = "suggested"
	Revote      EventType = "revote"
	Rearmed     EventType = "rearmed"
	Turned      EventType = "turn"
	Widened     EventType = "eligible"
	Resolved    EventType = "resolved"
	Connected   EventType = "conn"
	HostChanged EventType = "host_changed"
	PausedBy    EventType = "paused"
	Resumed     EventType = "resumed"
	Proposed    EventType = "proposed"
	Agreed      EventType = "agreed"
	Declined    EventType = "declined"
	Rewound     EventType = "rewound"
	ScriptError EventType = "script_error"
	Finished    EventType = "ended"
	Rematched   EventType = "rematch"
)

// How says what decided a round.
type How string

// Ways to a decision.
const (
	Chosen    How = "chosen"
	HostChose How = "host"
	Majority  How = "majority" // more than half
	Most      How = "most"     // most votes of those that came
	Unanimous How = "agreed"
	AtRandom  How = "random"
	ByItself  How = "auto"
)

// Event is something that happened in a party.
type Event struct {
	Seq   int64       `json:"seq"`
	Round int         `json:"round"`
	Type  EventType   `json:"type"`
	Actor auth.UserID `json:"actor,omitempty"` // empty: the server
	CmdID string      `json:"cmdId,omitempty"` // at the first event of a command
	At    int64       `json:"at"`              // milliseconds since 1970
	For   auth.UserID `json:"for,omitempty"`   // only this player hears of it; empty: all
	Data  Data        `json:"data"`

	// After is the state right after the event, to tell it to players. Reduce
	// sets it; it is not stored.
	After *State `json:"-"`
}

// Data is what an event says. What is there depends on its type.
type Data struct {
	ID        ID                     `json:"id,omitempty"`
	Code      string                 `json:"code,omitempty"`
	StoryID   story.ID               `json:"story,omitempty"`
	ReleaseID story.ReleaseID        `json:"release,omitempty"`
	Title     string                 `json:"title,omitempty"`
	Seed      string                 `json:"seed,omitempty"`
	Settings  *Settings              `json:"settings,omitempty"`
	Seat      *Seat                  `json:"seat,omitempty"`
	User      auth.UserID            `json:"user,omitempty"`
	Roles     map[auth.UserID]string `json:"roles,omitempty"`
	Passage   tale.PassageID         `json:"passage,omitempty"`
	Mode      tale.Mode              `json:"mode,omitempty"`
	Options   []Option               `json:"options,omitempty"`
	Eligible  []auth.UserID          `json:"eligible,omitempty"`
	Turn      int                    `json:"turn,omitempty"`
	Option    string                 `json:"option,omitempty"`
	How       How                    `json:"how,omitempty"`
	Audience  map[string]int         `json:"audience,omitempty"`
	Tied      []string               `json:"tied,omitempty"`
	Timer     int64                  `json:"timer,omitempty"`
	Deadline  int64                  `json:"deadline,omitempty"`
	LeftMs    int64                  `json:"left,omitempty"`
	Reason    Reason                 `json:"reason,omitempty"`
	Message   string                 `json:"message,omitempty"`
	To        int                    `json:"to,omitempty"`
	Vars      Values                 `json:"vars,omitempty"` // those that changed; all of Rewound
	Priv      map[auth.UserID]Values `json:"priv,omitempty"`
	Visited   map[tale.PassageID]int `json:"visited,omitempty"`
	Used      map[string]bool        `json:"used,omitempty"`
	Path      []Step                 `json:"path,omitempty"`
}

// Apply makes e happen to s. Nothing else changes a state.
func Apply(s *State, e *Event) {
	d := &e.Data
	s.Seq, s.ActiveMs = e.Seq, e.At
	switch e.Type {
	case Created:
		*s = State{
			ID: d.ID, Code: d.Code, StoryID: d.StoryID, ReleaseID: d.ReleaseID, Title: d.Title, Seed: d.Seed,
			CreatedMs: e.At, ActiveMs: e.At, Seq: e.Seq, Status: Lobby, Host: d.Seat.User, First: d.Seat.User,
			Settings: *d.Settings, Seats: []Seat{*d.Seat},
		}
	case Joined, Connected, Readied, LeftSeat, Kicked:
		applySeat(s, e)
	case Configured:
		s.Settings = *d.Settings
	case HostChanged:
		s.Host = d.User
	case Finished:
		s.Status, s.Reason, s.Code, s.DeadlineMs, s.LeftMs, s.Proposal = Ended, d.Reason, "", 0, 0, nil
	case PausedBy:
		s.Status, s.Reason, s.LeftMs, s.DeadlineMs = Paused, d.Reason, d.LeftMs, 0
	case Resumed:
		s.Status, s.Reason, s.LeftMs, s.DeadlineMs = Playing, "", 0, d.Deadline
	case Rematched:
		s.Rematch = d.ID
	case Proposed, Agreed, Declined:
		applyProposal(s, e)
	case Started, Rounded, Rewound:
		applyRound(s, e)
	case Voted, Suggested, Revote, Rearmed, Turned, Widened, Resolved:
		applyVote(s, e)
	}
}

func applySeat(s *State, e *Event) {
	seat := *e.Data.Seat
	seat.Links = slices.Clone(seat.Links)
	s.Seats = append(make([]Seat, 0, len(s.Seats)+1), s.Seats...)
	if old := s.seat(seat.User); old != nil {
		*old = seat
	} else {
		s.Seats = append(s.Seats, seat)
	}
	if seat.gone() {
		s.Eligible = slices.DeleteFunc(slices.Clone(s.Eligible), func(id auth.UserID) bool { return id == seat.User })
		s.Votes, s.Suggested = without(s.Votes, seat.User), without(s.Suggested, seat.User)
	}
	if e.Type == Joined && s.Status != Lobby && s.Priv[seat.User] == nil {
		s.Priv = with(s.Priv, seat.User, both(nil, e.Data.Vars))
	}
}

func applyProposal(s *State, e *Event) {
	switch e.Type {
	case Proposed:
		s.Proposal = &Proposal{To: e.Data.To, By: e.Actor, Agreed: []auth.UserID{e.Actor}}
	case Agreed:
		p := *s.Proposal
		p.Agreed = append(slices.Clip(p.Agreed), e.Actor)
		s.Proposal = &p
	default:
		s.Proposal = nil
	}
}

func applyRound(s *State, e *Event) {
	d := &e.Data
	switch e.Type {
	case Started:
		s.Status = Playing
		s.Vars, s.Priv = d.Vars, d.Priv
		s.Visited, s.Used = nil, nil
		s.Seats = slices.Clone(s.Seats)
		for i := range s.Seats {
			s.Seats[i].Role = d.Roles[s.Seats[i].User]
		}
		return
	case Rewound:
		s.Vars, s.Priv, s.Visited, s.Used, s.Path = d.Vars, d.Priv, d.Visited, d.Used, d.Path
		return
	}
	s.Round, s.Passage, s.Mode, s.Options, s.Turn = e.Round, d.Passage, d.Mode, d.Options, d.Turn
	s.Eligible = d.Eligible
	s.TimerMs, s.DeadlineMs, s.Misses = d.Timer, d.Deadline, 0
	s.Votes, s.Suggested, s.Tied, s.Proposal = nil, nil, nil, nil
	s.merge(d.Vars, d.Priv)
	s.Visited = with(s.Visited, d.Passage, s.Visited[d.Passage]+1)
	if len(s.Path) < MaxPath {
		path := make([]Step, len(s.Path)+1) // append would make room that nobody uses
		copy(path, s.Path)
		path[len(s.Path)] = Step{Round: e.Round, Passage: d.Passage}
		s.Path = path
	}
}

// merge assigns variables.
func (s *State) merge(vars Values, priv map[auth.UserID]Values) {
	if len(vars) > 0 {
		s.Vars = both(s.Vars, vars)
	}
	for user, own := range priv {
		s.Priv = with(s.Priv, user, both(s.Priv[user], own))
	}
}

func applyVote(s *State, e *Event) {
	d := &e.Data
	switch e.Type {
	case Voted:
		s.Votes = with(s.Votes, e.Actor, d.Option)
	case Suggested:
		s.Suggested = with(s.Suggested, e.Actor, d.Option)
	case Revote:
		s.Tied, s.Votes, s.DeadlineMs, s.Misses = d.Tied, nil, d.Deadline, 0
	case Rearmed:
		s.DeadlineMs = d.Deadline
		s.Misses++
	case Turned:
		s.Turn, s.DeadlineMs = d.Turn, d.Deadline
		s.Misses++
	case Widened:
		s.Eligible = d.Eligible
	case Resolved:
		s.DeadlineMs = 0
		if n := len(s.Path); n > 0 && s.Path[n-1].Round == s.Round {
			s.Path = slices.Clone(s.Path)
			s.Path[n-1].Option = d.Option
		}
		if o := s.option(d.Option); o != nil && o.Once {
			s.Used = with(s.Used, d.Option, true)
		}
	}
}
