package wire

// DocContent is the answer to GET /v1/docs/{id}: what is written in a document.
type DocContent struct {
	StoryID  string       `json:"storyId"`
	Seq      int64        `json:"seq"`
	Title    string       `json:"title"`
	Lang     string       `json:"lang"`
	Start    string       `json:"start"` // id of the first passage; empty: none
	Passages []DocPassage `json:"passages"`
	Vars     []DocVar     `json:"vars"`
}

// DocPassage is one passage of a [DocContent].
type DocPassage struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Body      string    `json:"body"`
	Tags      []string  `json:"tags"`
	Pos       []float64 `json:"pos"`  // x, y
	Size      []float64 `json:"size"` // width, height
	TrashedAt *Time     `json:"trashedAt"`
}

// DocVar is one variable of a [DocContent].
type DocVar struct {
	Name  string `json:"name"`
	Type  string `json:"type" ts:"'bool' | 'int' | 'string'"`
	Init  any    `json:"init"`
	Scope string `json:"scope" ts:"'shared' | 'private'"`
	Doc   string `json:"doc"`
}

// DocPushed is the answer to POST /v1/docs/{id}/updates.
type DocPushed struct {
	Seq int64 `json:"seq"`
}

// DocVersion is a kept state of a document.
type DocVersion struct {
	ID        string `json:"id"`
	Seq       int64  `json:"seq"`
	Kind      string `json:"kind" ts:"'auto' | 'named' | 'publish' | 'restore' | 'import'"`
	Label     string `json:"label"`
	CreatedBy *User  `json:"createdBy"` // null: the server
	CreatedAt Time   `json:"createdAt"`
}

// DocVersionList is the answer to GET /v1/docs/{id}/versions, newest first.
type DocVersionList struct {
	Items []DocVersion `json:"items"`
}

// DocVersionCreate is the body of POST /v1/docs/{id}/versions.
type DocVersionCreate struct {
	Label string `json:"label"`
}

// DocDiff is the answer to GET /v1/docs/{id}/versions/{versionId}/diff: what
// going back to the version would change.
type DocDiff struct {
	Version  DocVersion       `json:"version"`
	Passages []DocPassageDiff `json:"passages"` // only those that differ
	Fields   []string         `json:"fields"`   // of the story: title, start, lang, vars
}

// DocPassageDiff is how one passage differs: Now against Then, the version's.
type DocPassageDiff struct {
	ID     string       `json:"id"`
	Change string       `json:"change" ts:"'added' | 'removed' | 'changed'"` // by going back
	Now    *DocPassage  `json:"now"`
	Then   *DocPassage  `json:"then"`
	Text   []DocTextRun `json:"text"` // the body: what stays, goes and comes
}

// DocTextRun is a piece of a text diff.
type DocTextRun struct {
	Op   string `json:"op" ts:"'=' | '-' | '+'"`
	Text string `json:"text"`
}

// DocAuthors is the answer to GET /v1/docs/{id}/passages/{passageId}/authors:
// who wrote what of a passage's text, in order.
type DocAuthors struct {
	Runs []DocAuthorRun `json:"runs"`
}

// DocAuthorRun is text of one author.
type DocAuthorRun struct {
	User *User  `json:"user"` // null: the server, from a version or an import
	Text string `json:"text"`
}

// DocPublish is the body of POST /v1/docs/{id}/publish.
type DocPublish struct {
	MinSeq int64 `json:"minSeq,omitempty"` // wait for this update, at most 2 s
}

// DocPublished is the answer to [DocPublish]. With Problems of severity error
// nothing was published and Release is null.
type DocPublished struct {
	Release  *EditRelease `json:"release"`
	Problems []DocProblem `json:"problems"`
}

// DocImported is the answer to POST /v1/docs/{id}/import. With problems of
// severity error nothing was changed, and Seq is 0.
type DocImported struct {
	Seq      int64        `json:"seq"`
	Problems []DocProblem `json:"problems"`
}

// DocProblem is what the linter found.
type DocProblem struct {
	Severity  string `json:"severity" ts:"'error' | 'warning'"`
	Code      string `json:"code"`
	PassageID string `json:"passageId,omitempty"`
	Passage   string `json:"passage,omitempty"` // its name
	File      string `json:"file,omitempty"`    // of an import
	Line      int    `json:"line,omitempty"`    // of the file or, without one, of the passage's text; from 1
	Message   string `json:"message"`
}

// Invitation asks somebody, or whoever has the link, to become a co-author.
type Invitation struct {
	Code      string `json:"code"` // part of the link /invite/{code}
	StoryID   string `json:"storyId"`
	Title     string `json:"title"` // of the story
	Role      string `json:"role" ts:"Role"`
	User      *User  `json:"user"` // who is invited; null: whoever has the link
	InvitedBy User   `json:"invitedBy"`
	ExpiresAt Time   `json:"expiresAt"`
}

// InvitationCreate is the body of POST /v1/docs/{id}/invitations.
type InvitationCreate struct {
	Role   string `json:"role" ts:"Role"`
	UserID ID     `json:"userId,omitempty"` // empty: a link
}

// InvitationList is the answer to GET /v1/docs/{id}/invitations.
type InvitationList struct {
	Items []Invitation `json:"items"`
}
