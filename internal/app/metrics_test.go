package app_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/storywire/storywire/internal/app"
	"github.com/storywire/storywire/internal/gateway/gatewaytest"
	"github.com/storywire/storywire/internal/wire"
)

func TestMetrics(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "s.db"), func(c *app.Config) { c.Metrics = true })
	c, err := gatewaytest.Open(t.Context(), s.addr(), token(t, "ada"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Call(t.Context(), wire.NotificationListEvent, map[string]any{}); err != nil {
		t.Fatal(err)
	}
	if status, _ := s.ask(t, http.MethodPost, "/v1/stories", token(t, "ada"), map[string]any{"id": "s1", "title": "One"}); status >= 300 {
		t.Fatal(status)
	}
	res, err := http.Get(s.URL() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`storywire_sockets 1`, `storywire_connections_opened_total{transport="websocket"} 1`,
		`storywire_event_seconds_count{event="notification:list"} 1`, `storywire_events_sent_total{event="session:ready"} 1`,
	} {
		if !strings.Contains(string(body), "\n"+want+"\n") {
			t.Errorf("no line %q", want)
		}
	}
	if strings.Contains(string(body), "storywire_store_batch_writes_count 0\n") {
		t.Error("no transaction was counted")
	}
}

func TestMetricsCanBeSwitchedOff(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "s.db"), nil)
	res, err := http.Get(s.URL() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if ct := res.Header.Get("Content-Type"); res.StatusCode == http.StatusOK && strings.HasPrefix(ct, "text/plain") {
		t.Errorf("%d %s: metrics", res.StatusCode, ct)
	}
}
