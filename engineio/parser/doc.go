// Package parser encodes and decodes Engine.IO v4 packets and payloads.
//
// A packet is one character for its type followed by its text; a binary
// message is "b" followed by base64 wherever only text can travel. HTTP
// long-polling carries several packets in one payload, separated by 0x1e.
//
// The package does no I/O, keeps no state, and all its functions may be called
// by any goroutine.
package parser
