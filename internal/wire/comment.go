package wire

// Comment is a stored comment.
type Comment struct {
	ID        string  `json:"id"`
	StoryID   string  `json:"storyId"`
	Seq       int64   `json:"seq"` // counts up by one per story
	Epoch     string  `json:"epoch"`
	ParentID  *string `json:"parentId"`
	Content   string  `json:"content"` // plain text, as it was written
	User      User    `json:"user"`
	CreatedAt Time    `json:"createdAt"`
	CID       string  `json:"cid,omitempty"` // the sender's own id of it
}

// CommentNew posts a comment.
type CommentNew struct {
	StoryID  ID     `json:"storyId"`
	Content  string `json:"content"`
	ParentID ID     `json:"parentId,omitempty"`
	CID      string `json:"cid,omitempty"` // a try with the same cid within 24 h gives the first result
}

// CommentCreate is the body of POST /v1/stories/{id}/comments; the header
// Idempotency-Key is its cid.
type CommentCreate struct {
	Content  string `json:"content"`
	ParentID ID     `json:"parentId,omitempty"`
}

// CommentList asks for a page of comments.
type CommentList struct {
	StoryID ID     `json:"storyId"`
	Cursor  string `json:"cursor,omitempty"`
	Limit   int    `json:"limit,omitempty"`
}

// CommentPage is a page of comments, newest first.
type CommentPage struct {
	Items      []Comment `json:"items"`
	NextCursor *string   `json:"nextCursor"` // null after the last page
	Epoch      string    `json:"epoch"`
	Seq        int64     `json:"seq"` // the page is continuous with live comments above it
}

// CommentTyping tells that the sender has started or stopped writing. IsTyping
// must be there; any userId is ignored.
type CommentTyping struct {
	StoryID  ID    `json:"storyId"`
	IsTyping *bool `json:"isTyping" ts:"boolean"`
}

// Typing tells the others in the story; only changes are told.
type Typing struct {
	StoryID  string `json:"storyId"`
	UserID   string `json:"userId"`
	IsTyping bool   `json:"isTyping"`
	User     User   `json:"user"`
}

// TypingPost is the body of POST /v1/stories/{id}/typing.
type TypingPost struct {
	IsTyping *bool `json:"isTyping" ts:"boolean"`
}
