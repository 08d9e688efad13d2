package wire

import (
	"fmt"
	"slices"
	"strings"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/tale"
)

// DocPreviewAsk is the body of POST /v1/docs/{id}/preview: where to begin to
// play the document as it stands, and which choices to take from there.
type DocPreviewAsk struct {
	From    ID                    `json:"from"`                                                          // id of a passage; empty: where the story begins
	Vars    map[string]tale.Value `json:"vars,omitempty" ts:"Record<string, boolean | number | string>"` // other initial values
	Role    string                `json:"role,omitempty"`                                                // empty: the first of the story, if it has any
	Choices []DocPreviewChoice    `json:"choices,omitempty"`
	MinSeq  int64                 `json:"minSeq,omitempty"` // wait for this update, at most 2 s
}

// DocPreviewChoice is a choice that was taken in a preview. Where the option is
// not there any more, another one to the same passage is taken.
type DocPreviewChoice struct {
	Option string `json:"option"`
	To     ID     `json:"to"`
}

// Check implements [Checker].
func (a DocPreviewAsk) Check() error {
	if len(a.Choices) > play.MaxRehearsed {
		return errs.E("wire.DocPreviewAsk", errs.Validation, fmt.Sprintf("A preview has at most %d choices.", play.MaxRehearsed))
	}
	return nil
}

// DocPreview is the answer to [DocPreviewAsk].
type DocPreview struct {
	Seq       int64              `json:"seq"` // of the document
	PassageID string             `json:"passageId"`
	Name      string             `json:"name"`
	Text      []DocPreviewPiece  `json:"text"`
	Options   []DocPreviewOption `json:"options"`
	Vars      []DocPreviewVar    `json:"vars"` // by name
	Roles     []string           `json:"roles"`
	Role      string             `json:"role"`  // that was played; empty: none
	Path      []DocPreviewStep   `json:"path"`  // with what followed by itself
	Taken     int                `json:"taken"` // choices that could still be taken; the rest is left out
	Ended     bool               `json:"ended"`
	Loops     bool               `json:"loops"`    // it goes in a circle without choices
	Notes     []string           `json:"notes"`    // assignments that could not be made
	Problems  []DocProblem       `json:"problems"` // of the passage as a whole, and of the story
}

// DocPreviewPiece is a piece of a text: words, or a mistake at its place.
type DocPreviewPiece struct {
	Text    string      `json:"text"`
	Mistake *DocProblem `json:"mistake"` // null: these are words
}

// DocPreviewOption is a choice.
type DocPreviewOption struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	To    string `json:"to"`
	Who   string `json:"who,omitempty"` // turn, host, role:NAME; absent: anybody
}

// DocPreviewVar is a variable with its value where the preview stands.
type DocPreviewVar struct {
	Name  string `json:"name"`
	Type  string `json:"type" ts:"'bool' | 'int' | 'string'"`
	Scope string `json:"scope" ts:"'shared' | 'private'"`
	Init  any    `json:"init" ts:"boolean | number | string"` // as the preview began
	Value any    `json:"value" ts:"boolean | number | string"`
}

// DocPreviewStep is a passage on the way.
type DocPreviewStep struct {
	PassageID string `json:"passageId"`
	Name      string `json:"name"`
	Label     string `json:"label"` // of the choice that led on; empty: none yet
}

// Choice returns c as it is played.
func (c DocPreviewChoice) Choice() play.Taken {
	return play.Taken{Option: c.Option, To: tale.PassageID(c.To)}
}

// DocPreviewOf returns a rehearsal of a book as it travels.
func DocPreviewOf(seq int64, book *tale.Book, r play.Rehearsal, roles []string, problems []tale.Problem) DocPreview {
	p := DocPreview{
		Seq: seq, PassageID: string(r.Round.Passage), Name: r.Round.Name,
		Text: Map(r.Text, docPreviewPieceOf),
		Options: Map(r.Round.Options, func(o play.Option) DocPreviewOption {
			return DocPreviewOption{ID: o.ID, Label: o.Label, To: string(o.To), Who: o.Who}
		}),
		Vars: []DocPreviewVar{}, Roles: Map(roles, func(role string) string { return role }), Role: r.Role,
		Path: Map(r.Path, func(s play.StepView) DocPreviewStep {
			return DocPreviewStep{PassageID: string(s.Passage), Name: s.Name, Label: s.Label}
		}),
		Taken: r.Taken, Ended: r.Ended, Loops: r.Loops,
		Notes: Map(r.Notes, func(note string) string { return note }), Problems: Map(problems, ProblemOf),
	}
	for name, v := range book.Vars {
		p.Vars = append(p.Vars, DocPreviewVar{Name: name, Type: string(v.Type), Scope: string(v.Scope), Init: v.Init, Value: r.Vars[name]})
	}
	slices.SortFunc(p.Vars, func(a, b DocPreviewVar) int { return strings.Compare(a.Name, b.Name) })
	return p
}

func docPreviewPieceOf(p tale.Piece) DocPreviewPiece {
	out := DocPreviewPiece{Text: p.Text}
	if p.Mistake != nil {
		mistake := ProblemOf(*p.Mistake)
		out.Mistake = &mistake
	}
	return out
}
