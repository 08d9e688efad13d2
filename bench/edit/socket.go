//go:build linux

package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// RFC 6455, section 5.2.
const (
	opText   = 0x1
	opBinary = 0x2
	opClose  = 0x8
	opPing   = 0x9

	maxFrame = 4 << 20 // bytes of one answer
	patience = 2 * time.Minute
)

// socket is a WebSocket that a goroutine reads and another writes.
type socket struct {
	net.Conn
	r   *bufio.Reader
	in  []byte // the payload of the last frame
	out []byte
}

// dial opens a WebSocket. It speaks no extension.
func dial(addr, path string) (*socket, error) {
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return nil, err
	}
	s := &socket{Conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", path, addr)
	if err == nil {
		var res *http.Response
		if res, err = http.ReadResponse(s.r, nil); err == nil {
			if res.StatusCode != http.StatusSwitchingProtocols {
				err = errors.New(res.Status)
			}
			err = errors.Join(err, res.Body.Close()) // it has none
		}
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("open a WebSocket to %s: %w", addr, err)
	}
	return s, nil
}

// frame appends a masked frame to what flush sends.
func (s *socket) frame(op byte, payload []byte) { s.out = appendFrame(s.out, op, payload) }

// appendFrame appends a masked frame. The mask is 0, which RFC 6455 leaves to
// the client and costs the generator nothing.
func appendFrame(b []byte, op byte, payload []byte) []byte {
	b = append(b, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

func (s *socket) flush() error {
	_, err := s.Write(s.out)
	s.out = s.out[:0]
	return err
}

// waiting reports whether there is something to read, or will be within d.
func (s *socket) waiting(d time.Duration) (bool, error) {
	if s.buffered() {
		return true, nil
	}
	_ = s.SetReadDeadline(time.Now().Add(d))
	_, err := s.r.Peek(1) // takes nothing: a deadline does not tear a frame
	_ = s.SetReadDeadline(time.Now().Add(patience))
	if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
		return false, nil
	}
	return err == nil, err
}

// buffered reports whether something has been received that is not yet read.
func (s *socket) buffered() bool { return s.r.Buffered() > 0 }

// next reads a frame of data. The payload holds until the next call.
func (s *socket) next() (op byte, payload []byte, err error) {
	for {
		head, err := s.r.Peek(2)
		if err != nil {
			return 0, nil, err
		}
		first, size, extended := head[0], uint64(head[1]), 0
		switch size {
		case 126:
			extended = 2
		case 127:
			extended = 8
		}
		if extended > 0 {
			if head, err = s.r.Peek(2 + extended); err != nil {
				return 0, nil, err
			}
			size = 0
			for _, b := range head[2:] {
				size = size<<8 | uint64(b)
			}
		}
		_, _ = s.r.Discard(2 + extended) // they are there
		if size > maxFrame || first&0x80 == 0 {
			return 0, nil, fmt.Errorf("frame %x of %d bytes", first, size)
		}
		s.in = slices.Grow(s.in[:0], int(size))[:size]
		if _, err := io.ReadFull(s.r, s.in); err != nil {
			return 0, nil, err
		}
		switch op = first & 0x0f; op {
		case opPing: // answered by nobody: runs are shorter than the servers' patience
		case opClose:
			return 0, nil, fmt.Errorf("closed by the server: %s", strings.TrimSpace(string(s.in)))
		default:
			return op, s.in, nil
		}
	}
}
