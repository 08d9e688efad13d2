package engineio_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storywire/storywire/engineio"
)

// streams is a StreamAccepter whose connections are pipes.
type streams struct{ clients chan net.Conn }

func newStreams() streams { return streams{make(chan net.Conn, 16)} }

func (a streams) AcceptStream(w http.ResponseWriter, _ *http.Request) (engineio.StreamConn, error) {
	client, server := net.Pipe()
	w.WriteHeader(http.StatusOK)
	a.clients <- client
	return pipeStream{server}, nil
}

type pipeStream struct{ net.Conn }

func (s pipeStream) CloseWrite() error { return s.Close() }

// connect asks for a connection and returns the answer, and the client's end if
// it is good.
func (a streams) connect(eio *engineio.Server, query string, header ...string) (*httptest.ResponseRecorder, net.Conn) {
	r := httptest.NewRequest(http.MethodGet, "https://example.test/engine.io/?"+query, nil)
	r.Method = http.MethodConnect // with a path, as over HTTP/3
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	eio.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return w, nil
	}
	return w, <-a.clients
}

const overStream = "EIO=4&transport=webtransport"

// A streamClient speaks the frames of a stream.
type streamClient struct {
	net.Conn
	r *bufio.Reader
}

func (a streams) dial(t *testing.T, eio *engineio.Server) *streamClient {
	t.Helper()
	_, conn := a.connect(eio, overStream)
	c := &streamClient{conn, bufio.NewReader(conn)}
	t.Cleanup(func() { conn.Close() })
	c.send(t, "0", false)
	c.expect(t, `0{"sid":`)
	return c
}

// bareFrame encodes a frame as engine.io-parser does.
func bareFrame(payload string, isBinary bool) []byte {
	var b []byte
	switch n := len(payload); {
	case n < 126:
		b = []byte{byte(n)}
	case n < 65536:
		b = binary.BigEndian.AppendUint16([]byte{126}, uint16(n))
	default:
		b = binary.BigEndian.AppendUint64([]byte{127}, uint64(n))
	}
	if isBinary {
		b[0] |= 0x80
	}
	return append(b, payload...)
}

func (c *streamClient) send(t *testing.T, payload string, isBinary bool) {
	t.Helper()
	if _, err := c.Write(bareFrame(payload, isBinary)); err != nil {
		t.Fatalf("send: %v", err)
	}
}

// readBare reads a frame as engine.io-parser does.
func readBare(r io.Reader) (payload []byte, isBinary bool, err error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:1]); err != nil {
		return nil, false, err
	}
	size := uint64(head[0] & 0x7f)
	switch size {
	case 126:
		_, err = io.ReadFull(r, head[1:3])
		size = uint64(binary.BigEndian.Uint16(head[1:]))
	case 127:
		_, err = io.ReadFull(r, head[1:9])
		size = binary.BigEndian.Uint64(head[1:])
	}
	if err != nil {
		return nil, false, err
	}
	payload, err = io.ReadAll(io.LimitReader(r, int64(min(size, 1<<30))))
	if err == nil && uint64(len(payload)) < size {
		err = io.ErrUnexpectedEOF
	}
	return payload, head[0]&0x80 != 0, err
}

// expect reads a frame that starts as given.
func (c *streamClient) expect(t *testing.T, want string) {
	t.Helper()
	payload, _, err := readBare(c.r)
	if err != nil || !strings.HasPrefix(string(payload), want) {
		t.Fatalf("got %q, %v, want %q", payload, err, want)
	}
}

func TestStreamCarriesMessages(t *testing.T) {
	accepter := newStreams()
	h := newHarness(t, engineio.Options{WebTransport: accepter}, nil)
	c := accepter.dial(t, h.eio)
	s := <-h.sessions
	if got := s.Transport(); got != engineio.WebTransport {
		t.Errorf("Transport() = %q", got)
	}
	for _, size := range []int{0, 1, 124, 125, 126, 1000, 65534, 65535, 65536, 300_000} {
		for _, isBinary := range []bool{false, true} {
			payload := strings.Repeat("x", size)
			if !isBinary {
				payload = "4" + payload
			}
			c.send(t, payload, isBinary)
			if payload == "" {
				c.expect(t, "b") // the client's parser refuses an empty frame
				continue
			}
			got, gotBinary, err := readBare(c.r)
			if err != nil || string(got) != payload || gotBinary != isBinary {
				t.Fatalf("%d bytes, binary %v: got %d bytes, %v, %v", size, isBinary, len(got), gotBinary, err)
			}
		}
	}
	c.send(t, "1", false)
	if e := h.awaitEnd(); e.reason != engineio.TransportClose {
		t.Errorf("ended by %v, %v", e.reason, e.err)
	}
	if _, _, err := readBare(c.r); err != io.EOF {
		t.Errorf("after the close packet: %v, want EOF", err)
	}
}

func TestStreamTakesOverPolling(t *testing.T) {
	accepter := newStreams()
	h := newHarness(t, engineio.Options{WebTransport: accepter}, nil)
	open := readBody(t, h.request("GET", "?EIO=4&transport=polling", ""))
	if !strings.Contains(open, `"upgrades":["websocket","webtransport"]`) {
		t.Errorf("open packet %s", open)
	}
	sid := sidOf(t, open)
	s := <-h.sessions
	_, conn := accepter.connect(h.eio, overStream+"&sid="+sid)
	c := &streamClient{conn, bufio.NewReader(conn)}
	c.send(t, `0{"sid":"`+sid+`"}`, false)
	c.send(t, "2probe", false)
	c.expect(t, "3probe")
	s.Send(text("queued"))
	c.send(t, "5", false)
	c.expect(t, "4queued")
	c.send(t, "4ping", false)
	c.expect(t, "4ping")
	if got := s.Transport(); got != engineio.WebTransport {
		t.Errorf("Transport() = %q", got)
	}
	// A second one may not take over.
	_, conn = accepter.connect(h.eio, overStream+"&sid="+sid)
	late := &streamClient{conn, bufio.NewReader(conn)}
	late.send(t, `0{"sid":"`+sid+`"}`, false)
	if _, _, err := readBare(late.r); err != io.EOF {
		t.Errorf("second upgrade: %v, want EOF", err)
	}
	c.send(t, "4still here", false)
	c.expect(t, "4still here")
	c.Close()
	if e := h.awaitEnd(); e.reason != engineio.TransportClose {
		t.Errorf("ended by %v", e.reason)
	}
}

func TestStreamRequestsAreJudged(t *testing.T) {
	accepter := newStreams()
	only := engineio.Options{Transports: []engineio.Transport{engineio.WebSocket}, WebTransport: accepter}
	for _, tt := range []struct {
		name   string
		opts   engineio.Options
		query  string
		header string
		status int
		body   string
	}{
		{"foreign origin", engineio.Options{WebTransport: accepter}, overStream, "Origin: https://evil.test", 403, `{"code":4,"message":"Forbidden"}`},
		{"null origin", engineio.Options{WebTransport: accepter}, overStream, "Origin: null", 403, `{"code":4,"message":"Forbidden"}`},
		{"own origin", engineio.Options{WebTransport: accepter}, overStream, "Origin: https://example.test", 200, ""},
		{"not enabled", only, overStream, "", 400, `{"code":0,"message":"Transport unknown"}`},
		{"no accepter", engineio.Options{}, overStream, "", 400, `{"code":0,"message":"Transport unknown"}`},
		{"other transport", engineio.Options{WebTransport: accepter}, "EIO=4&transport=websocket", "", 400, `{"code":0,"message":"Transport unknown"}`},
		{"revision", engineio.Options{WebTransport: accepter}, "EIO=3&transport=webtransport", "", 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"query of the stock client", engineio.Options{WebTransport: accepter}, "", "", 200, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHarness(t, tt.opts, nil)
			w, conn := accepter.connect(h.eio, tt.query, tt.header)
			if w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, tt.status, tt.body)
			}
			if conn != nil {
				conn.Close()
			}
		})
	}
}

func TestWebTransportIsNotServedOverHTTP1(t *testing.T) {
	h := newHarness(t, engineio.Options{WebTransport: newStreams()}, nil)
	resp := h.request("GET", "?"+overStream, "")
	if body := readBody(t, resp); resp.StatusCode != http.StatusBadRequest || body != `{"code":0,"message":"Transport unknown"}` {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}

func TestStreamsThatBeginWronglyAreClosed(t *testing.T) {
	accepter := newStreams()
	var refuse atomic.Bool
	h := newHarness(t, engineio.Options{WebTransport: accepter, AllowRequest: func(r *http.Request) error {
		if refuse.Load() {
			return errors.New("not you")
		}
		return r.Context().Err()
	}}, nil)
	open := readBody(t, h.request("GET", "?EIO=4&transport=polling", ""))
	sid := sidOf(t, open)
	accepter.dial(t, h.eio)
	refuse.Store(true)
	for name, first := range map[string][]byte{
		"empty frame":     {0},
		"message":         bareFrame("4hello", false),
		"binary":          bareFrame("0", true),
		"long":            bareFrame("0"+strings.Repeat(" ", 200), false)[:1],
		"no JSON":         bareFrame("0{", false),
		"no sid":          bareFrame(`0{"sid":""}`, false),
		"unknown session": bareFrame(`0{"sid":"other"}`, false),
		"not allowed":     bareFrame("0", false),
	} {
		t.Run(name, func(t *testing.T) {
			_, conn := accepter.connect(h.eio, overStream)
			_, _ = conn.Write(first) // fails if the server needs no more of it
			if b, err := io.ReadAll(conn); err != nil || len(b) > 0 {
				t.Errorf("got %q, %v", b, err)
			}
		})
	}
	if n := h.eio.SessionCount(); n != 2 {
		t.Errorf("%d sessions, want the two from before", n)
	}
	_, conn := accepter.connect(h.eio, overStream)
	c := &streamClient{conn, bufio.NewReader(conn)}
	c.send(t, `0{"sid":"`+sid+`"}`, false) // no handshake: nobody is asked
	c.send(t, "2probe", false)
	c.expect(t, "3probe")
}

// streamLimits runs fn with a server and one client in a bubble of fake time.
func streamLimits(t *testing.T, opts engineio.Options, fn func(t *testing.T, accepter streams, eio *engineio.Server, ends chan ended)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		accepter := newStreams()
		ends := make(chan ended, 4)
		opts.WebTransport, opts.Logger = accepter, slog.New(slog.DiscardHandler)
		eio := engineio.NewServer(engineio.HandlerFunc(func(s *engineio.Session) engineio.Receiver {
			return receiver{
				onMessage: func(data []byte, binary bool) {
					for range 4 {
						s.Send(engineio.NewFrame(data, binary))
					}
				},
				onClosed: func(reason engineio.CloseReason, err error) { ends <- ended{reason, err} },
			}
		}), opts)
		fn(t, accepter, eio, ends)
		if err := eio.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestStreamFirstPacketTimeout(t *testing.T) {
	streamLimits(t, engineio.Options{}, func(t *testing.T, accepter streams, eio *engineio.Server, _ chan ended) {
		_, conn := accepter.connect(eio, overStream)
		from := time.Now()
		if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("got %v, want EOF", err)
		}
		if took := time.Since(from); took != engineio.DefaultUpgradeTimeout {
			t.Errorf("closed after %v", took)
		}
	})
}

func TestStreamMessageTooLarge(t *testing.T) {
	streamLimits(t, engineio.Options{MaxPayload: 1000}, func(t *testing.T, accepter streams, eio *engineio.Server, ends chan ended) {
		c := accepter.dial(t, eio)
		c.send(t, "4"+strings.Repeat("x", 999), false)
		c.expect(t, "4xxx")
		if _, err := c.Write([]byte{126, 0x03, 0xe9}); err != nil { // the header of 1001 bytes
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, c.r) }()
		if e := <-ends; e.reason != engineio.TransportError || !errors.Is(e.err, engineio.ErrTooLarge) {
			t.Errorf("ended by %v, %v", e.reason, e.err)
		}
	})
}

func TestStreamWriteWithoutProgress(t *testing.T) {
	streamLimits(t, engineio.Options{}, func(t *testing.T, accepter streams, eio *engineio.Server, ends chan ended) {
		c := accepter.dial(t, eio)
		from := time.Now()
		c.send(t, "4hello", false)
		if e := <-ends; e.reason != engineio.TransportError || !errors.Is(e.err, engineio.ErrSlow) {
			t.Errorf("ended by %v, %v", e.reason, e.err)
		}
		if took := time.Since(from); took != engineio.DefaultWriteTimeout {
			t.Errorf("cut after %v", took)
		}
	})
}

func TestStreamQueueLimit(t *testing.T) {
	streamLimits(t, engineio.Options{MaxQueue: 3000, MaxPayload: 2000}, func(t *testing.T, accepter streams, eio *engineio.Server, ends chan ended) {
		c := accepter.dial(t, eio)
		from := time.Now()
		c.send(t, "4"+strings.Repeat("x", 1000), false)
		synctest.Wait() // four answers are on their way, and unread
		c.send(t, "4"+strings.Repeat("y", 1000), false)
		if e := <-ends; !errors.Is(e.err, engineio.ErrSlow) {
			t.Errorf("ended by %v, %v", e.reason, e.err)
		}
		if took := time.Since(from); took != 0 {
			t.Errorf("cut after %v", took)
		}
	})
}

// TestStreamFramesMatchGolden reads testdata/stream.json, which npm's parser
// satisfies too.
func TestStreamFramesMatchGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/stream.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Packet              string
		Binary, Bytes, Head []int
		Repeat              int
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	bytesOf := func(ints []int) (b []byte) {
		for _, n := range ints {
			b = append(b, byte(n))
		}
		return b
	}
	for _, v := range vectors {
		payload, isBinary := v.Packet+strings.Repeat("x", v.Repeat), v.Binary != nil
		if isBinary {
			payload = string(bytesOf(v.Binary))
		}
		want := bytesOf(v.Bytes)
		if want == nil {
			want = append(bytesOf(v.Head), payload...)
		}
		switch {
		case isBinary:
			if got := engineio.ToBare(bytes.Clone(engineio.NewFrame([]byte(payload), true).Wire())); !bytes.Equal(got, want) {
				t.Errorf("binary of %d bytes: got %.20x, want %.20x", len(payload), got, want)
			}
		case payload[0] == '4':
			if got := engineio.ToBare(bytes.Clone(text(payload[1:]).Wire())); !bytes.Equal(got, want) {
				t.Errorf("text of %d bytes: got %.20x, want %.20x", len(payload), got, want)
			}
		}
		found := ""
		p := engineio.NewStreamParser(1<<20, 1)
		if err := p.Feed(want, func(data []byte, b bool) {
			if b == isBinary {
				found = string(data)
			}
		}, nil); err != nil || found != payload {
			t.Errorf("%d bytes are read as %d, %v", len(payload), len(found), err)
		}
	}
}

// FuzzStream: whatever arrives, in whatever pieces, the parser finds the frames
// that a plain reader finds, and what is sent is read again.
func FuzzStream(f *testing.F) {
	f.Add(bareFrame("4hello", false), 3)
	f.Add(append(bareFrame("b", true), bareFrame(strings.Repeat("x", 200), false)...), 1)
	f.Add(append(bareFrame("", true), bareFrame(strings.Repeat("y", 66_000), true)...), 7)
	f.Add([]byte{127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 2)
	f.Add([]byte{126, 0, 1, 'x', 3, 0xff, 0xfe, 0xfd}, 2)
	const limit = 70_000
	f.Fuzz(func(t *testing.T, data []byte, step int) {
		type message struct {
			data     string
			isBinary bool
		}
		var got, want []message
		p := engineio.NewStreamParser(limit, 10)
		var err error
		for rest := bytes.Clone(data); len(rest) > 0 && err == nil; {
			n := min(len(rest), max(1, step))
			err = p.Feed(rest[:n], func(data []byte, isBinary bool) {
				got = append(got, message{string(data), isBinary})
			}, nil)
			rest = rest[n:]
		}
		var sent []byte
		for r := bytes.NewReader(data); len(want) < len(got); {
			payload, isBinary, err := readBare(r)
			if err != nil {
				t.Fatalf("%d messages found, a plain reader ends after %d: %v", len(got), len(want), err)
			}
			want = append(want, message{string(payload), isBinary})
			if isBinary {
				sent = append(sent, engineio.NewFrame(payload, true).Wire()...)
			} else if len(payload) > 0 && payload[0] == '4' {
				sent = append(sent, engineio.NewFrame(payload[1:], false).Wire()...)
			}
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("message %d: got %v, want %v", i, got[i], want[i])
			}
		}
		for r := bytes.NewReader(engineio.ToBare(sent)); r.Len() > 0; {
			if _, _, err := readBare(r); err != nil {
				t.Errorf("what is sent cannot be read: %v", err)
			}
		}
	})
}

// FuzzFirstPacket: whatever a stream begins with, it opens a session, names one
// that a client could have been told of, or is refused.
func FuzzFirstPacket(f *testing.F) {
	for _, first := range []string{"0", `0{"sid":"abc"}`, `0{"sid":""}`, `0{"sid":1}`, `0{}`, "0{", "4hello", "2probe", "", "0 "} {
		f.Add(bareFrame(first, false))
	}
	f.Add(bareFrame("0", true))
	f.Add(bareFrame("0"+strings.Repeat(" ", 200), false))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		sid, err := engineio.ReadFirstPacket(r)
		read := len(data) - r.Len()
		if read > 126 {
			t.Errorf("%d bytes were read", read)
		}
		payload, isBinary, wrong := readBare(bytes.NewReader(data))
		opens := wrong == nil && !isBinary && len(payload) > 0 && payload[0] == '0'
		if err == nil && (!opens || (len(payload) == 1) != (sid == "")) {
			t.Errorf("%q opens a session, or names %q", data, sid)
		}
		if err != nil && opens && len(payload) == 1 {
			t.Errorf("%q is refused: %v", data, err)
		}
	})
}
