// Package coedit lets several people write one story at the same time.
//
// The document of a story is a Yjs document with the roots story, passages and
// vars. Each node that has it open keeps a full replica in a room: one
// goroutine that owns the document, checks what clients send, has it stored,
// and only then acknowledges it and tells the others. The database holds one
// totally ordered log of each document, and all replicas apply that log and
// nothing else, so that at the same seq they are equal byte by byte. A [Bus]
// between the nodes only carries hints: whatever it loses is read from the log.
// Now and then nodes compare the hashes of what they have; where those differ
// the replicas are read again, and an alarm is counted.
//
// Roles are those of package story: editors and authors write, everybody who
// may read sees the document, commenters show their cursors. They are asked
// for again with every batch.
//
// A legitimate editor can delete everything; that is what versions are for.
// Restoring one writes the difference as a new update: the log is never cut.
//
// A [Service] may be used by many goroutines at once.
//
//	s := coedit.NewService(coedit.Deps{...}, coedit.Options{})
//	go s.Run(ctx)
//	opened, err := s.Open(ctx, coedit.Visitor{Conn: socketID, User: profile, Client: clientID}, storyID, stateVector)
//	s.Push(ctx, socketID, storyID, update, func(seq int64, err error) { ... })
package coedit
