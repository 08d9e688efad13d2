// Package cluster tests several nodes together, each a process of its own, with
// a real Redis and a real PostgreSQL: what clients see when connections, nodes
// and servers go.
package cluster
