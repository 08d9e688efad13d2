package wire

import "github.com/storywire/storywire/internal/errs"

// EditProto is the version of the edit events; a client sends it with [EditOpen].
const EditProto = 1

// EditOpen asks for the document of a story, to write in it together. The
// client has made a Y.Doc with that client id and says what it has.
type EditOpen struct {
	StoryID  ID     `json:"storyId"`
	Proto    int    `json:"proto"`
	ClientID int64  `json:"clientId"` // of the Y.Doc, 1024..2^53-1
	SV       []byte `json:"sv"`       // Y.encodeStateVector
}

// EditOpened is the answer to [EditOpen]. The client applies U and, if it may
// write, sends what SV lacks.
type EditOpened struct {
	EditSynced
	AW     []byte     `json:"aw"` // awareness of everybody who is there
	Peers  []EditPeer `json:"peers"`
	Limits EditLimits `json:"limits"`
}

// EditPeer is somebody who has the document open; one person may be there twice.
type EditPeer struct {
	ClientID int64  `json:"clientId"`
	User     User   `json:"user"`
	Color    string `json:"color"` // "#rrggbb"
}

// EditLimits are what a document and a connection may grow to.
type EditLimits struct {
	Update       int `json:"update"`       // bytes of one edit:update
	Upload       int `json:"upload"`       // bytes of one POST /v1/docs/{id}/updates
	Body         int `json:"body"`         // UTF-16 units of one passage
	Passages     int `json:"passages"`     // with those in the trash
	Units        int `json:"units"`        // UTF-16 units of all passages
	State        int `json:"state"`        // bytes of the encoded document
	Name         int `json:"name"`         // UTF-16 units of a title or a passage's name
	Tags         int `json:"tags"`         // of one passage
	Tag          int `json:"tag"`          // UTF-16 units of one tag
	Vars         int `json:"vars"`         // variables
	OpenDocs     int `json:"openDocs"`     // of one connection
	Awareness    int `json:"awareness"`    // bytes of one state
	Unanswered   int `json:"unanswered"`   // edit:update that may wait for their answers
	CoalesceMs   int `json:"coalesceMs"`   // how long a client gathers what is typed
	AwarenessSec int `json:"awarenessSec"` // who says nothing for so long is taken for gone
}

// EditSync asks again for what the client lacks: after a hole in seq, or after GAP.
type EditSync struct {
	StoryID ID     `json:"storyId"`
	SV      []byte `json:"sv"`
}

// EditSynced is the answer to [EditSync].
type EditSynced struct {
	StoryID string `json:"storyId"`
	Role    string `json:"role" ts:"Role"`
	Seq     int64  `json:"seq"`                  // of the last update in U
	SV      []byte `json:"sv"`                   // what the server has
	U       []byte `json:"u" ts:"Binary | null"` // what the client lacks; null where URL is given
	URL     string `json:"url,omitempty"`        // GET it there: it is too large for a socket
}

// EditPush sends what the client has written.
type EditPush struct {
	StoryID ID     `json:"storyId"`
	U       []byte `json:"u"` // a Yjs update, V1
	N       int64  `json:"n"` // counts the client's batches
}

// EditPushed says that the batch is stored.
type EditPushed struct {
	N   int64 `json:"n"`
	Seq int64 `json:"seq"` // the update it became part of
}

// EditUpdate is what others have written. The seq of a story's updates rises by
// one, those of the client's own [EditPushed] included; a hole means: [EditSync].
type EditUpdate struct {
	StoryID string `json:"storyId"`
	U       []byte `json:"u"`
	Seq     int64  `json:"seq"`
	From    int64  `json:"from"` // the client it came from; 0: several, or the server
}

// EditAwareness is one awareness message: cursors and who is where. A client
// sends only its own state; the server writes the user into it.
type EditAwareness struct {
	StoryID ID     `json:"storyId"`
	AW      []byte `json:"aw"`
}

// EditAwarenessTaken is the answer to [EditAwareness], which few ask for.
type EditAwarenessTaken struct {
	StoryID string `json:"storyId"`
}

// EditClose ends the events of a document.
type EditClose struct {
	StoryID ID `json:"storyId"`
}

// EditClosed tells that the connection gets no more events of a document.
type EditClosed struct {
	StoryID string `json:"storyId"`
	Reason  string `json:"reason" ts:"'left' | 'revoked' | 'unavailable'"`
}

// Reasons of [EditClosed].
const (
	EditClosedByWish   = "left"        // the client asked for it
	EditClosedByRevoke = "revoked"     // the user may no longer read the story
	EditClosedByServer = "unavailable" // the server gave the document up; open it again
)

// EditRole tells a connection that it may now do more or less in a document.
type EditRole struct {
	StoryID string `json:"storyId"`
	Role    string `json:"role" ts:"Role"`
}

// EditReset tells a client that its document went astray: it saves its text
// for the user, forgets the document and opens it again with a new client id.
type EditReset struct {
	StoryID string    `json:"storyId"`
	Reason  errs.Code `json:"reason"`
}

// EditAnchor is a piece of a passage's text: Yjs relative positions in base64,
// and the text as it was.
type EditAnchor struct {
	Start string `json:"start"`
	End   string `json:"end"`
	Quote string `json:"quote"`
}

// EditComment is a note of the co-authors on a passage or on a piece of its text.
type EditComment struct {
	ID         string      `json:"id"`
	StoryID    string      `json:"storyId"`
	PassageID  string      `json:"passageId"`
	ParentID   *string     `json:"parentId"` // of the note it replies to
	Anchor     *EditAnchor `json:"anchor"`   // null: on the whole passage
	Text       string      `json:"text"`
	User       User        `json:"user"`
	CreatedAt  Time        `json:"createdAt"`
	ResolvedAt *Time       `json:"resolvedAt"`
	ResolvedBy *User       `json:"resolvedBy"`
}

// EditCommentAdd writes a note.
type EditCommentAdd struct {
	StoryID   ID          `json:"storyId"`
	CmdID     string      `json:"cmdId,omitempty"` // a try with the same cmdId gives the first result
	PassageID ID          `json:"passageId"`
	Anchor    *EditAnchor `json:"anchor,omitempty"`
	Text      string      `json:"text"`
}

// EditCommentReply answers a note.
type EditCommentReply struct {
	StoryID  ID     `json:"storyId"`
	CmdID    string `json:"cmdId,omitempty"`
	ParentID ID     `json:"parentId"`
	Text     string `json:"text"`
}

// EditCommentResolve settles a note with its replies, or opens it again.
type EditCommentResolve struct {
	StoryID   ID    `json:"storyId"`
	CommentID ID    `json:"commentId"`
	Resolved  *bool `json:"resolved" ts:"boolean"`
}

// EditCommentList is the answer to GET /v1/docs/{id}/comments, oldest first.
type EditCommentList struct {
	Items []EditComment `json:"items"`
}

// EditPublished tells that a document became a release.
type EditPublished struct {
	StoryID string      `json:"storyId"`
	Release EditRelease `json:"release"`
}

// EditRelease is a release as its authors see it.
type EditRelease struct {
	ID          string `json:"id"`
	No          int    `json:"no"` // 1, 2, 3 ... in each story
	Seq         int64  `json:"seq"`
	PublishedBy User   `json:"publishedBy"`
	PublishedAt Time   `json:"publishedAt"`
}
