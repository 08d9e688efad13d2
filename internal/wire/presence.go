package wire

// PresenceSubscribe asks who is there: in a story, which is then followed by
// [PresenceDiff], among given users, or, empty, of everybody.
type PresenceSubscribe struct {
	StoryID ID   `json:"storyId,omitempty"`
	UserIDs []ID `json:"userIds,omitempty"`
}

// PresenceUnsubscribe ends the [PresenceDiff] events of a story, or, empty, of all.
type PresenceUnsubscribe struct {
	StoryID ID `json:"storyId,omitempty"`
}

// PresenceUnsubscribed is the answer to [PresenceUnsubscribe].
type PresenceUnsubscribed struct {
	StoryID string `json:"storyId,omitempty"`
}

// PresenceUser is a reader of a story.
type PresenceUser struct {
	UserID string `json:"userId"`
	User   User   `json:"user"`
	Since  Time   `json:"since"`
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

// UserStatus is whether a user is there.
type UserStatus struct {
	Status     string `json:"status" ts:"'online' | 'offline'"`
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
