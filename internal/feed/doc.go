// Package feed delivers durable events - what is stored and told: comments,
// notifications - to this node's connections in one order: that of their
// positions, which the database gives them as they are committed, without holes,
// over all nodes.
//
// Because every connection hears events in that order, one number says all that a
// client has seen, in whatever rooms, over whichever node. So a client that comes
// back needs no record of what it was sent: the events of its rooms above that
// number are what it has missed.
//
// Events of this node come by [Feed.Commit] and those of others by [Feed.Receive].
// One that is missing is waited for, for some milliseconds, and then read from the
// database, which also is asked now and then whether there is more: messages
// between nodes make events fast, the database makes them certain.
//
// Recent events are kept, bounded in bytes, in a log for each room: so a replay
// costs what was missed. Older ones are read from the database.
//
// All methods may be called by any goroutine.
package feed
