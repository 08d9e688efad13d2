package wire

import (
	"maps"
	"slices"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/internal/user"
)

// People are the profiles of who has or had a seat.
type People = map[auth.UserID]user.Profile

// ChangeOf returns what a client wants changed.
func ChangeOf(c PlaySettingsChange) play.Change {
	return play.Change{
		Mode: c.Mode, Pace: c.Pace, Votes: c.Votes, Tie: c.Tie, LateJoin: c.LateJoin, Audience: c.Audience,
		TimerSec: c.TimerSec, MinPlayers: c.MinPlayers, MaxPlayers: c.MaxPlayers, MaxWatchers: c.MaxWatchers,
		Locked: c.Locked, StickyHost: c.StickyHost,
	}
}

// PlaySettingsOf returns s as it travels.
func PlaySettingsOf(s play.Settings) PlaySettings {
	return PlaySettings{
		Mode: string(s.Mode), Pace: s.Pace, TimerSec: s.TimerSec, Votes: s.Votes, Tie: s.Tie, LateJoin: s.LateJoin,
		Audience: s.Audience, MinPlayers: s.MinPlayers, MaxPlayers: s.MaxPlayers, MaxWatchers: s.MaxWatchers,
		Locked: s.Locked, StickyHost: s.StickyHost,
	}
}

// person returns somebody as they travel; who is not among people has no name.
func person(id auth.UserID, people People) User {
	if p, ok := people[id]; ok {
		return UserOf(p)
	}
	return UserOf(user.Nobody(id))
}

func playSeatOf(s play.Seat, people People) PlaySeat {
	return PlaySeat{No: s.No, User: person(s.User, people), Ready: s.Ready, Role: s.Role, Conn: string(s.Conn)}
}

func userIDs(ids []auth.UserID) []string {
	return Map(ids, func(id auth.UserID) string { return string(id) })
}

func playVotesOf(v play.VotesView) PlayVotes {
	out := PlayVotes{Voted: userIDs(v.Voted), Counts: v.Counts}
	if v.By != nil {
		out.By = make(map[string]string, len(v.By))
		for id, option := range v.By {
			out.By[string(id)] = option
		}
	}
	return out
}

// until returns the milliseconds to a deadline, nil if there is none.
func until(deadlineMs int64, now time.Time) *int64 {
	if deadlineMs == 0 {
		return nil
	}
	left := max(deadlineMs-now.UnixMilli(), 0)
	return &left
}

// PlayRoundOf returns where a story stands, as it travels.
func PlayRoundOf(r play.RoundView, now time.Time) PlayRound {
	out := PlayRound{
		Round: r.Round, PassageID: string(r.Passage), Name: r.Name, Tags: Map(r.Tags, func(t string) string { return t }), Text: r.Text,
		Options: Map(r.Options, func(o play.Option) PlayOption { return PlayOption{ID: o.ID, Label: o.Label, Who: o.Who} }),
		Mode:    string(r.Mode), Eligible: userIDs(r.Eligible), Turn: orNull(string(r.Turn)),
		DeadlineInMs: until(r.Deadline, now), Tied: Map(r.Tied, func(id string) string { return id }),
	}
	if r.Timer > 0 {
		out.TimerMs = &r.Timer
	}
	return out
}

func playStepsOf(steps []play.StepView) []PlayStep {
	return Map(steps, func(s play.StepView) PlayStep {
		return PlayStep{Round: s.Round, PassageID: string(s.Passage), Name: s.Name, Label: s.Label}
	})
}

func playProposalOf(p *play.Proposal) *PlayProposal {
	if p == nil {
		return nil
	}
	return &PlayProposal{ToRound: p.To, By: string(p.By), Agreed: userIDs(p.Agreed)}
}

func playVarsOf(values play.Values) map[string]any {
	out := make(map[string]any, len(values))
	for name, v := range values {
		out[name] = v
	}
	return out
}

// PlayStateOf returns a party as viewer sees it; role is what they are in it.
func PlayStateOf(row play.Row, book *tale.Book, viewer auth.UserID, role string, people People, now time.Time) PlayState {
	v := row.State.View(book, viewer)
	s := v.State
	out := PlayView{
		SessionID: string(v.ID), Code: v.Code, StoryID: string(s.StoryID), ReleaseID: string(s.ReleaseID), Title: s.Title,
		Roles: Map(v.Roles, func(r string) string { return r }), Status: string(s.Status), Reason: string(s.Reason), Host: string(s.Host),
		Seats:    Map(s.Seats, func(seat play.Seat) PlaySeat { return playSeatOf(seat, people) }),
		Settings: PlaySettingsOf(s.Settings), Votes: playVotesOf(v.Votes), Suggestions: make(map[string]string, len(s.Suggested)),
		Path: playStepsOf(v.Path), Proposal: playProposalOf(s.Proposal), Rematch: orNull(string(s.Rematch)),
		Me: PlayMe{
			Spectator: role == play.MemberWatcher, CanChoose: Map(v.Open, func(id string) string { return id }),
			CanSuggest: v.CanSuggest, Vote: orNull(v.Vote), Vars: playVarsOf(v.Vars),
		},
		CreatedAt: At(time.UnixMilli(s.CreatedMs)),
	}
	for id, option := range s.Suggested {
		out.Suggestions[string(id)] = option
	}
	if v.Round != nil {
		r := PlayRoundOf(*v.Round, now)
		out.Round = &r
	}
	if v.Seat != nil && v.Seat.Conn != play.Left && v.Seat.Conn != play.KickedOut {
		out.Me.Seat, out.Me.Role = &v.Seat.No, v.Seat.Role
	}
	return PlayState{SessionID: string(v.ID), Seq: v.Seq, V: row.Version, View: out, ServerNow: At(now)}
}

// PlayEventOf returns e as viewer may see it; for viewer "" as everybody may.
// What is for somebody else is of type hidden.
func PlayEventOf(e play.Event, row play.Row, book *tale.Book, viewer auth.UserID, people People, now time.Time) PlayEvent {
	s := e.After
	out := PlayEvent{SessionID: string(row.State.ID), Seq: e.Seq, V: row.Version, Round: e.Round, Type: string(e.Type), ServerNow: At(now)}
	if e.For != "" && e.For != viewer {
		out.Type = "hidden"
		return out
	}
	if e.Actor != "" {
		actor := person(e.Actor, people)
		out.Actor = &actor
	}
	out.Payload = playPayload(e, s, book, viewer, people, now)
	return out
}

func playPayload(e play.Event, s *play.State, book *tale.Book, viewer auth.UserID, people People, now time.Time) (p PlayPayload) {
	d := &e.Data
	votes := func() *PlayVotes {
		v := playVotesOf(s.VotesView())
		return &v
	}
	switch e.Type {
	case play.Created, play.Joined, play.Connected, play.Readied, play.LeftSeat, play.Kicked:
		seat := playSeatOf(*d.Seat, people)
		p.Seat = &seat
	case play.Configured:
		settings := PlaySettingsOf(*d.Settings)
		p.Settings = &settings
	case play.HostChanged:
		p.UserID = string(d.User)
	case play.Rounded, play.ForOne:
		r := PlayRoundOf(s.RoundView(book, viewer), now)
		p.Round = &r
		if e.Type == play.ForOne {
			p.Vars = playVarsOf(s.Priv[viewer])
		}
	case play.Voted:
		p.UserID, p.Votes = string(e.Actor), votes()
		p.Option = p.Votes.By[string(e.Actor)]
	case play.Suggested:
		p.UserID, p.Option = string(e.Actor), d.Option
	case play.Revote:
		p.Tied, p.Votes, p.DeadlineInMs = d.Tied, votes(), until(d.Deadline, now)
	case play.Rearmed, play.Resumed:
		p.DeadlineInMs = until(d.Deadline, now)
	case play.Turned:
		p.DeadlineInMs = until(d.Deadline, now)
		for i := range s.Seats {
			if s.Seats[i].No == d.Turn {
				p.UserID = string(s.Seats[i].User)
			}
		}
	case play.Widened:
		p.Eligible = userIDs(d.Eligible)
	case play.Resolved:
		p.Option, p.How, p.Votes = d.Option, string(d.How), votes()
		for i := range s.Options {
			if s.Options[i].ID == d.Option {
				p.Label = s.Options[i].Label
			}
		}
	case play.PausedBy, play.Finished:
		p.Reason = string(d.Reason)
	case play.Proposed, play.Agreed:
		p.Proposal = playProposalOf(s.Proposal)
	case play.Rewound:
		p.Path = playStepsOf(s.View(book, viewer).Path)
	case play.ScriptError:
		p.Message = d.Message
	case play.Rematched:
		p.Rematch = string(d.ID)
	}
	return p
}

// PlayDoneOf returns the result of a command as it travels.
func PlayDoneOf(r play.Result) PlayDone {
	return PlayDone{SessionID: string(r.State.ID), Seq: r.Seq, Round: r.State.Round}
}

// PlayChatOf returns m as it travels.
func PlayChatOf(m play.Message) PlayChat {
	return PlayChat{SessionID: string(m.PlayID), ID: m.ID, User: UserOf(m.User), Text: m.Text, At: At(m.At), CmdID: m.CmdID}
}

// PlaySummaryOf returns a party in the list of caller, as it travels.
func PlaySummaryOf(seen play.Seen, passage string, caller auth.UserID, people People) PlaySummary {
	s := seen.State
	players := make([]User, 0, len(s.Seats))
	for i := range s.Seats {
		if c := s.Seats[i].Conn; c != play.Left && c != play.KickedOut {
			players = append(players, person(s.Seats[i].User, people))
		}
	}
	return PlaySummary{
		SessionID: string(s.ID), StoryID: string(s.StoryID), Title: s.Title, Code: s.Code, Status: string(s.Status), Reason: string(s.Reason),
		Round: s.Round, Passage: passage, Host: person(s.Host, people), Players: players, Role: seen.Role,
		YourTurn: s.WaitsFor(caller), UpdatedAt: At(seen.UpdatedAt),
	}
}

// PlayMapOf returns the map of a book with the way of a party.
func PlayMapOf(book *tale.Book, s *play.State) PlayMap {
	out := PlayMap{Start: string(book.Start), Passages: []PlayMapPassage{}}
	for _, id := range slices.Sorted(maps.Keys(book.Passages)) {
		p := book.Passages[id]
		to := make([]string, 0, len(p.Choices))
		for _, c := range p.Choices {
			if !slices.Contains(to, string(c.To)) && !p.Ends() {
				to = append(to, string(c.To))
			}
		}
		out.Passages = append(out.Passages, PlayMapPassage{ID: string(id), Name: p.Name, Ends: p.Ends() || len(p.Choices) == 0, Visited: s.Visited[id], To: to})
	}
	return out
}

// PlayLogEntryOf returns e as viewer may see it in the log.
func PlayLogEntryOf(e play.Event, viewer auth.UserID, people People) PlayLogEntry {
	out := PlayLogEntry{Seq: e.Seq, Round: e.Round, Type: string(e.Type), At: At(time.UnixMilli(e.At))}
	if e.For != "" && e.For != viewer {
		out.Type = "hidden"
		return out
	}
	if e.Actor != "" {
		actor := person(e.Actor, people)
		out.Actor = &actor
	}
	out.PassageID, out.How, out.Reason, out.Message = string(e.Data.Passage), string(e.Data.How), string(e.Data.Reason), e.Data.Message
	if e.Type == play.Resolved { // a vote is secret as long as it goes on
		out.Option = e.Data.Option
	}
	return out
}
