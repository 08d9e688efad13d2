package tale

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// twineStory is a Twine 2 story as JSON, v1.0.
type twineStory struct {
	Name          string            `json:"name"`
	IFID          string            `json:"ifid,omitempty"`
	Format        string            `json:"format,omitempty"`
	FormatVersion string            `json:"format-version,omitempty"`
	Start         json.RawMessage   `json:"start,omitempty"` // the specification says a PID, its example has a name
	TagColors     map[string]string `json:"tag-colors,omitempty"`
	Style         string            `json:"style,omitempty"`
	Script        string            `json:"script,omitempty"`
	Passages      []twinePassage    `json:"passages"`
}

type twinePassage struct {
	Name     string          `json:"name"`
	PID      json.RawMessage `json:"pid,omitempty"`
	Tags     []string        `json:"tags"`
	Metadata metadata        `json:"metadata"`
	Text     string          `json:"text"`
}

// ReadTwine reads a Twine 2 story in JSON (v1.0).
func ReadTwine(file string, data []byte) (*Draft, []Problem) {
	im := &importer{file: file, draft: &Draft{File: file, Vars: make(map[string]Var)}}
	if !im.checkFile(data) {
		return im.draft, im.problems.list
	}
	var s twineStory
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &s); err != nil {
		im.report(0, "", Error, "json", "The file is no Twine 2 JSON: %v.", err)
		return im.draft, im.problems.list
	}
	im.draft.Title, im.draft.IFID, im.draft.Format, im.draft.TagColor = s.Name, s.IFID, s.Format, s.TagColors
	if s.IFID != "" && !validIFID(s.IFID) {
		im.report(0, "", Warning, "ifid", "The ifid is to be a version 4 UUID in upper case; another one is made.")
		im.draft.IFID = ""
	}
	if s.Style != "" || s.Script != "" {
		im.report(0, "", Warning, "script", "Scripts and style sheets are never executed; they are dropped.")
	}
	im.start = scalar(s.Start)
	for _, p := range s.Passages {
		before := len(im.draft.Passages)
		im.take(DraftPassage{
			Name: p.Name, Tags: p.Tags, Position: p.Metadata.Position, Size: p.Metadata.Size,
			Body: strings.TrimRight(strings.ReplaceAll(p.Text, "\r\n", "\n"), " \t\n"),
		})
		if pid := scalar(p.PID); pid != "" && pid == im.start && len(im.draft.Passages) > before {
			im.draft.Start = im.draft.Passages[before].ID
		}
	}
	if im.draft.Start == "" {
		im.end()
	}
	return im.draft, im.problems.list
}

// scalar returns a JSON string or number as text.
func scalar(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return strings.TrimSpace(string(raw))
}

// Read reads a file in either format: Twine's begins with a brace. One without
// a passage is no story, whatever else it may be.
func Read(file string, data []byte) (*Draft, []Problem) {
	read := ReadTwee
	if bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n"), []byte("{")) {
		read = ReadTwine
	}
	draft, ps := read(file, data)
	if len(draft.Passages) == 0 && !Failed(ps) {
		ps = append(ps, Problem{Severity: Error, Code: "empty", File: file, Message: noPassages})
	}
	return draft, ps
}

// Import reads and compiles a file in either format. The tale is nil if one of
// the problems is an error. The problems come in the order of their lines.
func Import(file string, data []byte) (*Tale, []Problem) {
	draft, ps := Read(file, data)
	if Failed(ps) {
		return nil, ps
	}
	t, more := draft.Compile()
	ps = append(ps, more...)
	slices.SortStableFunc(ps, func(a, b Problem) int { return a.Line - b.Line })
	return t, ps
}
