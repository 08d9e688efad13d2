package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/storywire/storywire/internal/app"
	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/ratelimit"
)

const secret = "a secret of the application's own tests"

// parse reads flags as `storywire serve` does, in the given environment.
func parse(t *testing.T, env map[string]string, args ...string) (app.Config, error) {
	t.Helper()
	for name, value := range env {
		t.Setenv(name, value)
	}
	var c app.Config
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return c, err
}

func TestDefaults(t *testing.T) {
	c, err := parse(t, map[string]string{"JWT_SECRET": secret})
	if err != nil {
		t.Fatal(err)
	}
	if c.Port != 3000 || c.DatabaseURL != "storywire.db" || len(c.FrontendURL) != 1 || c.FrontendURL[0] != "http://localhost:3001" {
		t.Errorf("config = %+v", c)
	}
	if got, want := ratelimit.Rates(c.Rates), ratelimit.DefaultRates(); got != want {
		t.Errorf("rates = %v, want those of the protocol, %v", got, want)
	}
	want := app.Limits{
		MaxMessage: 1 << 20, MaxQueue: 1 << 20, MaxHeader: 32 << 10, MaxBody: 1 << 20, SocketsPerUser: 20, RoomsPerSocket: 200, RecoveryWindow: 24 * time.Hour,
		HeaderTimeout: 10 * time.Second, ConnectTimeout: 10 * time.Second, UpgradeTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		PingInterval: 20 * time.Second, PingTimeout: 15 * time.Second, PresenceGrace: 10 * time.Second,
		PlayRetention: 90 * 24 * time.Hour, PlayCheck: 0.01,
	}
	if c.Limits != want {
		t.Errorf("limits = %+v, want %+v", c.Limits, want)
	}
}

func TestFlagsAndEnvironment(t *testing.T) {
	c, err := parse(t, map[string]string{
		"PORT": "4000", "FRONTEND_URL": "https://a.example/, http://B.example:3001", "RATE_WRITE": "7/s:9", "RATE_CONN": "5/min", "SOCKETS_PER_USER": "3",
	}, "--jwt-secret", secret, "--rate-read=2/h:1", "--port=4001")
	if err != nil {
		t.Fatal(err)
	}
	if c.Port != 4001 || c.Limits.SocketsPerUser != 3 {
		t.Errorf("port %d, sockets %d", c.Port, c.Limits.SocketsPerUser)
	}
	if got := strings.Join(c.FrontendURL, " "); got != "https://a.example http://b.example:3001" {
		t.Errorf("origins = %s", got)
	}
	if c.Rates.Write.String() != "7/s:9" || c.Rates.Read.String() != "2/h:1" || c.Rates.Conn.String() != "5/min:5" {
		t.Errorf("rates = %+v", c.Rates)
	}
}

func TestWhatCannotWorkIsRefusedWithASentence(t *testing.T) {
	tests := []struct {
		env  string // NAME=value
		want string
	}{
		{"JWT_SECRET=", "JWT_SECRET is missing"},
		{"JWT_SECRET=short", "JWT_SECRET has 5 bytes; at least 32 are needed"},
		{"SERVER_API_KEY=guess", "SERVER_API_KEY has 5 bytes"},
		{"FRONTEND_URL=example.org", "no origin"},
		{"FRONTEND_URL=https://example.org/path", "no origin"},
		{"FRONTEND_URL=null", "no origin"},
		{"PORT=70000", "PORT"},
		{"DATABASE_READERS=-1", "DATABASE_READERS"},
		{"RATE_WRITE=0/s:5", `"1/s:5"`},
		{"RATE_WRITE=unlimited", `"1/s:5"`},
		{"MAX_MESSAGE=0", "MAX_MESSAGE must be above 0"},
		{"PING_TIMEOUT=0s", "PING_TIMEOUT must be above 0"},
	}
	for _, tt := range tests {
		t.Run(tt.env, func(t *testing.T) {
			name, value, _ := strings.Cut(tt.env, "=")
			env := map[string]string{"JWT_SECRET": secret}
			env[name] = value
			_, err := parse(t, env)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestMintedTokenIsAccepted(t *testing.T) {
	token, err := app.Mint(app.TokenConfig{Sub: "u1", Name: "Ann", TTL: time.Hour, JWTSecret: secret})
	if err != nil {
		t.Fatal(err)
	}
	v, err := auth.NewVerifier(auth.Config{Secret: []byte(secret)})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := v.Verify(token); err != nil || c.UserID != "u1" || c.DisplayName != "Ann" {
		t.Errorf("Verify = %+v, %v", c, err)
	}
	for _, bad := range []app.TokenConfig{
		{Sub: "u1", TTL: time.Hour, JWTSecret: "short"},
		{Sub: "u1", TTL: -time.Hour, JWTSecret: secret},
		{Sub: strings.Repeat("u", 200), TTL: time.Hour, JWTSecret: secret},
	} {
		if _, err := app.Mint(bad); err == nil {
			t.Errorf("Mint(%+v) made a token that the server refuses", bad)
		}
	}
}
