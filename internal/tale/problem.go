package tale

import (
	"fmt"
	"slices"
	"strings"
)

// Severity of a [Problem].
type Severity string

// Severities.
const (
	Error   Severity = "error"   // the story cannot be played
	Warning Severity = "warning" // it can, but something may not be as its author meant
)

// Problem is something wrong with a story, and where.
type Problem struct {
	Severity  Severity  `json:"severity"`
	Code      string    `json:"code"`                // for programs: "dead-link"
	Message   string    `json:"message"`             // for people, a sentence
	File      string    `json:"file,omitempty"`      // empty: not from a file
	Line      int       `json:"line,omitempty"`      // from 1; within the passage's text if there is no file; 0: no line
	Passage   string    `json:"passage,omitempty"`   // name
	PassageID PassageID `json:"passageId,omitempty"` // of the passage, once it has one
}

// String returns the problem on one line, as compilers do.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":")
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:", p.Line)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	b.WriteString(string(p.Severity) + ": ")
	if p.Passage != "" {
		fmt.Fprintf(&b, "in %q: ", p.Passage)
	}
	b.WriteString(p.Message + " [" + p.Code + "]")
	return b.String()
}

// Failed reports whether one of the problems is an error.
func Failed(ps []Problem) bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == Error })
}

// problems collects what is found; too many are not kept, but an error always is.
type problems struct {
	list   []Problem
	failed bool
	more   int // may be kept besides maxProblems
}

func (ps *problems) add(p Problem) {
	if p.Severity == Error {
		if !ps.failed && len(ps.list) >= maxProblems+ps.more {
			ps.list[len(ps.list)-1] = p
		}
		ps.failed = true
	}
	if len(ps.list) < maxProblems+ps.more {
		ps.list = append(ps.list, p)
	}
}
