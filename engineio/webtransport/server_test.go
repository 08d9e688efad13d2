package webtransport_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	wt "github.com/quic-go/webtransport-go"
	"go.uber.org/goleak"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/engineio/webtransport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// certificate is one for the loopback, signed by itself.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

type ended struct {
	reason engineio.CloseReason
	err    error
}

// A harness is an engine that echoes, behind a server on the loopback.
type harness struct {
	t        *testing.T
	addr     string
	sessions chan *engineio.Session
	ended    chan ended
}

type echo struct {
	*engineio.Session
	ended chan ended
}

func (e echo) Message(data []byte, binary bool) { e.Send(engineio.NewFrame(data, binary)) }

func (e echo) Closed(reason engineio.CloseReason, err error) { e.ended <- ended{reason, err} }

func newHarness(t *testing.T, opts engineio.Options, more webtransport.Options) *harness {
	t.Helper()
	h := &harness{t: t, sessions: make(chan *engineio.Session, 16), ended: make(chan ended, 16)}
	quiet := slog.New(slog.DiscardHandler)
	more.TLS = &tls.Config{Certificates: []tls.Certificate{certificate(t)}}
	more.Logger, opts.Logger = quiet, quiet
	server := webtransport.NewServer(more)
	opts.WebTransport = server
	eio := engineio.NewServer(engineio.HandlerFunc(func(s *engineio.Session) engineio.Receiver {
		h.sessions <- s
		return echo{s, h.ended}
	}), opts)
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	h.addr = udp.LocalAddr().String()
	served := make(chan error, 1)
	go func() { served <- server.Serve(udp, eio) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := errors.Join(eio.Close(ctx), server.Close()); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-served; err != http.ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
		udp.Close()
	})
	return h
}

// connect asks for a connection with one stream.
func (h *harness) connect(query string, header http.Header) (int, *wt.Session, error) {
	h.t.Helper()
	dialer := &wt.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	resp, session, err := dialer.Dial(ctx, "https://"+h.addr+"/engine.io/?"+query, header)
	h.t.Cleanup(func() {
		if session != nil {
			_ = session.CloseWithError(0, "")
		}
		_ = dialer.Close()
	})
	if resp == nil {
		return 0, nil, err
	}
	return resp.StatusCode, session, err
}

const query = "EIO=4&transport=webtransport"

type client struct {
	*wt.Stream
	session *wt.Session
	r       *bufio.Reader
}

func (h *harness) dial() *client {
	h.t.Helper()
	status, session, err := h.connect(query, nil)
	if err != nil {
		h.t.Fatalf("connect: %d, %v", status, err)
	}
	stream, err := session.OpenStream()
	if err != nil {
		h.t.Fatal(err)
	}
	c := &client{stream, session, bufio.NewReader(stream)}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	c.send(h.t, "\x010")
	if n, _ := c.r.ReadByte(); n == 0 || n > 126 {
		h.t.Fatalf("open packet starts with %d", n)
	}
	if n, err := c.r.Peek(2); err != nil {
		h.t.Fatalf("open packet: %q, %v", n, err)
	}
	if _, err := c.r.ReadString('}'); err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (c *client) send(t *testing.T, frames string) {
	t.Helper()
	if _, err := c.Write([]byte(frames)); err != nil {
		t.Fatalf("send: %v", err)
	}
}

func (c *client) expect(t *testing.T, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c.r, got); err != nil || string(got) != want {
		t.Fatalf("got %.80q, %v, want %.80q", got, err, want)
	}
}

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

func TestEcho(t *testing.T) {
	h := newHarness(t, engineio.Options{}, webtransport.Options{})
	c := h.dial()
	s := <-h.sessions
	if got := s.Transport(); got != engineio.WebTransport {
		t.Errorf("Transport() = %q", got)
	}
	if got := s.Handshake(); !got.Secure || got.Query.Get("EIO") != "4" || got.Host != h.addr {
		t.Errorf("handshake %+v", got)
	}
	c.send(t, "\x064hello")
	c.expect(t, "\x064hello")
	big := "\xff\x00\x00\x00\x00\x00\x0f\x42\x40" + strings.Repeat("0123456789", 100_000)
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write([]byte(big))
		sent <- err
	}()
	c.expect(t, big)
	if err := <-sent; err != nil {
		t.Error(err)
	}
	_ = c.session.CloseWithError(0, "")
	if e := h.awaitEnd(); e.reason != engineio.TransportClose {
		t.Errorf("ended by %v, %v", e.reason, e.err)
	}
}

func TestServerCloses(t *testing.T) {
	h := newHarness(t, engineio.Options{}, webtransport.Options{})
	c := h.dial()
	s := <-h.sessions
	s.Send(engineio.NewFrame([]byte("last words"), false))
	s.Close(engineio.ForcedClose)
	c.expect(t, "\x0b4last words")
	if _, err := c.r.ReadByte(); err != io.EOF {
		t.Errorf("after the last message: %v, want EOF", err)
	}
	select {
	case <-c.session.Context().Done():
	case <-time.After(20 * time.Second):
		t.Error("the connection stays open")
	}
	if e := h.awaitEnd(); e.reason != engineio.ForcedClose {
		t.Errorf("ended by %v", e.reason)
	}
}

func TestMessageTooLarge(t *testing.T) {
	h := newHarness(t, engineio.Options{MaxPayload: 1000}, webtransport.Options{})
	c := h.dial()
	c.send(t, "\xfe\x03\xe9"+strings.Repeat("x", 1001))
	if e := h.awaitEnd(); e.reason != engineio.TransportError || !errors.Is(e.err, engineio.ErrTooLarge) {
		t.Errorf("ended by %v, %v", e.reason, e.err)
	}
	<-c.session.Context().Done()
}

func TestSlowReaderIsCut(t *testing.T) {
	h := newHarness(t, engineio.Options{WriteTimeout: 200 * time.Millisecond, MaxQueue: 8 << 20}, webtransport.Options{})
	c := h.dial()
	s := <-h.sessions
	s.Send(engineio.NewFrame(make([]byte, 6<<20), true)) // more than QUIC sends to a client that does not read
	if e := h.awaitEnd(); e.reason != engineio.TransportError || !errors.Is(e.err, engineio.ErrSlow) {
		t.Errorf("ended by %v, %v", e.reason, e.err)
	}
	<-c.session.Context().Done()
}

func TestRequestsAreJudged(t *testing.T) {
	h := newHarness(t, engineio.Options{AllowedOrigins: []string{"https://app.test"}}, webtransport.Options{})
	for _, tt := range []struct {
		name   string
		query  string
		header http.Header
		status int
	}{
		{"allowed", query, http.Header{"Origin": {"https://app.test"}}, 200},
		{"foreign origin", query, http.Header{"Origin": {"https://evil.test"}}, 403},
		{"other transport", "EIO=4&transport=websocket", http.Header{}, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if status, _, err := h.connect(tt.query, tt.header); status != tt.status {
				t.Errorf("got %d, %v, want %d", status, err, tt.status)
			}
		})
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Run("no stream", func(t *testing.T) {
		h := newHarness(t, engineio.Options{UpgradeTimeout: 200 * time.Millisecond}, webtransport.Options{})
		status, session, err := h.connect(query, nil)
		if err != nil {
			t.Fatalf("connect: %d, %v", status, err)
		}
		<-session.Context().Done()
	})
	t.Run("no packet", func(t *testing.T) {
		h := newHarness(t, engineio.Options{UpgradeTimeout: 200 * time.Millisecond}, webtransport.Options{})
		_, session, err := h.connect(query, nil)
		if err != nil {
			t.Fatal(err)
		}
		stream, err := session.OpenStream()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		<-session.Context().Done()
	})
	t.Run("no session", func(t *testing.T) {
		h := newHarness(t, engineio.Options{}, webtransport.Options{HandshakeTimeout: 200 * time.Millisecond})
		config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{http3.NextProtoH3}}
		conn, err := quic.DialAddr(t.Context(), h.addr, config, nil)
		if err != nil {
			t.Fatal(err)
		}
		<-conn.Context().Done()
	})
}

func TestHeaderTooLarge(t *testing.T) {
	h := newHarness(t, engineio.Options{}, webtransport.Options{})
	for size, want := range map[int]int{30 << 10: http.StatusOK, 32 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		status, _, err := h.connect(query, http.Header{"Cookie": {"a=" + strings.Repeat("x", size)}})
		if status != want {
			t.Errorf("a cookie of %d bytes: got %d, %v, want %d", size, status, err, want)
		}
	}
}

func TestHeaderTooSlow(t *testing.T) {
	h := newHarness(t, engineio.Options{}, webtransport.Options{HandshakeTimeout: 200 * time.Millisecond})
	config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{http3.NextProtoH3}}
	conn, err := quic.DialAddr(t.Context(), h.addr, config, nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := conn.OpenStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Write([]byte{1, 100, 0, 0}); err != nil { // a HEADERS frame of 100 bytes, of which two come
		t.Fatal(err)
	}
	select {
	case <-conn.Context().Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the connection stays open")
	}
	var closed *quic.ApplicationError
	if err := context.Cause(conn.Context()); !errors.As(err, &closed) || closed.ErrorCode != quic.ApplicationErrorCode(http3.ErrCodeNoError) {
		t.Errorf("closed with %v, not for its slowness", err)
	}
}

func TestOtherRequestsAreMisdirected(t *testing.T) {
	h := newHarness(t, engineio.Options{}, webtransport.Options{})
	transport := &http3.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.Close()
	resp, err := (&http.Client{Transport: transport}).Get("https://" + h.addr + "/engine.io/?EIO=4&transport=polling")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("got %s", resp.Status)
	}
}

// Programs that do not import this package must not link QUIC.
func TestTheEngineDoesNotLinkQUIC(t *testing.T) {
	for _, name := range []string{"engineio", "socketio"} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "github.com/storywire/storywire/"+name).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		for dep := range strings.Lines(string(out)) {
			if strings.Contains(dep, "quic") || strings.Contains(dep, "webtransport") {
				t.Errorf("%s depends on %s", name, dep)
			}
		}
	}
}
