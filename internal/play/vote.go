package play

import (
	"errors"
	"slices"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/tale"
)

const (
	// maxRearms is how often a round without a decision gets its time again.
	maxRearms = 1
	// maxDisagreement is how many deadlines players have to agree.
	maxDisagreement = 3
)

var errTooMuch = errors.New("the variables take too much room")

// choosers returns who can decide the round, of those who are there.
func (s *State) choosers() []*Seat {
	var list []*Seat
	for _, seat := range s.players() {
		switch s.Mode {
		case tale.ModeHost:
			if seat.User == s.Host {
				list = append(list, seat)
			}
		case tale.ModeRotate:
			if seat.No == s.Turn {
				list = append(list, seat)
			}
		default:
			if slices.Contains(s.Eligible, seat.User) {
				list = append(list, seat)
			}
		}
	}
	return list
}

// sees reports whether an option is shown to a user.
func (o *Option) sees(user auth.UserID) bool { return !o.Only || slices.Contains(o.For, user) }

// meant reports whether an option is for a seat, by the word of its author.
func (s *State) meant(seat *Seat, o *Option) bool {
	if !o.sees(seat.User) {
		return false
	}
	switch o.Who {
	case tale.WhoAny:
		return true
	case tale.WhoTurn:
		return seat.No == s.Turn
	case tale.WhoHost:
		return seat.User == s.Host
	}
	return o.Who == tale.WhoRole+seat.Role
}

// open returns the options that a user may take now. Where nobody of those who
// can decide is meant by an option, it is open to all of them; where they may
// take none at all, all are open: a story never waits for somebody who is not there.
func (s *State) open(user auth.UserID) []string {
	choosers := s.choosers()
	i := slices.IndexFunc(choosers, func(seat *Seat) bool { return seat.User == user })
	if i < 0 {
		return nil
	}
	var mine, all []string
	some := false
	for j := range s.Options {
		o := &s.Options[j]
		if len(s.Tied) > 0 && !slices.Contains(s.Tied, o.ID) {
			continue
		}
		all = append(all, o.ID)
		anybody := slices.ContainsFunc(choosers, func(seat *Seat) bool { return s.meant(seat, o) })
		if s.meant(choosers[i], o) || !anybody && !o.Only {
			mine = append(mine, o.ID)
		}
		some = some || anybody || !o.Only
	}
	if !some {
		return all
	}
	return mine
}

func (t *turn) choose() error {
	if err := t.checkRound(); err != nil {
		return err
	}
	user := t.cmd.Actor
	open := t.s.open(user)
	switch {
	case open == nil && !slices.ContainsFunc(t.s.choosers(), func(s *Seat) bool { return s.User == user }):
		return refuse(errs.NotEligible, "It is not for you to choose now.")
	case !slices.Contains(open, t.cmd.Option):
		return refuse(errs.BadOption, "This is no choice of yours here.")
	}
	switch t.s.Mode {
	case tale.ModeHost:
		t.resolve(t.cmd.Option, HostChose)
	case tale.ModeFirst, tale.ModeRotate:
		t.resolve(t.cmd.Option, Chosen)
	default:
		if t.s.Votes[user] != t.cmd.Option {
			t.emit(Event{Type: Voted, Actor: user, Data: Data{Option: t.cmd.Option}})
		}
	}
	return nil
}

func (t *turn) checkRound() error {
	switch {
	case t.s.Status != Playing:
		return refuse(errs.WrongState, "Nothing is being played now.")
	case t.cmd.Round != t.s.Round:
		return refuse(errs.StaleRound, "The story has moved on.")
	}
	return nil
}

// suggest shows the others what somebody would do who cannot decide.
func (t *turn) suggest() error {
	if err := t.checkRound(); err != nil {
		return err
	}
	o := t.s.option(t.cmd.Option)
	if o == nil || !o.sees(t.cmd.Actor) {
		return refuse(errs.BadOption, "This is no choice here.")
	}
	if o.Only {
		return refuse(errs.BadOption, "The others do not know of this choice.")
	}
	if t.s.Suggested[t.cmd.Actor] != o.ID {
		t.emit(Event{Type: Suggested, Actor: t.cmd.Actor, Data: Data{Option: o.ID}})
	}
	return nil
}

// resolve ends the round with an option.
func (t *turn) resolve(id string, how How) {
	o := t.s.option(id)
	t.emit(Event{Type: Resolved, Actor: t.actorOf(how), Data: Data{Option: id, How: how, Audience: t.env.Audience}})
	t.enter(o.To)
}

// actorOf returns who decided, if it was one.
func (t *turn) actorOf(how How) auth.UserID {
	if how == Chosen || how == HostChose {
		return t.cmd.Actor
	}
	return ""
}

// tally counts the votes, with that of the audience if it has one.
func (t *turn) tally() (counts map[string]int, voters, electorate int) {
	counts = make(map[string]int)
	for _, seat := range t.s.choosers() {
		electorate++
		if option := t.s.Votes[seat.User]; option != "" {
			counts[option]++
			voters++
		}
	}
	if t.s.Settings.Audience == AudienceOneSeat {
		if option := t.audience(); option != "" {
			counts[option]++
			electorate++
			voters++
		}
	}
	return counts, voters, electorate
}

// audience returns the option that most spectators want, empty if there is none.
func (t *turn) audience() (best string) {
	most := 0
	for i := range t.s.Options {
		o := &t.s.Options[i]
		if n := t.env.Audience[o.ID]; !o.Only && n > most && (len(t.s.Tied) == 0 || slices.Contains(t.s.Tied, o.ID)) {
			best, most = o.ID, n
		}
	}
	return best
}

// leaders returns the options with the most votes, in the order of the passage.
func (t *turn) leaders(counts map[string]int) (ids []string, votes int) {
	for i := range t.s.Options {
		id := t.s.Options[i].ID
		switch n := counts[id]; {
		case n == 0 || n < votes:
		case n > votes:
			ids, votes = []string{id}, n
		default:
			ids = append(ids, id)
		}
	}
	return ids, votes
}

// waiting reports whether somebody who counts could still vote. Where nobody
// counts, as among players without a connection, all may come back and do.
func (t *turn) waiting() bool {
	choosers := t.s.choosers()
	some := slices.ContainsFunc(choosers, t.s.counted)
	return slices.ContainsFunc(choosers, func(seat *Seat) bool {
		return (!some || t.s.counted(seat)) && t.s.Votes[seat.User] == "" && len(t.s.open(seat.User)) > 0
	})
}

// missing returns how many of those who are there have not voted yet, where all do.
func (s *State) missing() int {
	if s.Status != Playing || s.Mode != tale.ModeMajority && s.Mode != tale.ModeUnanimous {
		return 0
	}
	n := 0
	for _, seat := range s.choosers() {
		if s.counted(seat) && s.Votes[seat.User] == "" {
			n++
		}
	}
	return n
}

// evaluate ends the round if it is decided, and lets somebody else act if
// nobody can.
func (t *turn) evaluate() {
	if t.s.Status != Playing {
		return
	}
	if t.s.Mode == tale.ModeRotate && len(t.s.choosers()) == 0 {
		t.emit(Event{Type: Turned, Data: Data{Turn: t.nextTurn(), Deadline: t.s.DeadlineMs}})
	}
	if len(t.s.choosers()) == 0 { // all who were there have gone: those who came later go on
		var users []auth.UserID
		for _, seat := range t.s.players() {
			users = append(users, seat.User)
		}
		t.emit(Event{Type: Widened, Data: Data{Eligible: users}})
	}
	round := t.s.Round
	switch t.s.Mode {
	case tale.ModeMajority:
		counts, voters, electorate := t.tally()
		leaders, votes := t.leaders(counts)
		switch {
		case votes*2 > electorate:
			t.resolve(leaders[0], Majority)
		case voters > 0 && !t.waiting() && t.anyPlayerVoted():
			t.byMost(leaders)
		}
	case tale.ModeUnanimous:
		counts, _, _ := t.tally()
		leaders, _ := t.leaders(counts)
		if len(counts) == 1 && len(leaders) == 1 && !t.waiting() && t.anyPlayerVoted() {
			t.resolve(leaders[0], Unanimous)
		}
	}
	if t.s.Round != round {
		t.settleHost()
	}
}

func (t *turn) anyPlayerVoted() bool { return len(t.s.Votes) > 0 }

// byMost ends a vote with the option that has most votes, or does what the
// settings say of a tie.
func (t *turn) byMost(leaders []string) {
	switch {
	case len(leaders) == 1:
		t.resolve(leaders[0], Most)
	case t.s.Settings.Tie == TieRevote && len(t.s.Tied) == 0:
		deadline := int64(0)
		if t.s.TimerMs > 0 {
			deadline = t.env.NowMs + t.s.TimerMs/2
		}
		t.emit(Event{Type: Revote, Data: Data{Tied: leaders, Deadline: deadline}})
	case t.s.Settings.Tie == TieHost && slices.Contains(leaders, t.s.Votes[t.s.Host]):
		t.resolve(t.s.Votes[t.s.Host], HostChose)
	default:
		t.resolve(t.draw(leaders), AtRandom)
	}
}

// timeout does what the end of the time means.
func (t *turn) timeout() {
	counts, _, _ := t.tally()
	leaders, _ := t.leaders(counts)
	switch t.s.Mode {
	case tale.ModeFirst:
		t.atRandom()
	case tale.ModeHost:
		t.rearm(maxRearms)
	case tale.ModeMajority:
		if len(leaders) > 0 {
			t.byMost(leaders)
		} else {
			t.rearm(maxRearms)
		}
	case tale.ModeUnanimous:
		if t.s.Misses >= maxDisagreement-1 && len(leaders) > 0 {
			t.byMost(leaders)
		} else {
			t.rearm(maxDisagreement - 1)
		}
	case tale.ModeRotate:
		if t.s.Misses+1 >= len(t.s.players()) {
			t.atRandom()
		} else {
			t.emit(Event{Type: Turned, Data: Data{Turn: t.nextTurn(), Deadline: t.deadline(t.s.TimerMs)}})
		}
	}
}

// rearm gives the round its time again, or leaves it to chance.
func (t *turn) rearm(limit int) {
	if t.s.Misses < limit {
		t.emit(Event{Type: Rearmed, Data: Data{Deadline: t.deadline(t.s.TimerMs)}})
		return
	}
	t.atRandom()
}

// atRandom takes one of the options that somebody who is there may take.
func (t *turn) atRandom() {
	var ids []string
	for i := range t.s.Options {
		id := t.s.Options[i].ID
		for _, seat := range t.s.choosers() {
			if slices.Contains(t.s.open(seat.User), id) {
				ids = append(ids, id)
				break
			}
		}
	}
	if len(ids) == 0 { // settle lets others choose
		t.emit(Event{Type: Rearmed, Data: Data{Deadline: t.deadline(t.s.TimerMs)}})
		return
	}
	t.resolve(t.draw(ids), AtRandom)
}
