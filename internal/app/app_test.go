package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/internal/app"
	"github.com/storywire/storywire/internal/demo"
	"github.com/storywire/storywire/internal/gateway/gatewaytest"
	"github.com/storywire/storywire/internal/ratelimit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is an App that runs.
type server struct {
	*app.App
	stop func() error // tells it to stop and waits
}

// start runs an App on a database file; it is stopped at the end of the test.
func start(t *testing.T, file string, change func(*app.Config)) server {
	t.Helper()
	fast := ratelimit.Rate{Count: 10_000, Per: time.Second, Burst: 10_000}
	c := app.Config{
		Host: "127.0.0.1", JWTSecret: secret, DatabaseURL: file, ServerKey: "a key of the tests", StopWait: 20 * time.Second,
		Rates: app.Rates{Conn: fast, ConnUser: fast, Ctrl: fast, Write: fast, Eph: fast, Read: fast, Server: fast},
		Limits: app.Limits{
			MaxMessage: 1 << 20, MaxQueue: 1 << 20, MaxHeader: 32 << 10, MaxBody: 1 << 20, SocketsPerUser: 20, RoomsPerSocket: 200, RecoveryWindow: 24 * time.Hour,
			HeaderTimeout: 10 * time.Second, ConnectTimeout: 10 * time.Second, UpgradeTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
			PingInterval: 20 * time.Second, PingTimeout: 15 * time.Second, PresenceGrace: 10 * time.Second,
			PlayRetention: 90 * 24 * time.Hour, PlayCheck: 0.01,
		},
	}
	if change != nil {
		change(&c)
	}
	a, err := app.New(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stopped := false
	s := server{a, func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

func (s server) addr() string { return strings.TrimPrefix(s.URL(), "http://") }

// ask sends a REST request as the bearer of token; body nil sends none.
func (s server) ask(t *testing.T, method, path, token string, body any) (int, map[string]any) {
	t.Helper()
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return res.StatusCode, answer
}

func token(t *testing.T, name string) string {
	t.Helper()
	text, err := app.Mint(app.TokenConfig{Sub: name, TTL: time.Hour, JWTSecret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestStopFinishesWritesAndLetsClientsComeBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	s := start(t, file, nil)
	_, made := s.ask(t, "POST", "/v1/stories", token(t, "author"), map[string]string{"title": "The lighthouse"})
	id := made["id"].(string)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ann, err := gatewaytest.Open(ctx, s.addr(), token(t, "ann"))
	if err != nil {
		t.Fatal(err)
	}
	defer ann.Close()
	acknowledged := make(chan string, 100_000)
	go func() { // posts until the connection ends
		defer close(acknowledged)
		for i := 0; ; i++ {
			a, err := ann.Call(ctx, "comment:new", map[string]any{"storyId": id, "content": fmt.Sprint("comment ", i)})
			if err != nil {
				return
			}
			if a.OK {
				var c struct{ ID string }
				_ = json.Unmarshal(a.Data, &c) // an empty id is not found below
				acknowledged <- c.ID
			}
		}
	}()
	for range 20 {
		<-acknowledged
	}
	if err := s.stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	<-ann.Done()
	if ann.Disconnected() {
		t.Error("a DISCONNECT packet keeps clients from coming back")
	}
	if closing := ann.Events("session:closing"); len(closing) != 1 || !strings.Contains(string(closing[0].Data), "drain") {
		t.Errorf("ann was told %v, want to hear that the server stops", closing)
	}

	again := start(t, file, nil)
	for comment := range acknowledged {
		if status, _ := again.ask(t, "GET", "/v1/comments/"+comment, token(t, "ann"), nil); status != http.StatusOK {
			t.Fatalf("an acknowledged comment is gone after the restart: status %d", status)
		}
	}
}

func TestReadyTellsTheTruth(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "test.db"), func(c *app.Config) { c.StopDelay = time.Second })
	if status, _ := s.ask(t, "GET", "/readyz", "", nil); status != http.StatusOK {
		t.Fatalf("ready = %d", status)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	for status := http.StatusOK; status != http.StatusServiceUnavailable; {
		status, _ = s.ask(t, "GET", "/readyz", "", nil)
	}
	if status, _ := s.ask(t, "GET", "/healthz", "", nil); status != http.StatusOK {
		t.Errorf("healthy while stopping = %d", status)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestDemo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "demo.db")
	withDemo := func(c *app.Config) { c.Demo, c.JWTSecret = true, "" }
	s := start(t, file, withDemo)
	status, signedIn := s.ask(t, "POST", "/demo/v1/sign-in", "", map[string]string{"characterId": "demo-hana"})
	if status != http.StatusOK {
		t.Fatalf("sign-in = %d %v", status, signedIn)
	}
	jwt := signedIn["token"].(string)
	if _, page := s.ask(t, "GET", "/v1/stories/"+string(demo.StoryID)+"/comments", jwt, nil); len(page["items"].([]any)) != 4 {
		t.Errorf("the first page of comments is %v", page)
	}
	_, st := s.ask(t, "GET", "/v1/stories/"+string(demo.StoryID), jwt, nil)
	if words := len(strings.Fields(st["body"].(string))); words < 500 || words > 1000 {
		t.Errorf("the demo story has %d words", words)
	}
	if status, answer := s.ask(t, "POST", "/demo/v1/sign-in", "", map[string]string{"name": "  A   Reader "}); status != http.StatusOK || answer["user"].(map[string]any)["display_name"] != "A Reader" {
		t.Errorf("sign-in by name = %d %v", status, answer)
	}
	for _, bad := range []map[string]string{{}, {"characterId": "nobody"}, {"name": " "}, {"name": strings.Repeat("x", 41)}, {"name": "x", "characterId": "demo-hana"}} {
		if status, _ := s.ask(t, "POST", "/demo/v1/sign-in", "", bad); status == http.StatusOK {
			t.Errorf("sign-in with %v succeeded", bad)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}

	again := start(t, file, withDemo)
	status, page := again.ask(t, "GET", "/v1/stories/"+string(demo.StoryID)+"/comments", jwt, nil)
	if status != http.StatusOK || len(page["items"].([]any)) != 4 {
		t.Errorf("after a restart, with the old token: %d %v", status, page)
	}
}
