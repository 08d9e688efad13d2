package api_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/storywire/storywire/yjs"
)

// passage writes a passage into a document.
func passage(doc *yjs.Doc, tx *yjs.Txn, id, name, body string) error {
	p, err := tx.SetType(doc.Root("passages", yjs.Map), id, yjs.Map)
	if err != nil {
		return err
	}
	text, err := tx.SetType(p, "body", yjs.Text)
	if err != nil {
		return err
	}
	return firstError(tx.InsertText(text, 0, body), tx.Set(p, "name", name), tx.Set(p, "tags", []any{}),
		tx.Set(p, "pos", []any{0.0, 0.0}), tx.Set(p, "size", []any{1.0, 1.0}))
}

func firstError(list ...error) error {
	if i := slices.IndexFunc(list, func(err error) bool { return err != nil }); i >= 0 {
		return list[i]
	}
	return nil
}

func TestPreview(t *testing.T) {
	w := newWorld(t, options{})
	id := w.story("private")
	doc := "/v1/docs/" + id
	state := w.as("author", "GET", doc+"/state", nil)
	const well, deep = "01HZZZZZZZZZZZZZZZZZZZZZZZ", "01HZZZZZZZZZZZZZZZZZZZZZZY"
	u := update(t, state.text, 5000, func(doc *yjs.Doc, tx *yjs.Txn) error {
		gold, err := tx.SetType(doc.Root("vars", yjs.Map), "gold", yjs.Map)
		if err != nil {
			return err
		}
		return firstError(tx.Set(gold, "type", "int"), tx.Set(gold, "init", 3.0), tx.Set(gold, "scope", "shared"),
			passage(doc, tx, well, "Well", "$gold coins. [[Nowhere]]\n\n[[Climb->Deep]]{if: gold > 1}"),
			passage(doc, tx, deep, "Deep", "<<set $gold = 0>>Dark."))
	})
	w.ok(200, "author", "POST", doc+"/updates", u, "Content-Type", "application/octet-stream")
	head := w.ok(200, "author", "GET", doc, nil)["seq"]

	p := w.ok(200, "author", "POST", doc+"/preview", m{"from": well, "minSeq": head})
	text := p["text"].([]any)
	if p["seq"] != head || p["name"] != "Well" || len(text) != 3 || text[0].(m)["text"] != "3 coins. " || text[1].(m)["mistake"].(m)["code"] != "dead-link" {
		t.Errorf("preview = %v", p)
	}
	option := p["options"].([]any)[0].(m)
	if option["label"] != "Climb" || option["to"] != deep {
		t.Errorf("option = %v", option)
	}
	p = w.ok(200, "author", "POST", doc+"/preview", m{"from": well, "choices": []m{{"option": option["id"], "to": deep}}})
	if v := p["vars"].([]any)[0].(m); p["passageId"] != deep || p["taken"] != 1.0 || v["init"] != 3.0 || v["value"] != 0.0 {
		t.Errorf("after a choice: %v", p)
	}
	p = w.ok(200, "author", "POST", doc+"/preview", m{"from": well, "vars": m{"gold": 1}, "choices": []m{{"option": option["id"], "to": deep}}})
	if p["passageId"] != well || p["taken"] != 0.0 || len(p["options"].([]any)) != 0 || p["ended"] != true {
		t.Errorf("with one coin: %v", p)
	}
	if p = w.ok(200, "author", "POST", doc+"/preview", m{"from": ""}); p["name"] != "Start" {
		t.Errorf("from the start: %v", p)
	}
	if after := w.ok(200, "author", "GET", doc, nil)["seq"]; after != head {
		t.Errorf("a preview has written: %v, was %v", after, head)
	}

	w.refused(404, "NOT_FOUND", "author", "POST", doc+"/preview", m{"from": strings.ToLower(well)})
	w.refused(400, "VALIDATION", "author", "POST", doc+"/preview", m{"from": well, "vars": m{"gold": 1.5}})
	w.refused(400, "VALIDATION", "author", "POST", doc+"/preview", m{"from": well, "choices": slices.Repeat([]m{{"option": "a", "to": "b"}}, 201)})
	w.refused(403, "FORBIDDEN", "eve", "POST", doc+"/preview", m{"from": well})
	w.ok(200, "author", "PUT", "/v1/stories/"+id+"/members/ann", m{"role": "viewer"})
	w.ok(200, "ann", "POST", doc+"/preview", m{"from": well})
}
