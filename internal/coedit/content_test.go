package coedit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/yjs"
)

func TestDiffText(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{"", "", ""},
		{"same", "same", "=same"},
		{"", "new", "+new"},
		{"old", "", "-old"},
		{"the old house", "the new house", "=the |-old|+new|= house"},
		{"a b c", "a x b c y", "=a |+x |=b c|+ y"},
		{"naïve 🎈 end", "naïve 🎉 end", "=naïve |-🎈|+🎉|= end"},
		{"[[Go->North]]", "[[Go->South]]", "=[[Go->|-North|+South|=]]"},
	} {
		var got []string
		for _, run := range coedit.DiffText(test.a, test.b) {
			got = append(got, string(run.Op)+run.Text)
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("DiffText(%q, %q) = %s, want %s", test.a, test.b, strings.Join(got, "|"), test.want)
		}
	}
}

func TestDiffLeadsFromOneTextToTheOther(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func(words int) string {
		list := make([]string, words)
		for i := range list {
			list[i] = []string{"a", "bb", "🎈", "ccc", "é"}[rnd.IntN(5)]
		}
		return strings.Join(list, []string{" ", "\n", ""}[rnd.IntN(3)])
	}
	for range 2_000 {
		a, b := text(rnd.IntN(30)), text(rnd.IntN(30))
		checkDiff(t, a, b)
	}
	checkDiff(t, text(5_000), text(5_000)) // more words than are searched for
}

func checkDiff(t *testing.T, a, b string) {
	t.Helper()
	var from, to strings.Builder
	for _, run := range coedit.DiffText(a, b) {
		if run.Op != coedit.Insert {
			from.WriteString(run.Text)
		}
		if run.Op != coedit.Remove {
			to.WriteString(run.Text)
		}
	}
	if from.String() != a || to.String() != b {
		t.Errorf("the diff of %q and %q is of %q and %q", a, b, from.String(), to.String())
	}
}

func TestSpareVersions(t *testing.T) {
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	var all []coedit.Version // newest first
	add := func(kind coedit.VersionKind, ages ...time.Duration) {
		for _, age := range ages {
			all = append(all, coedit.Version{ID: fmt.Sprint(kind, age), Kind: kind, CreatedAt: now.Add(-age)})
		}
	}
	const minute, hour, day = time.Minute, time.Hour, 24 * time.Hour
	add(coedit.AutoVersion, 10*minute, 20*minute, 23*hour, 25*hour+10*minute, 25*hour+20*minute, 8*day, 8*day+hour, 91*day)
	add(coedit.NamedVersion, 10*minute, 400*day)
	slices.SortStableFunc(all, func(a, b coedit.Version) int { return b.CreatedAt.Compare(a.CreatedAt) })
	if got, want := fmt.Sprint(coedit.Spare(all, now)), "[auto25h20m0s auto193h0m0s auto2184h0m0s]"; got != want {
		t.Errorf("Spare = %s, want %s", got, want)
	}
	all = nil
	for i := range coedit.MaxVersions + 3 {
		add(coedit.NamedVersion, time.Duration(i)*time.Hour)
	}
	if got := coedit.Spare(all, now); len(got) != 3 || got[0] != all[coedit.MaxVersions].ID {
		t.Errorf("of too many named ones %v go", got)
	}
}

func TestWhatHasNoPlaceInAStory(t *testing.T) {
	const other = "01BX5ZZKBKACTAV9WEVGEMMVRZ"
	type edit = func(w *writer, tx *yjs.Txn) error
	root := func(w *writer, name string) *yjs.Type { return w.doc.Root(name, yjs.Map) }
	here := func(w *writer) *yjs.Type {
		v, _ := root(w, "passages").Get(passage)
		return v.(*yjs.Type)
	}
	set := func(name, key string, value any) edit {
		return func(w *writer, tx *yjs.Txn) error { return tx.Set(root(w, name), key, value) }
	}
	inPassage := func(key string, value any) edit {
		return func(w *writer, tx *yjs.Txn) error { return tx.Set(here(w), key, value) }
	}
	typed := func(name, key string, kind yjs.TypeKind) edit {
		return func(w *writer, tx *yjs.Txn) error {
			_, err := tx.SetType(root(w, name), key, kind)
			return err
		}
	}
	type m = map[string]any
	for _, test := range []struct {
		name string
		edit edit
		want string
	}{
		{"title", set("story", "title", "A"), "2"},
		{"long title", set("story", "title", strings.Repeat("a", 201)), "SCHEMA"},
		{"emoji count twice", set("story", "title", strings.Repeat("🎈", 101)), "SCHEMA"},
		{"title of a number", set("story", "title", 1), "SCHEMA"},
		{"another root", set("attic", "title", "A"), "SCHEMA"},
		{"another field", set("story", "author", "eve"), "SCHEMA"},
		{"prototype", set("story", "__proto__", "x"), "SCHEMA"},
		{"schema", set("story", "schema", 2), "SCHEMA"},
		{"start", set("story", "start", passage), "2"},
		{"odd start", set("story", "start", "passage"), "SCHEMA"},
		{"colours", set("story", "tagColors", m{"dark": "blue"}), "2"},
		{"odd colours", set("story", "tagColors", m{"dark": 1}), "SCHEMA"},
		{"passage", typed("passages", other, yjs.Map), "2"},
		{"passage as text", typed("passages", other, yjs.Text), "SCHEMA"},
		{"passage as value", set("passages", other, "x"), "SCHEMA"},
		{"odd passage id", typed("passages", strings.ToLower(other), yjs.Map), "SCHEMA"},
		{"name", inPassage("name", "N"), "2"},
		{"tags", inPassage("tags", []any{"a", "b"}), "2"},
		{"odd tags", inPassage("tags", []any{"a", 1}), "SCHEMA"},
		{"too many tags", inPassage("tags", slices.Repeat([]any{"a"}, 33)), "SCHEMA"},
		{"place", inPassage("pos", []any{1, -2.5}), "2"},
		{"no place", inPassage("pos", []any{1}), "SCHEMA"},
		{"place far away", inPassage("pos", []any{1e300, 0}), "SCHEMA"},
		{"trash", inPassage("trashedAt", float64(1_700_000_000_000)), "2"},
		{"back", inPassage("trashedAt", nil), "2"},
		{"trash at no time", inPassage("trashedAt", "now"), "SCHEMA"},
		{"body as value", inPassage("body", "text"), "SCHEMA"},
		{"another field of a passage", inPassage("script", "alert(1)"), "SCHEMA"},
		{"longest body", func(w *writer, tx *yjs.Txn) error { return tx.InsertText(w.body(), 0, strings.Repeat("a", 64<<10-4)) }, "2"},
		{"long body", func(w *writer, tx *yjs.Txn) error { return tx.InsertText(w.body(), 0, strings.Repeat("a", 64<<10-3)) }, "DOC_TOO_LARGE"},
		{"list in a map", func(w *writer, tx *yjs.Txn) error { return tx.Insert(root(w, "story"), 0, "x") }, "SCHEMA"},
		{"variable", typed("vars", "gold_2", yjs.Map), "2"},
		{"odd variable", typed("vars", "2gold", yjs.Map), "SCHEMA"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, d *desk) {
				w := d.open("a", "ada", 5000)
				before := d.state(t)
				got := w.push(w.edit(func(tx *yjs.Txn) error { return test.edit(w, tx) }))
				expect(t, test.name, got, test.want)
				if changed := !slices.Equal(before, d.state(t)); changed != (test.want == "2") {
					t.Errorf("changed: %t", changed)
				}
			})
		})
	}
}
