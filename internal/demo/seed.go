package demo

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// StoryID is the id of the demo story.
const StoryID story.ID = "the-last-ferry"

//go:embed story.txt
var body string

// seedComments stand under the story before anybody comes.
var seedComments = []struct{ by, cid, text, replyTo string }{
	{"demo-hana", "seed-1", "The kettle that has been “nearly boiling since March”. I know that kettle.", ""},
	{"demo-leif", "seed-2", "I grew up on an island with one ferry. He has the waiting exactly right: you never check the timetable, you check the sky.", ""},
	{"demo-mira", "seed-3", "So does she ever find out who rang the bell? I have a theory and I am not telling.", ""},
	{"demo-otto", "seed-4", "Tell us anyway.", "seed-3"},
}

// Seed stores the characters, the story and its comments. It may be called
// again: what is there already is left as it is.
func Seed(ctx context.Context, people *user.Directory, stories *story.Service, comments *comment.Service) error {
	for _, c := range Characters() {
		people.Remember(auth.Claims{UserID: c.ID, DisplayName: c.Name})
	}
	const author auth.UserID = "demo-ines"
	_, duplicate, err := stories.Create(ctx, author, story.Draft{
		ID:         StoryID,
		Title:      "The Last Ferry to Orrin",
		Synopsis:   "A ferryman keeps one lamp burning for a passenger nobody remembers. Tonight someone comes aboard who knows the name.",
		Body:       body,
		CoverColor: "#1f3a4d",
	})
	if err != nil {
		return fmt.Errorf("seed the story: %w", err)
	}
	if duplicate {
		return nil
	}
	made := map[string]comment.ID{}
	for _, c := range seedComments {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		stored, _, err := comments.Post(ctx, auth.UserID(c.by), comment.Draft{
			StoryID: StoryID, Content: c.text, ParentID: made[c.replyTo], CID: c.cid,
		})
		cancel()
		if err != nil {
			return fmt.Errorf("seed the comments: %w", err)
		}
		made[c.cid] = stored.ID
	}
	return nil
}
