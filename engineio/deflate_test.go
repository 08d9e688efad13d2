package engineio_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/engineio"
)

const (
	offerDeflate = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
	deflateOK    = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
)

// squeeze compresses a message as RFC 7692 has it.
func squeeze(s string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = io.WriteString(w, s)
	_ = w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

func expand(b []byte) string {
	r := flate.NewReader(io.MultiReader(bytes.NewReader(b), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff")))
	all, err := io.ReadAll(r)
	if err != nil {
		return "damaged: " + err.Error()
	}
	return string(all)
}

// compressed is a frame whose message is compressed.
func compressed(opcode byte, s string) wsFrame {
	return op(opcode).rsv(0x40).data(squeeze(s))
}

// nextRaw reads one frame with its first byte whole.
func (c *wsClient) nextRaw(t *testing.T) (first byte, payload []byte) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	head, err := c.r.Peek(1)
	if err != nil {
		t.Fatal(err)
	}
	first = head[0]
	if _, payload, err = c.next(); err != nil {
		t.Fatal(err)
	}
	return first, payload
}

func TestDeflateNegotiation(t *testing.T) {
	for _, tt := range []struct{ name, offer, want string }{
		{"none", "", ""},
		{"plain", "permessage-deflate", deflateOK},
		{"as browsers do", "permessage-deflate; client_max_window_bits", deflateOK},
		{"as ws does", `permessage-deflate; client_max_window_bits="15"; server_no_context_takeover`, deflateOK},
		{"full window", "permessage-deflate; server_max_window_bits=15", deflateOK + "; server_max_window_bits=15"},
		{"small window", "permessage-deflate; server_max_window_bits=10", ""},
		{"second offer", "permessage-deflate; server_max_window_bits=10, permessage-deflate", deflateOK},
		{"other", "permessage-bzip2", ""},
		{"unknown parameter", "permessage-deflate; level=9", ""},
		{"twice", "permessage-deflate; client_max_window_bits; client_max_window_bits", ""},
		{"bad window", "permessage-deflate; client_max_window_bits=16", ""},
		{"flag with a value", "permessage-deflate; server_no_context_takeover=1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHarness(t, engineio.Options{PerMessageDeflate: true}, nil)
			c := h.dialRaw("/engine.io/?EIO=4&transport=websocket", "Sec-WebSocket-Extensions: "+tt.offer)
			if c.status != http.StatusSwitchingProtocols {
				t.Fatalf("status %d", c.status)
			}
			if got := c.header.Get("Sec-WebSocket-Extensions"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			c.expectOpen(t)
		})
	}
	h := newHarness(t, engineio.Options{}, nil)
	if got := h.dialRaw("/engine.io/?EIO=4&transport=websocket", offerDeflate).header.Get("Sec-WebSocket-Extensions"); got != "" {
		t.Errorf("by default: got %q", got)
	}
}

// dialDeflate opens a session whose messages are compressed.
func (h *harness) dialDeflate() (*wsClient, *engineio.Session) {
	h.t.Helper()
	c := h.dialRaw("/engine.io/?EIO=4&transport=websocket", offerDeflate)
	c.expectOpen(h.t)
	return c, <-h.sessions
}

func TestDeflateBothWays(t *testing.T) {
	h := newHarness(t, engineio.Options{PerMessageDeflate: true}, nil)
	c, s := h.dialDeflate()
	long := strings.Repeat("what a story ", 1000)

	c.send(t, compressed(1, "4"+long))
	if first, payload := c.nextRaw(t); first != 0xc1 || expand(payload) != "4"+long || len(payload) > len(long)/10 {
		t.Errorf("got %x and %d bytes, want c1 and few", first, len(payload))
	}
	c.send(t, compressed(2, long))
	if first, payload := c.nextRaw(t); first != 0xc2 || expand(payload) != long {
		t.Errorf("got %x and %d bytes, want c2", first, len(payload))
	}
	c.send(t, op(1).data("4short")) // both sides may leave a message as it is
	c.expect(t, "text 4short")
	c.send(t, compressed(1, "4short"))
	c.expect(t, "text 4short")

	whole := squeeze("4" + long)
	c.send(t, op(1).rsv(0x40).data(whole[:10]).more(), op(9).data("still there?"), op(0).data(whole[10:20]).more(), op(0).data(whole[20:]))
	c.expect(t, "ws-pong still there?")
	if _, payload := c.nextRaw(t); expand(payload) != "4"+long {
		t.Errorf("fragmented: got %q", expand(payload))
	}

	s.Send(text(long).Plain())
	if first, payload := c.nextRaw(t); first != 0x81 || string(payload) != "4"+long {
		t.Errorf("plain frame: got %x and %d bytes", first, len(payload))
	}
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(i*i>>3 ^ i*7919>>5)
	}
	s.Send(engineio.NewFrame(noise, true))
	if first, payload := c.nextRaw(t); first == 0x82 && !bytes.Equal(payload, noise) || first == 0xc2 && expand(payload) != string(noise) {
		t.Errorf("noise: got %x and %d bytes", first, len(payload))
	}
}

func TestDeflateAfterUpgrade(t *testing.T) {
	h := newHarness(t, engineio.Options{PerMessageDeflate: true}, nil)
	sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling", "")))
	s := <-h.sessions
	long := strings.Repeat("queued ", 1000)
	s.Send(text(long))
	c := h.dialRaw("/engine.io/?EIO=4&transport=websocket&sid="+sid, offerDeflate)
	c.text(t, "2probe")
	c.expect(t, "text 3probe")
	c.text(t, "5")
	if first, payload := c.nextRaw(t); first != 0xc1 || expand(payload) != "4"+long {
		t.Errorf("got %x and %d bytes", first, len(payload))
	}
}

// A broadcast reaches those who compress and those who do not.
func TestDeflateBroadcast(t *testing.T) {
	h := newHarness(t, engineio.Options{PerMessageDeflate: true, Shards: 2}, nil)
	f := text(strings.Repeat("to all of you ", 1000))
	var clients []*wsClient
	for range 4 {
		c, s := h.dialDeflate()
		s.Send(f)
		clients = append(clients, c)
	}
	plain, s := h.dial()
	s.Send(f)
	plain.expect(t, "text "+show(string(f.Wire()[4:])))
	var want []byte
	for i, c := range clients {
		first, payload := c.nextRaw(t)
		if i == 0 {
			want = payload
		}
		if first != 0xc1 || !bytes.Equal(payload, want) {
			t.Errorf("client %d: got %x, other bytes than the first", i, first)
		}
	}
	if allocs := testing.AllocsPerRun(100, func() { f.Deflated(h.eio) }); allocs != 0 {
		t.Errorf("%v allocations to compress again what is compressed", allocs)
	}
}

func TestDeflateLimits(t *testing.T) {
	const limit = 10_000
	start := compressed(1, "4hello").more()
	for _, tt := range []struct {
		name   string
		frames []wsFrame
		want   string
		err    error
	}{
		{"zip bomb", []wsFrame{compressed(2, strings.Repeat("\x00", 50<<20))}, "close 1009", engineio.ErrTooLarge},
		{"one byte over", []wsFrame{compressed(2, strings.Repeat("x", limit+1))}, "close 1009", engineio.ErrTooLarge},
		{"too large as it is", []wsFrame{op(2).data(strings.Repeat("x", limit+1))}, "close 1009", engineio.ErrTooLarge},
		{"garbage", []wsFrame{op(1).rsv(0x40).data("\xff\xff\xff")}, "close 1007", nil},
		{"not UTF-8", []wsFrame{compressed(1, "4\xff")}, "close 1007", nil},
		{"not UTF-8, fragmented", []wsFrame{start, op(0).data("\xff\xff")}, "close 1007", nil},
		{"marked continuation", []wsFrame{start, op(0).rsv(0x40).data("x")}, "close 1002", nil},
		{"marked ping", []wsFrame{op(9).rsv(0x40).data("x")}, "close 1002", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHarness(t, engineio.Options{PerMessageDeflate: true, MaxPayload: limit}, nil)
			c, _ := h.dialDeflate()
			c.send(t, tt.frames...)
			c.expect(t, tt.want)
			if e := h.awaitEnd(); e.reason != engineio.TransportError || tt.err != nil && !errors.Is(e.err, tt.err) {
				t.Errorf("ended by %v, %v", e.reason, e.err)
			}
		})
	}
	t.Run("exactly the limit", func(t *testing.T) {
		h := newHarness(t, engineio.Options{PerMessageDeflate: true, MaxPayload: limit}, nil)
		c, _ := h.dialDeflate()
		c.send(t, compressed(2, strings.Repeat("x", limit)))
		if _, payload := c.nextRaw(t); expand(payload) != strings.Repeat("x", limit) {
			t.Error("not echoed")
		}
	})
	t.Run("not negotiated", func(t *testing.T) {
		h := newHarness(t, engineio.Options{PerMessageDeflate: true}, nil)
		c, _ := h.dial()
		c.send(t, compressed(1, "4hello"))
		c.expect(t, "close 1002")
	})
}

func TestPollingLeavesPlainMessagesAlone(t *testing.T) {
	h := newHarness(t, engineio.Options{}, nil)
	long := text(strings.Repeat("x", 5000))
	for _, tt := range []struct {
		frames []*engineio.Frame
		want   string
	}{
		{[]*engineio.Frame{long}, "gzip"},
		{[]*engineio.Frame{long.Plain()}, ""},
		{[]*engineio.Frame{long.Plain(), long}, "gzip"},
	} {
		sid := sidOf(t, readBody(t, h.request("GET", "?EIO=4&transport=polling", "")))
		(<-h.sessions).Send(tt.frames...)
		resp := h.request("GET", "?EIO=4&transport=polling&sid="+sid, "", "Accept-Encoding: gzip")
		resp.Body.Close()
		if got := resp.Header.Get("Content-Encoding"); got != tt.want {
			t.Errorf("%d messages: got %q, want %q", len(tt.frames), got, tt.want)
		}
	}
}

// FuzzInflate: whatever is expanded stays within the limit, and is what flate
// makes of it.
func FuzzInflate(f *testing.F) {
	f.Add([]byte(squeeze("4hello")), true)
	f.Add([]byte(squeeze(strings.Repeat("\x00", 5000))), false)
	f.Add([]byte("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), false) // RFC 7692, 7.2.3.4: ends with a last block
	f.Add([]byte("\x00"), false)
	f.Add([]byte{}, true)
	const limit = 4000
	f.Fuzz(func(t *testing.T, data []byte, isText bool) {
		got, err := engineio.Inflate(data, isText, limit)
		if len(got) > limit {
			t.Fatalf("%d bytes", len(got))
		}
		if err == nil && string(got) != expand(data) {
			t.Errorf("got %q, want %q", got, expand(data))
		}
	})
}
