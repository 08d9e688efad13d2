package wire

import "encoding/json"

// PresenceSubscribe asks who is there: in a story, which is then followed by
// [PresenceDiff] or, in mode count, by [StoryCount]; among given users, or,
// empty, of everybody.
type PresenceSubscribe struct {
	StoryID ID     `json:"storyId,omitempty"`
	UserIDs []ID   `json:"userIds,omitempty"`
	Mode    string `json:"mode,omitempty" ts:"'full' | 'ids' | 'count'"` // of a story; default full
}

// Modes of [PresenceSubscribe].
const (
	PresenceFull      = "full"  // who is there, by name
	PresenceIDs       = "ids"   // the first answer without names
	PresenceCountOnly = "count" // only how many
)

// PresenceUnsubscribe ends the [PresenceDiff] and [StoryCount] events of a story, or, empty, of all.
type PresenceUnsubscribe struct {
	StoryID ID `json:"storyId,omitempty"`
}

// PresenceUnsubscribed is the answer to [PresenceUnsubscribe].
type PresenceUnsubscribed struct {
	StoryID string `json:"storyId,omitempty"`
}

// PresenceUser is a reader of a story.
type PresenceUser struct {
	UserID   string          `json:"userId"`
	User     User            `json:"user"`
	Since    Time            `json:"since"`
	Status   string          `json:"status" ts:"'online' | 'away' | 'dnd'"`
	Activity *Activity       `json:"activity,omitempty"`
	State    json.RawMessage `json:"state,omitempty" ts:"Record<string, unknown>"`
}

// Activity is what somebody says that they do.
type Activity struct {
	Kind      string `json:"kind" ts:"'reading' | 'playing' | 'editing' | 'commenting'"`
	StoryID   ID     `json:"storyId,omitempty"`
	PassageID string `json:"passageId,omitempty"`
}

// PresenceUpdate changes what others see of oneself; a field that is missing
// stays as it is. State is an object of at most 1 KiB.
type PresenceUpdate struct {
	Status    *string         `json:"status,omitempty" ts:"'online' | 'away' | 'dnd'"`
	Activity  *Activity       `json:"activity,omitempty"`
	State     json.RawMessage `json:"state,omitempty" ts:"Record<string, unknown>"`
	Invisible *bool           `json:"invisible,omitempty"` // offline to everybody, until taken back
}

// PresenceUpdated is the answer to [PresenceUpdate].
type PresenceUpdated struct{}

// PresenceGet asks whether people are there.
type PresenceGet struct {
	UserIDs []ID `json:"userIds"` // at most 500
}

// StoryCount is how many people are in a story.
type StoryCount struct {
	StoryID string `json:"storyId"`
	Online  int    `json:"online"`
	Readers int    `json:"readers"`
	Players int    `json:"players"`
	Editors int    `json:"editors"`
}

// PresenceUsers is who is there now.
type PresenceUsers struct {
	Users   []string       `json:"users"` // ids
	StoryID string         `json:"storyId,omitempty"`
	Members []PresenceUser `json:"members,omitempty"` // of a story
	Count   int            `json:"count"`             // of all, where Users is capped
	Seq     int64          `json:"seq"`
}

// PresenceDiff is who came and went since the last one of the story. A hole in
// Seq means: subscribe again.
type PresenceDiff struct {
	StoryID string          `json:"storyId"`
	Joins   []PresenceUser  `json:"joins"`
	Leaves  []PresenceLeave `json:"leaves"`
	Updates []PresenceUser  `json:"updates"` // those who say something else of themselves
	Count   int             `json:"count"`
	Seq     int64           `json:"seq"`
}

// PresenceLeave is a reader who went.
type PresenceLeave struct {
	UserID     string `json:"userId"`
	LastSeenAt Time   `json:"lastSeenAt"`
}

// UserOnline tells that a user has come, in whichever tab first.
type UserOnline struct {
	UserID string `json:"userId"`
	Since  Time   `json:"since"`
}

// UserOffline tells that a user has gone, with the last tab.
type UserOffline struct {
	UserID     string `json:"userId"`
	LastSeenAt Time   `json:"lastSeenAt"`
}

// UserAvailability tells that a user who is there pays more or less attention.
type UserAvailability struct {
	UserID     string `json:"userId"`
	Status     string `json:"status" ts:"'online' | 'away' | 'dnd'"`
	LastSeenAt Time   `json:"lastSeenAt"`
}

// UserStatus is whether a user is there.
type UserStatus struct {
	Status     string `json:"status" ts:"'online' | 'away' | 'dnd' | 'offline'"`
	LastSeenAt *Time  `json:"lastSeenAt"` // null while online or when never seen
}

// PresenceList is the answer to GET /v1/stories/{id}/presence.
type PresenceList struct {
	Items []PresenceUser `json:"items"`
	Count int            `json:"count"`
}

// PresenceStatuses is the answer to GET /v1/presence.
type PresenceStatuses struct {
	Items map[string]UserStatus `json:"items"` // by user id
}
