package wire

// Story is a story with what the caller may know of it.
type Story struct {
	ID           string `json:"id"`
	Title        string `json:"title"`
	Synopsis     string `json:"synopsis"`
	Body         string `json:"body"`        // plain text, paragraphs separated by blank lines
	CoverColor   string `json:"cover_color"` // "#rrggbb"
	Author       User   `json:"author"`
	Visibility   string `json:"visibility" ts:"'public' | 'private'"`
	Role         string `json:"role" ts:"Role"` // the caller's
	CommentCount int64  `json:"commentCount"`
	Readers      int    `json:"readers"` // who has it open now
	Release      int    `json:"release"` // number of the last release; 0: it cannot be played
	CreatedAt    Time   `json:"createdAt"`
}

// StoryCreate is the body of POST /v1/stories.
type StoryCreate struct {
	Title      string `json:"title"`
	Synopsis   string `json:"synopsis,omitempty"`
	Body       string `json:"body,omitempty"`
	Visibility string `json:"visibility,omitempty" ts:"'public' | 'private'"` // default public
}

// Member is a person with a role in a story.
type Member struct {
	User User   `json:"user"`
	Role string `json:"role" ts:"Role"`
}

// MemberPut is the body of PUT /v1/stories/{id}/members/{userId}.
type MemberPut struct {
	Role string `json:"role" ts:"Role"`
}

// StoryJoin asks for the live events of a story. Joins are counted per
// connection: as many leaves end it.
type StoryJoin struct {
	StoryID ID `json:"storyId"`
}

// StoryJoined confirms [StoryJoin]: as the answer and, always, as an event.
type StoryJoined struct {
	StoryID string   `json:"storyId"`
	Role    string   `json:"role" ts:"Role"`
	Epoch   string   `json:"epoch"`
	Seq     int64    `json:"seq"`    // of the last comment
	Online  int      `json:"online"` // readers now, the caller included
	Typing  []string `json:"typing"` // ids of who is writing
}

// StoryLeave takes back one [StoryJoin].
type StoryLeave struct {
	StoryID ID `json:"storyId"`
}

// StoryLeft tells that the connection gets no more events of a story.
type StoryLeft struct {
	StoryID string `json:"storyId"`
	Reason  string `json:"reason" ts:"'left' | 'revoked'"`
}

// Reasons of [StoryLeft].
const (
	LeftByWish   = "left"    // the client asked for it
	LeftByRevoke = "revoked" // the user may no longer read the story
)
