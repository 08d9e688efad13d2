package play

import (
	"slices"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/tale"
)

// maxNote is how much of a script's error is kept, in bytes.
const maxNote = 300

// Reader returns the story as a user finds it; somebody without a seat finds it
// as nobody in particular.
func (s *State) Reader(book *tale.Book, user auth.UserID) *tale.Reader {
	role := ""
	if seat := s.seat(user); seat != nil {
		role = seat.Role
	}
	return book.Reader(s.Vars, s.Priv[user], role, func(id tale.PassageID) int { return s.Visited[id] })
}

// enter begins a round in a passage.
func (t *turn) enter(id tale.PassageID) {
	t.begin(id)
	t.follow()
}

// begin makes the assignments of a passage and offers its choices.
func (t *turn) begin(id tale.PassageID) {
	t.env.Audience = nil // it voted on the round before
	p := t.env.Book.Passages[id]
	vars, priv, notes := t.assign(p)
	for _, note := range notes {
		t.emit(Event{Type: ScriptError, Data: Data{Message: note}})
	}
	next := t.s.clone()
	next.merge(vars, priv)
	next.Visited = with(next.Visited, id, next.Visited[id]+1)
	mode := t.s.Settings.Mode
	if p.Mode != "" {
		mode = p.Mode
	}
	d := Data{Passage: id, Mode: mode, Vars: vars, Priv: priv, Turn: t.nextTurn()}
	for _, seat := range t.s.players() {
		d.Eligible = append(d.Eligible, seat.User)
	}
	if !p.Ends() {
		d.Options = t.options(next, p)
	}
	if len(d.Options) > 0 {
		d.Timer = t.timer(p)
		d.Deadline = t.deadline(d.Timer)
	}
	t.emit(Event{Type: Rounded, Round: t.s.Round + 1, Data: d})
	t.tellEach(p)
}

// assign works out what a passage sets. What cannot be worked out stays as it is.
func (t *turn) assign(p *tale.Passage) (vars Values, priv map[auth.UserID]Values, notes []string) {
	if len(p.Set) == 0 {
		return nil, nil, nil
	}
	readers := make(map[auth.UserID]*tale.Reader)
	users := []auth.UserID{""}
	for i := range t.s.Seats {
		if !t.s.Seats[i].gone() {
			users = append(users, t.s.Seats[i].User)
		}
	}
	for _, user := range users {
		readers[user] = t.s.Reader(t.env.Book, user)
	}
	note := func(text string) {
		if len(notes) < 3 { // one round has not more to say
			notes = append(notes, text[:min(len(text), maxNote)])
		}
	}
	size := t.s.varBytes()
	vars, priv = make(Values), make(map[auth.UserID]Values)
	for _, a := range p.Set {
		shared := t.env.Book.Vars[a.Var].Scope == tale.Shared
		for _, user := range users {
			if shared != (user == "") {
				continue
			}
			v, ok, err := readers[user].Value(a)
			if err == nil && ok && size+len(v.Text()) > MaxVarBytes {
				ok, err = false, errTooMuch
			}
			if err != nil {
				note("$" + a.Var + ": " + err.Error())
			}
			if !ok {
				continue
			}
			size += len(v.Text())
			if !shared {
				if priv[user] == nil {
					priv[user] = make(Values)
				}
				priv[user][a.Var] = v
				readers[user].Put(a.Var, v)
				continue
			}
			vars[a.Var] = v
			for _, r := range readers {
				r.Put(a.Var, v)
			}
		}
	}
	return vars, priv, notes
}

// varBytes returns the size of all variables.
func (s *State) varBytes() int {
	n := 0
	for name, v := range s.Vars {
		n += len(name) + len(v.Text())
	}
	for _, own := range s.Priv {
		for name, v := range own {
			n += len(name) + len(v.Text())
		}
	}
	return n
}

// options returns the choices that somebody finds in a passage.
func (t *turn) options(s *State, p *tale.Passage) []Option {
	var list []Option
	readers := make(map[auth.UserID]*tale.Reader)
	reader := func(user auth.UserID) *tale.Reader {
		if readers[user] == nil {
			readers[user] = s.Reader(t.env.Book, user)
		}
		return readers[user]
	}
	for _, c := range p.Choices {
		o := Option{ID: c.ID, Label: c.Label, To: c.To, Who: c.Who, Auto: c.Auto, Once: c.Once}
		if c.Once && s.Used[c.ID] {
			continue
		}
		if !t.env.Book.Personal(c.If) {
			if holds, _ := reader("").Holds(c.If); holds {
				list = append(list, o)
			}
			continue
		}
		o.Only = true
		for i := range s.Seats {
			if seat := &s.Seats[i]; !seat.gone() {
				if holds, _ := reader(seat.User).Holds(c.If); holds {
					o.For = append(o.For, seat.User)
				}
			}
		}
		if len(o.For) > 0 {
			list = append(list, o)
		}
	}
	return list
}

// tellEach tells the players who find the round otherwise than the rest.
func (t *turn) tellEach(p *tale.Passage) {
	personal := t.env.Book.PersonalText(t.s.Passage) ||
		slices.ContainsFunc(t.s.Options, func(o Option) bool { return o.Only }) ||
		slices.ContainsFunc(p.Set, func(a tale.Assign) bool { return t.env.Book.Vars[a.Var].Scope == tale.Private })
	if !personal {
		return
	}
	for i := range t.s.Seats {
		if seat := &t.s.Seats[i]; !seat.gone() {
			t.emit(Event{Type: ForOne, For: seat.User})
		}
	}
}

// follow goes on where nobody has to choose: through choices that take
// themselves, to the end.
func (t *turn) follow() {
	for t.s.Status == Playing {
		switch {
		case len(t.s.Options) == 0:
			t.emit(Event{Type: Finished, Data: Data{Reason: ByStory}})
			return
		case len(t.s.Options) > 1 || !t.s.Options[0].Auto:
			return
		case t.autos >= maxAuto:
			t.emit(Event{Type: ScriptError, Data: Data{Message: "The story goes in a circle without choices."}})
			t.stop(Loop)
			return
		}
		t.autos++
		o := t.s.Options[0]
		t.emit(Event{Type: Resolved, Data: Data{Option: o.ID, How: ByItself}})
		t.begin(o.To)
	}
}

// nextTurn returns the seat after that of the last turn which is there.
func (t *turn) nextTurn() int {
	players := t.s.players()
	if len(players) == 0 {
		return t.s.Turn
	}
	for _, seat := range players {
		if seat.No > t.s.Turn {
			return seat.No
		}
	}
	return players[0].No
}
