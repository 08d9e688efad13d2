// Package api is Storywire over HTTP: the same services, rules and rate classes
// as the sockets of package gateway, for clients and services that have none.
// There is one file per resource; docs/protocol.md is the published contract.
//
// Whatever a request writes, the live events of it are told by the services, so
// that a comment posted here appears on every open page.
//
// A [Server] is an http.Handler and safe for concurrent use.
package api
