//go:build unix

package app_test

import (
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/app"
	"github.com/storywire/storywire/test/servers"
)

func TestSecondServerOnOneFileIsRefusedWithAWord(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	var config app.Config
	start(t, file, func(c *app.Config) { config = *c })
	_, err := app.New(t.Context(), config, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "several nodes need Postgres") {
		t.Errorf("a second server: %v; want it to name Postgres", err)
	}
}

func TestMigrateSaysWhatItDid(t *testing.T) {
	c := app.MigrateConfig{DatabaseURL: filepath.Join(t.TempDir(), "test.db")}
	for _, want := range []string{"went from version 0 to ", "nothing to do"} {
		var out strings.Builder
		if err := app.Migrate(t.Context(), c, &out); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("Migrate = %v, says %q; want %q", err, out.String(), want)
		}
	}
}

// A server whose database goes away says so, stores nothing meanwhile, and goes on by itself.
func TestReadyzFollowsPostgres(t *testing.T) {
	db := servers.NewPostgresServer(t)
	s := start(t, db.URL, nil)
	become := func(want int) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			got, _ := s.ask(t, http.MethodGet, "/readyz", "", nil)
			if got == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("readyz = %d, want %d", got, want)
			}
		}
	}
	ada := token(t, "ada")
	post := func() (int, map[string]any) {
		return s.ask(t, http.MethodPost, "/v1/stories", ada, map[string]any{"title": "A story"})
	}
	become(http.StatusOK)
	if status, body := post(); status != http.StatusCreated {
		t.Fatalf("a story with the database there: %d %v", status, body)
	}
	db.Stop(t)
	become(http.StatusServiceUnavailable)
	if status, body := post(); status != http.StatusServiceUnavailable {
		t.Errorf("a story without a database: %d %v", status, body)
	}
	if status, _ := s.ask(t, http.MethodGet, "/healthz", "", nil); status != http.StatusOK {
		t.Errorf("healthz = %d", status)
	}
	db.Start(t)
	become(http.StatusOK)
	if status, body := post(); status != http.StatusCreated {
		t.Errorf("a story with the database back: %d %v", status, body)
	}
}
