// Package harness runs nodes of a cluster as processes of their own, so that
// tests can end them as machines end; a [Proxy] before them that breaks
// connections as networks do; and [Pages] with the stock client, as people have
// them open.
package harness
