package tale

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Draft returns t as authors write it. Compiled again it is t, but for
// passages that no link can name.
func (t *Tale) Draft() *Draft {
	d := &Draft{Title: t.Title, IFID: t.IFID, Start: t.Start, Vars: t.Vars}
	ids := sortedKeys(t.Passages)
	// Ids that importing gave are numbers: their order is that of the file.
	slices.SortStableFunc(ids, func(a, b PassageID) int { return cmp.Compare(len(a), len(b)) })
	for _, id := range ids {
		p := t.Passages[id]
		d.Passages = append(d.Passages, DraftPassage{ID: id, Name: p.Name, Tags: p.Tags, Body: t.body(p)})
	}
	return d
}

// body returns a passage as it is written: assignments, text, choices.
func (t *Tale) body(p *Passage) string {
	w := &writer{}
	for _, a := range p.Set {
		set := "<<set $" + a.Var + " = " + a.Expr + ">>"
		if a.If != "" {
			set = "<<if " + a.If + ">>" + set + "<<endif>>"
		}
		w.macro(set)
		w.text("\n")
	}
	w.blocks(p.Blocks)
	if len(p.Choices) > 0 {
		w.text("\n\n")
	}
	for _, c := range p.Choices {
		w.text("\n" + t.linkTo(c))
	}
	return strings.TrimRight(w.b.String(), "\n")
}

// writer writes text and macros so that reading gives the same blocks again.
type writer struct {
	b         strings.Builder
	onlyMacro bool // the line has macros and nothing else: its end would not be read as text
}

func (w *writer) macro(s string) {
	if b := w.b.String(); b == "" || b[len(b)-1] == '\n' {
		w.onlyMacro = true
	}
	w.b.WriteString(s)
}

func (w *writer) text(s string) {
	if s == "" {
		return
	}
	w.b.WriteString(s)
	w.onlyMacro = false
}

func (w *writer) blocks(list []Block) {
	for _, bl := range list {
		switch {
		case bl.If != "":
			w.macro("<<if " + bl.If + ">>")
			w.blocks(bl.Then)
			if len(bl.Else) > 0 {
				w.macro("<<else>>")
				w.blocks(bl.Else)
			}
			w.macro("<<endif>>")
		case bl.Print != "":
			w.text("$" + bl.Print)
		default:
			if w.onlyMacro && strings.HasPrefix(bl.Text, "\n") {
				w.text("\n")
			}
			w.text(bl.Text)
		}
	}
}

func (t *Tale) linkTo(c Choice) string {
	name := t.Passages[c.To].Name
	link := "[[" + c.Label + "->" + name + "]]"
	if c.Label == name && !strings.ContainsAny(name, "<>|") {
		link = "[[" + name + "]]"
	}
	var attributes []string
	if c.If != "" {
		attributes = append(attributes, "if: "+c.If)
	}
	if c.Once {
		attributes = append(attributes, "once")
	}
	if c.Auto {
		attributes = append(attributes, "auto")
	}
	if c.Who != "" {
		attributes = append(attributes, "who: "+c.Who)
	}
	if len(attributes) > 0 {
		link += "{" + strings.Join(attributes, "; ") + "}"
	}
	return link
}

var escapeHeader = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`)

// Twee returns d as a Twee 3 file.
func (d *Draft) Twee() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, ":: %s\n%s\n\n", titlePassage, d.Title)
	data := storyData{IFID: d.IFID, Format: d.Format, TagColors: d.TagColor}
	for _, p := range d.Passages {
		if p.ID == d.Start {
			data.Start = p.Name
		}
	}
	encoded := encode(data, "  ")
	fmt.Fprintf(&b, ":: %s\n%s\n", dataPassage, encoded)
	if len(d.Vars) > 0 {
		fmt.Fprintf(&b, "\n:: %s\n%s\n", initPassage, d.initBody())
	}
	for _, p := range d.Passages {
		fmt.Fprintf(&b, "\n:: %s", escapeHeader.Replace(p.Name))
		if len(p.Tags) > 0 {
			fmt.Fprintf(&b, " [%s]", escapeHeader.Replace(strings.Join(p.Tags, " ")))
		}
		if m := (metadata{Position: p.Position, Size: p.Size}); m != (metadata{}) {
			fmt.Fprintf(&b, " %s", encode(m, ""))
		}
		body := p.Body
		if strings.HasPrefix(body, "::") {
			body = " " + body // or it would be a header
		}
		b.WriteString("\n" + strings.ReplaceAll(body, "\n::", "\n ::") + "\n")
	}
	return b.Bytes()
}

// initBody declares the variables.
func (d *Draft) initBody() string {
	var lines []string
	for _, name := range sortedKeys(d.Vars) {
		v := d.Vars[name]
		private := ""
		if v.Scope == Private {
			private = "private "
		}
		lines = append(lines, fmt.Sprintf("<<set %s$%s = %s>>", private, name, v.Init.source()))
	}
	return strings.Join(lines, "\n")
}

// Twine returns d as a Twine 2 story in JSON (v1.0), which is read again by ReadTwine.
func (d *Draft) Twine() []byte {
	s := twineStory{Name: d.Title, IFID: d.IFID, Format: d.Format, TagColors: d.TagColor, Passages: []twinePassage{}}
	add := func(p DraftPassage) {
		pid, _ := json.Marshal(strconv.Itoa(len(s.Passages) + 1)) // strings always marshal
		if p.ID == d.Start {
			s.Start = pid
		}
		tags := p.Tags
		if tags == nil {
			tags = []string{}
		}
		s.Passages = append(s.Passages, twinePassage{
			Name: p.Name, PID: pid, Tags: tags, Metadata: metadata{Position: p.Position, Size: p.Size}, Text: p.Body,
		})
	}
	for _, p := range d.Passages {
		add(p)
	}
	if len(d.Vars) > 0 {
		add(DraftPassage{ID: initPassage, Name: initPassage, Body: d.initBody()})
	}
	return []byte(encode(s, "  ") + "\n")
}

func encode(v any, indent string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	_ = e.Encode(v) // plain values always encode
	return strings.TrimSuffix(b.String(), "\n")
}
