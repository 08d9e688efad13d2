package coedit

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/storywire/storywire/yjs"
)

// Content is what is written in a document, as plain values.
type Content struct {
	Title, Lang string
	Start       string         // id of the first passage; empty: none
	TagColors   map[string]any // colour by tag
	Passages    []Passage      // by id
	Vars        []Var          // by name
}

// Passage is one passage of a story.
type Passage struct {
	ID, Name, Body string
	Tags           []string
	Pos, Size      [2]float64
	TrashedAt      time.Time // zero: not in the trash
}

// Var is a variable that stories of this document have when they are played.
type Var struct {
	Name, Type string // Type: bool, int or string
	Init       any    // bool, float64 or string
	Scope, Doc string // Scope: shared or private
}

// contentOf reads the content of a document.
func contentOf(doc *yjs.Doc) Content {
	head := doc.Root(rootStory, yjs.Map)
	c := Content{Title: stringOf(head, "title"), Lang: stringOf(head, "lang"), Start: stringOf(head, "start")}
	if v, ok := head.Get("tagColors"); ok {
		c.TagColors, _ = v.(map[string]any)
	}
	passages, vars := doc.Root(rootPassages, yjs.Map), doc.Root(rootVars, yjs.Map)
	for _, id := range passages.Keys() {
		if m := mapAt(passages, id); m != nil {
			c.Passages = append(c.Passages, passageOf(id, m, bodyOf(passages, id)))
		}
	}
	for _, name := range vars.Keys() {
		if m := mapAt(vars, name); m != nil {
			init, _ := m.Get("init")
			c.Vars = append(c.Vars, Var{
				Name: name, Type: stringOf(m, "type"), Init: init, Scope: stringOf(m, "scope"), Doc: stringOf(m, "doc"),
			})
		}
	}
	return c
}

func passageOf(id string, m, body *yjs.Type) Passage {
	p := Passage{ID: id, Name: stringOf(m, keyName), Tags: []string{}, Pos: pairOf(m, "pos"), Size: pairOf(m, "size")}
	if body != nil {
		p.Body = body.String()
	}
	if v, _ := m.Get("tags"); v != nil {
		list, _ := v.([]any)
		for _, tag := range list {
			if s, ok := tag.(string); ok {
				p.Tags = append(p.Tags, s)
			}
		}
	}
	if v, _ := m.Get(keyTrashed); v != nil {
		if ms, ok := v.(float64); ok {
			p.TrashedAt = time.UnixMilli(int64(ms)).UTC()
		}
	}
	return p
}

func mapAt(t *yjs.Type, key string) *yjs.Type {
	v, _ := t.Get(key)
	m, ok := v.(*yjs.Type)
	if !ok || m.Kind() != yjs.Map {
		return nil
	}
	return m
}

func stringOf(t *yjs.Type, key string) string {
	v, _ := t.Get(key)
	s, _ := v.(string)
	return s
}

func pairOf(t *yjs.Type, key string) (pair [2]float64) {
	v, _ := t.Get(key)
	list, _ := v.([]any)
	for i := range min(len(list), len(pair)) {
		pair[i], _ = list[i].(float64)
	}
	return pair
}

// writeAll writes c into an empty document.
func (c Content) writeAll(tx *yjs.Txn, doc *yjs.Doc) error {
	w := writer{tx: tx, doc: doc}
	w.set(w.root(rootStory), "schema", 1)
	w.become(Content{}, c)
	return w.err
}

// become makes the document, which holds now, hold c. What c does not have goes to the trash.
func (c Content) become(tx *yjs.Txn, doc *yjs.Doc, now Content, at time.Time) error {
	w := writer{tx: tx, doc: doc, at: at}
	w.become(now, c)
	return w.err
}

// writer writes content until the first error.
type writer struct {
	tx  *yjs.Txn
	doc *yjs.Doc
	at  time.Time
	err error
}

func (w *writer) root(name string) *yjs.Type { return w.doc.Root(name, yjs.Map) }

func (w *writer) set(m *yjs.Type, key string, value any) {
	if w.err == nil {
		w.err = w.tx.Set(m, key, value)
	}
}

func (w *writer) setIf(changed bool, m *yjs.Type, key string, value any) {
	if changed {
		w.set(m, key, value)
	}
}

func (w *writer) unset(m *yjs.Type, key string) {
	if w.err == nil {
		w.err = w.tx.Unset(m, key)
	}
}

// newType puts a shared type under a key.
func (w *writer) newType(m *yjs.Type, key string, kind yjs.TypeKind) *yjs.Type {
	if w.err != nil {
		return nil
	}
	var t *yjs.Type
	t, w.err = w.tx.SetType(m, key, kind)
	return t
}

func (w *writer) become(now, then Content) {
	head := w.root(rootStory)
	w.setIf(now.Title != then.Title, head, "title", then.Title)
	w.setIf(now.Lang != then.Lang, head, "lang", then.Lang)
	w.setIf(now.Start != then.Start, head, "start", then.Start)
	w.setIf(!sameColors(now.TagColors, then.TagColors), head, "tagColors", then.TagColors)

	passages := w.root(rootPassages)
	have := indexed(now.Passages, func(p Passage) string { return p.ID })
	for _, p := range then.Passages {
		if old, ok := have[p.ID]; ok {
			w.changePassage(passages, old, p)
			delete(have, p.ID)
		} else {
			w.addPassage(passages, p)
		}
	}
	for _, p := range now.Passages {
		if _, gone := have[p.ID]; gone && p.TrashedAt.IsZero() {
			w.set(mapAt(passages, p.ID), keyTrashed, float64(w.at.UnixMilli()))
		}
	}
	w.becomeVars(now.Vars, then.Vars)
}

func (w *writer) addPassage(passages *yjs.Type, p Passage) {
	m := w.newType(passages, p.ID, yjs.Map)
	body := w.newTextIn(m)
	if w.err != nil {
		return
	}
	w.set(m, keyName, p.Name)
	w.set(m, "tags", anyList(p.Tags))
	w.set(m, "pos", []any{p.Pos[0], p.Pos[1]})
	w.set(m, "size", []any{p.Size[0], p.Size[1]})
	w.setIf(!p.TrashedAt.IsZero(), m, keyTrashed, float64(p.TrashedAt.UnixMilli()))
	w.err = cmp.Or(w.err, w.tx.InsertText(body, 0, p.Body))
}

func (w *writer) newTextIn(m *yjs.Type) *yjs.Type {
	if w.err != nil {
		return nil
	}
	return w.newType(m, keyBody, yjs.Text)
}

func (w *writer) changePassage(passages *yjs.Type, now, then Passage) {
	m := mapAt(passages, now.ID)
	w.setIf(now.Name != then.Name, m, keyName, then.Name)
	w.setIf(!slices.Equal(now.Tags, then.Tags), m, "tags", anyList(then.Tags))
	w.setIf(now.Pos != then.Pos, m, "pos", []any{then.Pos[0], then.Pos[1]})
	w.setIf(now.Size != then.Size, m, "size", []any{then.Size[0], then.Size[1]})
	switch {
	case now.TrashedAt.Equal(then.TrashedAt):
	case then.TrashedAt.IsZero():
		w.unset(m, keyTrashed)
	default:
		w.set(m, keyTrashed, float64(then.TrashedAt.UnixMilli()))
	}
	if now.Body == then.Body || w.err != nil {
		return
	}
	body := bodyOf(passages, now.ID)
	if body == nil {
		body = w.newTextIn(m)
	}
	w.rewrite(body, now.Body, then.Body)
}

// rewrite changes a text with as few edits as make sense, so that what others
// write at the same time stays in its place.
func (w *writer) rewrite(body *yjs.Type, now, then string) {
	at := 0
	for _, run := range DiffText(now, then) {
		if w.err != nil {
			return
		}
		n := units(run.Text)
		switch run.Op {
		case Keep:
			at += n
		case Remove:
			w.err = w.tx.Delete(body, at, n)
		case Insert:
			w.err = w.tx.InsertText(body, at, run.Text)
			at += n
		}
	}
}

func (w *writer) becomeVars(now, then []Var) {
	vars := w.root(rootVars)
	have := indexed(now, func(v Var) string { return v.Name })
	for _, v := range then {
		old, ok := have[v.Name]
		delete(have, v.Name)
		if ok && old == v {
			continue
		}
		m := mapAt(vars, v.Name)
		if m == nil {
			m = w.newType(vars, v.Name, yjs.Map)
		}
		if w.err != nil {
			return
		}
		w.setIf(old.Type != v.Type, m, "type", v.Type)
		w.setIf(old.Init != v.Init, m, "init", v.Init)
		w.setIf(old.Scope != v.Scope, m, "scope", v.Scope)
		w.setIf(old.Doc != v.Doc, m, "doc", v.Doc)
	}
	for _, v := range now {
		if _, gone := have[v.Name]; gone {
			w.unset(vars, v.Name)
		}
	}
}

func indexed[T any](list []T, key func(T) string) map[string]T {
	m := make(map[string]T, len(list))
	for _, v := range list {
		m[key(v)] = v
	}
	return m
}

func anyList(list []string) []any {
	values := make([]any, len(list))
	for i, s := range list {
		values[i] = s
	}
	return values
}

func sameColors(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for tag, color := range a {
		if other, ok := b[tag]; !ok || other != color {
			return false
		}
	}
	return true
}

// crockford are the digits of a ULID.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewPassageID returns a new id for a passage, a ULID.
func NewPassageID(now time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(raw[6:]) // never fails
	n := new(big.Int).SetBytes(raw[:])
	id := make([]byte, passageIDLen)
	base, digit := big.NewInt(int64(len(crockford))), new(big.Int)
	for i := range id {
		n.DivMod(n, base, digit)
		id[len(id)-1-i] = crockford[digit.Int64()]
	}
	return string(id)
}

// FirstContent is what the document of a story begins with: its text, as one
// passage, and as many as it takes if that is long.
func FirstContent(title, body string, now time.Time) Content {
	c := Content{Title: cut(title, MaxName)}
	for n := 1; n == 1 || body != ""; n++ {
		p := Passage{ID: NewPassageID(now), Name: "Start", Pos: [2]float64{0, float64(n-1) * 160}, Size: [2]float64{100, 100}}
		if n > 1 {
			p.Name = fmt.Sprint("Part ", n)
		} else {
			c.Start = p.ID
		}
		const room = 100 // for the link to the next part
		p.Body = cut(body, MaxBody-room)
		if body = body[len(p.Body):]; body != "" {
			p.Body += fmt.Sprintf("\n\n[[Part %d]]", n+1)
		}
		c.Passages = append(c.Passages, p)
	}
	return c
}

// cut returns as many whole characters of s as have at most limit UTF-16 units.
func cut(s string, limit int) string {
	for i, r := range s {
		if limit -= units(string(r)); limit < 0 {
			return s[:i]
		}
	}
	return s
}
