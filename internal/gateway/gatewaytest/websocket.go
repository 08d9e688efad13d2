package gatewaytest

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// webSocket is a wire.
type webSocket struct {
	conn net.Conn
	r    *bufio.Reader

	writing sync.Mutex // guards writes to conn
}

// Dial opens a WebSocket to addr ("127.0.0.1:3000"). It joins no namespace.
func Dial(ctx context.Context, addr string) (*Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	var key [16]byte
	_, _ = rand.Read(key[:])
	fmt.Fprintf(conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", addr, base64.StdEncoding.EncodeToString(key[:]))
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		conn.Close()
		return nil, err
	}
	defer res.Body.Close() // of an upgrade it is empty
	if res.StatusCode != http.StatusSwitchingProtocols {
		text, _ := io.ReadAll(res.Body)
		conn.Close()
		return nil, fmt.Errorf("upgrade: %s: %s", res.Status, text)
	}
	return newClient(&webSocket{conn: conn, r: r}), nil
}

func (ws *webSocket) close() { ws.conn.Close() }

// send writes one text frame.
func (ws *webSocket) send(text string) error {
	const fin, textFrame, masked = 0x80, 1, 0x80
	head := []byte{fin | textFrame}
	switch n := len(text); {
	case n < 126:
		head = append(head, masked|byte(n))
	case n <= 0xffff:
		head = binary.BigEndian.AppendUint16(append(head, masked|126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, masked|127), uint64(n))
	}
	head = append(head, 0, 0, 0, 0) // a mask of zeros is a mask
	ws.writing.Lock()
	defer ws.writing.Unlock()
	_, err := ws.conn.Write(append(head, text...))
	return err
}

// receive reads one frame; the server sends no fragments. Binary ones come as
// they do over polling.
func (ws *webSocket) receive() ([]string, error) {
	for {
		op, payload, err := frame(ws.r)
		switch {
		case err != nil:
			return nil, err
		case op == 8:
			return nil, io.EOF
		case op == 1:
			return []string{string(payload)}, nil
		case op == 2:
			return []string{"b" + base64.StdEncoding.EncodeToString(payload)}, nil
		}
	}
}

// frame reads one frame.
func frame(r *bufio.Reader) (op byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	size := uint64(head[1] & 0x7f)
	var long [8]byte
	switch size {
	case 126:
		_, err = io.ReadFull(r, long[6:])
	case 127:
		_, err = io.ReadFull(r, long[:])
	}
	if err != nil {
		return 0, nil, err
	}
	if size >= 126 {
		size = binary.BigEndian.Uint64(long[:])
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(r, payload)
	return head[0] & 0x0f, payload, err
}
