// Package yjs reads, checks, stores and writes Yjs documents (npm's yjs 13.6, update format V1) without any I/O.
//
// A [Doc] is a full replica: it integrates updates, collects the garbage of what was deleted and encodes its state in
// the bytes that yjs itself would have written. Updates of strangers pass three steps, and only the last one writes:
//
//	u, err := yjs.Decode(data)            // the format: every byte accounted for
//	plan, err := doc.Check(u, policy)     // the meaning, against this document: nothing is changed
//	row := plan.Accepted()                // what is new in it, to store and to send on
//	doc.Commit(plan)                      // cannot fail
//
// Updates of one's own log are applied with [Doc.Apply], which keeps what cannot be integrated yet, as yjs does.
//
// A Doc is not safe for concurrent use: one goroutine owns it. Nothing here starts a goroutine, reads a clock or draws
// a random number, and nothing depends on the order of a Go map: the same updates in the same order give the same bytes.
package yjs
