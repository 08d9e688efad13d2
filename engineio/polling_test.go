package engineio_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storywire/storywire/engineio"
)

func TestPollingHeaders(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	open := h.request("GET", "?EIO=4&transport=polling", "", "User-Agent: Mozilla/5.0 (Trident/7.0)")
	sid := sidOf(t, readBody(t, open))
	post := h.request("POST", "?EIO=4&transport=polling&sid="+sid, "4x")
	post.Body.Close()
	refused := h.request("GET", "?EIO=4&transport=polling&sid=x", "")
	refused.Body.Close()
	for _, tt := range []struct {
		resp             *http.Response
		name, what, want string
	}{
		{open, "open", "Content-Type", "text/plain; charset=UTF-8"},
		{open, "open", "Cache-Control", "no-store"},
		{open, "open", "X-XSS-Protection", "0"},
		{post, "post", "Content-Type", "text/html"},
		{post, "post", "Content-Length", "2"},
		{post, "post", "Cache-Control", "no-store"},
		{post, "post", "X-XSS-Protection", ""},
		{refused, "refused", "Content-Type", "application/json"},
	} {
		if got := tt.resp.Header.Get(tt.what); got != tt.want {
			t.Errorf("%s: %s = %q, want %q", tt.name, tt.what, got, tt.want)
		}
	}
}

func TestPostLimits(t *testing.T) {
	h := newHarness(t, engineio.Options{MaxPayload: 100}, nil)
	sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling", "")))
	url := h.http.URL + "/engine.io/?EIO=4&transport=polling&sid=" + sid
	for _, tt := range []struct {
		name   string
		body   io.Reader
		status int
	}{
		{"exact", strings.NewReader("4" + strings.Repeat("x", 99)), 200},
		{"exact in base64", strings.NewReader("b" + strings.Repeat("AAAA", 24) + "AA="), 200},
		{"over", strings.NewReader("4" + strings.Repeat("x", 100)), 413},
		{"over, in bytes", strings.NewReader("4" + strings.Repeat("é", 50)), 413},
		{"over, of unknown length", io.MultiReader(strings.NewReader("4" + strings.Repeat("x", 100))), 413},
		{"much over, of unknown length", io.MultiReader(strings.NewReader("4" + strings.Repeat("x", 1<<20))), 413},
	} {
		resp, err := h.http.Client().Post(url, "text/plain", tt.body)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if body := readBody(t, resp); resp.StatusCode != tt.status || (tt.status == 413 && body != "") {
			t.Errorf("%s: %d %q, want %d", tt.name, resp.StatusCode, body, tt.status)
		}
	}
}

func TestBinaryPostEndsTheSession(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling", "")))
	resp := h.request("POST", "?EIO=4&transport=polling&sid="+sid, "\x00", "Content-Type: application/octet-stream")
	if resp.Body.Close(); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", resp.StatusCode)
	}
	if e := h.awaitEnd(); e.reason != engineio.TransportError {
		t.Errorf("ended with %v", e)
	}
}

func TestInvalidUTF8IsReplaced(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling", "")))
	h.request("POST", "?EIO=4&transport=polling&sid="+sid, "4a\xffb").Body.Close()
	if got := readBody(t, h.request("GET", "?EIO=4&transport=polling&sid="+sid, "")); got != "4a\uFFFDb" {
		t.Errorf("got %q", got)
	}
}

func TestTwoPostsAtOnceEndTheSession(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling", "")))
	url := h.http.URL + "/engine.io/?EIO=4&transport=polling&sid=" + sid
	body, feed := io.Pipe()
	first := make(chan struct{})
	go func() {
		defer close(first)
		if resp, err := h.http.Client().Post(url, "text/plain", body); err == nil {
			resp.Body.Close()
		}
	}()
	feed.Write([]byte("4")) // the client has the connection by now, the server soon
	for {
		resp := h.request("POST", "?EIO=4&transport=polling&sid="+sid, "4x")
		resp.Body.Close()
		if resp.StatusCode == http.StatusBadRequest {
			break
		}
	}
	feed.Close()
	<-first
	if e := h.awaitEnd(); e.reason != engineio.TransportError {
		t.Errorf("ended with %v", e)
	}
}

func TestAbortedPollEndsTheSession(t *testing.T) {
	h := newHarness(t, engineio.Options{Shards: 1}, nil)
	sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling", "")))
	conn, err := net.Dial("tcp", h.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "GET /engine.io/?EIO=4&transport=polling&sid="+sid+" HTTP/1.1\r\nHost: x\r\n\r\n")
	s := <-h.sessions
	for s.SendVolatile(text("x")); ; s.SendVolatile(text("x")) { // until the poll waits
		conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if n, _ := conn.Read(make([]byte, 1)); n == 1 {
			break
		}
	}
	io.WriteString(conn, "GET /engine.io/?EIO=4&transport=polling&sid="+sid+" HTTP/1.1\r\nHost: x\r\n\r\n")
	conn.Close()
	if e := h.awaitEnd(); e.reason != engineio.TransportError && e.reason != engineio.TransportClose {
		t.Errorf("ended with %v", e)
	}
}

// TestServerTimeoutsDoNotEndSessions: neither the http.Server's deadlines on a
// hijacked connection nor those on a waiting poll.
func TestServerTimeoutsDoNotEndSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newPipeListener()
		h := &harness{t: t, sessions: make(chan *engineio.Session, 9), ended: make(chan ended, 9)}
		h.eio = engineio.NewServer(engineio.HandlerFunc(h.serve), engineio.Options{Shards: 1})
		server := &http.Server{Handler: h.eio, ReadTimeout: time.Second, WriteTimeout: time.Second, IdleTimeout: time.Second}
		go server.Serve(listener)
		client := &http.Client{Transport: &http.Transport{DialContext: listener.DialContext}}
		get := func(query string) string {
			resp, err := client.Get("http://example.test/engine.io/?EIO=4&transport=polling" + query)
			if err != nil {
				t.Error(err)
				return ""
			}
			return readBody(t, resp)
		}
		conn, _ := listener.DialContext(context.Background(), "", "")
		c, err := handshakeWS(conn, "/engine.io/?EIO=4&transport=websocket")
		if err != nil {
			t.Fatal(err)
		}
		c.expectOpen(t)
		<-h.sessions // before there is another
		polled := make(chan string, 1)
		sid := sidOf(t, get(""))
		go func() { polled <- get("&sid=" + sid) }()
		time.Sleep(20 * time.Second)
		c.text(t, "4awake")
		c.expect(t, "text 4awake")
		(<-h.sessions).Send(text("news"))
		if got := <-polled; got != "4news" {
			t.Errorf("poll: %q", got)
		}
		c.Close()
		h.eio.Close(context.Background())
		client.CloseIdleConnections()
		server.Close()
	})
}

func TestOtherPathsAreNotFound(t *testing.T) {
	h := newHarness(t, engineio.Options{Path: "/socket.io"}, nil)
	for path, want := range map[string]int{
		"/socket.io/?EIO=4&transport=polling":  200,
		"/socket.io?EIO=4&transport=polling":   404,
		"/engine.io/?EIO=4&transport=polling":  404,
		"/socket.io/x?EIO=4&transport=polling": 200,
	} {
		resp, err := http.Get(h.http.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestWithoutHijackingWebSocketIsRefused(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	r := httptest.NewRequest("GET", "/engine.io/?EIO=4&transport=websocket", nil)
	r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	w := httptest.NewRecorder()
	h.eio.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status %d", w.Code)
	}
}
