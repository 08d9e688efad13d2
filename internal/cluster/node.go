package cluster

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// NodeID names a running node. It is random: a node that starts again is another.
type NodeID string

// nodeIDSize is the length of a NodeID.
const nodeIDSize = 16 // bytes

// Node is this process among the others.
type Node struct {
	ID NodeID
	// Epoch is when it started, in milliseconds since 1970: of two nodes that
	// claim the same thing the younger is right.
	Epoch int64
}

// NewNode returns the identity of a node that starts now.
func NewNode(now time.Time) Node {
	var id [nodeIDSize / 2]byte
	rand.Read(id[:])
	return Node{ID: NodeID(hex.EncodeToString(id[:])), Epoch: now.UnixMilli()}
}
