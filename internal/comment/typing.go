package comment

import (
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// TypingChange is a transition: somebody began to type in a story, or ended.
type TypingChange struct {
	StoryID story.ID
	User    user.Profile
	Typing  bool
}

// Typing knows who types where.
type Typing struct{}
