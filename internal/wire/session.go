package wire

import "encoding/json"

// User is a person as others see them.
type User struct {
	ID          string  `json:"id"`
	DisplayName string  `json:"display_name"` // never empty
	AvatarURL   *string `json:"avatar_url"`
}

// SessionReady is the first event of every connection.
type SessionReady struct {
	ConnectionID   string      `json:"connectionId"`
	User           User        `json:"user"`
	Recovered      bool        `json:"recovered"` // false: this connection starts with no rooms
	Position       Position    `json:"position"`  // everything up to it has been told, or follows at once
	ServerTime     Time        `json:"serverTime"`
	TokenExpiresAt Time        `json:"tokenExpiresAt"`
	Rooms          []RoomState `json:"rooms"`
	Unread         Unread      `json:"unread"`
}

// Position is a place in an order of events: all durable ones, or those of a
// story. It means something within its epoch only.
type Position struct {
	Epoch string `json:"epoch"`
	Seq   int64  `json:"seq"`
}

// RoomState is a story that the session has joined, and how far it has come there.
type RoomState struct {
	StoryID string `json:"storyId"`
	Role    string `json:"role" ts:"Role"`
	Epoch   string `json:"epoch"`
	Seq     int64  `json:"seq"`
}

// Unread is what waits for the user.
type Unread struct {
	Notifications Counts `json:"notifications"`
}

// SessionClosing is sent before the server ends a connection.
type SessionClosing struct {
	Reason string `json:"reason" ts:"'token' | 'abuse' | 'drain'"`
}

// Reasons of [SessionClosing].
const (
	ClosingToken = "token" // the token has expired
	ClosingAbuse = "abuse" // far too many events were refused
	ClosingDrain = "drain" // the server stops; connect again
)

// AuthExpiring is sent a minute before the token ends.
type AuthExpiring struct {
	ExpiresAt Time `json:"expiresAt"`
}

// AuthRefresh replaces the token of a connection by a newer one of the same user.
type AuthRefresh struct {
	Token string `json:"token"`
}

// AuthRefreshed is the answer to [AuthRefresh].
type AuthRefreshed struct {
	ExpiresAt Time `json:"expiresAt"`
}

// SyncSince asks for the durable events of a room above a position: of
// "story:ID", whose seq is that of its comments, or of "user:me", whose seq is
// that of the [Position] in [SessionReady].
type SyncSince struct {
	Room  string `json:"room"`
	Epoch string `json:"epoch"`
	Seq   int64  `json:"seq"`
	Limit int    `json:"limit,omitempty"` // 1 to 500; default 100
}

// SyncPage is the answer to [SyncSince], the oldest event first.
type SyncPage struct {
	Events   []SyncEvent `json:"events"`
	Epoch    string      `json:"epoch"`
	Seq      int64       `json:"seq"`      // ask from here for the rest
	Complete bool        `json:"complete"` // there is no more
}

// SyncEvent is an event as it would have come live.
type SyncEvent struct {
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data" ts:"unknown"`
	Seq   int64           `json:"seq"`
}

// SyncGap tells that a room has had more than can be told again: read its list
// anew. Room is as in [SyncSince].
type SyncGap struct {
	Room   string `json:"room"`
	Epoch  string `json:"epoch"`
	From   int64  `json:"from"` // positions as in [SessionReady]
	To     int64  `json:"to"`
	Reason string `json:"reason" ts:"'expired' | 'overflow'"`
}

// Reasons of [SyncGap].
const (
	GapExpired  = "expired"  // the position is none of this database's
	GapOverflow = "overflow" // too much was missed
)

// News are durable events of several rooms, the oldest first: the answer to GET
// /v1/sync, and what GET /v1/stream is made of.
type News struct {
	Events []NewsEvent `json:"events"`
	Offset string      `json:"offset"` // ask from here for the rest
	Gaps   []SyncGap   `json:"gaps"`   // rooms whose lists are to be read anew
}

// NewsEvent is one event of a room, which is as in [SyncSince].
type NewsEvent struct {
	Room   string          `json:"room"`
	Event  string          `json:"event"`
	Data   json.RawMessage `json:"data" ts:"unknown"`
	Offset string          `json:"offset"`
}
