// Package auth says who is calling: user ids, verified claims, and how they
// travel in a context.
package auth

import (
	"context"
	"time"
)

// UserID is the subject of a verified token: the id of a user in the site's own users table.
type UserID string

// Claims are what a verified token says of its bearer.
type Claims struct {
	UserID      UserID
	DisplayName string    // "name" or "display_name"; never empty, falls back to the id
	AvatarURL   string    // "picture"; empty if none
	ExpiresAt   time.Time // "exp"; always set
}

type contextKey struct{}

// NewContext returns a context that carries c.
func NewContext(ctx context.Context, c Claims) context.Context {
	return context.WithValue(ctx, contextKey{}, c)
}

// FromContext returns the claims of the caller; ok is false for an anonymous one.
func FromContext(ctx context.Context) (c Claims, ok bool) {
	c, ok = ctx.Value(contextKey{}).(Claims)
	return c, ok
}
