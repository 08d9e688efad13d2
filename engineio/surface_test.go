package engineio_test

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/storywire/storywire/engineio"
)

func TestInitialPacket(t *testing.T) {
	accepter := newStreams()
	h := newHarness(t, engineio.Options{InitialPacket: text("welcome"), AllowEIO3: true, WebTransport: accepter}, nil)
	if got := readBody(t, h.request("GET", "?EIO=4&transport=polling", "")); !strings.HasSuffix(got, "}\x1e4welcome") {
		t.Errorf("polling: %q", got)
	}
	if got := readBody(t, h.request("GET", poll3, "")); !strings.HasSuffix(got, "}8:4welcome") {
		t.Errorf("polling, revision 3: %q", got)
	}
	c, _ := h.dial()
	c.expect(t, "text 4welcome")
	accepter.dial(t, h.eio).expect(t, "4welcome")
}

func TestUseSeesEveryAllowedRequest(t *testing.T) {
	accepter := newStreams()
	h := newHarness(t, engineio.Options{WebTransport: accepter}, nil)
	var mu sync.Mutex
	var seen []string
	note := func(name string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				seen = append(seen, name+" "+r.URL.Query().Get("transport"))
				mu.Unlock()
				if r.URL.Query().Has("stop") {
					http.Error(w, "stopped", http.StatusTeapot)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
	}
	h.eio.Use(note("outer"))
	h.eio.Use(note("inner"))
	readBody(t, h.request("GET", "?EIO=4&transport=polling", ""))
	h.dial()
	accepter.dial(t, h.eio)
	readBody(t, h.request("GET", "?EIO=4&transport=polling", "", "Origin: https://evil.example"))
	if resp := h.request("GET", "?EIO=4&transport=x&stop", ""); readBody(t, resp) != "stopped\n" || resp.StatusCode != http.StatusTeapot {
		t.Errorf("a middleware that answers: %s", resp.Status)
	}
	want := []string{"outer polling", "inner polling", "outer websocket", "inner websocket", "outer webtransport", "inner webtransport", "outer x"}
	if mu.Lock(); !slices.Equal(seen, want) {
		t.Errorf("got %q, want %q", seen, want)
	}
	mu.Unlock()
}

func TestConnectionErrorTellsWhy(t *testing.T) {
	var mu sync.Mutex
	var last engineio.ConnectionError
	h := newHarness(t, engineio.Options{
		AllowEIO3: true,
		GenerateID: func(r *http.Request) (string, error) {
			if r.URL.Query().Has("badid") {
				return "?", nil
			}
			return r.URL.Query().Get("id") + "-01234567890123456789", nil
		},
		AllowRequest: func(r *http.Request) error {
			if r.URL.Query().Has("deny") {
				return errNoPass
			}
			return nil
		},
		ConnectionError: func(_ *http.Request, err *engineio.ConnectionError) {
			mu.Lock()
			defer mu.Unlock()
			last = *err
		},
	}, nil)
	readBody(t, h.request("GET", "?EIO=4&transport=polling&id=a", ""))
	const session = "&sid=a-01234567890123456789"
	for _, tt := range []struct {
		method, query string
		header        []string
		want          engineio.ConnectionError
	}{
		{"GET", "?EIO=4", nil, engineio.ConnectionError{Code: 0, Message: "Transport unknown"}},
		{"GET", "?EIO=4&transport=polling&sid=b", nil, engineio.ConnectionError{Code: 1, Message: "Session ID unknown"}},
		{"POST", "?EIO=4&transport=polling", nil, engineio.ConnectionError{Code: 2, Message: "Bad handshake method"}},
		{"GET", "?EIO=4&transport=websocket", nil, engineio.ConnectionError{Code: 3, Message: "Bad request", Reason: "TRANSPORT_HANDSHAKE_ERROR"}},
		{"GET", "?EIO=4&transport=websocket" + session, nil, engineio.ConnectionError{Code: 3, Message: "Bad request", Reason: "TRANSPORT_MISMATCH"}},
		{"GET", "?EIO=3&transport=polling" + session, nil, engineio.ConnectionError{Code: 3, Message: "Bad request", Reason: "PROTOCOL_MISMATCH"}},
		{"GET", "?EIO=4&transport=polling&badid", nil, engineio.ConnectionError{Code: 3, Message: "Bad request", Reason: "ID_GENERATION_ERROR"}},
		{"GET", "?EIO=4&transport=polling", []string{"Origin: https://evil.example"}, engineio.ConnectionError{Code: 4, Message: "Forbidden", Reason: "INVALID_ORIGIN"}},
		{"GET", "?EIO=4&transport=polling&deny", nil, engineio.ConnectionError{Code: 4, Message: "no pass"}},
		{"GET", "?EIO=5&transport=polling", nil, engineio.ConnectionError{Code: 5, Message: "Unsupported protocol version"}},
	} {
		readBody(t, h.request(tt.method, tt.query, "", tt.header...))
		if mu.Lock(); last != tt.want {
			t.Errorf("%s %s: got %+v, want %+v", tt.method, tt.query, last, tt.want)
		}
		mu.Unlock()
	}
	if err := error(&last); err.Error() != "engineio: connection refused: Unsupported protocol version" {
		t.Errorf("got %q", err)
	}
}

func TestCORSOptions(t *testing.T) {
	h := newHarness(t, engineio.Options{
		AllowedOrigins: []string{"https://app.example"},
		CORS: engineio.CORS{
			Methods: []string{"GET"}, AllowedHeaders: []string{"X-Token"}, ExposedHeaders: []string{"X-Node", "X-Time"},
			DisableCredentials: true, MaxAge: 5e9,
		},
	}, nil)
	const origin = "Origin: https://app.example"
	preflight := h.request("OPTIONS", "?EIO=4&transport=polling", "", origin,
		"Access-Control-Request-Method: GET", "Access-Control-Request-Headers: x-other")
	preflight.Body.Close()
	answer := h.request("GET", "?EIO=4&transport=polling", "", origin)
	answer.Body.Close()
	for _, tt := range []struct {
		resp       *http.Response
		name, want string
	}{
		{preflight, "Allow-Methods", "GET"},
		{preflight, "Allow-Headers", "X-Token"},
		{preflight, "Max-Age", "5"},
		{preflight, "Allow-Origin", "https://app.example"},
		{preflight, "Allow-Credentials", ""},
		{answer, "Allow-Origin", "https://app.example"},
		{answer, "Allow-Credentials", ""},
		{answer, "Expose-Headers", "X-Node,X-Time"},
	} {
		if got := tt.resp.Header.Get("Access-Control-" + tt.name); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.resp.Request.Method, tt.name, got, tt.want)
		}
	}
}

func TestTrailingSlash(t *testing.T) {
	for _, tt := range []struct {
		optional bool
		path     string
		status   int
	}{
		{false, "/engine.io/", 200},
		{false, "/engine.io", 404},
		{true, "/engine.io/", 200},
		{true, "/engine.io", 200},
		{true, "/engine.iodine", 404},
	} {
		h := newHarness(t, engineio.Options{OptionalTrailingSlash: tt.optional}, nil)
		resp, err := http.Get(h.http.URL + tt.path + "?EIO=4&transport=polling")
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != tt.status {
			t.Errorf("optional %v, %s: %d, want %d", tt.optional, tt.path, resp.StatusCode, tt.status)
		}
	}
}

func TestSessionTellsItsState(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	readBody(t, h.request("GET", "?EIO=4&transport=polling", ""))
	s := <-h.sessions
	if host, _, err := net.SplitHostPort(s.RemoteAddr()); err != nil || host != "127.0.0.1" {
		t.Errorf("RemoteAddr() = %q", s.RemoteAddr())
	}
	check := func(when string, state engineio.ReadyState, upgrading, upgraded bool) {
		t.Helper()
		if s.ReadyState() != state || s.Upgrading() != upgrading || s.Upgraded() != upgraded {
			t.Errorf("%s: %s, upgrading %v, upgraded %v", when, s.ReadyState(), s.Upgrading(), s.Upgraded())
		}
	}
	check("on polling", engineio.Open, false, false)
	c := h.dialRaw("/engine.io/?EIO=4&transport=websocket&sid=" + s.ID())
	c.text(t, "2probe")
	c.expect(t, "text 3probe")
	check("probing", engineio.Open, true, false)
	c.text(t, "5")
	c.text(t, "4hello")
	c.expect(t, "text 4hello")
	check("upgraded", engineio.Open, false, true)
	c.Close()
	h.awaitEnd()
	check("closed", engineio.Closed, false, true)
	other, s2 := h.dial()
	if s2.Upgraded() {
		t.Error("a session that began on WebSocket was not upgraded")
	}
	other.Close()
}
