package wire

import (
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/tale"
)

// Release is the version of a story that new parties play.
type Release struct {
	ID          string   `json:"id"`
	StoryID     string   `json:"storyId"`
	No          int      `json:"no"` // 1, 2, 3 ... in each story
	Passages    int      `json:"passages"`
	Endings     int      `json:"endings"`
	Roles       []string `json:"roles"` // that choices are reserved for
	PublishedAt Time     `json:"publishedAt"`
}

// StoryImported is the answer to POST /v1/stories:import. With problems of
// severity error nothing was stored, and Story and Release are null.
type StoryImported struct {
	Story    *Story       `json:"story"`
	Release  *Release     `json:"release"`
	Problems []DocProblem `json:"problems"`
}

// ReleaseOf returns r, whose content is t, as it travels.
func ReleaseOf(r story.Release, t *tale.Tale) Release {
	return Release{
		ID:          string(r.ID),
		StoryID:     string(r.StoryID),
		No:          r.No,
		Passages:    len(t.Passages),
		Endings:     len(t.Endings()),
		Roles:       Map(t.Roles(), func(role string) string { return role }),
		PublishedAt: At(r.At),
	}
}

// ProblemOf returns p as it travels.
func ProblemOf(p tale.Problem) DocProblem {
	return DocProblem{
		Severity:  string(p.Severity),
		Code:      p.Code,
		PassageID: string(p.PassageID),
		Passage:   p.Passage,
		File:      p.File,
		Line:      p.Line,
		Message:   p.Message,
	}
}
