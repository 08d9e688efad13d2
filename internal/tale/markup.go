package tale

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// frame is an open <<if>>, or the passage itself.
type frame struct {
	condition string // of the text inside; empty in the passage itself
	path      string // all conditions around and including this one, joined
	outer     string // all conditions around this one
	branch    bool   // in <<else>>
	chained   bool   // opened by <<elseif>>: closed with the one around it
	then, els []Block
	line      int
}

func (f *frame) blocks() *[]Block {
	if f.branch {
		return &f.els
	}
	return &f.then
}

// text compiles the text of one passage.
type text struct {
	c       *compilation
	out     *Passage
	stack   []frame
	line    int
	pending strings.Builder // text that is not yet a block
	noLinks bool            // the rest of the line has none
	warned  map[string]bool // macros that are not known
	wrong   int             // mistakes that have become blocks
}

// passage compiles c.p.
func (c *compilation) passage() {
	p := &Passage{Name: c.p.Name}
	p.Tags, p.TimerSec, p.Mode = c.checkTags()
	c.tale.Passages[c.p.ID] = p
	if len(c.p.Body) > MaxText {
		c.at(0, Error, "too-long", "A passage has at most %d KiB of text.", MaxText>>10)
		return
	}
	if !utf8.ValidString(c.p.Body) || strings.ContainsRune(c.p.Body, 0) {
		c.at(0, Error, "encoding", "The text is not UTF-8, or has characters that cannot be shown.")
		return
	}
	t := &text{c: c, out: p, stack: []frame{{}}, warned: make(map[string]bool)}
	c.text = t
	defer func() { c.text = nil }()
	body := strings.ReplaceAll(c.p.Body, "\r\n", "\n")
	for line := range strings.SplitSeq(body, "\n") {
		t.line++
		t.readLine(strings.TrimRight(line, " \t"))
	}
	t.flush()
	if n := len(t.stack) - 1; n > 0 {
		t.fail("unclosed-if", "This <<if>> has no <<endif>>.", t.stack[n].line)
		for len(t.stack) > 1 {
			t.close()
		}
	}
	p.Blocks = trim(merge(t.stack[0].then))
}

func (t *text) fail(code, message string, line int) { t.c.at(line, Error, code, "%s", message) }

// piece is a part of a line: text, a link or a macro.
type piece struct {
	text        string
	macro, args string
	link        bool
	attributes  string
}

// readLine reads one line. A line of nothing but links and macros is not part
// of the text, nor is its end.
func (t *text) readLine(line string) {
	t.noLinks = false
	pieces := t.split(line)
	alone := len(pieces) > 0
	for _, p := range pieces {
		if !p.link && p.macro == "" && strings.Trim(p.text, " \t") != "" {
			alone = false
		}
	}
	for _, p := range pieces {
		switch {
		case p.macro != "":
			t.macro(p.macro, p.args)
		case p.link:
			label := t.link(p)
			if !alone {
				t.say(label)
			}
		case !alone:
			t.say(p.text)
		}
	}
	if !alone {
		t.literal("\n")
	}
}

// split cuts a line into its pieces.
func (t *text) split(line string) []piece {
	var pieces []piece
	plainText := func(s string) {
		if s != "" {
			pieces = append(pieces, piece{text: s})
		}
	}
	rest, from := line, 0 // rest[:from] is text already
	for {
		i := strings.IndexAny(rest[from:], "[<")
		if i < 0 {
			break
		}
		i += from
		p, n := t.special(rest[i:])
		if n == 0 {
			from = i + 1
			continue
		}
		plainText(rest[:i])
		pieces = append(pieces, p)
		rest, from = rest[i+n:], 0
	}
	plainText(rest)
	return pieces
}

// special reads the link or macro that s starts with; n is 0 if it starts with none.
func (t *text) special(s string) (p piece, n int) {
	switch {
	case strings.HasPrefix(s, "[["):
		if t.noLinks {
			return p, 0
		}
		window := s[2:min(len(s), 2+MaxLabel+MaxName+8)]
		end := strings.Index(window, "]]")
		if end < 0 {
			if strings.Contains(s, "]]") {
				t.fail("label", fmt.Sprintf("A label has at most %d bytes.", MaxLabel), t.line)
			}
			t.noLinks = true // one look at the line is enough: linear time
			return p, 0
		}
		p = piece{link: true, text: window[:end]}
		n = 2 + end + 2
		if after := s[n:]; strings.HasPrefix(after, "{") {
			end := closing(after[:min(len(after), 2*MaxExpr)], '}')
			if end < 0 {
				t.fail("unclosed-attributes", "The attributes of this link have no closing }.", t.line)
				return p, n
			}
			p.attributes = after[1:end]
			n += end + 1
		}
		return p, n
	case strings.HasPrefix(s, "<<"):
		end := strings.Index(s[:min(len(s), MaxExpr+MaxVarName+32)], ">>")
		if end < 0 {
			return p, 0
		}
		name, args, _ := strings.Cut(strings.TrimSpace(s[2:end]), " ")
		switch name {
		case "if", "elseif", "else", "endif", "/if", "set":
			return piece{macro: name, args: strings.TrimSpace(args)}, end + 2
		}
		t.unsupported(name)
	}
	return p, 0
}

func (t *text) unsupported(macro string) {
	if macro = macro[:min(len(macro), 32)]; !t.warned[macro] && len(t.warned) < maxProblems {
		t.warned[macro] = true
		t.c.at(t.line, Warning, "unsupported-macro", "The macro <<%s>> is not supported and is shown as it is written.", strings.ToValidUTF8(macro, ""))
	}
}

// closing returns where in s, which starts with its opening bracket, the closing
// one is, outside of quotes; -1 if there is none.
func closing(s string, bracket byte) int {
	quote := byte(0)
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == bracket:
			return i
		}
	}
	return -1
}

// say adds text in which variables stand for their values.
func (t *text) say(s string) {
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 || i+1 >= len(s) {
			break
		}
		name := s[i+1 : i+1+nameLength(s[i+1:])]
		if _, known := t.c.tale.Vars[name]; known {
			t.literal(s[:i])
			t.add(Block{Print: name})
			t.c.used[name] = true
			s = s[i+1+len(name):]
			continue
		}
		if name != "" && len(name) <= MaxVarName {
			t.c.at(t.line, Warning, "unknown-variable", "There is no variable $%s, so this is shown as it is written.", name)
		}
		t.literal(s[:i+1])
		s = s[i+1:]
	}
	t.literal(s)
}

// mistake marks the place of a mistake. A text full of them shows the first ones.
func (t *text) mistake(p Problem) {
	if t.wrong++; t.wrong <= maxProblems {
		t.add(Block{Mistake: &p})
	}
}

// literal adds text to the text before it.
func (t *text) literal(s string) { t.pending.WriteString(s) }

// flush makes a block of the text so far.
func (t *text) flush() {
	if t.pending.Len() > 0 {
		list := t.stack[len(t.stack)-1].blocks()
		*list = append(*list, Block{Text: t.pending.String()})
		t.pending.Reset()
	}
}

func (t *text) add(b Block) {
	t.flush()
	list := t.stack[len(t.stack)-1].blocks()
	*list = append(*list, b)
}

func (t *text) macro(name, args string) {
	t.flush()
	top := &t.stack[len(t.stack)-1]
	switch name {
	case "if":
		t.open(args, top.path, false)
	case "set":
		t.set(args)
	case "else", "elseif":
		if len(t.stack) == 1 || top.branch {
			t.fail("stray-else", "This <<"+name+">> belongs to no <<if>>.", t.line)
			return
		}
		top.branch = true
		top.path = join(top.outer, "!("+top.condition+")")
		if name == "elseif" {
			t.open(args, top.path, true)
		}
	default:
		if len(t.stack) == 1 {
			t.fail("stray-endif", "This <<"+name+">> belongs to no <<if>>.", t.line)
			return
		}
		for t.close() {
		}
	}
}

func (t *text) open(condition, outer string, chained bool) {
	depth := 0
	for _, f := range t.stack[1:] {
		if !f.chained {
			depth++
		}
	}
	if !chained && depth >= MaxDepth || len(t.stack) > 4*MaxDepth {
		t.fail("too-deep", fmt.Sprintf("Conditions can be %d deep.", MaxDepth), t.line)
		condition = "false"
	}
	condition = t.condition(condition)
	t.stack = append(t.stack, frame{condition: condition, outer: outer, path: join(outer, condition), chained: chained, line: t.line})
}

// close closes the innermost condition and reports whether the one around it is to be closed too.
func (t *text) close() (more bool) {
	n := len(t.stack) - 1
	f := t.stack[n]
	t.stack = t.stack[:n]
	if len(f.then) > 0 || len(f.els) > 0 {
		t.add(Block{If: f.condition, Then: f.then, Else: f.els})
	}
	return f.chained
}

func join(outer, condition string) string {
	if outer == "" {
		return condition
	}
	return "(" + outer + ") && (" + condition + ")"
}

// never is what a condition with a mistake is taken for.
const never = "false"

// condition checks a condition that an author wrote and returns it as it is kept.
func (t *text) condition(source string) string {
	if kept, ok := t.expression(source, Bool); ok {
		return kept
	}
	return never
}

// expression checks what an author wrote and returns it as it is kept.
func (t *text) expression(source string, want Type) (kept string, ok bool) {
	source = plain(source)
	if len(source) > MaxExpr {
		t.fail("expression", fmt.Sprintf("An expression has at most %d bytes.", MaxExpr), t.line)
		return "", false
	}
	_, ok = t.c.compile(t.line, source, want)
	return source, ok
}

// compile checks an expression and remembers what it reads.
func (c *compilation) compile(line int, source string, want Type) (p *program, ok bool) {
	e := expression{source, want}
	known, ok := c.compiled[e]
	if !ok && len(c.compiled) >= c.maxExprs {
		c.at(line, Error, "too-many-expressions", "A story has at most %d different expressions.", c.maxExprs)
		return nil, false
	}
	if !ok {
		known.program, known.err = c.compiler.compile(source, want)
		c.compiled[e] = known
	}
	if err := known.err; err != nil {
		code := "expression"
		if strings.HasPrefix(err.Error(), "there is no variable") {
			code = "unknown-variable"
		}
		c.at(line, Error, code, "In “%s”: %v.", strings.ToValidUTF8(source[:min(len(source), MaxExpr)], ""), err)
		return nil, false
	}
	p = known.program
	if ok {
		return p, true
	}
	for _, name := range p.reads {
		c.used[name] = true
	}
	for _, name := range p.visited {
		if _, ok := c.byName[name]; !ok {
			c.at(line, Error, "dead-visited", "visited(%q): there is no such passage.", name)
		}
	}
	return p, true
}

func (t *text) set(args string) {
	name, source, ok := splitSet(args)
	if !ok {
		t.fail("set", "Write <<set $name = EXPRESSION>>.", t.line)
		return
	}
	v, declared := t.c.tale.Vars[name]
	if !declared {
		return // declare has said why
	}
	t.c.wrote[name] = true
	path := t.stack[len(t.stack)-1].path
	personal := false
	if path != "" {
		if personal, ok = t.personal(path, Bool); !ok {
			return
		}
	}
	source, ok = t.expression(source, v.Type)
	if !ok {
		return
	}
	a := Assign{Var: name, Expr: source, If: path}
	if mine, _ := t.personal(source, v.Type); v.Scope == Shared && (mine || personal) {
		t.fail("private-leak", "A shared variable cannot depend on what only one player knows.", t.line)
	}
	if len(t.out.Set) >= MaxSets {
		t.fail("too-many-sets", fmt.Sprintf("A passage has at most %d assignments.", MaxSets), t.line)
		return
	}
	t.out.Set = append(t.out.Set, a)
}

// personal reports whether the value of an expression may differ from reader
// to reader; joined conditions have limits of their own, which they may not keep.
func (t *text) personal(source string, want Type) (personal, ok bool) {
	p, ok := t.c.compile(t.line, source, want)
	return ok && p.personal, ok
}

// link adds the choice that a link is and returns its label.
func (t *text) link(p piece) (label string) {
	label, target := t.c.target(p.text)
	to, ok := t.c.byName[target]
	switch {
	case target == "":
		t.fail("dead-link", "This link leads nowhere.", t.line)
		return label
	case !ok:
		t.fail("dead-link", fmt.Sprintf("There is no passage %q.", target), t.line)
		return label
	case len(label) > MaxLabel:
		t.fail("label", fmt.Sprintf("A label has at most %d bytes.", MaxLabel), t.line)
		return ""
	}
	if len(t.out.Choices) >= MaxChoices {
		t.fail("too-many-choices", fmt.Sprintf("A passage has at most %d choices.", MaxChoices), t.line)
		return label
	}
	c := Choice{
		ID: fmt.Sprintf("%s:%d", t.c.p.ID, len(t.out.Choices)), Label: label,
		To: t.c.draft.Passages[to].ID, If: t.stack[len(t.stack)-1].path,
	}
	t.attributes(&c, p.attributes)
	if c.If != "" {
		if _, ok := t.personal(c.If, Bool); !ok {
			c.If = never
		}
	}
	t.out.Choices = append(t.out.Choices, c)
	return label
}

// target takes a link apart: the right-most -> before the left-most <- before |.
func (c *compilation) target(link string) (label, target string) {
	if i := strings.LastIndex(link, "->"); i >= 0 {
		label, target = link[:i], link[i+2:]
	} else if before, after, ok := strings.Cut(link, "<-"); ok {
		label, target = after, before
	} else if before, after, ok := strings.Cut(link, "|"); ok {
		label, target = before, after
	} else {
		target = link
	}
	label, target = strings.TrimSpace(label), strings.TrimSpace(target)
	if _, ok := c.byName[target]; !ok {
		if whole := strings.TrimSpace(link); whole != target {
			if _, ok := c.byName[whole]; ok { // a passage whose name looks like a link with a label
				label, target = whole, whole
			}
		}
	}
	if label == "" {
		label = target
	}
	return label, target
}

// attributes reads "if: gold >= 3; once; who: host; auto".
func (t *text) attributes(c *Choice, source string) {
	for source != "" {
		end := closing(";"+source, ';') - 1
		one := source
		if end >= 0 {
			one, source = source[:end], source[end+1:]
		} else {
			source = ""
		}
		name, value, _ := strings.Cut(strings.TrimSpace(one), ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "if":
			c.If = join(c.If, t.condition(value))
		case "once":
			c.Once = true
		case "auto":
			c.Auto = true
		case "who":
			c.Who = t.who(value)
		case "":
		default:
			t.fail("attribute", "The attributes of a link are if, once, who and auto.", t.line)
		}
	}
}

func (t *text) who(value string) string {
	switch role, isRole := strings.CutPrefix(value, WhoRole); {
	case value == "any":
		return WhoAny
	case value == WhoTurn, value == WhoHost:
		return value
	case isRole && nameLength(role) == len(role) && role != "" && len(role) <= MaxVarName:
		return value
	}
	t.fail("who", "Who may choose is any, turn, host or role:name.", t.line)
	return WhoAny
}

// merge joins texts between which nothing is left: assignments, or conditions
// without text.
func merge(blocks []Block) []Block {
	merged := blocks[:0]
	for i := 0; i < len(blocks); i++ {
		b := blocks[i]
		end := i + 1
		for b.Text != "" && end < len(blocks) && blocks[end].Text != "" {
			end++
		}
		if end > i+1 {
			var text strings.Builder
			for _, part := range blocks[i:end] {
				text.WriteString(part.Text)
			}
			b.Text, i = text.String(), end-1
		}
		b.Then, b.Else = merge(b.Then), merge(b.Else)
		merged = append(merged, b)
	}
	return merged
}

// trim takes the empty lines away that are around a passage's text.
func trim(blocks []Block) []Block {
	for len(blocks) > 0 && blocks[0].Text != "" {
		if blocks[0].Text = strings.TrimLeft(blocks[0].Text, "\n"); blocks[0].Text != "" {
			break
		}
		blocks = blocks[1:]
	}
	for n := len(blocks); n > 0 && blocks[n-1].Text != ""; n = len(blocks) {
		if blocks[n-1].Text = strings.TrimRight(blocks[n-1].Text, "\n"); blocks[n-1].Text != "" {
			break
		}
		blocks = blocks[:n-1]
	}
	return slices.Clip(blocks)
}
