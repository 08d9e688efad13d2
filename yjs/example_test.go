package yjs_test

import (
	"fmt"

	"github.com/storywire/storywire/yjs"
)

// A server takes an update of a stranger: it checks it, stores and sends on what is new in it, and only then commits.
func Example() {
	author := yjs.New()
	update, err := author.Edit(4711, func(tx *yjs.Txn) error {
		return tx.InsertText(author.Root("body", yjs.Text), 0, "Once upon a time")
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	doc := yjs.New()
	u, err := yjs.Decode(update)
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := doc.Check(u, yjs.Policy{Schema: func(c *yjs.Change) error {
		if c.Root != "body" || c.Content != yjs.ContentString {
			return fmt.Errorf("only text belongs here")
		}
		return nil
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(plan.Accepted()), "bytes to store and to send on")
	doc.Commit(plan)
	fmt.Println(doc.Root("body", yjs.Text))
	// Output:
	// 30 bytes to store and to send on
	// Once upon a time
}
