package engineio_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
)

// A receiver is built from functions; nil ones do nothing.
type receiver struct {
	onMessage func(data []byte, binary bool)
	onClosed  func(reason engineio.CloseReason, err error)
}

func (r receiver) Message(data []byte, binary bool) {
	if r.onMessage != nil {
		r.onMessage(data, binary)
	}
}

func (r receiver) Closed(reason engineio.CloseReason, err error) {
	if r.onClosed != nil {
		r.onClosed(reason, err)
	}
}

// An ended session, as its receiver was told.
type ended struct {
	reason engineio.CloseReason
	err    error
}

// A harness is a server on the loopback that echoes and hands its sessions to
// the test.
type harness struct {
	t        testing.TB
	eio      *engineio.Server
	http     *httptest.Server
	sessions chan *engineio.Session
	ended    chan ended
}

// newHarness starts a server; prepare may change the HTTP server first.
func newHarness(t testing.TB, opts engineio.Options, prepare func(*httptest.Server)) *harness {
	t.Helper()
	h := &harness{t: t, sessions: make(chan *engineio.Session, 1024), ended: make(chan ended, 1024)}
	opts.Logger = slog.New(slog.DiscardHandler)
	h.eio = engineio.NewServer(handler(h.serve), opts)
	h.http = httptest.NewUnstartedServer(h.eio)
	if prepare != nil {
		prepare(h.http)
	} else {
		h.http.Start()
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := h.eio.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		h.http.Close()
		if n := h.eio.SessionCount(); n != 0 {
			t.Errorf("%d sessions left", n)
		}
	})
	return h
}

func (h *harness) serve(s *engineio.Session) engineio.Receiver {
	h.sessions <- s
	return receiver{
		onMessage: func(data []byte, binary bool) { s.Send(engineio.NewFrame(data, binary)) },
		onClosed:  func(reason engineio.CloseReason, err error) { h.ended <- ended{reason, err} },
	}
}

// dial opens a WebSocket session and reads its open packet.
func (h *harness) dial() (*wsClient, *engineio.Session) {
	h.t.Helper()
	c := h.dialRaw("/engine.io/?EIO=4&transport=websocket")
	if c.status != http.StatusSwitchingProtocols {
		h.t.Fatalf("handshake: %d %s", c.status, c.body)
	}
	c.expectOpen(h.t)
	return c, <-h.sessions
}

func (h *harness) dialRaw(uri string, header ...string) *wsClient {
	h.t.Helper()
	addr := h.http.Listener.Addr().String()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		h.t.Fatal(err)
	}
	if h.http.TLS != nil {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	h.t.Cleanup(func() { conn.Close() })
	c, err := handshakeWS(conn, uri, header...)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// awaitEnd returns how the next session ended.
func (h *harness) awaitEnd() ended {
	h.t.Helper()
	select {
	case e := <-h.ended:
		return e
	case <-time.After(20 * time.Second):
		h.t.Fatal("no session ended")
		return ended{}
	}
}

func text(s string) *engineio.Frame { return engineio.NewFrame([]byte(s), false) }

// taskFunc adapts a function to engineio.Task.
type taskFunc func(sh *engineio.Shard)

func (f taskFunc) Run(sh *engineio.Shard) { f(sh) }

func TestEchoOverTCP(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	c, _ := h.dial()
	big := strings.Repeat("0123456789", 100_000)
	c.text(t, "4hello")
	c.send(t, op(2).data("\x00\xff"), op(1).data("4"+big), op(9).data("?"))
	c.expect(t, "text 4hello")
	c.expect(t, "binary 00ff")
	c.expect(t, "text "+show("4"+big))
	c.expect(t, "ws-pong ?")
}

func TestDataBehindTheHandshakeIsNotLost(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	conn, err := net.Dial("tcp", h.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// One segment: what follows the request sits in net/http's buffer.
	c, err := handshakeWS(joined{conn, wire(op(1).data("4early"))}, "/engine.io/?EIO=4&transport=websocket")
	if err != nil {
		t.Fatal(err)
	}
	c.expectOpen(t)
	c.expect(t, "text 4early")
}

// joined appends to what is written.
type joined struct {
	net.Conn
	tail []byte
}

func (j joined) Write(b []byte) (int, error) {
	_, err := j.Conn.Write(append(append([]byte(nil), b...), j.tail...))
	return len(b), err
}

func TestLastMessageBeforeTheEndIsDelivered(t *testing.T) {
	told := make(chan string, 2)
	srv := engineio.NewServer(handler(func(*engineio.Session) engineio.Receiver {
		return receiver{
			onMessage: func(data []byte, _ bool) { told <- string(data) },
			onClosed:  func(reason engineio.CloseReason, _ error) { told <- string(reason) },
		}
	}), engineio.Options{})
	h := &harness{t: t, eio: srv, http: httptest.NewServer(srv)}
	defer h.http.Close()
	defer srv.Close(context.Background())
	for range 50 {
		c := h.dialRaw("/engine.io/?EIO=4&transport=websocket")
		c.expectOpen(t)
		c.text(t, "4bye")
		c.Conn.(*net.TCPConn).CloseWrite() // half-closed, so that nothing is reset
		if message, reason := <-told, <-told; message != "bye" || reason != "transport close" {
			t.Fatalf("told %q, then %q", message, reason)
		}
	}
}

func TestTLS(t *testing.T) {
	h := newHarness(t, engineio.Options{Shards: 1}, func(s *httptest.Server) { s.StartTLS() })
	c, s := h.dial()
	if !s.Handshake().Secure {
		t.Error("Handshake().Secure = false")
	}
	for i := range 100 {
		s.Send(text(numbered(i)), text(strings.Repeat("x", 10_000)))
	}
	for i := range 100 {
		c.expect(t, "text 4"+numbered(i))
		c.expect(t, "text "+show("4"+strings.Repeat("x", 10_000)))
	}
	c.text(t, "4hello")
	c.expect(t, "text 4hello")
	s.Close(engineio.ForcedClose)
	c.expect(t, "close")
	if e := h.awaitEnd(); e.reason != engineio.ForcedClose {
		t.Errorf("ended with %v", e)
	}
}

func TestPollingOverHTTP2(t *testing.T) {
	h := newHarness(t, engineio.Options{}, func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.StartTLS()
	})
	url := h.http.URL + "/engine.io/?EIO=4&transport=polling"
	resp, err := h.http.Client().Get(url)
	if err != nil {
		t.Fatal(err)
	}
	open := readBody(t, resp)
	if resp.ProtoMajor != 2 {
		t.Fatalf("spoke HTTP/%d", resp.ProtoMajor)
	}
	url += "&sid=" + sidOf(t, open)
	polled := make(chan string)
	go func() {
		resp, err := h.http.Client().Get(url)
		if err != nil {
			polled <- err.Error()
			return
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		polled <- string(body)
	}()
	resp, err = h.http.Client().Post(url, "text/plain", strings.NewReader("4over h2"))
	if err != nil {
		t.Fatal(err)
	}
	if got := readBody(t, resp); got != "ok" {
		t.Errorf("POST: %q", got)
	}
	if got := <-polled; got != "4over h2" {
		t.Errorf("GET: %q", got)
	}
}

func readBody(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestHandshakeIsKept(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	c := h.dialRaw("/engine.io/?EIO=4&transport=websocket&who=me%20too", "X-Two: a", "X-Two: b", "Cookie: k=v")
	c.expectOpen(t)
	hs := (<-h.sessions).Handshake()
	for _, tt := range []struct{ what, got, want string }{
		{"query", hs.Query.Get("who"), "me too"},
		{"path", hs.URL.Path, "/engine.io/"},
		{"host", hs.Host, "example.test"},
		{"repeated header", strings.Join(hs.Header["X-Two"], "|"), "a|b"},
		{"cookie", hs.Header.Get("Cookie"), "k=v"},
		{"connection header", hs.Header.Get("Connection"), ""},
		{"remote address", hs.RemoteAddr, c.LocalAddr().String()},
	} {
		if tt.got != tt.want {
			t.Errorf("%s = %q, want %q", tt.what, tt.got, tt.want)
		}
	}
	if age := time.Since(hs.Time); age < 0 || age > time.Minute {
		t.Errorf("opened %v ago", age)
	}
}

func TestWebSocketHandshakeIsJudged(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
	const upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket"
	for _, tt := range []struct {
		name   string
		method string
		header []string
		want   int
	}{
		{"good", "GET", []string{upgrade, key, "Sec-WebSocket-Version: 13"}, 101},
		{"case and lists", "GET", []string{"connection: UPGRADE", "upgrade: h2c, WebSocket", key, "Sec-WebSocket-Version: 13"}, 101},
		{"version 8", "GET", []string{upgrade, key, "Sec-WebSocket-Version: 8"}, 426},
		{"no version", "GET", []string{upgrade, key}, 426},
		{"no key", "GET", []string{upgrade, "Sec-WebSocket-Version: 13"}, 400},
		{"short key", "GET", []string{upgrade, "Sec-WebSocket-Key: YQ==", "Sec-WebSocket-Version: 13"}, 400},
		{"another protocol", "GET", []string{"Connection: Upgrade", "Upgrade: h2c", key, "Sec-WebSocket-Version: 13"}, 400},
		{"POST", "POST", []string{upgrade, key, "Sec-WebSocket-Version: 13"}, 400},
	} {
		conn, err := net.Dial("tcp", h.http.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, tt.method+" /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n"+
			strings.Join(tt.header, "\r\n")+"\r\n\r\n")
		head := make([]byte, 12)
		io.ReadFull(conn, head)
		if got := string(head[9:]); got != strconv.Itoa(tt.want) {
			t.Errorf("%s: status %s, want %d", tt.name, got, tt.want)
		}
		conn.Close()
	}
	c := h.dialRaw("/engine.io/?EIO=4&transport=websocket")
	if got := c.header.Get("Sec-WebSocket-Accept"); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("Sec-WebSocket-Accept = %q", got) // the example of RFC 6455, section 1.3
	}
}

func TestReceiverPanicEndsItsSessionOnly(t *testing.T) {
	var once sync.Once
	closed := make(chan ended, 1)
	srv := engineio.NewServer(handler(func(s *engineio.Session) engineio.Receiver {
		return receiver{
			onMessage: func(data []byte, binary bool) {
				once.Do(func() { panic("boom") })
				s.Send(engineio.NewFrame(data, binary))
			},
			onClosed: func(reason engineio.CloseReason, err error) { closed <- ended{reason, err} },
		}
	}), engineio.Options{Logger: slog.New(slog.DiscardHandler)})
	h := &harness{t: t, eio: srv, http: httptest.NewServer(srv)}
	defer h.http.Close()
	defer srv.Close(context.Background())
	a := h.dialRaw("/engine.io/?EIO=4&transport=websocket")
	b := h.dialRaw("/engine.io/?EIO=4&transport=websocket")
	a.expectOpen(t)
	b.expectOpen(t)
	a.text(t, "4x")
	a.expect(t, "close")
	if e := <-closed; e.reason != engineio.TransportError {
		t.Errorf("ended with %v", e)
	}
	b.text(t, "4fine")
	b.expect(t, "text 4fine")
	a.Close()
	b.Close()
}

func TestTaskPanicLeavesTheShardRunning(t *testing.T) {
	h := newHarness(t, engineio.Options{Shards: 1}, nil)
	c, s := h.dial()
	s.Shard().Post(taskFunc(func(*engineio.Shard) { panic("boom") }))
	s.Send(text("after"))
	c.expect(t, "text 4after")
}

func TestCloseIsBoundedByItsContext(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	release, entered := make(chan struct{}), make(chan struct{})
	c, s := h.dial()
	s.Shard().Post(taskFunc(func(*engineio.Shard) { close(entered); <-release }))
	<-entered
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := h.eio.Close(ctx); err != context.DeadlineExceeded {
		t.Errorf("Close = %v, want %v", err, context.DeadlineExceeded)
	}
	close(release)
	c.expect(t, "close 1012")
	c.Close()
}
