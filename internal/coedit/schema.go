package coedit

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/storywire/storywire/yjs"
)

// The roots of a document, and the keys that are used here.
const (
	rootStory    = "story"
	rootPassages = "passages"
	rootVars     = "vars"

	keyName    = "name"
	keyBody    = "body"
	keyTrashed = "trashedAt"
)

const (
	maxLang   = 35 // bytes: the longest tag of BCP 47 that one meets
	maxColors = 64 // tags with a colour of their own
	maxVar    = 64 // bytes of a variable's name

	passageIDLen = 26
)

// growth is what an update adds to a document at most: deletes are not taken off.
type growth struct {
	units, passages, vars int
	bodies                map[string]int // UTF-16 units by passage
}

// schema returns the check of what may be written where, which adds up what is
// written in g.
func schema(g *growth) func(*yjs.Change) error {
	return func(c *yjs.Change) error {
		switch {
		case c.Root == rootStory && len(c.Path) == 0:
			return checkValue(c, storyFields)
		case c.Root == rootPassages && len(c.Path) == 0:
			return checkEntry(c, isPassageID, &g.passages)
		case c.Root == rootPassages && len(c.Path) == 1:
			if c.Key == keyBody {
				return checkType(c, yjs.Text)
			}
			return checkValue(c, passageFields)
		case c.Root == rootPassages && len(c.Path) == 2 && c.Path[1] == keyBody:
			return g.checkText(c)
		case c.Root == rootVars && len(c.Path) == 0:
			return checkEntry(c, isVarName, &g.vars)
		case c.Root == rootVars && len(c.Path) == 1:
			return checkValue(c, varFields)
		}
		return fmt.Errorf("nothing is written in %s/%s", c.Root, strings.Join(c.Path, "/"))
	}
}

// checkEntry wants a map under a key of a form.
func checkEntry(c *yjs.Change, valid func(string) bool, count *int) error {
	if !c.InMap || !valid(c.Key) {
		return fmt.Errorf("%s has no key %q", c.Root, c.Key)
	}
	*count++
	return checkType(c, yjs.Map)
}

// checkType wants a new shared type under a key, or one that is deleted again.
func checkType(c *yjs.Change, kind yjs.TypeKind) error {
	switch {
	case !c.InMap:
		return fmt.Errorf("%s is no list", c.Root)
	case c.Content == yjs.Deleted, c.Content == yjs.ContentType && c.Type == kind:
		return nil
	}
	return fmt.Errorf("%q is of another type", c.Key)
}

func (g *growth) checkText(c *yjs.Change) error {
	switch {
	case c.InMap:
		return fmt.Errorf("text has no key %q", c.Key)
	case c.Content == yjs.Deleted:
		return nil
	case c.Content != yjs.ContentString:
		return fmt.Errorf("a text is plain text")
	}
	if g.bodies == nil {
		g.bodies = map[string]int{}
	}
	g.units += c.Len
	g.bodies[c.Path[0]] += c.Len
	if c.ParentLen+g.bodies[c.Path[0]] > MaxBody {
		return tooLarge("A passage has at most %d characters.", MaxBody)
	}
	return nil
}

// checkValue wants a value of the field's form under its key.
func checkValue(c *yjs.Change, fields map[string]func(any) bool) error {
	valid, known := fields[c.Key]
	switch {
	case !c.InMap || !known:
		return fmt.Errorf("%s has no field %q", c.Root, c.Key)
	case c.Content == yjs.Deleted:
		return nil
	case c.Content != yjs.ContentAny || c.Len != 1:
		return fmt.Errorf("%q is a plain value", c.Key)
	}
	if values := c.Values(); len(values) != 1 || !valid(values[0]) {
		return fmt.Errorf("%q has a value that it cannot have", c.Key)
	}
	return nil
}

var storyFields = map[string]func(any) bool{
	"title":     text(MaxName),
	"start":     func(v any) bool { s, ok := v.(string); return ok && (s == "" || isPassageID(s)) },
	"lang":      func(v any) bool { s, ok := v.(string); return ok && len(s) <= maxLang },
	"tagColors": isColors,
	"schema":    func(v any) bool { return v == float64(1) },
}

var passageFields = map[string]func(any) bool{
	keyName:    text(MaxName),
	"tags":     isTags,
	"pos":      isPair,
	"size":     isPair,
	keyTrashed: func(v any) bool { return v == nil || isTime(v) },
}

var varFields = map[string]func(any) bool{
	"type":  oneOf("bool", "int", "string"),
	"init":  isScalar,
	"scope": oneOf("shared", "private"),
	"doc":   text(MaxVarDoc),
}

func text(limit int) func(any) bool {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && units(s) <= limit
	}
}

func oneOf(words ...string) func(any) bool {
	return func(v any) bool {
		for _, w := range words {
			if v == w {
				return true
			}
		}
		return false
	}
}

func isScalar(v any) bool {
	switch v := v.(type) {
	case bool:
		return true
	case float64:
		return finite(v)
	case string:
		return units(v) <= MaxName
	}
	return false
}

func isTags(v any) bool {
	list, ok := v.([]any)
	if !ok || len(list) > MaxTags {
		return false
	}
	for _, tag := range list {
		if !text(MaxTag)(tag) {
			return false
		}
	}
	return true
}

func isColors(v any) bool {
	m, ok := v.(map[string]any)
	if !ok || len(m) > maxColors {
		return false
	}
	for tag, color := range m {
		if units(tag) > MaxTag || !text(MaxTag)(color) {
			return false
		}
	}
	return true
}

func isPair(v any) bool {
	list, ok := v.([]any)
	if !ok || len(list) != 2 {
		return false
	}
	x, okX := list[0].(float64)
	y, okY := list[1].(float64)
	return okX && okY && finite(x) && finite(y)
}

func isTime(v any) bool {
	ms, ok := v.(float64)
	return ok && ms > 0 && ms <= maxSafe && ms == math.Trunc(ms)
}

func finite(f float64) bool { return math.Abs(f) <= 1e9 } // false for NaN

// isPassageID reports whether s is a ULID, which clients make.
func isPassageID(s string) bool {
	if len(s) != passageIDLen {
		return false
	}
	for _, c := range []byte(s) {
		if !strings.ContainsRune(crockford, rune(c)) {
			return false
		}
	}
	return true
}

func isVarName(s string) bool {
	if s == "" || len(s) > maxVar {
		return false
	}
	for i, c := range []byte(s) {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// units returns the length of s as JavaScript counts it, in UTF-16 units.
func units(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r > 0xffff {
			n++
		}
	}
	return n
}
