package wire

import "encoding/json"

// Notification is an entry of a user's inbox.
type Notification struct {
	ID        string          `json:"id"`
	UserID    string          `json:"user_id"`
	UserIDToo string          `json:"userId"` // the same as user_id, in the case of the newer events
	Type      string          `json:"type"`
	Title     string          `json:"title"`
	Body      string          `json:"body"`
	Link      *string         `json:"link"`
	Actor     *User           `json:"actor"`
	Data      json.RawMessage `json:"data" ts:"unknown"`
	CreatedAt Time            `json:"createdAt"`
	ReadAt    *Time           `json:"readAt"`
}

// Counts is how much of the inbox is unread. A client keeps the counts of the highest Rev.
type Counts struct {
	Unread int64 `json:"unread"`
	Rev    int64 `json:"rev"`
}

// NotificationNew is a [Notification] that has just come, for all of the user's connections.
type NotificationNew struct {
	Notification
	Counts Counts `json:"counts"`
}

// NotificationUpdated tells the user's connections what has been read.
type NotificationUpdated struct {
	IDs    []string          `json:"ids,omitempty"` // these, or
	All    bool              `json:"all,omitempty"` // all that came before
	Patch  NotificationPatch `json:"patch"`
	Counts Counts            `json:"counts"`
}

// NotificationPatch is the change of a [NotificationUpdated].
type NotificationPatch struct {
	ReadAt Time `json:"readAt"`
}

// NotificationList asks for a page of the inbox.
type NotificationList struct {
	Cursor string `json:"cursor,omitempty"`
	Limit  int    `json:"limit,omitempty"`
	Unread bool   `json:"unread,omitempty"` // only these
}

// NotificationPage is a page of the inbox, newest first.
type NotificationPage struct {
	Items      []Notification `json:"items"`
	NextCursor *string        `json:"nextCursor"` // null after the last page
	Counts     Counts         `json:"counts"`
}

// NotificationRead marks as read what it names, or all.
type NotificationRead struct {
	IDs []ID `json:"ids,omitempty"`
	All bool `json:"all,omitempty"`
}

// NotificationReadDone is the answer to [NotificationRead].
type NotificationReadDone struct {
	Changed []string `json:"changed"` // empty where all were asked for
	Counts  Counts   `json:"counts"`
}

// NotificationSend is the body of POST /server/v1/notifications.
type NotificationSend struct {
	UserID  ID              `json:"user_id,omitempty"`
	UserIDs []ID            `json:"user_ids,omitempty"` // or several
	Title   string          `json:"title"`
	Body    string          `json:"body,omitempty"`
	Type    string          `json:"type,omitempty"`
	Link    string          `json:"link,omitempty"`
	Data    json.RawMessage `json:"data,omitempty" ts:"unknown"`
}
