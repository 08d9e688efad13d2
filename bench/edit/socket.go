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

// frame appends a masked frame to what flush sends. The mask is 0, which
// RFC 6455 leaves to the client and costs the generator nothing.
func (s *socket) frame(op byte, payload []byte) {
	s.out = append(s.out, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		s.out = append(s.out, 0x80|byte(n))
	case n <= 0xffff:
		s.out = binary.BigEndian.AppendUint16(append(s.out, 0x80|126), uint16(n))
	default:
		s.out = binary.BigEndian.AppendUint64(append(s.out, 0x80|127), uint64(n))
	}
	s.out = append(append(s.out, 0, 0, 0, 0), payload...)
}

func (s *socket) flush() error {
	_, err := s.Write(s.out)
	s.out = s.out[:0]
	return err
}

// waiting reports whether there is something to read, or will be within d.
func (s *socket) waiting(d time.Duration) (bool, error) {
	if s.r.Buffered() > 0 {
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

// next reads a frame of data. The payload is the caller's.
func (s *socket) next() (op byte, payload []byte, err error) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(s.r, head[:]); err != nil {
			return 0, nil, err
		}
		size := uint64(head[1])
		switch size {
		case 126:
			var n [2]byte
			_, err = io.ReadFull(s.r, n[:])
			size = uint64(binary.BigEndian.Uint16(n[:]))
		case 127:
			var n [8]byte
			_, err = io.ReadFull(s.r, n[:])
			size = binary.BigEndian.Uint64(n[:])
		}
		if err != nil {
			return 0, nil, err
		}
		if size > maxFrame || head[0]&0x80 == 0 {
			return 0, nil, fmt.Errorf("frame %x of %d bytes", head[0], size)
		}
		payload = make([]byte, size)
		if _, err := io.ReadFull(s.r, payload); err != nil {
			return 0, nil, err
		}
		switch op = head[0] & 0x0f; op {
		case opPing: // answered by nobody: runs are shorter than the servers' patience
		case opClose:
			return 0, nil, fmt.Errorf("closed by the server: %s", strings.TrimSpace(string(payload)))
		default:
			return op, payload, nil
		}
	}
}
