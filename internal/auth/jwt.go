package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/storywire/storywire/internal/errs"
)

const (
	// MinSecret is the shortest secret that is accepted, in bytes: as long as the hash of HS256.
	MinSecret = 32
	// MaxToken is the longest token that is looked at, in bytes.
	MaxToken = 8 << 10

	maxSubject = 128 // bytes; it becomes part of room names
	maxName    = 80  // runes shown to others
	maxPicture = 2048
	leeway     = 5 * time.Second // for an issuer whose clock runs ahead of ours
)

// Config says which tokens are accepted.
type Config struct {
	Secret   []byte           // the HS256 key, at least [MinSecret] bytes
	Issuer   string           // required "iss"; empty: not checked
	Audience string           // required "aud"; empty: not checked
	Now      func() time.Time // nil: time.Now
}

// Verifier verifies and mints tokens of one key and one algorithm, HS256: what a
// token says of its own algorithm is never believed. It is safe for concurrent use.
type Verifier struct {
	key    []byte
	issuer string
	aud    string
	now    func() time.Time
	parser *jwt.Parser
}

// NewVerifier returns a Verifier; it refuses a secret shorter than [MinSecret].
// It keeps c.Secret, which must not be changed afterwards.
func NewVerifier(c Config) (*Verifier, error) {
	if len(c.Secret) < MinSecret {
		return nil, fmt.Errorf("JWT_SECRET has %d bytes; at least %d are needed (try `openssl rand -hex 32`)", len(c.Secret), MinSecret)
	}
	now := c.Now
	if now == nil {
		now = time.Now
	}
	options := []jwt.ParserOption{
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(now),
	}
	if c.Issuer != "" {
		options = append(options, jwt.WithIssuer(c.Issuer))
	}
	if c.Audience != "" {
		options = append(options, jwt.WithAudience(c.Audience))
	}
	return &Verifier{key: c.Secret, issuer: c.Issuer, aud: c.Audience, now: now, parser: jwt.NewParser(options...)}, nil
}

// payload is the part of a token that we read and write.
type payload struct {
	jwt.RegisteredClaims
	Sub         subject `json:"sub"` // hides the embedded one, which takes only strings
	Name        string  `json:"name,omitempty"`
	DisplayName string  `json:"display_name,omitempty"`
	Picture     string  `json:"picture,omitempty"`
}

// subject is a user id: a string, or a whole number as sites with numbered rows sign it.
type subject string

func (s *subject) UnmarshalJSON(b []byte) error {
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		*s = subject(strconv.FormatInt(n, 10))
		return nil
	}
	return json.Unmarshal(b, (*string)(s))
}

// Verify returns the claims of a valid token. Its errors carry the code
// [errs.TokenExpired] or [errs.Unauthenticated].
func (v *Verifier) Verify(token string) (Claims, error) {
	const op = "auth.Verify"
	if token == "" {
		return Claims{}, errs.E(op, errs.Unauthenticated, "Sign in first: there is no token.")
	}
	if len(token) > MaxToken {
		return Claims{}, errs.E(op, errs.Unauthenticated, "The token is longer than 8 KiB.")
	}
	var p payload
	_, err := v.parser.ParseWithClaims(token, &p, func(*jwt.Token) (any, error) { return v.key, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired) || err == nil && !v.now().Before(p.ExpiresAt.Time):
		return Claims{}, &errs.Error{Op: op, Code: errs.TokenExpired, Message: "The token has expired. Sign in again.", Err: err}
	case err != nil:
		return Claims{}, &errs.Error{Op: op, Code: errs.Unauthenticated, Message: "The token is not valid.", Err: err}
	case p.Sub == "" || len(p.Sub) > maxSubject || !utf8.ValidString(string(p.Sub)):
		return Claims{}, errs.E(op, errs.Unauthenticated, "The token names no user: sub must have 1 to 128 bytes.")
	}
	return Claims{
		UserID:      UserID(p.Sub),
		DisplayName: displayName(p),
		AvatarURL:   avatar(p.Picture),
		ExpiresAt:   p.ExpiresAt.Time,
	}, nil
}

func displayName(p payload) string {
	for _, name := range []string{p.Name, p.DisplayName, string(p.Sub)} {
		name = strings.TrimSpace(strings.ToValidUTF8(name, ""))
		if utf8.RuneCountInString(name) > maxName {
			name = string([]rune(name)[:maxName])
		}
		if name != "" {
			return name
		}
	}
	return string(p.Sub)
}

// avatar lets through only what an <img> of another user's page may load.
func avatar(url string) string {
	web := strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://")
	if !web || len(url) > maxPicture {
		return ""
	}
	return url
}

// Mint returns a token that says c and is valid until c.ExpiresAt.
func (v *Verifier) Mint(c Claims) (string, error) {
	p := payload{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    v.issuer,
			IssuedAt:  jwt.NewNumericDate(v.now()),
			ExpiresAt: jwt.NewNumericDate(c.ExpiresAt),
		},
		Sub:     subject(c.UserID),
		Name:    c.DisplayName,
		Picture: c.AvatarURL,
	}
	if v.aud != "" {
		p.Audience = jwt.ClaimStrings{v.aud}
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, p).SignedString(v.key)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return token, nil
}
