package app_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/app"
)

// handshakes are the requests that open a connection on each transport, without
// their last line; the status says that they were accepted.
var handshakes = []struct {
	transport string
	head      string
	accepted  int
}{
	{"polling", "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: example.test\r\n", http.StatusOK},
	{"websocket", "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", http.StatusSwitchingProtocols},
	{"REST", "GET /healthz HTTP/1.1\r\nHost: example.test\r\n", http.StatusOK},
}

// begin opens a connection and sends text.
func begin(t *testing.T, s server, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// filled is a request whose header has so many bytes.
func filled(head string, size int) string {
	const name, end = "Cookie: a=", "\r\n\r\n"
	return head + name + strings.Repeat("x", size-len(head)-len(name)-len(end)) + end
}

func TestHeaderTooLargeOnEveryTransport(t *testing.T) {
	const limit = 16 << 10
	s := start(t, filepath.Join(t.TempDir(), "test.db"), func(c *app.Config) { c.Limits.MaxHeader = limit })
	for _, tt := range handshakes {
		for size, want := range map[int]int{limit: tt.accepted, limit + 1: http.StatusRequestHeaderFieldsTooLarge} {
			t.Run(fmt.Sprint(tt.transport, " ", size), func(t *testing.T) {
				res, err := http.ReadResponse(bufio.NewReader(begin(t, s, filled(tt.head, size))), nil)
				if err != nil {
					t.Fatal(err)
				}
				if res.StatusCode != want {
					t.Errorf("answered %s, want %d", res.Status, want)
				}
			})
		}
	}
}

func TestHeaderTooSlowOnEveryTransport(t *testing.T) {
	const limit = 100 * time.Millisecond
	s := start(t, filepath.Join(t.TempDir(), "test.db"), func(c *app.Config) { c.Limits.HeaderTimeout = limit })
	for _, tt := range handshakes {
		t.Run(tt.transport, func(t *testing.T) {
			from := time.Now()
			got, err := io.ReadAll(begin(t, s, tt.head))
			if len(got) > 0 {
				t.Errorf("answered %q, %v, want the connection closed", got, err)
			}
			if took := time.Since(from); took < limit || took > 10*time.Second {
				t.Errorf("closed after %v", took)
			}
		})
		t.Run(tt.transport+", in time, then silent", func(t *testing.T) {
			conn := begin(t, s, tt.head+"\r\n")
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || res.StatusCode != tt.accepted {
				t.Fatalf("answered %v, %v", res, err)
			}
			if tt.accepted != http.StatusSwitchingProtocols {
				return
			}
			conn.SetDeadline(time.Now().Add(3 * limit))
			if _, err := io.Copy(io.Discard, conn); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the connection ended with %v: the limit of the header outlives it", err)
			}
		})
	}
}
