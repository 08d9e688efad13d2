package wire

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
	ServerTime     Time        `json:"serverTime"`
	TokenExpiresAt Time        `json:"tokenExpiresAt"`
	Rooms          []RoomState `json:"rooms"`
	Unread         Unread      `json:"unread"`
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
