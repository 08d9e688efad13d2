package app

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/ratelimit"
)

// Config is everything that can be set. The tags name its flags and
// environment variables, with their defaults; docs/protocol.md lists the limits.
type Config struct {
	Port            int      `env:"PORT" default:"3000" help:"Port to listen on; 0 takes a free one."`
	Host            string   `env:"HOST" help:"Address to listen on; all of them unless given."`
	JWTSecret       string   `name:"jwt-secret" env:"JWT_SECRET" help:"Key of the HS256 tokens, at least 32 bytes; shared with whatever signs people in."`
	JWTIssuer       string   `name:"jwt-issuer" env:"JWT_ISSUER" help:"Required issuer (iss) of tokens."`
	JWTAudience     string   `name:"jwt-audience" env:"JWT_AUDIENCE" help:"Required audience (aud) of tokens."`
	FrontendURL     []string `name:"frontend-url" env:"FRONTEND_URL" default:"http://localhost:3001" sep:"," help:"Origins whose pages may connect, separated by commas; our own pages always may."`
	DatabaseURL     string   `name:"database-url" env:"DATABASE_URL" default:"storywire.db" help:"SQLite file, also as sqlite:PATH, or postgres://..., which several nodes may share."`
	DatabaseReaders int      `name:"database-readers" env:"DATABASE_READERS" default:"0" help:"Connections for reading the database; 0: 4 to SQLite, 8 to Postgres."`
	NoMigrate       bool     `name:"no-migrate" env:"NO_MIGRATE" help:"Refuse to start on a database with an older schema, instead of migrating it."`
	ServerKey       string   `name:"server-api-key" env:"SERVER_API_KEY" help:"Key of the server API, at least 16 bytes; without it that API is off."`
	Demo            bool     `env:"DEMO" help:"Seed a story to try, and let anybody sign in as anybody."`

	LogLevel     string `name:"log-level" env:"LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least level to log: debug, info, warn or error."`
	LogFormat    string `name:"log-format" env:"LOG_FORMAT" default:"text" enum:"text,json" help:"How to log: text or json."`
	Metrics      bool   `env:"METRICS" default:"true" negatable:"" help:"Answer GET /metrics, for Prometheus."`
	MetricsToken string `name:"metrics-token" env:"METRICS_TOKEN" help:"Bearer token that GET /metrics asks for, at least 16 bytes; none unless given."`

	StopDelay time.Duration `name:"stop-delay" env:"STOP_DELAY" default:"0s" help:"How long to say not ready before closing connections, for load balancers to notice."`
	StopWait  time.Duration `name:"stop-wait" env:"STOP_WAIT" default:"20s" help:"How long requests in work may take to finish when stopping."`

	Redis  Redis  `embed:""`
	Limits Limits `embed:""`
	Rates  Rates  `embed:"" prefix:"rate-" envprefix:"RATE_"`
}

// Limits bound what one client may hold or send. None can be switched off.
type Limits struct {
	MaxMessage     int           `name:"max-message" env:"MAX_MESSAGE" default:"1048576" help:"Largest socket message, in bytes."`
	MaxQueue       int           `name:"max-queue" env:"MAX_QUEUE" default:"1048576" help:"Bytes that may wait for one connection before it is cut."`
	MaxHeader      int           `name:"max-header" env:"MAX_HEADER" default:"32768" help:"Largest HTTP header, in bytes; 4096 always pass."`
	HeaderTimeout  time.Duration `name:"header-timeout" env:"HEADER_TIMEOUT" default:"10s" help:"How long an HTTP header may take to arrive."`
	MaxBody        int64         `name:"max-body" env:"MAX_BODY" default:"1048576" help:"Largest HTTP body, in bytes."`
	SocketsPerUser int           `name:"sockets-per-user" env:"SOCKETS_PER_USER" default:"20" help:"Connections one user may have."`
	RoomsPerSocket int           `name:"rooms-per-socket" env:"ROOMS_PER_SOCKET" default:"200" help:"Rooms one connection may be in."`
	RecoveryWindow time.Duration `name:"recovery-window" env:"RECOVERY_WINDOW" default:"24h" help:"How long somebody may be away and still be put into their stories again."`
	ConnectTimeout time.Duration `name:"connect-timeout" env:"CONNECT_TIMEOUT" default:"10s" help:"How long a connection may take to sign in."`
	UpgradeTimeout time.Duration `name:"upgrade-timeout" env:"UPGRADE_TIMEOUT" default:"10s" help:"How long a change of transport may take."`
	WriteTimeout   time.Duration `name:"write-timeout" env:"WRITE_TIMEOUT" default:"10s" help:"How long a write may go without progress before the connection is cut."`
	PingInterval   time.Duration `name:"ping-interval" env:"PING_INTERVAL" default:"20s" help:"Time between heartbeats."`
	PingTimeout    time.Duration `name:"ping-timeout" env:"PING_TIMEOUT" default:"15s" help:"How long a heartbeat may go unanswered."`
	PlayRetention  time.Duration `name:"play-retention" env:"PLAY_RETENTION" default:"2160h" help:"How long the log of a party is kept after its end."`
	PlayCheck      float64       `name:"play-check" env:"PLAY_CHECK" default:"0.01" help:"Share of the parties whose log is replayed at their end and compared with their state, above 0, at most 1."`
	PresenceGrace  time.Duration `name:"presence-grace" env:"PRESENCE_GRACE" default:"10s" help:"How long somebody stays online after the last connection was lost."`
}

// Rates are the rate classes, written like "1/s:5": one per second, five at once.
type Rates struct {
	Conn     ratelimit.Rate `env:"CONN" default:"100/s:500" help:"Handshakes per address."`
	ConnUser ratelimit.Rate `name:"conn-user" env:"CONN_USER" default:"60/min:60" help:"Connections per user."`
	Ctrl     ratelimit.Rate `env:"CTRL" default:"20/s:40" help:"Joining, leaving and subscribing, per connection."`
	Write    ratelimit.Rate `env:"WRITE" default:"1/s:5" help:"What is stored, per user."`
	Eph      ratelimit.Rate `env:"EPH" default:"5/s:10" help:"Typing, per connection."`
	Read     ratelimit.Rate `env:"READ" default:"10/s:20" help:"Lists and history, per user."`
	Server   ratelimit.Rate `name:"srv" env:"SRV" default:"500/s:500" help:"Requests of the server API."`
	Doc      ratelimit.Rate `env:"DOC" default:"50/s:100" help:"Updates of documents, per connection."`
	DocBytes ratelimit.Rate `name:"doc-bytes" env:"DOC_BYTES" default:"262144/s:2097152" help:"Bytes of updates of documents, per connection."`
	Cursor   ratelimit.Rate `env:"CURSOR" default:"20/s:40" help:"Cursors in documents, per connection."`
	Upload   ratelimit.Rate `env:"UPLOAD" default:"6/min:3" help:"What was written offline, per user."`
	Move     ratelimit.Rate `env:"MOVE" default:"2/s:6" help:"Choices and votes in parties, and previews, per user."`
	Code     ratelimit.Rate `env:"CODE" default:"10/min:10" help:"Attempts to join a party by its code, per user."`
}

// minServerKey is the shortest SERVER_API_KEY or METRICS_TOKEN in bytes.
const minServerKey = 16

// Validate says in a sentence what cannot work.
func (c *Config) Validate() error {
	if c.JWTSecret == "" && !c.Demo {
		return errors.New("JWT_SECRET is missing: set it to the secret that signs your tokens (at least 32 bytes), or try things with --demo")
	}
	if c.JWTSecret != "" {
		if _, err := auth.NewVerifier(auth.Config{Secret: []byte(c.JWTSecret)}); err != nil {
			return err
		}
	}
	if c.ServerKey != "" && len(c.ServerKey) < minServerKey {
		return fmt.Errorf("SERVER_API_KEY has %d bytes; at least %d are needed", len(c.ServerKey), minServerKey)
	}
	if c.MetricsToken != "" && len(c.MetricsToken) < minServerKey {
		return fmt.Errorf("METRICS_TOKEN has %d bytes; at least %d are needed", len(c.MetricsToken), minServerKey)
	}
	if c.DatabaseReaders < 0 {
		return fmt.Errorf("DATABASE_READERS must be 0 or more, not %d", c.DatabaseReaders)
	}
	if c.Port < 0 || c.Port > 65535 {
		return fmt.Errorf("PORT must be between 0 and 65535, not %d", c.Port)
	}
	for i, origin := range c.FrontendURL {
		clean, err := cleanOrigin(origin)
		if err != nil {
			return err
		}
		c.FrontendURL[i] = clean
	}
	return c.Limits.validate()
}

// cleanOrigin returns an origin as browsers send it.
func cleanOrigin(s string) (string, error) {
	s = strings.TrimSuffix(strings.TrimSpace(s), "/")
	if s == "*" {
		return s, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" {
		return "", fmt.Errorf("FRONTEND_URL has %q, which is no origin: write it like https://example.org", s)
	}
	return strings.ToLower(s), nil
}

func (l Limits) validate() error {
	for _, limit := range []struct {
		name string
		ok   bool
	}{
		{"MAX_MESSAGE", l.MaxMessage > 0},
		{"MAX_QUEUE", l.MaxQueue > 0},
		{"MAX_HEADER", l.MaxHeader > 0},
		{"HEADER_TIMEOUT", l.HeaderTimeout > 0},
		{"MAX_BODY", l.MaxBody > 0},
		{"SOCKETS_PER_USER", l.SocketsPerUser > 0},
		{"ROOMS_PER_SOCKET", l.RoomsPerSocket > 0},
		{"RECOVERY_WINDOW", l.RecoveryWindow > 0},
		{"CONNECT_TIMEOUT", l.ConnectTimeout > 0},
		{"UPGRADE_TIMEOUT", l.UpgradeTimeout > 0},
		{"WRITE_TIMEOUT", l.WriteTimeout > 0},
		{"PING_INTERVAL", l.PingInterval > 0},
		{"PING_TIMEOUT", l.PingTimeout > 0},
		{"PRESENCE_GRACE", l.PresenceGrace > 0},
		{"PLAY_RETENTION", l.PlayRetention > 0},
		{"PLAY_CHECK", l.PlayCheck > 0 && l.PlayCheck <= 1},
	} {
		if !limit.ok {
			return fmt.Errorf("%s must be above 0: no limit can be switched off", limit.name)
		}
	}
	return nil
}

// classes returns the rates as package ratelimit wants them.
func (r Rates) classes() ratelimit.Rates { return ratelimit.Rates(r) }
