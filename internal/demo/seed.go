package demo

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/comment"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
	"github.com/storywire/storywire/internal/user"
)

// StoryID is the id of the demo story.
const StoryID story.ID = "the-last-ferry"

//go:embed story.txt
var body string

//go:embed *.twee
var tales embed.FS

// Parties are the stories that can be played together, in the order in which they are made.
var Parties = []struct {
	ID             story.ID
	file, synopsis string
	by             auth.UserID
	color          string
}{
	{"low-tide", "tide.twee", "For six quarters of an hour the sea is gone. Take turns at leading, and be quick when it comes back.", "demo-tomas", "#2f6f73"},
	{"night-at-the-small-museum", "museum.twee", "Nine hundred buttons, one good painting, and each of you knows something that the others don't.", "demo-mira", "#7a3b69"},
	{"the-lantern-road", "lantern.twee", "One lantern, a little oil, and a road that nobody has walked by daylight for years. You decide together.", "demo-hana", "#8a5a00"},
}

// seedComments stand under the story before anybody comes.
var seedComments = []struct{ by, cid, text, replyTo string }{
	{"demo-hana", "seed-1", "The kettle that has been “nearly boiling since March”. I know that kettle.", ""},
	{"demo-leif", "seed-2", "I grew up on an island with one ferry. He has the waiting exactly right: you never check the timetable, you check the sky.", ""},
	{"demo-mira", "seed-3", "So does she ever find out who rang the bell? I have a theory and I am not telling.", ""},
	{"demo-otto", "seed-4", "Tell us anyway.", "seed-3"},
}

// Seed stores the characters, the stories and the comments. It may be called
// again: what is there already is left as it is.
func Seed(ctx context.Context, people *user.Directory, stories *story.Service, comments *comment.Service) error {
	for _, c := range Characters() {
		people.Remember(auth.Claims{UserID: c.ID, DisplayName: c.Name})
	}
	if err := seedParties(ctx, stories); err != nil {
		return err
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

func seedParties(ctx context.Context, stories *story.Service) error {
	for _, p := range Parties {
		file, err := tales.ReadFile(p.file)
		if err != nil {
			return err
		}
		made, err := stories.Import(ctx, p.by, story.Draft{ID: p.ID, Synopsis: p.synopsis, CoverColor: p.color}, p.file, file)
		if err != nil {
			return fmt.Errorf("seed %s: %w", p.file, err)
		}
		if tale.Failed(made.Problems) {
			return fmt.Errorf("seed %s: %v", p.file, made.Problems)
		}
	}
	return nil
}
