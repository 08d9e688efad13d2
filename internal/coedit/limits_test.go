package coedit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/yjs"
)

// many returns a value of so many tags.
func many(n, length int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = strings.Repeat("t", length)
	}
	return list
}

// passages adds so many passages, numbered from first on, and lets fill write into each.
func (w *writer) passages(first, n int, fill func(tx *yjs.Txn, m *yjs.Type) error) []byte {
	w.d.t.Helper()
	return w.edit(func(tx *yjs.Txn) error {
		for i := range n {
			m, err := tx.SetType(w.doc.Root("passages", yjs.Map), fmt.Sprintf("01BX5ZZKBKACTAV9WEVGEM%04d", first+i), yjs.Map)
			if err == nil && fill != nil {
				err = fill(tx, m)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// set writes a field of the passage.
func (w *writer) set(key string, value any) []byte {
	return w.edit(func(tx *yjs.Txn) error {
		v, _ := w.doc.Root("passages", yjs.Map).Get(passage)
		return tx.Set(v.(*yjs.Type), key, value)
	})
}

// Each limit of what one update writes: as much is taken, and one more is refused.
func TestLimitsOfADocument(t *testing.T) {
	for _, limit := range []struct {
		name  string
		most  int
		write func(w *writer, n int) []byte
		want  string
	}{
		{"characters of a passage", coedit.MaxBody, func(w *writer, n int) []byte { return w.typed(strings.Repeat("x", n-len("Once"))) }, "DOC_TOO_LARGE"},
		{"characters of a name", coedit.MaxName, func(w *writer, n int) []byte { return w.set("name", strings.Repeat("n", n)) }, "SCHEMA"},
		{"a name outside of the BMP", coedit.MaxName / 2, func(w *writer, n int) []byte { return w.set("name", strings.Repeat("🎈", n)) }, "SCHEMA"},
		{"characters of a title", coedit.MaxName, func(w *writer, n int) []byte {
			return w.edit(func(tx *yjs.Txn) error { return tx.Set(w.doc.Root("story", yjs.Map), "title", strings.Repeat("n", n)) })
		}, "SCHEMA"},
		{"tags", coedit.MaxTags, func(w *writer, n int) []byte { return w.set("tags", many(n, 1)) }, "SCHEMA"},
		{"characters of a tag", coedit.MaxTag, func(w *writer, n int) []byte { return w.set("tags", many(1, n)) }, "SCHEMA"},
		{"passages", coedit.MaxPassages, func(w *writer, n int) []byte { return w.passages(0, n-1, nil) }, "DOC_TOO_LARGE"},
		{"variables", coedit.MaxVars, func(w *writer, n int) []byte {
			return w.edit(func(tx *yjs.Txn) (err error) {
				for i := range n {
					_, setErr := tx.SetType(w.doc.Root("vars", yjs.Map), fmt.Sprint("v", i), yjs.Map)
					err = errors.Join(err, setErr)
				}
				return err
			})
		}, "DOC_TOO_LARGE"},
		{"characters of a variable's explanation", coedit.MaxVarDoc, func(w *writer, n int) []byte {
			return w.edit(func(tx *yjs.Txn) error {
				m, err := tx.SetType(w.doc.Root("vars", yjs.Map), "v", yjs.Map)
				return errors.Join(err, tx.Set(m, "doc", strings.Repeat("d", n)))
			})
		}, "SCHEMA"},
	} {
		t.Run(limit.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, d *desk) {
				w := d.open("a", "ada", 5000)
				expect(t, "as much as may be", w.push(limit.write(w, limit.most)), "2")
			})
			inBubble(t, func(t *testing.T, d *desk) {
				w := d.open("a", "ada", 5000)
				before := string(d.state(t))
				expect(t, "one more", w.push(limit.write(w, limit.most+1)), limit.want)
				if string(d.state(t)) != before {
					t.Error("the document has changed")
				}
			})
		})
	}
}

func TestLimitOfAnUpdate(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		w := d.open("a", "ada", 5000)
		expect(t, "too many bytes", w.push(make([]byte, coedit.MaxUpdate+1)), "PAYLOAD_TOO_LARGE")
		expect(t, "as many as may be", w.push(make([]byte, coedit.MaxUpdate)), "MALFORMED_UPDATE")
	})
}

// The whole story is limited too, however small its parts. After a refusal
// everything can go on.
func TestLimitsOfAStory(t *testing.T) {
	wide := make([]any, coedit.MaxTags) // 6 KiB
	for i := range wide {
		wide[i] = strings.Repeat("世", coedit.MaxTag)
	}
	text := func(tx *yjs.Txn, m *yjs.Type, s string) error {
		body, err := tx.SetType(m, "body", yjs.Text)
		return errors.Join(err, tx.InsertText(body, 0, s))
	}
	for _, limit := range []struct {
		name  string
		first int // passages that are uploaded at once
		step  int // passages of the updates after it
		fill  func(tx *yjs.Txn, m *yjs.Type) error
		most  int // passages that fit
	}{
		{"characters", coedit.MaxUnits/coedit.MaxBody - 5, 4, func(tx *yjs.Txn, m *yjs.Type) error { return text(tx, m, strings.Repeat("x", coedit.MaxBody)) }, coedit.MaxUnits / coedit.MaxBody},
		{"bytes", 2_600, 60, func(tx *yjs.Txn, m *yjs.Type) error {
			return tx.Set(m, "tags", wide)
		}, coedit.MaxState / (6 << 10)},
	} {
		t.Run(limit.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, d *desk) {
				w := d.open("a", "ada", 5000)
				if _, err := d.Upload(t.Context(), "ada", lighthouse, w.passages(0, limit.first, limit.fill)); err != nil {
					t.Fatal(err)
				}
				n := limit.first
				for ; n < coedit.MaxPassages; n += limit.step {
					if got := w.push(w.passages(n, limit.step, limit.fill)); got == "DOC_TOO_LARGE" {
						break
					}
				}
				if n > limit.most || n < limit.most-2*limit.step {
					t.Errorf("refused after %d passages, %d should fit", n, limit.most)
				}
				state := d.state(t)
				if len(state) > coedit.MaxState {
					t.Errorf("the document takes %d bytes", len(state))
				}
				other := &writer{d, "b", "bob", yjs.New(), 6000}
				if err := other.doc.Apply(state); err != nil {
					t.Fatal(err)
				}
				if got := other.push(other.set("name", "Small")); strings.Trim(got, "0123456789") != "" {
					t.Errorf("afterwards: %s", got)
				}
			})
		})
	}
}

func (d *desk) tryOpen(conn string, id auth.UserID, n uint64, of story.ID) string {
	_, err := d.Open(d.t.Context(), coedit.Visitor{Conn: conn, User: user.Profile{ID: id}, Client: n}, of, nil)
	return string(errs.CodeOf(err))
}

func TestLimitsOfVisitors(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		for i := range coedit.MaxOpen {
			expect(t, "a document", d.tryOpen("one", "ada", 5000, story.ID(fmt.Sprint("s", i))), "")
		}
		expect(t, "one document more", d.tryOpen("one", "ada", 5000, "another"), "ROOM_FULL")
		expect(t, "one of them again", d.tryOpen("one", "ada", 5000, "s0"), "")
		if err := d.Close("one", "s0"); err != nil {
			t.Fatal(err)
		}
		expect(t, "after one is closed", d.tryOpen("one", "ada", 5000, "another"), "")
		d.Disconnected("one")

		for i := range coedit.MaxEditors {
			expect(t, "an editor", d.tryOpen(fmt.Sprint("e", i), "bob", uint64(6000+i), lighthouse), "")
		}
		expect(t, "one editor more", d.tryOpen("more", "bob", 9000, lighthouse), "ROOM_FULL")
		expect(t, "one of them again", d.tryOpen("e0", "bob", 6000, lighthouse), "")
		for i := range coedit.MaxReaders {
			expect(t, "a reader", d.tryOpen(fmt.Sprint("r", i), "vic", uint64(20_000+i), lighthouse), "")
		}
		expect(t, "one reader more", d.tryOpen("more", "vic", 9000, lighthouse), "ROOM_FULL")
		d.Disconnected("r7")
		d.heard()
		expect(t, "after one has left", d.tryOpen("more", "vic", 9000, lighthouse), "")
	})
}

func TestLimitsOfWords(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.open("a", "ada", 5000)
		codeOf := func(_ any, err error) string { return string(errs.CodeOf(err)) }
		anchor := func(n, quote int) *coedit.Anchor {
			return &coedit.Anchor{Start: strings.Repeat("AAAA", n/4), End: "AAAA", Quote: strings.Repeat("q", quote)}
		}
		note := func(change func(*coedit.Note)) string {
			n := coedit.Note{StoryID: lighthouse, PassageID: passage, Text: "x"}
			change(&n)
			return codeOf(d.AddNote(t.Context(), "ada", n))
		}
		for _, limit := range []struct {
			name string
			most int
			ask  func(n int) string
		}{
			{"a note", coedit.MaxNote, func(n int) string { return note(func(c *coedit.Note) { c.Text = strings.Repeat("é", n) }) }},
			{"a quote", coedit.MaxQuote, func(n int) string { return note(func(c *coedit.Note) { c.Anchor = anchor(8, n) }) }},
			{"a command", coedit.MaxCommand, func(n int) string { return note(func(c *coedit.Note) { c.Command = strings.Repeat("c", n) }) }},
			{"a position", coedit.MaxAnchor, func(n int) string { return note(func(c *coedit.Note) { c.Anchor = anchor(n+3, 1) }) }},
			{"the name of a version", coedit.MaxLabel, func(n int) string {
				return codeOf(d.NameVersion(t.Context(), "ada", lighthouse, strings.Repeat("é", n)))
			}},
			{"an awareness message", 2*coedit.MaxPresence - 8, func(n int) string {
				state := `"` + strings.Repeat("x", n-2) + `"`
				return codeOf(nil, d.SetAwareness("a", lighthouse, yjs.EncodeAwareness(yjs.Presence{Client: 5000, Clock: uint64(n), State: []byte(state)})))
			}},
		} {
			expect(t, limit.name, limit.ask(limit.most), "")
			more := limit.most + 1
			if limit.name == "an awareness message" {
				more += 8
			}
			expect(t, limit.name+", too long", limit.ask(more), "VALIDATION")
		}
		d.heard()
		for _, most := range []int{0, 1} { // of one state: what is larger is dropped
			state := `{"cursor":"` + strings.Repeat("x", coedit.MaxPresence-len(`{"cursor":""}`)+most) + `"}`
			if err := d.SetAwareness("a", lighthouse, yjs.EncodeAwareness(yjs.Presence{Client: 5000, Clock: uint64(9 + most), State: []byte(state)})); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
			if told := d.heard(); (told == "") != (most == 1) {
				t.Errorf("a state of %d bytes: told %.60s", len(state), told)
			}
		}
	})
}
