package yjs_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/storywire/storywire/yjs"
)

// edit runs f as client 900, and fails the test when it fails.
func edit(t testing.TB, d *yjs.Doc, f func(*yjs.Txn) error) []byte {
	t.Helper()
	update, err := d.Edit(900, f)
	if err != nil {
		t.Fatal(err)
	}
	return update
}

// story writes a small story in the shape of the editor's documents.
func story(t testing.TB, d *yjs.Doc) []byte {
	return edit(t, d, func(tx *yjs.Txn) error {
		m, err := tx.SetType(d.Root("passages", yjs.Map), "p1", yjs.Map)
		if err != nil {
			return err
		}
		body, err := tx.SetType(m, "body", yjs.Text)
		if err != nil {
			return err
		}
		return errors.Join(
			tx.Set(d.Root("story", yjs.Map), "title", "Der Wald 😀"),
			tx.Set(m, "name", "Start"),
			tx.Set(m, "tags", []any{"a", "b"}),
			tx.Set(m, "pos", []any{1, 2.5}),
			tx.InsertText(body, 0, "Hello 😀 world"),
			tx.Delete(body, 0, 6),
			tx.InsertText(body, 2, ","),
		)
	})
}

func TestEdit(t *testing.T) {
	d := yjs.New()
	update := story(t, d)
	want := map[string]any{"p1": map[string]any{
		"name": "Start", "tags": []any{"a", "b"}, "pos": []any{1.0, 2.5}, "body": "😀, world",
	}}
	if got := d.Root("passages", yjs.Map).Plain(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := apply(t, update).Root("passages", yjs.Map).Plain(); !reflect.DeepEqual(got, want) {
		t.Errorf("from the update: got %v, want %v", got, want)
	}
	if got, want := d.Roots(), []string{"passages", "story"}; !reflect.DeepEqual(got, want) {
		t.Errorf("Roots() = %v, want %v", got, want)
	}
}

func TestEditArray(t *testing.T) {
	d := yjs.New()
	list := d.Root("a", yjs.Array)
	edit(t, d, func(tx *yjs.Txn) error {
		return errors.Join(tx.Insert(list, 0, 1, 2, 3, []byte{4}, yjs.Map), tx.Delete(list, 1, 1), tx.Insert(list, 1, "x", nil))
	})
	edit(t, d, func(tx *yjs.Txn) error {
		inner, err := tx.InsertType(list, list.Len(), yjs.Array)
		return errors.Join(err, tx.Insert(inner, 0, yjs.Undefined{}, true, int64(7), math.Pi, map[string]any{"b": 1, "a": false}))
	})
	want := []any{1.0, "x", nil, 3.0, []byte{4}, map[string]any{}, []any{yjs.Undefined{}, true, int64(7), math.Pi, map[string]any{"a": false, "b": 1.0}}}
	if got := list.Plain(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if list.Len() != len(want) {
		t.Errorf("Len() = %d, want %d", list.Len(), len(want))
	}
}

func TestEditMap(t *testing.T) {
	d := yjs.New()
	m := d.Root("m", yjs.Map)
	edit(t, d, func(tx *yjs.Txn) error {
		return errors.Join(tx.Set(m, "a", 1), tx.Set(m, "b", 2), tx.Set(m, "a", 3), tx.Unset(m, "b"), tx.Unset(m, "c"))
	})
	if got, want := m.Plain(), (map[string]any{"a": 3.0}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, ok := m.Get("b"); ok {
		t.Error("b is still there")
	}
	if got, want := m.Keys(), []string{"a"}; !reflect.DeepEqual(got, want) {
		t.Errorf("Keys() = %v, want %v", got, want)
	}
}

func TestImpossibleEdits(t *testing.T) {
	d, other := yjs.New(), yjs.New()
	text, m := d.Root("t", yjs.Text), d.Root("m", yjs.Map)
	var gone *yjs.Type
	edit(t, d, func(tx *yjs.Txn) (err error) {
		gone, err = tx.SetType(m, "gone", yjs.Text)
		return errors.Join(err, tx.InsertText(text, 0, "abc"), tx.Unset(m, "gone"))
	})
	before := d.EncodeState(nil)
	for name, f := range map[string]func(*yjs.Txn) error{
		"insert behind the end":   func(tx *yjs.Txn) error { return tx.InsertText(text, 4, "x") },
		"insert before the start": func(tx *yjs.Txn) error { return tx.InsertText(text, -1, "x") },
		"delete behind the end":   func(tx *yjs.Txn) error { return tx.Delete(text, 2, 2) },
		"delete less than none":   func(tx *yjs.Txn) error { return tx.Delete(text, 2, -1) },
		"overflow":                func(tx *yjs.Txn) error { return tx.Delete(text, 1<<31-1, 1<<31-1) },
		"deleted type":            func(tx *yjs.Txn) error { return tx.InsertText(gone, 0, "x") },
		"other document":          func(tx *yjs.Txn) error { return tx.Set(other.Root("m", yjs.Map), "k", 1) },
		"value without encoding":  func(tx *yjs.Txn) error { return tx.Set(m, "k", struct{}{}) },
		"channel":                 func(tx *yjs.Txn) error { return tx.Set(m, "k", make(chan int)) },
		"xml":                     func(tx *yjs.Txn) error { return tx.Set(m, "k", yjs.XMLElement) },
		"key not in UTF-8":        func(tx *yjs.Txn) error { return tx.Set(m, "\xff", 1) },
	} {
		update, err := d.Edit(900, f)
		if !errors.Is(err, yjs.ErrEdit) || update != nil {
			t.Errorf("%s: update %x, error %v", name, update, err)
		}
	}
	if got := d.EncodeState(nil); string(got) != string(before) {
		t.Errorf("changed the state from %x to %x", before, got)
	}
	if _, err := d.Edit(1<<53, func(*yjs.Txn) error { return nil }); !errors.Is(err, yjs.ErrEdit) {
		t.Errorf("client id of 54 bits: %v", err)
	}
	if update, err := d.Edit(1, func(*yjs.Txn) error { return nil }); update != nil || err != nil {
		t.Errorf("nothing done: %x, %v", update, err)
	}
}

// What Go edits, yjs reads, in the bytes that it would have kept.
func TestEditsAreWhatYjsWrites(t *testing.T) {
	p := newPeer(t)
	d := yjs.New()
	text := d.Root("t", yjs.Text)
	updates := [][]byte{edit(t, d, func(tx *yjs.Txn) error { return tx.InsertText(text, 0, "start") })}
	for i := range 60 {
		updates = append(updates, edit(t, d, func(tx *yjs.Txn) error {
			if i%3 == 2 {
				return tx.Delete(text, i%text.Len(), 1)
			}
			return errors.Join(
				tx.InsertText(text, (i*7)%(text.Len()+1), strings.Repeat("x", i%3)+"é"),
				tx.Set(d.Root("m", yjs.Map), fmt.Sprint("k", i%5), float64(i)/8),
				tx.Set(d.Root("m", yjs.Map), "object", map[string]any{"b": i, "10": true, "9": "x", "01": nil, "4294967295": 1, "a": []any{-0.5}}),
				tx.Insert(d.Root("a", yjs.Array), i%(d.Root("a", yjs.Array).Len()+1), i, "v"),
			)
		}))
	}
	got := ask[applied](t, p, request{"op": "apply", "updates": updates})
	if got.Error != "" || got.Pending {
		t.Fatalf("yjs: %s, pending %v", got.Error, got.Pending)
	}
	if state := d.EncodeState(nil); string(state) != string(got.State) {
		t.Errorf("state:\n got %x\nwant %x", state, got.State)
	}
	if content := read(d); !reflect.DeepEqual(content, got.Content) {
		t.Errorf("content: got %v, want %v", content, got.Content)
	}
}
