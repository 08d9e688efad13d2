package wire

// Character is somebody to be in the demo; GET /demo/v1/characters lists them.
type Character struct {
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	Color       string `json:"color"` // "#rrggbb"
}

// SignIn is the body of POST /demo/v1/sign-in: a character, or a name of one's own.
type SignIn struct {
	CharacterID string `json:"characterId,omitempty"`
	Name        string `json:"name,omitempty"`
}

// SignedIn is the answer to [SignIn].
type SignedIn struct {
	Token     string `json:"token"`
	User      User   `json:"user"`
	ExpiresAt Time   `json:"expiresAt"`
}
