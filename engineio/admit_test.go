package engineio_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/storywire/storywire/engineio"
)

func TestGeneratedID(t *testing.T) {
	const badRequest = `{"code":3,"message":"Bad request"}`
	for _, tt := range []struct {
		name string
		id   string
		err  error
		ok   bool
	}{
		{"short", "a", nil, true},
		{"all characters", "azAZ09-._~", nil, true},
		{"longest", strings.Repeat("x", 64), nil, true},
		{"too long", strings.Repeat("x", 65), nil, false},
		{"empty", "", nil, false},
		{"line break", "a\nb", nil, false},
		{"separator", "a&b", nil, false},
		{"not ASCII", "é", nil, false},
		{"error", "a", errors.New("no"), false},
	} {
		h := newHarness(t, engineio.Options{GenerateID: func(*http.Request) (string, error) { return tt.id, tt.err }}, nil)
		resp := h.request("GET", "?EIO=4&transport=polling", "")
		body := readBody(t, resp)
		switch {
		case !tt.ok:
			if resp.StatusCode != http.StatusBadRequest || body != badRequest {
				t.Errorf("%s: %d %s", tt.name, resp.StatusCode, body)
			}
			c := h.dialRaw("/engine.io/?EIO=4&transport=websocket")
			if c.status != http.StatusBadRequest || c.body != "Bad request" {
				t.Errorf("%s: WebSocket: %d %s", tt.name, c.status, c.body)
			}
			if n := h.eio.SessionCount(); n != 0 {
				t.Errorf("%s: %d sessions", tt.name, n)
			}
		case !strings.HasPrefix(body, `0{"sid":"`+tt.id+`",`):
			t.Errorf("%s: open packet %s", tt.name, body)
		default:
			s := <-h.sessions
			if s.ID() != tt.id || s.Handshake().Host != "example.test" || s.Handshake().Secure {
				t.Errorf("%s: ID %q, %+v", tt.name, s.ID(), s.Handshake())
			}
			s.Send(text("x"))
			if got := readBody(t, h.request("GET", "?EIO=4&transport=polling&sid="+tt.id, "")); got != "4x" {
				t.Errorf("%s: poll: %q", tt.name, got)
			}
		}
	}
}

// TestIDIsTakenOnce: by one of those that want it at once, and again when its
// session is gone.
func TestIDIsTakenOnce(t *testing.T) {
	h := newHarness(t, engineio.Options{GenerateID: func(*http.Request) (string, error) { return "only", nil }}, nil)
	for range 3 {
		var opened atomic.Int32
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				if i%2 == 0 {
					c := h.dialRaw("/engine.io/?EIO=4&transport=websocket")
					switch c.status {
					case http.StatusSwitchingProtocols:
						opened.Add(1)
					case http.StatusBadRequest:
					default:
						t.Errorf("WebSocket: %d %s", c.status, c.body)
					}
					return
				}
				resp := h.request("GET", "?EIO=4&transport=polling", "")
				resp.Body.Close()
				switch resp.StatusCode {
				case http.StatusOK:
					opened.Add(1)
				case http.StatusBadRequest:
				default:
					t.Errorf("polling: %d", resp.StatusCode)
				}
			})
		}
		wg.Wait()
		if opened.Load() != 1 || h.eio.SessionCount() != 1 {
			t.Fatalf("%d opened, %d sessions", opened.Load(), h.eio.SessionCount())
		}
		(<-h.sessions).Discard(engineio.ForcedClose)
		h.awaitEnd()
	}
}

func TestCookieComesWithTheFirstAnswer(t *testing.T) {
	for _, tt := range []struct {
		cookie http.Cookie
		want   string // with ID in the session id's place
	}{
		{http.Cookie{}, "io=ID; Path=/; HttpOnly; SameSite=Lax"},
		{http.Cookie{Value: "x", Quoted: true}, "io=ID; Path=/; HttpOnly; SameSite=Lax"},
		{http.Cookie{Name: "node", Path: "/live/", MaxAge: 60, Secure: true, SameSite: http.SameSiteNoneMode},
			"node=ID; Path=/live/; Max-Age=60; HttpOnly; Secure; SameSite=None"},
	} {
		cookie := tt.cookie
		h := newHarness(t, engineio.Options{Cookie: &cookie}, nil)
		cookie.Name = "changed" // too late
		open := h.request("GET", "?EIO=4&transport=polling", "")
		sid := sidOf(t, readBody(t, open))
		if got := strings.Join(open.Header["Set-Cookie"], "|"); got != strings.Replace(tt.want, "ID", sid, 1) {
			t.Errorf("%+v: Set-Cookie: %s", tt.cookie, got)
		}
		(<-h.sessions).Send(text("x"))
		poll := h.request("GET", "?EIO=4&transport=polling&sid="+sid, "")
		poll.Body.Close()
		post := h.request("POST", "?EIO=4&transport=polling&sid="+sid, "4x")
		post.Body.Close()
		refused := h.request("GET", "?EIO=3&transport=polling", "")
		refused.Body.Close()
		c := h.dialRaw("/engine.io/?EIO=4&transport=websocket")
		for name, header := range map[string]http.Header{"poll": poll.Header, "post": post.Header, "refused": refused.Header, "WebSocket": c.header} {
			if got := header["Set-Cookie"]; got != nil {
				t.Errorf("%s: Set-Cookie: %s", name, got)
			}
		}
	}
}

func TestInvalidCookiePanics(t *testing.T) {
	defer func() {
		if v := recover(); v == nil {
			t.Error("no panic")
		}
	}()
	srv := engineio.NewServer(nil, engineio.Options{Cookie: &http.Cookie{Name: "a b"}})
	_ = srv.Close(context.Background())
}

func TestHeaderHooks(t *testing.T) {
	mark := func(mark string) func(http.Header, *http.Request) {
		return func(h http.Header, r *http.Request) {
			h.Add("Marks", mark+r.URL.Query().Get("mark"))
			h.Set("Content-Length", "1")
			h.Set("Content-Encoding", "br")
		}
	}
	h := newHarness(t, engineio.Options{InitialHeaders: mark("first"), Headers: mark("any")}, nil)
	check := func(name string, header http.Header, want string) {
		t.Helper()
		if got := strings.Join(header["Marks"], " "); got != want || header.Get("Content-Encoding") != "" {
			t.Errorf("%s: got %q, want %q; %v", name, got, want, header)
		}
	}
	open := h.request("GET", "?EIO=4&transport=polling&mark=1", "")
	sid := sidOf(t, readBody(t, open))
	check("open", open.Header, "first1 any1")
	post := h.request("POST", "?EIO=4&transport=polling&mark=2&sid="+sid, "4x")
	if got := readBody(t, post); got != "ok" {
		t.Errorf("post: %q", got)
	}
	check("post", post.Header, "any2")
	poll := h.request("GET", "?EIO=4&transport=polling&mark=3&sid="+sid, "")
	if got := readBody(t, poll); got != "4x" {
		t.Errorf("poll: %q", got)
	}
	check("poll", poll.Header, "any3")
	upgrade := h.dialRaw("/engine.io/?EIO=4&transport=websocket&mark=4&sid=" + sid)
	check("upgrade", upgrade.header, "any4")
	direct := h.dialRaw("/engine.io/?EIO=4&transport=websocket&mark=5")
	check("direct", direct.header, "first5 any5")
	direct.expectOpen(t)
	refused := h.request("GET", "?EIO=4&transport=polling&sid=x", "")
	refused.Body.Close()
	check("refused", refused.Header, "")
}

func TestHeaderHooksCannotBreakAnUpgrade(t *testing.T) {
	h := newHarness(t, engineio.Options{Headers: func(h http.Header, _ *http.Request) {
		h.Set("Sec-WebSocket-Accept", "x")
		h["sec-websocket-extensions"] = []string{"permessage-deflate"}
		h.Set("Sec-WebSocket-Protocol", "x")
		h.Set("Connection", "close")
		h.Set("Upgrade", "x")
		h.Set("Fine", "a\r\nInjected: b")
		h["In valid"] = []string{"x"}
	}}, nil)
	c := h.dialRaw("/engine.io/?EIO=4&transport=websocket")
	want := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"},
		"Sec-Websocket-Accept": {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, "Fine": {"a  Injected: b"}}
	for name := range c.header {
		if c.header.Get(name) != want.Get(name) {
			t.Errorf("%s: %q", name, c.header[name])
		}
	}
	if len(c.header) != len(want) {
		t.Errorf("got %v", c.header)
	}
	c.expectOpen(t)
}

// TestPanicOfAHookHoldsNothing: Close would wait for it.
func TestPanicOfAHookHoldsNothing(t *testing.T) {
	boom := func(http.Header, *http.Request) { panic(http.ErrAbortHandler) }
	for name, opts := range map[string]engineio.Options{
		"InitialHeaders": {InitialHeaders: boom},
		"Headers":        {Headers: boom},
		"GenerateID":     {GenerateID: func(*http.Request) (string, error) { panic(http.ErrAbortHandler) }},
	} {
		h := newHarness(t, opts, nil)
		for _, transport := range []string{"polling", "websocket"} {
			header := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
				"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
			if transport == "polling" {
				header = http.Header{}
			}
			req, _ := http.NewRequest("GET", h.http.URL+"/engine.io/?EIO=4&transport="+transport, nil)
			req.Header = header
			if resp, err := h.http.Client().Do(req); err == nil {
				resp.Body.Close()
				t.Errorf("%s: %s: %d", name, transport, resp.StatusCode)
			}
		}
		if n := h.eio.SessionCount(); n != 0 {
			t.Errorf("%s: %d sessions", name, n)
		}
	}
}
