// Package user knows the people of the site by name: the display name and the
// picture that their tokens carried when they were last seen.
//
// The site's own users table stays elsewhere; this is a cache of it, filled
// from verified claims. A name is never empty, also for people never met.
//
// A [Directory] may be used by many goroutines at once.
package user

import (
	"context"

	"github.com/storywire/storywire/internal/auth"
)

// Unknown is the display name of somebody who has no name and no id.
const Unknown = "Someone"

// Limits of what is taken over from a token.
const (
	MaxDisplayName = 100  // runes
	MaxAvatarURL   = 2048 // bytes
)

// Profile is how a person is shown to others.
type Profile struct {
	ID          auth.UserID
	DisplayName string // never empty
	AvatarURL   string // empty if none
}

// Store keeps profiles.
type Store interface {
	// SaveProfiles inserts or replaces the profiles.
	SaveProfiles(ctx context.Context, profiles []Profile) error
	// Profiles returns those of the ids that are known, in no order.
	Profiles(ctx context.Context, ids []auth.UserID) ([]Profile, error)
}

// Nobody returns the profile shown for id when nothing is known of it.
func Nobody(id auth.UserID) Profile {
	name := string(id)
	if name == "" {
		name = Unknown
	}
	return Profile{ID: id, DisplayName: name}
}
