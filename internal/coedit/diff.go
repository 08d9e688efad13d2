package coedit

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Op says what happens to a piece of text.
type Op string

// The operations of a text diff.
const (
	Keep   Op = "="
	Remove Op = "-"
	Insert Op = "+"
)

// TextRun is a piece of a text diff.
type TextRun struct {
	Op   Op
	Text string
}

// maxEdits is how many words may differ before the middle of a text is taken
// as replaced: time and memory of the search grow with its square.
const maxEdits = 400

// DiffText returns how a becomes b, word by word.
func DiffText(a, b string) []TextRun {
	from, to := words(a), words(b)
	start := 0
	for start < len(from) && start < len(to) && from[start] == to[start] {
		start++
	}
	end := 0
	for end < len(from)-start && end < len(to)-start && from[len(from)-1-end] == to[len(to)-1-end] {
		end++
	}
	var d differ
	d.add(Keep, from[:start]...)
	d.middle(from[start:len(from)-end], to[start:len(to)-end])
	d.add(Keep, from[len(from)-end:]...)
	return d.runs
}

// words cuts text into words, and what is between them into single characters.
func words(s string) []string {
	var list []string
	for len(s) > 0 {
		n := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if n < 0 {
			n = len(s)
		}
		if n == 0 {
			_, n = utf8.DecodeRuneInString(s)
		}
		list, s = append(list, s[:n]), s[n:]
	}
	return list
}

// differ builds runs.
type differ struct{ runs []TextRun }

func (d *differ) add(op Op, words ...string) {
	if len(words) == 0 {
		return
	}
	text := strings.Join(words, "")
	if n := len(d.runs); n > 0 && d.runs[n-1].Op == op {
		d.runs[n-1].Text += text
		return
	}
	d.runs = append(d.runs, TextRun{op, text})
}

// middle adds the shortest way from a to b: Myers, "An O(ND) Difference
// Algorithm and Its Variations", figure 2.
func (d *differ) middle(a, b []string) {
	n, m := len(a), len(b)
	limit := min(n+m, maxEdits)
	v := make([]int, 2*limit+2)
	var trace [][]int
	for edits := 0; edits <= limit; edits++ {
		trace = append(trace, slices.Clone(v))
		for k := -edits; k <= edits; k += 2 {
			var x int
			if k == -edits || k != edits && v[limit+k-1] < v[limit+k+1] {
				x = at(v, limit+k+1)
			} else {
				x = v[limit+k-1] + 1
			}
			y := x - k
			for x < n && y < m && a[x] == b[y] {
				x, y = x+1, y+1
			}
			v[limit+k] = x
			if x >= n && y >= m {
				d.walk(a, b, trace, limit)
				return
			}
		}
	}
	d.add(Remove, a...)
	d.add(Insert, b...)
}

func at(v []int, i int) int {
	if i < 0 || i >= len(v) {
		return 0
	}
	return v[i]
}

// walk follows the trace back from the end.
func (d *differ) walk(a, b []string, trace [][]int, limit int) {
	type step struct {
		op   Op
		word string
	}
	var back []step
	x, y := len(a), len(b)
	for edits := len(trace) - 1; edits >= 0; edits-- {
		v, k := trace[edits], x-y
		prev := k - 1
		if k == -edits || k != edits && at(v, limit+k-1) < at(v, limit+k+1) {
			prev = k + 1
		}
		px := at(v, limit+prev)
		py := px - prev
		for x > max(px, 0) && y > max(py, 0) {
			x, y = x-1, y-1
			back = append(back, step{Keep, a[x]})
		}
		if edits == 0 {
			break
		}
		if prev == k+1 {
			y--
			back = append(back, step{Insert, b[y]})
		} else {
			x--
			back = append(back, step{Remove, a[x]})
		}
	}
	for _, s := range slices.Backward(back) {
		d.add(s.op, s.word)
	}
}

// ChangedPassage is a passage that two contents have differently, or only one of them.
type ChangedPassage struct{ Now, Then *Passage }

// ChangedPassages returns the passages in which two contents differ, by id. A
// passage in the trash counts as one that is not there.
func ChangedPassages(now, then Content) []ChangedPassage {
	a, b := now.withoutTrash(), then.withoutTrash()
	before := indexed(b.Passages, func(p Passage) string { return p.ID })
	var changed []ChangedPassage
	for i := range a.Passages {
		p := &a.Passages[i]
		old, ok := before[p.ID]
		delete(before, p.ID)
		switch {
		case !ok:
			changed = append(changed, ChangedPassage{Now: p})
		case p.Name != old.Name || p.Body != old.Body || !slices.Equal(p.Tags, old.Tags):
			changed = append(changed, ChangedPassage{Now: p, Then: &old})
		}
	}
	for i := range b.Passages {
		if p := &b.Passages[i]; before[p.ID].ID != "" {
			changed = append(changed, ChangedPassage{Then: p})
		}
	}
	return changed
}

// ChangedFields returns the names of what else differs.
func ChangedFields(now, then Content) []string {
	fields := []string{}
	for _, f := range []struct {
		name string
		same bool
	}{
		{"title", now.Title == then.Title},
		{"start", now.Start == then.Start},
		{"lang", now.Lang == then.Lang},
		{"tagColors", sameColors(now.TagColors, then.TagColors)},
		{"vars", slices.Equal(now.Vars, then.Vars)},
	} {
		if !f.same {
			fields = append(fields, f.name)
		}
	}
	return fields
}
