package socketio_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
)

// pipes accepts connections in memory, for tests with a fake clock.
type pipes chan net.Conn

func (p pipes) AcceptStream(w http.ResponseWriter, _ *http.Request) (engineio.StreamConn, error) {
	client, server := net.Pipe()
	w.WriteHeader(http.StatusOK)
	p <- client
	return pipe{server}, nil
}

type pipe struct{ net.Conn }

func (p pipe) CloseWrite() error { return p.Close() }

// slowWrites is an Observer that notes the size of each write and makes it take time.
type slowWrites struct {
	mu    sync.Mutex // guards sizes
	sizes []int
}

func (o *slowWrites) Opened(*engineio.Session)                              {}
func (o *slowWrites) Upgraded(*engineio.Session)                            {}
func (o *slowWrites) Closed(*engineio.Session, engineio.CloseReason, error) {}
func (o *slowWrites) Refused(int)                                           {}
func (o *slowWrites) Received(int)                                          {}

func (o *slowWrites) Sent(bytes int) {
	o.mu.Lock()
	o.sizes = append(o.sizes, bytes)
	o.mu.Unlock()
	time.Sleep(time.Millisecond)
}

func (o *slowWrites) take() []int {
	o.mu.Lock()
	defer o.mu.Unlock()
	sizes := o.sizes
	o.sizes = nil
	return sizes
}

// Broadcasts of other processes that were joined make the writes after them wait,
// with Recovery too; those of this process do not.
func TestBroadcastsOfOtherProcessesAreGathered(t *testing.T) {
	for _, tt := range []struct {
		name   string
		opts   socketio.Options
		afar   bool
		writes int // that two messages cost, half a millisecond apart
	}{
		{"own", socketio.Options{}, false, 2},
		{"of others", socketio.Options{}, true, 1},
		{"of others, with recovery", socketio.Options{Recovery: &socketio.Recovery{}}, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var local socketio.Adapter
				conns, log := make(pipes, 1), new(slowWrites)
				opts := tt.opts
				opts.Engine = engineio.Options{Shards: 1, WebTransport: conns, Observer: log}
				opts.Adapter = func(_ *socketio.Namespace, l socketio.Adapter) socketio.Adapter {
					local = l
					return l
				}
				io := socketio.NewServer(opts)
				ns := io.Of("/")
				client := connectPipe(t, io, conns)
				defer client.Close()
				tell := func(messages int) {
					batch := make([]socketio.RemoteBroadcast, 0, messages)
					for range messages {
						batch = append(batch, socketio.RemoteBroadcast{Read: func() *socketio.Broadcast {
							return &socketio.Broadcast{Data: []byte(`["said"]`)}
						}})
					}
					if tt.afar {
						local.(socketio.BatchAdapter).BroadcastAll(batch)
						return
					}
					for range messages {
						if err := ns.Emit("said"); err != nil {
							t.Error(err)
						}
					}
				}
				for range 2 {
					tell(2)
					time.Sleep(10 * time.Millisecond)
				}
				log.take()
				tell(1)
				time.Sleep(500 * time.Microsecond)
				tell(1)
				time.Sleep(10 * time.Millisecond)
				if writes := log.take(); len(writes) != tt.writes {
					t.Errorf("%d writes %v, want %d", len(writes), writes, tt.writes)
				}
				if err := io.Close(context.Background()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// connectPipe connects a client to "/" that takes what comes.
func connectPipe(t *testing.T, server *socketio.Server, conns pipes) net.Conn {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://example.test"+socketio.DefaultPath+"?EIO=4&transport=webtransport", nil)
	r.Method = http.MethodConnect // with a path, as over HTTP/3
	server.ServeHTTP(httptest.NewRecorder(), r)
	conn := <-conns
	go func() { _, _ = io.Copy(io.Discard, conn) }()
	for _, packet := range []string{"0", "40"} {
		if _, err := conn.Write(slices.Concat([]byte{byte(len(packet))}, []byte(packet))); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Second)
	return conn
}
