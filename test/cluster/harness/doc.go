// Package harness runs nodes of a cluster as processes of their own, so that
// tests can end them as machines end.
package harness
