package play

import (
	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/tale"
)

// MaxRehearsed is how many choices a rehearsal can be long.
const MaxRehearsed = 200

// Taken is a choice that was taken in a rehearsal: where the option is no
// longer the same, another one that leads to the same passage stands in for it.
type Taken struct {
	Option string
	To     tale.PassageID
}

// Rehearsal is where a story stands when one person has tried it.
type Rehearsal struct {
	Round RoundView
	Text  []tale.Piece
	Path  []StepView
	Vars  Values // with the person's own
	Role  string
	Taken int      // how many of the choices could be taken
	Ended bool     // by an ending, or for want of choices
	Loops bool     // the story goes in a circle without choices
	Notes []string // assignments that could not be made
}

// Rehearse plays a book alone from its start, as a party of one in which nobody
// waits, and takes the choices as far as they are still there. Nothing is kept.
// The role may be one of the book's or empty.
func Rehearse(book *tale.Book, user auth.UserID, role string, choices []Taken) Rehearsal {
	settings := DefaultSettings()
	settings.Mode, settings.TimerSec = tale.ModeFirst, 0
	seat := Seat{User: user, No: 1, Ready: true, Conn: On}
	s, _ := New(Data{Title: book.Title, Settings: &settings, Seat: &seat}, 0, "")
	env := Env{Book: book}
	t := &turn{s: s, env: env}
	t.emit(Event{Type: Started, Actor: user, Data: Data{
		Vars:  book.Initial(tale.Shared),
		Priv:  map[auth.UserID]Values{user: book.Initial(tale.Private)},
		Roles: map[auth.UserID]string{user: role},
	}})
	t.enter(book.Start)
	s, events := t.s, t.events
	r := Rehearsal{Role: role}
	for _, c := range choices {
		option := s.find(user, c)
		if option == "" {
			break
		}
		next, more, err := Reduce(s, Cmd{Kind: Choose, Actor: user, Round: s.Round, Option: option}, env)
		if err != nil {
			break
		}
		s, events = next, append(events, more...)
		r.Taken++
	}
	for i := range events {
		if events[i].Type == ScriptError && s.Reason != Loop {
			r.Notes = append(r.Notes, events[i].Data.Message)
		}
	}
	r.Round, r.Path = s.RoundView(book, user), s.pathView(book)
	r.Text = s.Reader(book, user).Pieces(book.Passages[s.Passage])
	r.Ended, r.Loops = s.Status == Ended, s.Reason == Loop
	r.Vars = make(Values, len(s.Vars)+len(s.Priv[user]))
	for _, values := range []Values{s.Vars, s.Priv[user]} {
		for name, v := range values {
			r.Vars[name] = v
		}
	}
	return r
}

// find returns the open option that a choice means, empty if there is none.
func (s *State) find(user auth.UserID, c Taken) string {
	found := ""
	for _, id := range s.open(user) {
		switch o := s.option(id); {
		case o.To != c.To:
		case o.ID == c.Option:
			return id
		case found == "":
			found = id
		}
	}
	return found
}
