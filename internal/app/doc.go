// Package app puts Storywire together: it reads no flags itself, but takes a
// [Config], wires database, services, sockets and REST, starts them, and stops
// them in order. It is the only package that knows all the others.
package app
