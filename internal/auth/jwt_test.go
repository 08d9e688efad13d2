package auth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/errs"
)

var (
	secret = []byte("a secret of more than thirty-two bytes")
	now    = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

func verifier(t *testing.T, c auth.Config) *auth.Verifier {
	t.Helper()
	c.Secret, c.Now = secret, func() time.Time { return now }
	v, err := auth.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func sign(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestShortSecretIsRefused(t *testing.T) {
	_, err := auth.NewVerifier(auth.Config{Secret: []byte("too short")})
	if err == nil || !strings.Contains(err.Error(), "9 bytes; at least 32") {
		t.Errorf("NewVerifier = %v, want a sentence with both lengths", err)
	}
}

func TestVerify(t *testing.T) {
	hour := now.Add(time.Hour).Unix()
	hs := func(c jwt.MapClaims) string { return sign(t, jwt.SigningMethodHS256, secret, c) }
	good := hs(jwt.MapClaims{"sub": "u1", "exp": hour})
	tests := []struct {
		name, token string
		config      auth.Config
		want        errs.Code
	}{
		{"valid", good, auth.Config{}, ""},
		{"number as subject", hs(jwt.MapClaims{"sub": 7, "exp": hour}), auth.Config{}, ""},
		{"issuer and audience", hs(jwt.MapClaims{"sub": "u", "exp": hour, "iss": "i", "aud": []string{"x", "a"}}), auth.Config{Issuer: "i", Audience: "a"}, ""},
		{"clock of the issuer ahead", hs(jwt.MapClaims{"sub": "u", "exp": hour, "nbf": now.Add(4 * time.Second).Unix()}), auth.Config{}, ""},
		{"none given", "", auth.Config{}, errs.Unauthenticated},
		{"junk", "a.b.c", auth.Config{}, errs.Unauthenticated},
		{"too long", strings.Repeat("a", auth.MaxToken+1), auth.Config{}, errs.Unauthenticated},
		{"no exp", hs(jwt.MapClaims{"sub": "u1"}), auth.Config{}, errs.Unauthenticated},
		{"expired", hs(jwt.MapClaims{"sub": "u1", "exp": now.Add(-time.Hour).Unix()}), auth.Config{}, errs.TokenExpired},
		{"expired this second", hs(jwt.MapClaims{"sub": "u1", "exp": now.Unix()}), auth.Config{}, errs.TokenExpired},
		{"not yet", hs(jwt.MapClaims{"sub": "u1", "exp": hour, "nbf": now.Add(time.Minute).Unix()}), auth.Config{}, errs.Unauthenticated},
		{"no subject", hs(jwt.MapClaims{"exp": hour}), auth.Config{}, errs.Unauthenticated},
		{"object as subject", hs(jwt.MapClaims{"sub": jwt.MapClaims{}, "exp": hour}), auth.Config{}, errs.Unauthenticated},
		{"long subject", hs(jwt.MapClaims{"sub": strings.Repeat("u", 129), "exp": hour}), auth.Config{}, errs.Unauthenticated},
		{"other key", sign(t, jwt.SigningMethodHS256, []byte("another secret, also long enough"), jwt.MapClaims{"sub": "u", "exp": hour}), auth.Config{}, errs.Unauthenticated},
		{"other algorithm", sign(t, jwt.SigningMethodHS512, secret, jwt.MapClaims{"sub": "u", "exp": hour}), auth.Config{}, errs.Unauthenticated},
		{"no algorithm", sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, jwt.MapClaims{"sub": "u", "exp": hour}), auth.Config{}, errs.Unauthenticated},
		{"other issuer", hs(jwt.MapClaims{"sub": "u", "exp": hour, "iss": "other"}), auth.Config{Issuer: "i"}, errs.Unauthenticated},
		{"other audience", hs(jwt.MapClaims{"sub": "u", "exp": hour, "aud": "b"}), auth.Config{Audience: "a"}, errs.Unauthenticated},
		{"changed", good[:len(good)-6] + "AAAAAA", auth.Config{}, errs.Unauthenticated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := verifier(t, tt.config).Verify(tt.token)
			if got := errs.CodeOf(err); got != tt.want {
				t.Errorf("Verify = %v (%v), want %q", got, err, tt.want)
			}
			if err == nil && (c.UserID == "" || c.DisplayName == "" || !c.ExpiresAt.Equal(time.Unix(hour, 0))) {
				t.Errorf("Verify = %+v", c)
			}
		})
	}
}

func TestClaims(t *testing.T) {
	v := verifier(t, auth.Config{})
	claims := func(m jwt.MapClaims) auth.Claims {
		m["sub"], m["exp"] = "u1", now.Add(time.Hour).Unix()
		c, err := v.Verify(sign(t, jwt.SigningMethodHS256, secret, m))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	names := []struct {
		in   jwt.MapClaims
		want string
	}{
		{jwt.MapClaims{}, "u1"},
		{jwt.MapClaims{"name": "  Ann "}, "Ann"},
		{jwt.MapClaims{"display_name": "Bea"}, "Bea"},
		{jwt.MapClaims{"name": " ", "display_name": "Bea"}, "Bea"},
		{jwt.MapClaims{"name": strings.Repeat("ä", 90)}, strings.Repeat("ä", 80)},
	}
	for _, tt := range names {
		if got := claims(tt.in).DisplayName; got != tt.want {
			t.Errorf("display name of %v = %q, want %q", tt.in, got, tt.want)
		}
	}
	pictures := map[string]string{
		"https://a/b.png":       "https://a/b.png",
		"javascript:alert(1)":   "",
		"data:image/png;base64": "",
		"":                      "",
	}
	for in, want := range pictures {
		if got := claims(jwt.MapClaims{"picture": in}).AvatarURL; got != want {
			t.Errorf("avatar of %q = %q, want %q", in, got, want)
		}
	}
}

func TestMintedTokenVerifies(t *testing.T) {
	v := verifier(t, auth.Config{Issuer: "i", Audience: "a"})
	want := auth.Claims{UserID: "u1", DisplayName: "Ann", AvatarURL: "https://a/b.png", ExpiresAt: now.Add(time.Hour)}
	token, err := v.Mint(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Verify(token)
	if got.ExpiresAt = got.ExpiresAt.UTC(); got != want || err != nil {
		t.Errorf("Verify(Mint(%+v)) = %+v, %v", want, got, err)
	}
}
