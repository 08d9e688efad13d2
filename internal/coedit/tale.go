package coedit

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
)

// Draft returns c as the linter and the exporter want it, without the trash.
func (c Content) Draft() *tale.Draft {
	d := &tale.Draft{Title: c.Title, Start: tale.PassageID(c.Start), Vars: make(map[string]tale.Var, len(c.Vars)), TagColor: map[string]string{}}
	for tag, color := range c.TagColors {
		d.TagColor[tag], _ = color.(string)
	}
	for _, v := range c.Vars {
		d.Vars[v.Name] = tale.Var{Type: tale.Type(v.Type), Init: v.value(), Scope: tale.Scope(v.Scope)}
	}
	passages := c.withoutTrash().Passages
	// The order in which they are read: from the top, like lines.
	slices.SortStableFunc(passages, func(a, b Passage) int {
		return cmp.Or(cmp.Compare(a.Pos[1], b.Pos[1]), cmp.Compare(a.Pos[0], b.Pos[0]))
	})
	d.Passages = make([]tale.DraftPassage, 0, len(passages))
	for _, p := range passages {
		d.Passages = append(d.Passages, tale.DraftPassage{
			ID: tale.PassageID(p.ID), Name: p.Name, Tags: p.Tags, Body: p.Body, Position: formatPair(p.Pos), Size: formatPair(p.Size),
		})
	}
	return d
}

func (v Var) value() tale.Value {
	switch init := v.Init.(type) {
	case bool:
		return tale.BoolValue(init)
	case float64:
		return tale.IntValue(int64(init))
	case string:
		return tale.StringValue(init)
	}
	return tale.Value{}
}

func plainValue(v tale.Value) any {
	switch v.Type() {
	case tale.Bool:
		return v.Text() == "true"
	case tale.Int:
		n, _ := strconv.ParseInt(v.Text(), 10, 64) // it was written from a number
		return float64(n)
	}
	return v.Text()
}

func formatPair(p [2]float64) string {
	return strconv.FormatFloat(p[0], 'f', -1, 64) + "," + strconv.FormatFloat(p[1], 'f', -1, 64)
}

func parsePair(s string, otherwise [2]float64) [2]float64 {
	a, b, _ := strings.Cut(s, ",")
	x, errX := strconv.ParseFloat(strings.TrimSpace(a), 64)
	y, errY := strconv.ParseFloat(strings.TrimSpace(b), 64)
	if errX != nil || errY != nil || !finite(x) || !finite(y) {
		return otherwise
	}
	return [2]float64{x, y}
}

// ContentOf returns a draft as the content of a document. A passage keeps the
// id that one of the same name has in before, and a draft without a title the one that there was.
func ContentOf(d *tale.Draft, before Content, now time.Time) Content {
	ids := make(map[string]string, len(before.Passages))
	for _, p := range before.Passages {
		ids[p.Name] = p.ID
	}
	c := Content{Title: cut(cmp.Or(d.Title, before.Title), MaxName), Lang: before.Lang}
	for tag, color := range d.TagColor {
		if c.TagColors == nil {
			c.TagColors = map[string]any{}
		}
		c.TagColors[tag] = color
	}
	places := layout(d)
	for _, p := range d.Passages {
		id, known := ids[p.Name]
		delete(ids, p.Name) // of two with the same name only one is it
		if !known {
			id = NewPassageID(now)
		}
		if p.ID == d.Start {
			c.Start = id
		}
		c.Passages = append(c.Passages, Passage{
			ID: id, Name: p.Name, Body: p.Body, Tags: p.Tags,
			Pos: parsePair(p.Position, places[p.ID]), Size: parsePair(p.Size, [2]float64{100, 100}),
		})
	}
	for name, v := range d.Vars {
		c.Vars = append(c.Vars, Var{Name: name, Type: string(v.Type), Init: plainValue(v.Init), Scope: string(v.Scope)})
	}
	slices.SortFunc(c.Vars, func(a, b Var) int { return strings.Compare(a.Name, b.Name) })
	return c
}

// How passages without a place are laid out: so many in a row at least, so far apart.
const (
	columns = 8
	across  = 180
	down    = 110
)

// layout returns places in which a story reads downwards from its start.
func layout(d *tale.Draft) map[tale.PassageID][2]float64 {
	places := make(map[tale.PassageID][2]float64, len(d.Passages))
	row, wide := 0, max(columns, int(math.Sqrt(float64(len(d.Passages)))))
	for _, layer := range d.Layers() {
		for ids := range slices.Chunk(layer, wide) {
			for i, id := range ids {
				places[id] = [2]float64{(float64(i) - float64(len(ids)-1)/2) * across, float64(row * down)}
			}
			row++
		}
	}
	return places
}

// Releases checks and keeps what is published, as story.Service does.
type Releases interface {
	Publish(ctx context.Context, caller auth.UserID, id story.ID, d *tale.Draft) (story.Published, error)
}

// ImportFile replaces what is written by a Twee 3 or Twine 2 file; name is the
// file's, for problems. With a problem that is an error nothing is changed.
func (s *Service) ImportFile(ctx context.Context, caller auth.UserID, id story.ID, name string, data []byte) (int64, []tale.Problem, error) {
	const op = "coedit.ImportFile"
	if _, err := s.mayWrite(ctx, op, caller, id); err != nil {
		return 0, nil, err
	}
	draft, problems := tale.Read(name, data)
	if draft == nil || tale.Failed(problems) {
		return 0, problems, nil
	}
	now, err := s.current(ctx, id)
	if err != nil {
		return 0, nil, err
	}
	content := ContentOf(draft, now.Content, s.now())
	if err := content.check(); err != nil {
		return 0, nil, err
	}
	seq, err := s.replace(ctx, op, caller, id, ImportVersion, content)
	return seq, problems, err
}

// check refuses content that a client could not have written.
func (c Content) check() error {
	total := 0
	for _, p := range c.Passages {
		n := units(p.Body)
		total += n
		switch {
		case n > MaxBody:
			return tooLarge("The passage “%s” has more than %d characters.", p.Name, MaxBody)
		case units(p.Name) > MaxName:
			return tooLarge("The name “%s” has more than %d characters.", p.Name, MaxName)
		case !isTags(anyList(p.Tags)):
			return tooLarge("The passage “%s” has tags that are too many or too long.", p.Name)
		}
	}
	switch {
	case total > MaxUnits:
		return tooLarge("A story has at most %d characters.", MaxUnits)
	case len(c.Passages) > MaxPassages:
		return tooLarge("A story has at most %d passages.", MaxPassages)
	case len(c.Vars) > MaxVars:
		return tooLarge("A story has at most %d variables.", MaxVars)
	case c.TagColors != nil && !isColors(c.TagColors):
		return tooLarge("The story has colours for too many tags.")
	}
	for _, v := range c.Vars {
		if !isVarName(v.Name) || !isScalar(v.Init) {
			return tooLarge("%s", fmt.Sprintf("The variable %s cannot be kept.", v.Name))
		}
	}
	return nil
}
