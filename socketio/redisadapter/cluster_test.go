//go:build unix

package redisadapter_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/storywire/storywire/redisbus"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/siotest"
	"github.com/storywire/storywire/socketio/redisadapter"
	"github.com/storywire/storywire/test/servers"
)

// node is a server of its own connection to Redis.
type node struct {
	*socketio.Namespace
	url string
	bus *redisbus.Bus
}

func startNode(t *testing.T, redis *servers.RedisServer, opts redisadapter.Options) node {
	t.Helper()
	opts.Key = redis.Prefix
	bus := connect(t, redis.URL)
	return serve(t, bus, redisadapter.New(bus, opts))
}

func startSharded(t *testing.T, redis *servers.RedisServer, opts redisadapter.ShardedOptions) node {
	t.Helper()
	opts.Prefix = redis.Prefix
	bus := connect(t, redis.URL)
	return serve(t, bus, redisadapter.NewSharded(bus, opts))
}

func serve(t *testing.T, bus *redisbus.Bus, adapter func(*socketio.Namespace, socketio.Adapter) socketio.Adapter) node {
	t.Helper()
	io := socketio.NewServer(socketio.Options{Adapter: adapter})
	web := httptest.NewServer(io)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := io.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		web.Close()
	})
	n := node{io.Of("/"), web.URL, bus}
	settle(t, bus)
	return n
}

// enter connects a client that is in those rooms.
func (n node) enter(t *testing.T, rooms ...string) (c *siotest.Client, id string) {
	t.Helper()
	c = siotest.Dial(t, n.url)
	id = c.Connect("/")
	if err := n.In(id).Local().SocketsJoin(rooms...); err != nil {
		t.Fatal(err)
	}
	return c, id
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestServerCount(t *testing.T) {
	t.Parallel()
	redis := servers.Redis(t)
	a, b := startNode(t, redis, redisadapter.Options{}), startNode(t, redis, redisadapter.Options{})
	for _, n := range []node{a, b} {
		if count, err := n.ServerCount(t.Context()); count != 2 || err != nil {
			t.Errorf("ServerCount = %d, %v", count, err)
		}
	}
}

// A socket of another server is described as completely as one of this, and can
// be worked with.
func TestRemoteSockets(t *testing.T) {
	t.Parallel()
	redis := servers.Redis(t)
	a, b := startNode(t, redis, redisadapter.Options{}), startNode(t, redis, redisadapter.Options{})
	b.Use(func(_ context.Context, s *socketio.Socket) error {
		s.SetData(map[string]any{"name": "Ann"})
		return nil
	})
	c, id := b.enter(t, "x")
	found, err := a.In("x").FetchSockets(t.Context())
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	s := found[0]
	h := s.Handshake()
	if s.ID != id || !slices.Equal(s.Rooms, []string{id, "x"}) || fmt.Sprintf("%s", s.Data) != `{"name":"Ann"}` ||
		h.Query.Get("EIO") != "4" || h.Host == "" || h.URL.Path != "/socket.io/" || time.Since(h.Time) > patience || h.RemoteAddr != "127.0.0.1" {
		t.Errorf("%+v with handshake %+v", s, h)
	}
	must(t, s.Emit("hi", 1))
	c.Expect(`2["hi",1]`)
	done := make(chan error, 1)
	go func() {
		answer, err := s.EmitWithAck(t.Context(), "q")
		var n int
		if err == nil {
			err = answer.Decode(0, &n)
		}
		if err == nil && n != 7 {
			err = fmt.Errorf("answer %d", n)
		}
		done <- err
	}()
	var ack int
	if _, err := fmt.Sscanf(c.Next().String(), `2%d["q"]`, &ack); err != nil {
		t.Fatal(err)
	}
	c.Send(fmt.Sprintf("3%d[7]", ack))
	must(t, <-done)
	must(t, s.Join("y"))
	must(t, a.To("y").Emit("y"))
	c.Expect(`2["y"]`)
	must(t, s.Leave("y"))
	must(t, a.To("y").Emit("y"))
	must(t, s.Disconnect(true))
	c.Expect("1")
	c.ExpectClosed()
}

// An outage: local sockets are served, questions are answered in time with an
// error, and afterwards the servers are one again.
func TestOutage(t *testing.T) {
	t.Parallel()
	redis := servers.Redis(t)
	a, b := startNode(t, redis, redisadapter.Options{}), startNode(t, redis, redisadapter.Options{})
	ca, _ := a.enter(t)
	cb, _ := b.enter(t)
	asked := make(chan error, 1)
	b.OnServerSide("slow", func(ctx context.Context, _ *socketio.Args) (any, error) {
		asked <- nil
		<-ctx.Done()
		return nil, ctx.Err()
	})
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_, err := a.ServerSideEmitWithAck(ctx, "slow")
		asked <- err
	}()
	<-asked
	redis.Restart()
	redis.Stop()
	if err := <-asked; !errors.Is(err, redisbus.ErrUnavailable) {
		t.Errorf("a question that was asked before: %v", err)
	}
	for a.bus.Healthy() || b.bus.Healthy() {
		time.Sleep(time.Millisecond)
	}
	must(t, a.Emit("alone"))
	ca.Expect(`2["alone"]`)
	if found, err := a.FetchSockets(t.Context()); !errors.Is(err, redisbus.ErrUnavailable) || len(found) != 1 {
		t.Errorf("FetchSockets = %v, %v", found, err)
	}
	if _, err := a.ServerSideEmitWithAck(t.Context(), "slow"); !errors.Is(err, redisbus.ErrUnavailable) {
		t.Errorf("ServerSideEmitWithAck: %v", err)
	}
	if err := a.In("x").SocketsJoin("y"); !errors.Is(err, redisbus.ErrUnavailable) {
		t.Errorf("SocketsJoin: %v", err)
	}
	redis.Restart()
	settle(t, a.bus)
	settle(t, b.bus)
	must(t, a.Emit("together"))
	ca.Expect(`2["together"]`)
	cb.Expect(`2["together"]`)
}

// What cannot be read is dropped, on every channel, and nothing else is.
func TestMalformedMessages(t *testing.T) {
	t.Parallel()
	redis := servers.Redis(t)
	n := startNode(t, redis, redisadapter.Options{})
	c, _ := n.enter(t, "a")
	other := connect(t, redis.URL)
	settle(t, other)
	for _, data := range []string{"", "{", "{}", "[]", "\xc1", "\x93\xa1a\x80\x80", `{"type":7}`, `{"requestId":1}`, "\xdd\xff\xff\xff\xff"} {
		for _, channel := range []string{"#/#", "#/#a#", "#/#a", "-request#/#", "-response#/#"} {
			must(t, other.Publish(redis.Prefix+channel, []byte(data)))
		}
	}
	must(t, redisadapter.NewEmitter(other, redisadapter.EmitterOptions{Key: redis.Prefix}).To("a").Emit("still", "there"))
	c.Expect(`2["still","there"]`)
}

// hears waits until somebody at the server is in a room and hears what others
// send there.
func (n node) hears(t *testing.T, room string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		found, err := n.In(room).Local().FetchSockets(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			break
		}
	}
	settle(t, n.bus)
}

func TestEmitter(t *testing.T) {
	t.Parallel()
	redis := servers.Redis(t)
	a := startNode(t, redis, redisadapter.Options{})
	deaf := startNode(t, redis, redisadapter.Options{IgnoreUIDs: []string{"durable"}})
	other := connect(t, redis.URL)
	testEmitter(t, a, deaf, other,
		redisadapter.NewEmitter(other, redisadapter.EmitterOptions{Key: redis.Prefix}),
		redisadapter.NewEmitter(other, redisadapter.EmitterOptions{Key: redis.Prefix, UID: "durable"}))
}

func TestShardedEmitter(t *testing.T) {
	for name, mode := range map[string]redisadapter.SubscriptionMode{
		"static": redisadapter.Static, "dynamic": redisadapter.Dynamic, "private": redisadapter.DynamicPrivate,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := servers.Redis(t)
			a := startSharded(t, redis, redisadapter.ShardedOptions{Mode: mode})
			deaf := startSharded(t, redis, redisadapter.ShardedOptions{Mode: mode, IgnoreUIDs: []string{"durable"}})
			other := connect(t, redis.URL)
			testEmitter(t, a, deaf, other,
				redisadapter.NewShardedEmitter(other, redisadapter.ShardedEmitterOptions{Prefix: redis.Prefix, Mode: mode}),
				redisadapter.NewShardedEmitter(other, redisadapter.ShardedEmitterOptions{Prefix: redis.Prefix, Mode: mode, UID: "durable"}))
		})
	}
}

// testEmitter has two emitters speak to two servers, of which deaf ignores durable.
func testEmitter(t *testing.T, a, deaf node, other *redisbus.Bus, e, durable redisadapter.Emitter) {
	t.Helper()
	told := make(chan string, 1)
	a.OnServerSide("news", func(_ context.Context, args *socketio.Args) (any, error) {
		var s string
		err := args.Decode(0, &s)
		told <- s
		return nil, err
	})
	ca, ida := a.enter(t, "x")
	cd, idd := deaf.enter(t, "x", "d")
	settle(t, other)
	a.hears(t, "x")
	deaf.hears(t, "d")
	must(t, e.To("x").Except("d").Emit("one", []byte{1}))
	ca.Expect(`51-["one",{"_placeholder":true,"num":0}]`, "binary 01")
	must(t, e.In("x").Volatile().Emit("two"))
	ca.Expect(`2["two"]`)
	cd.Expect(`2["two"]`)
	must(t, e.ServerSideEmit("news", "fresh"))
	if got := <-told; got != "fresh" {
		t.Errorf("the server was told %q", got)
	}
	must(t, e.In(ida).SocketsJoin("y"))
	a.hears(t, "y")
	must(t, e.In("y").Emit("three"))
	ca.Expect(`2["three"]`)
	must(t, e.In("y").SocketsLeave("y"))
	must(t, e.In("y").Emit("nobody"))

	must(t, durable.Emit("four"))
	must(t, durable.In(idd).DisconnectSockets(true))
	must(t, e.Emit("five"))
	ca.Expect(`2["four"]`)
	ca.Expect(`2["five"]`)
	cd.Expect(`2["five"]`)
	must(t, e.DisconnectSockets(false))
	ca.Expect("1")
	cd.Expect("1")
	if err := e.Emit("connect"); !errors.Is(err, socketio.ErrReservedEvent) {
		t.Errorf("a reserved name: %v", err)
	}
	must(t, e.Of("elsewhere").Emit("nobody"))
}
