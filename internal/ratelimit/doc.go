// Package ratelimit holds the token buckets that keep one client from making
// others wait: one [Limiter] per class of events, one bucket in it per user,
// connection or address, and [Violations], which tells a hasty client from an
// abusive one.
//
// Everything here is safe for concurrent use except Violations, which belongs
// to one connection. Memory is bounded: see [Limiter].
package ratelimit
