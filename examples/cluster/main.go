// Cluster is a chat whose people may be on different servers: what one says
// reaches the room on all of them. Start as many as you like on one Redis:
//
//	redis-server &
//	go run ./examples/cluster -listen localhost:3000
//	go run ./examples/cluster -listen localhost:3001
//
// and, in Node with socket.io-client, somebody on each:
//
//	const socket = require("socket.io-client")("http://localhost:3001");
//	socket.on("said", console.log);
//	socket.emitWithAck("say", "hello").then(console.log);
//	socket.emitWithAck("who").then(console.log);
//
// A Node server with @socket.io/redis-adapter on the same Redis takes part.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/storywire/storywire/redisbus"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/redisadapter"
)

func main() {
	listen := flag.String("listen", "localhost:3000", "address to listen on")
	redis := flag.String("redis", "redis://localhost:6379", "URL of Redis")
	flag.Parse()
	if err := run(*listen, *redis); err != nil {
		log.Fatal(err)
	}
}

func run(listen, redis string) error {
	bus, err := redisbus.Open(redisbus.Options{URL: redis})
	if err != nil {
		return err
	}
	io := socketio.NewServer(socketio.Options{Adapter: redisadapter.New(bus, redisadapter.Options{})})
	chat := io.Of("/")
	chat.OnConnect(func(s *socketio.Socket) { _ = s.Join("lobby") })
	socketio.Handle(chat, "say", func(_ context.Context, s *socketio.Socket, text string) (string, error) {
		return "heard", chat.To("lobby").Emit("said", s.ID(), text)
	})
	socketio.Handle(chat, "who", func(ctx context.Context, _ *socketio.Socket, _ any) ([]string, error) {
		found, err := chat.In("lobby").FetchSockets(ctx) // of all servers
		ids := make([]string, len(found))
		for i, f := range found {
			ids[i] = f.ID
		}
		return ids, err
	})

	web := &http.Server{Addr: listen, Handler: io, ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = errors.Join(io.Close(last), web.Shutdown(last))
	}()
	if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return bus.Close() // after the server, whose adapter needs it
}
