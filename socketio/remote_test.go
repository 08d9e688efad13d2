package socketio_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/siotest"
)

// startRemote starts a server and returns its local adapter.
func startRemote(t *testing.T) (ns *socketio.Namespace, local socketio.Adapter, url string) {
	t.Helper()
	io := socketio.NewServer(socketio.Options{Adapter: func(_ *socketio.Namespace, l socketio.Adapter) socketio.Adapter {
		local = l
		return l
	}})
	ns = io.Of("/")
	web := httptest.NewServer(io)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := io.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		web.Close()
	})
	return ns, local, web.URL
}

// What comes from other processes is read once, and only if somebody is in its room.
func TestRemoteBroadcastsAreReadLate(t *testing.T) {
	ns, local, url := startRemote(t)
	var clients []*siotest.Client
	for range 8 { // on all shards
		c := siotest.Dial(t, url)
		id := c.Connect("/")
		if err := ns.In(id).SocketsJoin("a"); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	var reads atomic.Int64
	event := func(room, data string) socketio.RemoteBroadcast {
		return socketio.RemoteBroadcast{Room: room, Read: func() *socketio.Broadcast {
			reads.Add(1)
			if data == "" {
				return nil
			}
			return &socketio.Broadcast{Data: []byte(data)}
		}}
	}
	local.(socketio.BatchAdapter).BroadcastAll([]socketio.RemoteBroadcast{
		event("nobody", `["never"]`), event("a", `["one"]`), event("", ""), event("", `["two"]`),
	})
	for _, c := range clients {
		c.Expect(`2["one"]`)
		c.Expect(`2["two"]`)
	}
	if got := reads.Load(); got != 3 {
		t.Errorf("read %d times, want 3", got)
	}
}

// Rooms are told of once for the process, whatever shards their members are on.
func TestWatchRooms(t *testing.T) {
	ns, local, url := startRemote(t)
	var mu sync.Mutex // guards told
	var told []string
	local.(socketio.RoomWatcher).WatchRooms(func(room string, own, exists bool) {
		if own {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if !exists {
			room = "-" + room
		}
		told = append(told, room)
	})
	for range 8 {
		siotest.Dial(t, url).Connect("/")
	}
	for _, step := range []func() error{
		func() error { return ns.SocketsJoin("a") },
		func() error { return ns.SocketsLeave("a") },
		func() error { return ns.SocketsJoin("a") },
		func() error { return ns.DisconnectSockets(true) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
		if _, err := ns.FetchSockets(t.Context()); err != nil { // all shards have done it
			t.Fatal(err)
		}
	}
	want := []string{"a", "-a", "a", "-a"}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		mu.Lock()
		got := slices.Clone(told)
		mu.Unlock()
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("told %v, want %v", got, want)
		}
	}
}

func TestEncodeEvent(t *testing.T) {
	data, attachments, err := socketio.EncodeEvent("x", 1, []byte{2}, "<é>")
	if want := `["x",1,{"_placeholder":true,"num":0},"<é>"]`; err != nil || string(data) != want || len(attachments) != 1 {
		t.Errorf("EncodeEvent = %s, %x, %v, want %s", data, attachments, err, want)
	}
	for _, bad := range []struct {
		event string
		arg   any
	}{{"disconnect", 1}, {"x", func() {}}} {
		if _, _, err := socketio.EncodeEvent(bad.event, bad.arg); err == nil {
			t.Errorf("EncodeEvent(%q, %T) is no error", bad.event, bad.arg)
		}
	}
}
