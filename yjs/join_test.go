package yjs_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/storywire/storywire/yjs"
)

func decoded(t *testing.T, updates [][]byte) []*yjs.Update {
	t.Helper()
	list := make([]*yjs.Update, len(updates))
	for i, data := range updates {
		u, err := yjs.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		list[i] = u
	}
	return list
}

// accepted takes updates into a document as one, and returns what is sent on.
func accepted(t *testing.T, doc *yjs.Doc, updates [][]byte) []byte {
	t.Helper()
	plan, err := doc.Check(yjs.Join(decoded(t, updates)...), yjs.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	doc.Commit(plan)
	return plan.Accepted()
}

func copyOf(t *testing.T, doc *yjs.Doc) *yjs.Doc {
	t.Helper()
	copied, err := yjs.Load(doc.EncodeState(nil))
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// What is typed in one go is one struct; all else is what Merge makes of it.
func TestJoin(t *testing.T) {
	tests := []struct {
		name    string
		edit    func(tx *yjs.Txn, body *yjs.Type, step int) error
		steps   int
		structs int // that are sent on
	}{
		{"typing at the end", func(tx *yjs.Txn, body *yjs.Type, _ int) error { return tx.InsertText(body, body.Len(), "né") }, 20, 1},
		{"typing in the middle", func(tx *yjs.Txn, body *yjs.Type, step int) error { return tx.InsertText(body, 2+step, "x") }, 20, 1},
		{"typing backwards", func(tx *yjs.Txn, body *yjs.Type, _ int) error { return tx.InsertText(body, 1, "x") }, 5, 5},
		{"going elsewhere", func(tx *yjs.Txn, body *yjs.Type, step int) error {
			return tx.InsertText(body, []int{0, 1, 9, 10, 4}[step], "x")
		}, 5, 3},
		{"taking the last letter back", func(tx *yjs.Txn, body *yjs.Type, step int) error {
			if step%2 == 1 {
				return tx.Delete(body, body.Len()-1, 1)
			}
			return tx.InsertText(body, body.Len(), "x")
		}, 6, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := yjs.New()
			if _, err := base.Edit(1, func(tx *yjs.Txn) error { return tx.InsertText(base.Root("t", yjs.Text), 0, "already") }); err != nil {
				t.Fatal(err)
			}
			writer, server := copyOf(t, base), copyOf(t, base)
			body := writer.Root("t", yjs.Text)
			var updates [][]byte
			for step := range tt.steps {
				update, err := writer.Edit(7, func(tx *yjs.Txn) error { return tt.edit(tx, body, step) })
				if err != nil {
					t.Fatal(err)
				}
				updates = append(updates, update)
			}
			sent := accepted(t, server, updates)
			u := decoded(t, [][]byte{sent})[0]
			if got := u.Structs(); got != tt.structs {
				t.Errorf("%d structs are sent on, want %d", got, tt.structs)
			}
			if !bytes.Equal(server.EncodeState(nil), writer.EncodeState(nil)) {
				t.Error("the server has another document than the writer")
			}
			reader := copyOf(t, base)
			if err := reader.Apply(sent); err != nil || !bytes.Equal(reader.EncodeState(nil), writer.EncodeState(nil)) {
				t.Errorf("a reader has another document: %v", err)
			}
		})
	}
}

// Several write without hearing each other; whatever comes in one piece or as many, the document is the same.
func TestJoinIsTheSameAsOneByOne(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		one, together := yjs.New(), yjs.New()
		writers := make([]*yjs.Doc, 3)
		for i := range writers {
			writers[i] = yjs.New()
		}
		for range 12 {
			who := rng.IntN(len(writers))
			doc := writers[who]
			var updates [][]byte
			at := rng.IntN(doc.Root("t", yjs.Text).Len() + 1)
			for range 1 + rng.IntN(6) {
				update, err := doc.Edit(uint64(10+who), func(tx *yjs.Txn) error {
					body := doc.Root("t", yjs.Text)
					switch n := body.Len(); {
					case n > 1 && rng.IntN(6) == 0:
						return tx.Delete(body, rng.IntN(n-1), 1)
					case rng.IntN(6) == 0:
						at = rng.IntN(n + 1)
					}
					at = min(at+1, body.Len()+1)
					return tx.InsertText(body, at-1, string(rune('a'+who)))
				})
				if err != nil {
					t.Fatal(err)
				}
				updates = append(updates, update)
			}
			for _, update := range updates {
				if err := one.Apply(update); err != nil {
					t.Fatal(err)
				}
			}
			sent := accepted(t, together, updates)
			for i, w := range writers {
				if i == who || rng.IntN(2) == 0 {
					continue // hears of it later
				}
				if err := w.Apply(sent); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(one.EncodeState(nil), together.EncodeState(nil)) {
				t.Fatalf("seed %d: %q one by one, %q together", seed, one.Root("t", yjs.Text), together.Root("t", yjs.Text))
			}
		}
	}
}
