package play

import (
	"slices"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/tale"
)

// rewind proposes to go back to a round. It happens when all who are there agree.
func (t *turn) rewind() error {
	switch {
	case t.s.Status != Playing:
		return refuse(errs.WrongState, "Nothing is being played now.")
	case t.s.Proposal != nil:
		return refuse(errs.Conflict, "There is a proposal already.")
	case len(t.s.Path) >= MaxPath:
		return refuse(errs.WrongState, "The way was too long to go back.")
	case t.cmd.Round >= t.s.Round || t.stepOf(t.cmd.Round) < 0:
		return refuse(errs.Validation, "There is no such round to go back to.")
	}
	t.emit(Event{Type: Proposed, Actor: t.cmd.Actor, Data: Data{To: t.cmd.Round}})
	return nil
}

// stepOf returns where in the path a round is, or -1.
func (t *turn) stepOf(round int) int {
	return slices.IndexFunc(t.s.Path, func(s Step) bool { return s.Round == round })
}

func (t *turn) agree() error {
	p := t.s.Proposal
	switch {
	case p == nil:
		return refuse(errs.WrongState, "There is no proposal.")
	case !t.cmd.Agree:
		t.emit(Event{Type: Declined, Actor: t.cmd.Actor})
	case !slices.Contains(p.Agreed, t.cmd.Actor):
		t.emit(Event{Type: Agreed, Actor: t.cmd.Actor})
	}
	return nil
}

// settleProposal goes back if all who count agree.
func (t *turn) settleProposal() {
	p := t.s.Proposal
	if p == nil {
		return
	}
	for _, seat := range t.s.players() {
		if t.s.counted(seat) && !slices.Contains(p.Agreed, seat.User) {
			return
		}
	}
	t.back(t.stepOf(p.To))
}

// back goes back to a step of the path. What the variables were is worked out
// anew from the start: assignments depend on nothing but the way.
func (t *turn) back(step int) {
	replay := &turn{s: t.s.clone(), env: t.env}
	s := replay.s
	s.Vars, s.Priv = t.env.Book.Initial(tale.Shared), make(map[auth.UserID]Values)
	s.Visited, s.Used = make(map[tale.PassageID]int), make(map[string]bool)
	for i := range s.Seats {
		s.Priv[s.Seats[i].User] = t.env.Book.Initial(tale.Private)
	}
	for _, at := range t.s.Path[:step] {
		p := t.env.Book.Passages[at.Passage]
		vars, priv, _ := replay.assign(p)
		s.merge(vars, priv)
		s.Visited[at.Passage]++
		for _, c := range p.Choices {
			if c.ID == at.Option && c.Once {
				s.Used[c.ID] = true
			}
		}
	}
	to := t.s.Path[step].Passage
	t.emit(Event{Type: Rewound, Data: Data{Vars: s.Vars, Priv: s.Priv, Visited: s.Visited, Used: s.Used, Path: slices.Clone(t.s.Path[:step])}})
	t.enter(to)
}
