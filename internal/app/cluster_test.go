//go:build unix

package app_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/app"
	"github.com/storywire/storywire/test/servers"
)

// Without Redis a node serves its own people and says so.
func TestDegradedWithoutRedis(t *testing.T) {
	redis := servers.Redis(t)
	s := start(t, filepath.Join(t.TempDir(), "test.db"), func(c *app.Config) {
		c.Redis = app.Redis{URL: redis.URL, Prefix: redis.Prefix, Key: redis.Prefix, Beat: time.Second}
	})
	await := func(want string) {
		t.Helper()
		var status int
		var answer map[string]any
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if status, answer = s.ask(t, "GET", "/readyz", "", nil); status == http.StatusOK && answer["status"] == want {
				return
			}
		}
		t.Fatalf("/readyz says %d %v, want %s", status, answer["status"], want)
	}
	await("ready")
	redis.Restart()
	redis.Stop()
	await("degraded")
	redis.Restart()
	await("ready")
}

func TestUnusableRedisURLIsRefused(t *testing.T) {
	_, err := app.New(t.Context(), app.Config{
		JWTSecret: secret, DatabaseURL: filepath.Join(t.TempDir(), "test.db"),
		Redis: app.Redis{URL: "localhost"},
		Limits: app.Limits{
			MaxMessage: 1, MaxQueue: 1, MaxHeader: 1, MaxBody: 1, SocketsPerUser: 1, RoomsPerSocket: 1, RecoveryWindow: 1, HeaderTimeout: 1, ConnectTimeout: 1,
			UpgradeTimeout: 1, WriteTimeout: 1, PingInterval: 1, PingTimeout: 1, PresenceGrace: 1, PlayRetention: 1, PlayCheck: 1,
		},
	}, nil)
	if err == nil || !strings.Contains(err.Error(), "REDIS_URL") {
		t.Errorf("New = %v, want an error about REDIS_URL", err)
	}
}
