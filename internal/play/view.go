package play

import (
	"maps"
	"slices"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/tale"
)

// View is a party as one viewer may see it. It may share lists with the state: it is read, not changed.
type View struct {
	ID         ID
	Seq        int64
	Code       string
	State      *State // without anything secret; see State.View
	Roles      []string
	Round      *RoundView // nil before the start
	Votes      VotesView
	Path       []StepView
	Seat       *Seat // of the viewer; nil if they have none
	Open       []string
	CanSuggest bool
	Vote       string
	Vars       Values // private ones of the viewer
}

// RoundView is where the story stands for one viewer.
type RoundView struct {
	Round    int
	Passage  tale.PassageID
	Name     string
	Tags     []string
	Text     string
	Options  []Option // For is never there
	Mode     tale.Mode
	Eligible []auth.UserID
	Turn     auth.UserID // whose turn it is; empty: nobody's
	Tied     []string
	Deadline int64 // milliseconds since 1970; 0: none
	Timer    int64 // milliseconds; 0: none
}

// VotesView is how a vote stands, as far as the settings let it be seen.
type VotesView struct {
	Voted  []auth.UserID
	Counts map[string]int         // nil if hidden
	By     map[auth.UserID]string // nil unless open
}

// StepView is a step of the path.
type StepView struct {
	Step
	Name  string
	Label string // of the choice that led on
}

// View returns what viewer may see; somebody without a seat sees what
// spectators do. The seed, votes that are hidden, private variables of others and
// options that are not for the viewer are not in it.
func (s *State) View(book *tale.Book, viewer auth.UserID) View {
	public := s.public()
	v := View{
		ID: s.ID, Seq: s.Seq, Code: s.Code, State: public, Roles: book.Roles(),
		Votes: s.VotesView(), Path: s.pathView(book),
	}
	if seat := s.seat(viewer); seat != nil {
		mine := *seat
		mine.Links = nil
		v.Seat, v.Vars = &mine, maps.Clone(s.Priv[viewer])
	}
	if s.Round > 0 {
		r := s.RoundView(book, viewer)
		v.Round = &r
	}
	if s.Status == Playing && v.Seat != nil && !v.Seat.gone() {
		v.Open = s.open(viewer)
		v.CanSuggest = len(v.Open) == 0
		v.Vote = s.Votes[viewer]
	}
	return v
}

// public returns s without what not everybody may know.
func (s *State) public() *State {
	p := s.clone()
	p.Seed, p.Options, p.Votes, p.Vars, p.Priv, p.Visited, p.Used, p.Path = "", nil, nil, nil, nil, nil, nil, nil
	p.Seats = slices.Clone(p.Seats)
	for i := range p.Seats {
		p.Seats[i].Links = nil
	}
	return p
}

// VotesView returns how the vote stands, as far as the settings let it be seen.
func (s *State) VotesView() VotesView {
	v := VotesView{Voted: slices.Sorted(maps.Keys(s.Votes))}
	if s.Settings.Votes == VotesHidden {
		return v
	}
	v.Counts = make(map[string]int)
	for _, option := range s.Votes {
		if o := s.option(option); o != nil && !o.Only { // others do not know that there is such an option
			v.Counts[option]++
		}
	}
	if s.Settings.Votes == VotesOpen {
		v.By = make(map[auth.UserID]string)
		for user, option := range s.Votes {
			if o := s.option(option); o != nil && !o.Only {
				v.By[user] = option
			}
		}
	}
	return v
}

// RoundView returns where the story stands for viewer.
func (s *State) RoundView(book *tale.Book, viewer auth.UserID) RoundView {
	p := book.Passages[s.Passage]
	v := RoundView{
		Round: s.Round, Passage: s.Passage, Name: p.Name, Tags: p.Tags, Text: s.Reader(book, viewer).Text(p),
		Mode: s.Mode, Eligible: slices.Clone(s.Eligible), Tied: slices.Clone(s.Tied), Deadline: s.DeadlineMs, Timer: s.TimerMs,
	}
	open := s.open(viewer)
	for i := range s.Options {
		if o := s.Options[i]; o.sees(viewer) || slices.Contains(open, o.ID) {
			o.For = nil
			v.Options = append(v.Options, o)
		}
	}
	if s.Mode == tale.ModeRotate {
		for i := range s.Seats {
			if s.Seats[i].No == s.Turn {
				v.Turn = s.Seats[i].User
			}
		}
	}
	return v
}

func (s *State) pathView(book *tale.Book) []StepView {
	list := make([]StepView, 0, len(s.Path))
	for _, step := range s.Path {
		p := book.Passages[step.Passage]
		sv := StepView{Step: step, Name: p.Name}
		for _, c := range p.Choices {
			if c.ID == step.Option {
				sv.Label = c.Label
			}
		}
		list = append(list, sv)
	}
	return list
}

// WaitsFor reports whether the party cannot go on without a user's choice.
func (s *State) WaitsFor(user auth.UserID) bool {
	seat := s.seat(user)
	return s.Status == Playing && seat != nil && !seat.gone() && s.Votes[user] == "" && len(s.open(user)) > 0
}
