//go:build unix

package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// broadcaster owns the shards. It is an http.Handler for the WebSocket upgrade.
type broadcaster struct {
	secret []byte
	shards []*shard
	next   atomic.Uint64 // round robin over the shards, and the ids
}

func newBroadcaster(shards int, secret []byte) *broadcaster {
	b := &broadcaster{secret: secret}
	for range shards {
		b.shards = append(b.shards, newShard())
	}
	return b
}

// conn is one connection. The shard owns rooms, out, blocked and dirty.
type conn struct {
	b       *broadcaster
	nc      *net.TCPConn
	rc      syscall.RawConn
	sh      *shard
	id      uint64
	partial []byte // of an unfinished frame
	rooms   []string
	out     [][]byte
	blocked bool // a flusher has the connection
	dirty   bool
}

func (b *broadcaster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Sec-WebSocket-Key")
	hj, ok := w.(http.Hijacker)
	if !ok || key == "" {
		http.Error(w, "websocket only", http.StatusBadRequest)
		return
	}
	nc, _, err := hj.Hijack()
	if err != nil {
		return
	}
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		nc.Close()
		return
	}
	_ = tcp.SetDeadline(time.Time{})
	rc, err := tcp.SyscallConn()
	if err != nil {
		nc.Close()
		return
	}
	id := b.next.Add(1)
	c := &conn{b: b, nc: tcp, rc: rc, id: id, sh: b.shards[id%uint64(len(b.shards))]}
	hash := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	answer := append([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
		base64.StdEncoding.EncodeToString(hash[:])+"\r\n\r\n"),
		frame(`0{"sid":"`+sid(id)+`","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`)...)
	if _, err := nc.Write(answer); err != nil {
		nc.Close()
		return
	}
	go c.read() // a fresh goroutine: this one's stack has grown in net/http
}

func sid(id uint64) string {
	var b [15]byte
	binary.BigEndian.PutUint64(b[:], id*0x9e3779b97f4a7c15)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// frame builds a whole text frame of a short payload.
func frame(payload string) []byte {
	f := make([]byte, 0, len(payload)+4)
	f = append(f, 0x81)
	if len(payload) < 126 {
		f = append(f, byte(len(payload)))
	} else {
		f = binary.BigEndian.AppendUint16(append(f, 126), uint16(len(payload)))
	}
	return append(f, payload...)
}

var buffers = sync.Pool{New: func() any { return new([16 << 10]byte) }}

var errWire = errors.New("not the benchmark's wire")

// read waits without a buffer, takes one when there is something, and gives it back.
func (c *conn) read() {
	var err error
	wait := func(fd uintptr) bool {
		buf := buffers.Get().(*[16 << 10]byte)
		defer buffers.Put(buf)
		kept := copy(buf[:], c.partial)
		n, rerr := syscall.Read(int(fd), buf[kept:])
		if rerr == syscall.EAGAIN || rerr == syscall.EINTR {
			return false
		}
		if n <= 0 {
			err = io.EOF
			return true
		}
		err = c.feed(buf[:kept+n])
		return true
	}
	for err == nil {
		if rerr := c.rc.Read(wait); rerr != nil {
			err = rerr
		}
	}
	c.sh.post(entry{kind: leave, conn: c})
	c.nc.Close()
}

// feed serves the whole frames in b and keeps the rest.
func (c *conn) feed(b []byte) error {
	for len(b) >= 6 {
		head, size := 6, int(b[1]&0x7f)
		if size == 126 && len(b) >= 8 {
			head, size = 8, int(binary.BigEndian.Uint16(b[2:]))
		}
		if size > 15<<10 || b[1]&0x80 == 0 || b[1] == 0xff {
			return errWire
		}
		if len(b) < head+size {
			break
		}
		key, p := b[head-4:head], b[head:head+size]
		for i := range p {
			p[i] ^= key[i&3]
		}
		switch b[0] {
		case 0x81:
			if err := c.message(p); err != nil {
				return err
			}
		case 0x88:
			return io.EOF
		}
		b = b[head+size:]
	}
	c.partial = append(c.partial[:0], b...)
	return nil
}

var (
	hello = []byte(`40/ws,{"token":"`)
	say   = []byte(`42/ws,["say","`)
	event = []byte(`42/ws,`)
)

func (c *conn) message(p []byte) error {
	switch {
	case bytes.HasPrefix(p, say):
		room, text, ok := bytes.Cut(p[len(say):], []byte(`",`))
		if !ok {
			return errWire
		}
		f := frame(`42/ws,["said",` + string(text))
		for _, sh := range c.b.shards {
			sh.post(entry{kind: broadcast, room: string(room), frame: f})
		}
	case bytes.HasPrefix(p, event):
		// <id>["echo","text"] or <id>["join","room"]
		id, args, ok := bytes.Cut(p[len(event):], []byte("["))
		if !ok || len(args) < 10 {
			return errWire
		}
		if args[1] == 'j' {
			c.sh.post(entry{kind: join, conn: c, room: string(args[8 : len(args)-2])})
			args = []byte(`"join",true]`)
		}
		c.sh.post(entry{kind: send, conn: c, frame: frame(`43/ws,` + string(id) + `[` + string(args[7:]))})
	case bytes.HasPrefix(p, hello):
		token, _, _ := bytes.Cut(p[len(hello):], []byte(`"`))
		go c.connect(bytes.Clone(token)) // its deep stack must not stay with the reader
	}
	return nil
}

func (c *conn) connect(token []byte) {
	reply := `40/ws,{"sid":"` + sid(c.id) + `"}`
	if !verify(c.b.secret, token) {
		reply = `44/ws,{"message":"UNAUTHENTICATED"}`
	}
	c.sh.post(entry{kind: send, conn: c, frame: frame(reply)})
}
