//go:build linux

package main

import (
	"github.com/storywire/storywire/yjs"
)

// Every document is the same story of one passage.
const (
	passage = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
	client  = 123456 // who writes in it

	// jump is after how many letters the writer goes elsewhere.
	jump = 100
)

// base returns what a document begins with, where the server does not write it.
func base() []byte {
	doc := yjs.New()
	update, err := doc.Edit(1, func(tx *yjs.Txn) error {
		m, err := tx.SetType(doc.Root("passages", yjs.Map), passage, yjs.Map)
		if err != nil {
			return err
		}
		_, err = tx.SetType(m, "body", yjs.Text)
		return err
	})
	if err != nil {
		panic(err)
	}
	return update
}

// typing returns n updates of somebody who types letter by letter in the first
// passage of a document, as editors send them.
func typing(state []byte, n int) ([][]byte, error) {
	doc := yjs.New()
	if err := doc.Apply(state); err != nil {
		return nil, err
	}
	passages := doc.Root("passages", yjs.Map)
	v, _ := passages.Get(passages.Keys()[0])
	v, _ = v.(*yjs.Type).Get("body")
	body := v.(*yjs.Type)
	updates := make([][]byte, n)
	at := body.Len()
	for i := range updates {
		if i%jump == jump-1 {
			at = (at*7 + i) % (body.Len() + 1) // anywhere, but the same in each run
		}
		letter := string(rune('a' + i%26))
		update, err := doc.Edit(client, func(tx *yjs.Txn) error { return tx.InsertText(body, at, letter) })
		if err != nil {
			return nil, err
		}
		updates[i], at = update, at+1
	}
	return updates, nil
}
