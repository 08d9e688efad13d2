package tale

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Passages of Twee that are no part of the story.
const (
	titlePassage = "StoryTitle"
	dataPassage  = "StoryData"
	startName    = "Start" // where a story starts unless it says otherwise
)

// unsupportedPassages are special in a Twine format that is not ours.
var unsupportedPassages = []string{
	"StoryAuthor", "StoryBanner", "StoryCaption", "StoryDisplayTitle", "StoryInterface", "StoryMenu", "StorySettings", "StorySubtitle",
	"StoryIncludes", "PassageDone", "PassageFooter", "PassageHeader", "PassageReady", "StoryShare",
}

// storyData is the JSON of StoryData: Twee 3 v3.0.2, "StoryData".
type storyData struct {
	IFID          string            `json:"ifid"`
	Format        string            `json:"format,omitempty"`
	FormatVersion string            `json:"format-version,omitempty"`
	Start         string            `json:"start,omitempty"`
	TagColors     map[string]string `json:"tag-colors,omitempty"`
	Zoom          float64           `json:"zoom,omitempty"`
}

// metadata is the JSON behind a passage's header.
type metadata struct {
	Position string `json:"position,omitempty"`
	Size     string `json:"size,omitempty"`
}

// importer makes a draft of a file.
type importer struct {
	file     string
	draft    *Draft
	problems problems
	start    string // name or id; empty: not said
	hasTitle bool
}

func (im *importer) report(line int, passage string, s Severity, code, format string, args ...any) {
	im.problems.add(Problem{Severity: s, Code: code, Message: fmt.Sprintf(format, args...), File: im.file, Line: line, Passage: passage})
}

// ReadTwee reads a Twee 3 file (v3.0.2). The draft holds what could be read,
// also if there are errors.
func ReadTwee(file string, data []byte) (*Draft, []Problem) {
	im := &importer{file: file, draft: &Draft{File: file, Vars: make(map[string]Var)}}
	if !im.checkFile(data) {
		return im.draft, im.problems.list
	}
	var p *DraftPassage
	var body strings.Builder
	line := 0
	finish := func() {
		if p != nil {
			// "Trailing blank lines must be dropped."
			p.Body = strings.TrimRight(body.String(), " \t\n")
			im.take(*p)
		}
		body.Reset()
	}
	for row := range strings.SplitSeq(string(bytes.TrimPrefix(data, []byte("\ufeff"))), "\n") {
		line++
		row = strings.TrimSuffix(row, "\r")
		if header, ok := strings.CutPrefix(row, "::"); ok {
			finish()
			p = im.header(header, line)
			continue
		}
		if p == nil && strings.TrimSpace(row) != "" {
			im.report(line, "", Warning, "outside", "This text is before the first passage and is ignored.")
			continue
		}
		body.WriteString(strings.TrimPrefix(row, "\x00")) // refused above: only so that rows are what they were
		body.WriteByte('\n')
	}
	finish()
	im.end()
	return im.draft, im.problems.list
}

func (im *importer) checkFile(data []byte) bool {
	switch {
	case len(data) > MaxFile:
		im.report(0, "", Error, "file-too-large", "A story file has at most %d MiB.", MaxFile>>20)
	case !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0:
		im.report(0, "", Error, "encoding", "The file is not UTF-8 text.")
	default:
		return true
	}
	return false
}

// header reads "name [tags] {metadata}".
func (im *importer) header(header string, line int) *DraftPassage {
	p := &DraftPassage{File: im.file, Line: line + 1, HeaderRow: line}
	end := unescaped(header, "[]{}")
	p.Name = unescape(strings.TrimSpace(header[:end]))
	rest := header[end:]
	if tags, ok := strings.CutPrefix(rest, "["); ok {
		end := unescaped(tags, "]")
		for _, tag := range strings.Fields(tags[:end]) {
			p.Tags = append(p.Tags, unescape(tag))
		}
		if end == len(tags) {
			im.report(line, p.Name, Warning, "header", "The tags have no closing ].")
		}
		rest = strings.TrimPrefix(tags[end:], "]")
	}
	if rest = strings.TrimSpace(rest); rest != "" {
		var m metadata
		if err := json.Unmarshal([]byte(rest), &m); err != nil {
			im.report(line, p.Name, Warning, "metadata", "The metadata of this passage cannot be read and is ignored.")
		}
		p.Position, p.Size = m.Position, m.Size
	}
	return p
}

// unescaped returns where the first of chars is in s that has no \ before it, or the length of s.
func unescaped(s, chars string) int {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		} else if strings.IndexByte(chars, s[i]) >= 0 {
			return i
		}
	}
	return len(s)
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// take adds a passage to the draft, or does what a special one asks for.
func (im *importer) take(p DraftPassage) {
	switch {
	case p.Name == titlePassage:
		if !im.hasTitle {
			im.draft.Title, im.hasTitle = strings.Join(strings.Fields(p.Body), " "), true
		}
	case p.Name == dataPassage:
		im.storyData(p)
	case p.Name == initPassage:
		for name, v := range readInit(p.Body, func(line int, s Severity, code, message string) {
			im.report(p.Line+line-1, p.Name, s, code, "%s", message)
		}) {
			im.draft.Vars[name] = v
		}
	case slices.Contains(p.Tags, "script"), slices.Contains(p.Tags, "stylesheet"):
		im.report(p.HeaderRow, p.Name, Warning, "script", "Scripts and style sheets are never executed; this one is dropped.")
	case slices.Contains(p.Tags, "Twine.private"), slices.Contains(p.Tags, "annotation"):
	case slices.Contains(unsupportedPassages, p.Name):
		im.report(p.HeaderRow, p.Name, Warning, "special-passage", "This passage has a meaning in another format, but none here; it is dropped.")
	case len(im.draft.Passages) > MaxPassages: // Compile refuses so many
	default:
		if p.ID == "" {
			p.ID = PassageID(strconv.Itoa(len(im.draft.Passages) + 1))
		}
		im.draft.Passages = append(im.draft.Passages, p)
	}
}

func (im *importer) storyData(p DraftPassage) {
	var d storyData
	if err := json.Unmarshal([]byte(p.Body), &d); err != nil {
		im.report(p.Line, p.Name, Warning, "metadata", "StoryData is not JSON and is ignored.")
		return
	}
	im.draft.IFID, im.draft.Format, im.draft.TagColor, im.start = d.IFID, d.Format, d.TagColors, d.Start
	if !validIFID(d.IFID) {
		im.report(p.Line, p.Name, Warning, "ifid", "The ifid is to be a version 4 UUID in upper case; another one is made.")
		im.draft.IFID = ""
	}
}

// end finds the start passage.
func (im *importer) end() {
	want := im.start
	if want == "" {
		want = startName
	}
	for _, p := range im.draft.Passages {
		if p.Name == want {
			im.draft.Start = p.ID
			return
		}
	}
	if im.start != "" {
		im.draft.Start = PassageID(im.start) // perhaps an id; if not, Compile says so
	}
}
