//go:build linux

package load_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// fake is a small correct server of the benchmark's wire that can be told to
// misbehave.
type fake struct {
	t       *testing.T
	chunk   int                        // bytes per write; 0: whole frames
	refuse  func(token string) bool    // CONNECT_ERROR
	deliver func(nth int) (copies int) // of a room's nth message, to its last member; nil: 1
	answer  func(event string) string  // the ack of anything else; "" none
	mu      sync.Mutex                 // guards what is below
	rooms   map[string][]*fakeConn
	said    map[string]int
}

type fakeConn struct {
	mu sync.Mutex // guards writes
	nc net.Conn
	f  *fake
}

// start listens until the test ends and returns the address.
func (f *fake) start(t *testing.T) string {
	f.t, f.rooms, f.said = t, map[string][]*fakeConn{}, map[string]int{}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer nc.Close()
				f.serve(&fakeConn{nc: nc, f: f})
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		wg.Wait()
	})
	return ln.Addr().String()
}

func (c *fakeConn) send(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	step := len(frame)
	if c.f.chunk > 0 {
		step = c.f.chunk
	}
	for len(frame) > 0 {
		n := min(step, len(frame))
		if _, err := c.nc.Write(frame[:n]); err != nil {
			return
		}
		frame = frame[n:]
	}
}

func (f *fake) serve(c *fakeConn) {
	r := bufio.NewReader(c.nc)
	req, err := http.ReadRequest(r)
	if err != nil || req.Header.Get("Sec-WebSocket-Key") == "" {
		return
	}
	c.send([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"))
	c.send(serverFrame(1, `0{"sid":"x"}`))
	c.send(serverFrame(1, "2"))
	pinged := false
	for {
		p := readMasked(r)
		switch {
		case p == "":
			return
		case p == "3":
			pinged = true
		case strings.HasPrefix(p, "40/ws,"):
			token := strings.Trim(strings.TrimPrefix(p, `40/ws,{"token":`), `"}`)
			if f.refuse != nil && f.refuse(token) {
				c.send(serverFrame(1, `44/ws,{"message":"no"}`))
				return
			}
			c.send(serverFrame(1, `40/ws,{"sid":"y"}`))
		case strings.HasPrefix(p, "42/ws,"):
			if !pinged {
				f.t.Error("an event came before the pong")
			}
			f.event(c, strings.TrimPrefix(p, "42/ws,"))
		}
	}
}

// event serves <id>["name",args...].
func (f *fake) event(c *fakeConn, p string) {
	id, args, _ := strings.Cut(p, "[")
	words := strings.Split(strings.TrimSuffix(args, "]"), ",")
	switch words[0] {
	case `"join"`:
		f.mu.Lock()
		f.rooms[words[1]] = append(f.rooms[words[1]], c)
		f.mu.Unlock()
		c.send(serverFrame(1, fmt.Sprintf("43/ws,%s[true]", id)))
	case `"say"`:
		f.say(words[1], words[2])
	case `"echo"`:
		c.send(serverFrame(1, fmt.Sprintf("43/ws,%s[%s]", id, words[1])))
	default:
		if f.answer == nil {
			f.t.Errorf("unexpected event %q", p)
		} else if a := f.answer(p); a != "" {
			c.send(serverFrame(1, `42/ws,["comment:created",{}]`))
			c.send(serverFrame(1, fmt.Sprintf("43/ws,%s[%s]", id, a)))
		}
	}
}

func (f *fake) say(room, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	nth := f.said[room]
	f.said[room]++
	for i, m := range f.rooms[room] {
		copies := 1
		if f.deliver != nil && i == len(f.rooms[room])-1 {
			copies = f.deliver(nth)
		}
		for range copies {
			m.send(serverFrame(1, `42/ws,["said",`+text+`]`))
		}
	}
}

// readMasked reads one frame of a client and returns its payload; "" at the end.
func readMasked(r io.Reader) string {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil || head[1]&0x80 == 0 {
		return ""
	}
	size := uint64(head[1] & 0x7f)
	switch size {
	case 126:
		if _, err := io.ReadFull(r, head[:2]); err != nil {
			return ""
		}
		size = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		if _, err := io.ReadFull(r, head[:8]); err != nil {
			return ""
		}
		size = binary.BigEndian.Uint64(head[:8])
	}
	key, payload := make([]byte, 4), make([]byte, size)
	if _, err := io.ReadFull(r, key); err != nil {
		return ""
	}
	if _, err := io.ReadFull(r, payload); err != nil {
		return ""
	}
	for i := range payload {
		payload[i] ^= key[i%4]
	}
	return string(payload)
}
