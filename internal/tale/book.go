package tale

import (
	"fmt"
	"strings"
)

// Book is a tale with its expressions compiled. It is immutable.
type Book struct {
	*Tale
	byName   map[string]PassageID
	programs map[expression]*program
	personal map[PassageID]bool // the text differs from reader to reader
}

// expression is what is compiled: the same source may be a condition and a value.
type expression struct {
	source string
	want   Type
}

// Open compiles the expressions of t, which it keeps. What [Draft.Compile] made
// can always be opened.
func Open(t *Tale) (*Book, error) {
	b := &Book{
		Tale: t, byName: make(map[string]PassageID, len(t.Passages)),
		programs: make(map[expression]*program), personal: make(map[PassageID]bool),
	}
	if t.Passages[t.Start] == nil {
		return nil, fmt.Errorf("open a tale: no start passage %q", t.Start)
	}
	c := newCompiler(t.Vars)
	for id, p := range t.Passages {
		b.byName[p.Name] = id
		for _, e := range p.expressions(t.Vars) {
			if b.programs[e] != nil {
				continue
			}
			compiled, err := c.compile(e.source, e.want)
			if err != nil {
				return nil, fmt.Errorf("open a tale: passage %q: %s: %w", p.Name, e.source, err)
			}
			b.programs[e] = compiled
		}
		b.personal[id] = b.differs(p.Blocks)
	}
	return b, nil
}

// expressions returns all expressions of p.
func (p *Passage) expressions(vars map[string]Var) []expression {
	var all []expression
	condition := func(source string) {
		if source != "" {
			all = append(all, expression{source, Bool})
		}
	}
	for _, a := range p.Set {
		condition(a.If)
		all = append(all, expression{a.Expr, vars[a.Var].Type})
	}
	for _, c := range p.Choices {
		condition(c.If)
	}
	var blocks func([]Block)
	blocks = func(list []Block) {
		for _, b := range list {
			condition(b.If)
			blocks(b.Then)
			blocks(b.Else)
		}
	}
	blocks(p.Blocks)
	return all
}

func (b *Book) differs(blocks []Block) bool {
	for _, bl := range blocks {
		if bl.Print != "" && b.Vars[bl.Print].Scope == Private || b.Personal(bl.If) || b.differs(bl.Then) || b.differs(bl.Else) {
			return true
		}
	}
	return false
}

// Personal reports whether a condition may hold for one reader and not for another.
func (b *Book) Personal(condition string) bool {
	p := b.programs[expression{condition, Bool}]
	return p != nil && p.personal
}

// PersonalText reports whether a passage's text may differ from reader to reader.
func (b *Book) PersonalText(id PassageID) bool { return b.personal[id] }

// Initial returns what the variables of a scope are before the start.
func (b *Book) Initial(s Scope) map[string]Value {
	values := make(map[string]Value)
	for name, v := range b.Vars {
		if v.Scope == s {
			values[name] = v.Init
		}
	}
	return values
}

// Reader is the story as one reader finds it: by the variables, by those of
// their own, and by their role. It is not for concurrent use.
type Reader struct {
	book *Book
	env  map[string]any
}

// Reader returns the reader to whom variables have these values; a variable
// that is in neither has its initial value. visited tells how often a passage was entered.
func (b *Book) Reader(shared, private map[string]Value, role string, visited func(PassageID) int) *Reader {
	env := newEnv(len(b.Vars))
	for name, v := range b.Vars {
		value, ok := shared[name]
		if v.Scope == Private {
			value, ok = private[name]
		}
		if !ok || value.Type() != v.Type {
			value = v.Init
		}
		env[name] = value.native()
	}
	env[roleName] = role
	env[visitedName] = func(name string) int {
		if id, ok := b.byName[name]; ok && visited != nil {
			return visited(id)
		}
		return 0
	}
	return &Reader{book: b, env: env}
}

// Put gives a variable another value.
func (r *Reader) Put(name string, v Value) { r.env[name] = v.native() }

// Holds reports whether a condition of the book holds; an empty one does. One
// that cannot be worked out does not hold.
func (r *Reader) Holds(condition string) (bool, error) {
	if condition == "" {
		return true, nil
	}
	v, err := r.value(expression{condition, Bool})
	return v.n != 0, err
}

// Value returns what an assignment of the book gives its variable; ok is false
// if its condition does not hold.
func (r *Reader) Value(a Assign) (v Value, ok bool, err error) {
	if ok, err = r.Holds(a.If); !ok || err != nil {
		return Value{}, false, err
	}
	v, err = r.value(expression{a.Expr, r.book.Vars[a.Var].Type})
	return v, err == nil, err
}

func (r *Reader) value(e expression) (Value, error) {
	p := r.book.programs[e]
	if p == nil {
		return Value{}, fmt.Errorf("%q is not in the book", e.source)
	}
	v, err := p.run(r.env)
	if err == nil && v.Type() != e.want {
		err = fmt.Errorf("the value is %s, want %s", v.Type(), e.want)
	}
	if err != nil {
		return Value{}, fmt.Errorf("%s: %w", e.source, err)
	}
	return v, nil
}

// Text returns the text of a passage as the reader finds it, little more than MaxText bytes of it.
func (r *Reader) Text(p *Passage) string {
	var b strings.Builder
	for _, piece := range r.Pieces(p) {
		b.WriteString(piece.Text)
	}
	return strings.Trim(b.String(), "\n")
}

// Piece is a piece of a text: words, or a mistake of its author.
type Piece struct {
	Text    string
	Mistake *Problem // nil: these are words
}

// Pieces returns the text of a passage as the reader finds it, with the
// mistakes where they are; only a [Sketch] has any.
func (r *Reader) Pieces(p *Passage) []Piece {
	var w pieces
	r.write(&w, p.Blocks)
	w.flush()
	return w.list
}

// pieces gathers what is written.
type pieces struct {
	strings.Builder
	list []Piece
	size int // bytes in list
}

func (w *pieces) flush() {
	if w.Len() > 0 {
		w.size += w.Len()
		w.list = append(w.list, Piece{Text: w.String()})
		w.Reset()
	}
}

func (r *Reader) write(w *pieces, blocks []Block) {
	for _, bl := range blocks {
		switch {
		case w.size+w.Len() >= MaxText: // printed variables may make a short text long
			return
		case bl.Mistake != nil:
			w.flush()
			w.list = append(w.list, Piece{Mistake: bl.Mistake})
		case bl.If != "":
			if holds, _ := r.Holds(bl.If); holds { // what cannot be worked out does not hold
				r.write(w, bl.Then)
			} else {
				r.write(w, bl.Else)
			}
		case bl.Print != "":
			fmt.Fprint(w, r.env[bl.Print])
		default:
			w.WriteString(bl.Text)
		}
	}
}
