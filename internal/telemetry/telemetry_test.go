package telemetry_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/internal/telemetry"
	"github.com/storywire/storywire/socketio"
)

// scrape returns the lines of our metrics.
func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler("").ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, err)
	}
	return string(body)
}

func TestMetrics(t *testing.T) {
	m := telemetry.New([]string{"comment:new", "comment:created"})
	srv := socketio.NewServer(socketio.Options{Engine: engineio.Options{Observer: m.Engine}, Observer: m.Sockets})
	t.Cleanup(func() {
		if err := srv.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	srv.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/socket.io/?EIO=4&transport=polling", nil))
	ns := srv.Of("/")
	session := new(engineio.Session)
	m.Engine.Refused(4)
	m.Engine.Refused(99)
	m.Engine.Upgraded(nil)
	m.Engine.Closed(session, engineio.TransportError, errors.Join(engineio.ErrSlow))
	m.Engine.Closed(session, engineio.PingTimeout, nil)
	m.Engine.Received(10)
	m.Engine.Received(5)
	m.Engine.Sent(7)
	m.Sockets.Connected(nil)
	m.Sockets.Connected(nil)
	m.Sockets.Refused(ns, errors.New("no"))
	m.Sockets.Disconnected(nil, socketio.SlowClient)
	m.Sockets.Handled(nil, "comment:new", 3*time.Millisecond, nil)
	m.Sockets.Handled(nil, "comment:new", time.Millisecond, errors.New("no"))
	m.Sockets.Handled(nil, "made up by a client", time.Millisecond, errors.New("no"))
	m.Sockets.Emitted(ns, "comment:created", 100)
	m.Sockets.Emitted(ns, "made up", 1)
	m.Sockets.Delivered(ns, 50)
	m.Sockets.Delivered(ns, 0)
	m.Stored(3, 2*time.Millisecond)
	m.Documents.DocOpened()
	m.Documents.DocOpened()
	m.Documents.DocClosed()
	m.Documents.DocsGrew(500)
	m.Documents.DocsGrew(-100)
	m.Documents.DocStored(3, 40)
	m.Documents.DocRefused("SCHEMA")
	m.Documents.DocDiverged()
	m.Plays.PlayWritten(4, 3)
	m.Plays.PlayChecked(true)
	m.Plays.PlayChecked(false)
	m.Plays.PlayForgotten(7)

	got := scrape(t, m)
	for _, want := range []string{
		`connections -1`, `connections_opened_total{transport="polling"} 1`, `connections_opened_total{transport="websocket"} 0`,
		`connections_upgraded_total 1`, `connections_closed_total{reason="slow"} 1`, `connections_closed_total{reason="ping timeout"} 1`,
		`connection_requests_refused_total{code="4"} 1`, `connection_requests_refused_total{code="other"} 1`,
		`messages_received_total 2`, `received_bytes_total 15`, `writes_total 1`, `sent_bytes_total 7`,
		`sockets 1`, `sockets_connected_total 2`, `sockets_refused_total 1`, `sockets_disconnected_total{reason="slow"} 1`,
		`event_seconds_count{event="comment:new"} 2`, `event_errors_total{event="comment:new"} 1`,
		`event_seconds_count{event="other"} 1`, `event_errors_total{event="other"} 1`,
		`events_sent_total{event="comment:created"} 1`, `events_sent_total{event="other"} 1`, `events_sent_bytes_total 101`,
		`broadcast_sockets_sum 50`, `broadcast_sockets_count 2`, `broadcast_sockets_bucket{le="0"} 1`, `connection_seconds_count 2`, `store_batch_writes_sum 3`, `store_batch_seconds_count 1`,
		`documents 1`, `document_bytes 400`, `document_updates_total 1`, `document_update_bytes_total 40`, `document_batches_total 3`,
		`document_batches_refused_total{code="SCHEMA"} 1`, `document_batches_refused_total{code="GAP"} 0`, `document_divergences_total 1`,
		`play_writes_total 1`, `play_commands_total 4`, `play_conflicts_total 2`,
		`play_checked_total{result="same"} 1`, `play_checked_total{result="differs"} 1`, `play_forgotten_events_total 7`,
	} {
		if !strings.Contains(got, "\nstorywire_"+want+"\n") {
			t.Errorf("no line %q", want)
		}
	}
	for _, series := range []string{"\ngo_goroutines ", "\nprocess_resident_memory_bytes "} {
		if !strings.Contains(got, series) {
			t.Errorf("no %s", series)
		}
	}
	if strings.Contains(got, "made up") {
		t.Error("a client has made a series")
	}
}

func TestToken(t *testing.T) {
	h := telemetry.New(nil).Handler("a token of the tests")
	for header, want := range map[string]int{"": 401, "Bearer no": 401, "a token of the tests": 401, "Bearer a token of the tests": 200} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("Authorization %q: %d, want %d", header, w.Code, want)
		}
	}
}
