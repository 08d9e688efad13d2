package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/store"
)

// Serve runs a server until ctx ends. People read out, the log goes to log.
func Serve(ctx context.Context, cfg Config, out, log io.Writer) error {
	logger, err := newLogger(cfg, log)
	if err != nil {
		return err
	}
	a, err := New(ctx, cfg, logger)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Storywire is ready: %s\n", a.URL())
	if cfg.Demo {
		fmt.Fprintf(out, "Sign in as any of the six characters. To be a second person, open %s\nin a private window, or in another browser, and be somebody else.\n", a.URL())
	}
	return a.Run(ctx)
}

func newLogger(cfg Config, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		return nil, fmt.Errorf("LOG_LEVEL: %w", err)
	}
	options := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return slog.New(slog.NewTextHandler(w, options)), nil
}

// MigrateConfig says which database to migrate.
type MigrateConfig struct {
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" default:"storywire.db" help:"SQLite file, also as sqlite:PATH, or postgres://..."`
}

// Migrate brings the database to this program's schema and says so on out.
func Migrate(ctx context.Context, cfg MigrateConfig, out io.Writer) error {
	from, to, err := store.Migrate(ctx, cfg.DatabaseURL)
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	if from == to {
		fmt.Fprintf(out, "The schema is at version %d: nothing to do.\n", to)
	} else {
		fmt.Fprintf(out, "The schema went from version %d to %d.\n", from, to)
	}
	return nil
}

// TokenConfig is what a token for trying things says.
type TokenConfig struct {
	Sub         string        `required:"" help:"Id of the user."`
	Name        string        `help:"Display name; the id unless given."`
	Picture     string        `help:"Address of an avatar, http or https."`
	TTL         time.Duration `name:"ttl" default:"1h" help:"How long it is valid."`
	JWTSecret   string        `name:"jwt-secret" env:"JWT_SECRET" help:"Key of the HS256 tokens, at least 32 bytes; the server's."`
	JWTIssuer   string        `name:"jwt-issuer" env:"JWT_ISSUER" help:"Issuer (iss) to claim."`
	JWTAudience string        `name:"jwt-audience" env:"JWT_AUDIENCE" help:"Audience (aud) to claim."`
}

// Mint returns a token that says c.
func Mint(c TokenConfig) (string, error) {
	if c.TTL <= 0 {
		return "", fmt.Errorf("--ttl must be above 0, not %v", c.TTL)
	}
	v, err := auth.NewVerifier(auth.Config{Secret: []byte(c.JWTSecret), Issuer: c.JWTIssuer, Audience: c.JWTAudience})
	if err != nil {
		return "", err
	}
	token, err := v.Mint(auth.Claims{
		UserID: auth.UserID(c.Sub), DisplayName: c.Name, AvatarURL: c.Picture, ExpiresAt: time.Now().Add(c.TTL),
	})
	if err != nil {
		return "", err
	}
	if _, err := v.Verify(token); err != nil { // a token that the server would refuse helps nobody
		return "", err
	}
	return token, nil
}
