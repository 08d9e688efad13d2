package tale

import (
	"regexp"
	"slices"
)

const (
	// maxSketched passages of a sketch are compiled: the way that was taken, and
	// what follows by itself.
	maxSketched = 256
	// maxSketchExprs is how many different expressions these have at most.
	maxSketchExprs = 4000
)

// Sketch is a draft as it stands, to try it while it is being written: a
// mistake stays at its place, everything else can be played. Only passages
// that are asked for are compiled, so that trying a long story costs what one
// sees of it. It is not for concurrent use.
type Sketch struct{ c *compilation }

// Sketch returns d to be tried. The draft must not be changed any more.
func (d *Draft) Sketch() *Sketch {
	c := d.compilation()
	c.lenient, c.maxExprs = true, maxSketchExprs
	c.checkStory()
	c.index()
	c.declare()
	c.compiler = newCompiler(c.tale.Vars)
	return &Sketch{c}
}

// Has reports whether there is such a passage.
func (s *Sketch) Has(id PassageID) bool { return s.find(id) != nil }

func (s *Sketch) find(id PassageID) *DraftPassage {
	for i := range s.c.draft.Passages {
		if p := &s.c.draft.Passages[i]; p.ID == id {
			return p
		}
	}
	return nil
}

// Book returns the story begun at start, which must be one of its passages,
// with other initial values for those of vars that fit. It has these passages,
// as far as they exist, and those that follow them by themselves; no more.
func (s *Sketch) Book(start PassageID, vars map[string]Value, more ...PassageID) *Book {
	c := s.c
	t := *c.tale
	t.Start, t.Vars, t.Passages = start, make(map[string]Var, len(c.tale.Vars)), make(map[PassageID]*Passage)
	for name, v := range c.tale.Vars {
		if value, ok := vars[name]; ok && value.Type() == v.Type {
			v.Init = value
		}
		t.Vars[name] = v
	}
	queue := append([]PassageID{start}, more...)
	for len(queue) > 0 && len(t.Passages) < maxSketched {
		id := queue[0]
		queue = queue[1:]
		p := s.passage(id)
		if p == nil || t.Passages[id] != nil {
			continue
		}
		t.Passages[id] = p
		for _, choice := range p.Choices {
			if choice.Auto {
				queue = append(queue, choice.To)
			}
		}
	}
	for _, p := range t.Passages {
		for i := range p.Choices {
			if choice := &p.Choices[i]; choice.Auto && t.Passages[choice.To] == nil {
				choice.Auto = false // here the sketch ends
			}
		}
	}
	return s.open(&t)
}

// passage compiles a passage, once.
func (s *Sketch) passage(id PassageID) *Passage {
	c := s.c
	if p := c.tale.Passages[id]; p != nil {
		return p
	}
	if c.p = s.find(id); c.p == nil {
		return nil
	}
	c.problems.more = len(c.problems.list)
	c.passage()
	c.p = nil
	return c.tale.Passages[id]
}

func (s *Sketch) open(t *Tale) *Book {
	b := &Book{
		Tale: t, byName: make(map[string]PassageID, len(s.c.byName)),
		programs: make(map[expression]*program, len(s.c.compiled)), personal: make(map[PassageID]bool, len(t.Passages)),
	}
	for name, i := range s.c.byName {
		b.byName[name] = s.c.draft.Passages[i].ID
	}
	for e, known := range s.c.compiled {
		if known.err == nil {
			b.programs[e] = known.program
		}
	}
	for id, p := range t.Passages {
		b.personal[id] = b.differs(p.Blocks)
	}
	return b
}

// Problems returns what is wrong with a passage that has no place in its text,
// and with the story as a whole.
func (s *Sketch) Problems(id PassageID) []Problem {
	var list []Problem
	for _, p := range s.c.problems.list {
		if p.PassageID == "" || p.PassageID == id && (p.Line == 0 || p.Severity == Warning) {
			list = append(list, p)
		}
	}
	return list
}

// forRole finds the attribute of a link that reserves it.
var forRole = regexp.MustCompile(`who\s*:\s*role:([A-Za-z_]\w*)`)

// Roles returns the roles that links anywhere in the story are reserved for, sorted.
func (s *Sketch) Roles() []string {
	var roles []string
	for i := range s.c.draft.Passages {
		for _, m := range forRole.FindAllStringSubmatch(s.c.draft.Passages[i].Body, -1) {
			if !slices.Contains(roles, m[1]) && len(roles) < maxSketched {
				roles = append(roles, m[1])
			}
		}
	}
	slices.Sort(roles)
	return roles
}
