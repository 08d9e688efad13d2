package socketio_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/siotest"
	"github.com/storywire/storywire/test/twice"
)

// polled tells serve to let shards read, where they can; otherwise goroutines do.
var polled = true

func TestMain(m *testing.M) { twice.Main(m, func() { polled = false }) }

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// fixture is a server under test.
type fixture struct {
	t       *testing.T
	io      *socketio.Server
	http    *httptest.Server
	streams siotest.Streams
}

func serve(t *testing.T, opts socketio.Options) *fixture {
	t.Helper()
	opts.Engine.DisablePoller = !polled
	f := &fixture{t: t, streams: siotest.NewStreams()}
	opts.Engine.WebTransport = f.streams
	f.io = socketio.NewServer(opts)
	f.http = httptest.NewServer(f.io)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := f.io.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		f.http.Close()
	})
	return f
}

func (f *fixture) dial() *siotest.Client {
	f.t.Helper()
	return siotest.Dial(f.t, f.http.URL)
}

// receive waits for a value.
func receive[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came in time")
		panic("unreachable")
	}
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not in time: %s", what)
		}
	}
}

// closeWhile closes the server while a client waits for that.
func (f *fixture) closeWhile(c *siotest.Client) {
	f.t.Helper()
	closed := make(chan error, 1)
	go func() { closed <- f.io.Close(context.Background()) }()
	c.ExpectClosed()
	if err := receive(f.t, closed); err != nil {
		f.t.Errorf("Close: %v", err)
	}
}
