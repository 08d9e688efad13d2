// Package store keeps everything in a database: it implements the Store that
// each feature declares, and holds no rules of its own.
//
// The database is one SQLite file (write-ahead log, synchronous=FULL), owned
// by one process, or a Postgres database, shared by many. All changes of a
// process go through one writer goroutine, which commits in groups: whatever
// waits becomes one transaction and one fsync, and is then answered in commit
// order. So a write that returned without an error is on the disk, and what a
// write's committed function tells the world is told in the order in which it
// was stored. On Postgres one group writes at a time in the whole cluster, so
// that a write finds nobody beside it there either. Queries run beside the
// writer on connections that cannot write.
//
// Queries are written once, for both databases: see backend.go for the words
// they share, and package storetest for the suite that both pass.
//
// A Store may be used by many goroutines at once.
//
//	st, err := store.Open(ctx, "storywire.db", store.Options{})
//	if err != nil {
//		return err
//	}
//	defer st.Close()
//	comments := comment.NewService(comment.Deps{Store: st, ...}, comment.Options{})
package store
