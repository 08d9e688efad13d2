package tale

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Draft is a story as its authors write it: passages of text in the markup of
// this package.
type Draft struct {
	Title    string
	IFID     string    // of the Treaty of Babel: a version 4 UUID in upper case; empty: one is made from the content
	Start    PassageID // empty: none is known
	Vars     map[string]Var
	Passages []DraftPassage // in the order of the file
	File     string         // where it comes from; empty: not from a file
	Format   string         // the Twine format it was written for; kept for export
	TagColor map[string]string
}

// DraftPassage is one passage of a draft.
type DraftPassage struct {
	ID        PassageID // unique, not empty
	Name      string
	Tags      []string
	Body      string
	Position  string // "x,y" on Twine's map; kept for export
	Size      string // "w,h"
	File      string // where it comes from; empty: not from a file
	Line      int    // of the first line of Body in File, from 1
	HeaderRow int    // line of its header
}

// compilation is the work of one Compile.
type compilation struct {
	draft    *Draft
	tale     *Tale
	problems problems
	byName   map[string]int // index in draft.Passages
	compiler *compiler
	compiled map[expression]compiled
	maxExprs int
	used     map[string]bool // variables that are read
	wrote    map[string]bool // variables that are set
	p        *DraftPassage   // being compiled
	text     *text           // of p; nil: not being read
	lenient  bool            // a mistake becomes a block at its place
}

// compiled is what became of an expression: a program or an error.
type compiled struct {
	program *program
	err     error
}

func (d *Draft) compilation() *compilation {
	return &compilation{
		draft: d, byName: make(map[string]int, len(d.Passages)),
		compiled: make(map[expression]compiled), maxExprs: maxExprs, used: make(map[string]bool), wrote: make(map[string]bool),
		tale: &Tale{V: Version, Title: strings.TrimSpace(d.Title), Vars: make(map[string]Var), Passages: make(map[PassageID]*Passage)},
	}
}

// Compile checks d and makes what can be played of it. The tale is nil if one of
// the problems is an error. Problems without a file have lines within their passage.
func (d *Draft) Compile() (*Tale, []Problem) {
	c := d.compilation()
	c.checkStory()
	c.index()
	c.declare()
	c.compiler = newCompiler(c.tale.Vars)
	for i := range d.Passages {
		c.p = &d.Passages[i]
		c.passage()
	}
	c.p = nil
	c.checkStart()
	if !c.problems.failed {
		c.lint()
		c.tale.IFID = d.IFID
		if !validIFID(d.IFID) {
			c.tale.IFID = IFIDOf(c.tale.Encode())
		}
	}
	if c.problems.failed {
		return nil, c.problems.list
	}
	return c.tale, c.problems.list
}

// at reports a problem at a line of the passage's text, from 1; 0: its header.
func (c *compilation) at(line int, s Severity, code, format string, args ...any) {
	p := Problem{Severity: s, Code: code, Message: fmt.Sprintf(format, args...)}
	if c.p != nil {
		p.File, p.Passage, p.PassageID = c.p.File, c.p.Name, c.p.ID
		switch {
		case c.p.File == "":
			p.Line = line
		case line == 0:
			p.Line = c.p.HeaderRow
		default:
			p.Line = c.p.Line + line - 1
		}
	} else {
		p.File = c.draft.File
	}
	c.problems.add(p)
	if c.lenient && s == Error && line > 0 && c.text != nil {
		c.text.mistake(p)
	}
}

func (c *compilation) checkStory() {
	switch t := c.tale.Title; {
	case !utf8.ValidString(t) || utf8.RuneCountInString(t) > MaxTitle:
		c.at(0, Error, "title", "A title has at most %d characters.", MaxTitle)
	case t == "":
		c.at(0, Warning, "title", "The story has no title.")
	}
	if n := len(c.draft.Passages); n > MaxPassages {
		c.at(0, Error, "too-many-passages", "A story has at most %d passages, this one has %d.", MaxPassages, n)
		c.draft = &Draft{Title: c.draft.Title, File: c.draft.File} // the rest is not looked at
	}
}

// index finds passages by name and refuses names that two have, or that are none.
func (c *compilation) index() {
	ids := make(map[PassageID]bool, len(c.draft.Passages))
	for i := range c.draft.Passages {
		c.p = &c.draft.Passages[i]
		first, taken := c.byName[c.p.Name]
		switch {
		case c.p.ID == "" || ids[c.p.ID]:
			c.at(0, Error, "duplicate-id", "Two passages have the id %q.", c.p.ID)
		case strings.TrimSpace(c.p.Name) == "":
			c.at(0, Error, "no-name", "The passage has no name.")
		case len(c.p.Name) > MaxName || !utf8.ValidString(c.p.Name) || strings.ContainsAny(c.p.Name, "\n\x00"):
			c.at(0, Error, "name", "The name of a passage is one line of at most %d bytes.", MaxName)
		case taken:
			where := ""
			if row := c.draft.Passages[first].HeaderRow; row > 0 {
				where = fmt.Sprintf(" (the other is at line %d)", row)
			}
			c.at(0, Error, "duplicate-name", "Two passages have this name%s.", where)
		default:
			c.byName[c.p.Name] = i
		}
		ids[c.p.ID] = true
	}
	c.p = nil
}

const noPassages = "The story has no passages."

func (c *compilation) checkStart() {
	c.tale.Start = c.draft.Start
	switch {
	case c.problems.failed && len(c.draft.Passages) == 0:
	case len(c.draft.Passages) == 0:
		c.at(0, Error, "empty", noPassages)
	case c.draft.Start == "":
		c.at(0, Error, "no-start", "The story has no start passage: name one “Start”, or say which in StoryData.")
	case !slices.ContainsFunc(c.draft.Passages, func(p DraftPassage) bool { return p.ID == c.draft.Start }):
		c.at(0, Error, "unknown-start", "The start passage %q does not exist.", c.draft.Start)
	}
}

func (c *compilation) checkTags() (tags []string, timer int, mode Mode) {
	if len(c.p.Tags) > MaxTags {
		c.at(0, Error, "too-many-tags", "A passage has at most %d tags.", MaxTags)
		return nil, 0, ""
	}
	for _, tag := range c.p.Tags {
		if tag == "" || len(tag) > MaxTag || !utf8.ValidString(tag) || strings.ContainsAny(tag, " \t\n\x00") {
			c.at(0, Error, "tag", "A tag is a word of at most %d bytes.", MaxTag)
			continue
		}
		if sec, ok := strings.CutPrefix(tag, "timer:"); ok {
			n, err := strconv.Atoi(sec)
			if err != nil || n < MinTimer || n > MaxTimer {
				c.at(0, Error, "timer", "A timer has %d to %d seconds, as in timer:30.", MinTimer, MaxTimer)
			}
			timer = n
		}
		if m, ok := strings.CutPrefix(tag, "mode:"); ok {
			if mode = Mode(m); !mode.Valid() {
				c.at(0, Error, "mode", "A mode is first, host, majority, unanimous or rotate, as in mode:host.")
			}
		}
	}
	return slices.Clone(c.p.Tags), timer, mode
}

// IFIDOf returns the IFID of what seed names, or is: the same seed always has the same.
func IFIDOf(seed []byte) string {
	sum := sha256.Sum256(seed)
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80 // RFC 9562: version 4, variant 1
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]))
}

// validIFID reports whether s is a version 4 UUID in upper case.
func validIFID(s string) bool {
	if len(s) != 36 || s[14] != '4' || !strings.ContainsRune("89AB", rune(s[19])) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'A' || c > 'F') {
				return false
			}
		}
	}
	return true
}
