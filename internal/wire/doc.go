// Package wire is what travels between Storywire and a browser: the names of
// the events and the payloads of events and REST bodies, one JSON shape for
// both. docs/protocol.md describes it for people.
//
// Payloads are plain values and safe for concurrent use once built. Identity,
// roles and times are always the server's; a field that a client sends and no
// type here names is ignored.
//
// The TypeScript twin of this package is generated:
//
//	go generate ./internal/wire
package wire

//go:generate go run ./gen ../../web/client/src/wire.ts
