// Package cluster is what the features know of other nodes: who this node is
// ([Node]), a [Bus] that carries their messages, and [KV], the data that nodes
// share and may lose: leases, counters, records.
//
// The database is the truth; what is here makes it fast. A Bus forgets messages
// that a node could not receive and says so afterwards: whoever must not miss
// anything registers with OnGap and reads it again. A KV may return empty.
//
// [Local] is the bus of a single node and of tests, [Redis] that of many.
package cluster
