// Package demo fills an empty Storywire with something to try: six characters
// to be, a short story to read, a few comments under it, and a sign-in that
// needs no other service. It is for trying only: anybody may sign in as anybody.
package demo

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
)

const (
	tokenTTL = 7 * 24 * time.Hour
	maxName  = 40 // runes
)

// Character is somebody to be.
type Character struct {
	ID    auth.UserID
	Name  string
	Color string // "#rrggbb"
}

// Characters returns the six characters, in the order to show them.
func Characters() []Character {
	return []Character{
		{ID: "demo-ines", Name: "Ines Marlow", Color: "#b4432e"},
		{ID: "demo-tomas", Name: "Tomas Verrin", Color: "#2f6f73"},
		{ID: "demo-hana", Name: "Hana Okafor", Color: "#8a5a00"},
		{ID: "demo-leif", Name: "Leif Sandvik", Color: "#3d5a98"},
		{ID: "demo-mira", Name: "Mira Castellan", Color: "#7a3b69"},
		{ID: "demo-otto", Name: "Otto Pell", Color: "#4d6b35"},
	}
}

// Demo signs people in.
type Demo struct {
	verifier *auth.Verifier
	now      func() time.Time
}

// New returns a Demo whose tokens v accepts. A nil now is time.Now.
func New(v *auth.Verifier, now func() time.Time) *Demo {
	if now == nil {
		now = time.Now
	}
	return &Demo{verifier: v, now: now}
}

// SignIn returns a token for the character of that id or, if it is empty, for
// somebody new of that name.
func (d *Demo) SignIn(characterID, name string) (string, auth.Claims, error) {
	claims := auth.Claims{ExpiresAt: d.now().Add(tokenTTL).Truncate(time.Second)}
	if characterID != "" {
		c, ok := character(characterID)
		if !ok {
			return "", auth.Claims{}, errs.E("demo.SignIn", errs.NotFound, "There is no such character.")
		}
		claims.UserID, claims.DisplayName = c.ID, c.Name
	} else {
		name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
		if n := utf8.RuneCountInString(name); n == 0 || n > maxName {
			return "", auth.Claims{}, errs.E("demo.SignIn", errs.Validation, "name must have 1 to 40 characters.")
		}
		claims.UserID, claims.DisplayName = newID(), name
	}
	token, err := d.verifier.Mint(claims)
	if err != nil {
		return "", auth.Claims{}, errs.Wrap("demo.SignIn", err)
	}
	return token, claims, nil
}

func character(id string) (Character, bool) {
	for _, c := range Characters() {
		if string(c.ID) == id {
			return c, true
		}
	}
	return Character{}, false
}

func newID() auth.UserID {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return auth.UserID("guest-" + hex.EncodeToString(b[:]))
}
