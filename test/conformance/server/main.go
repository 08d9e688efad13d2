// Command server is the library alone, with the namespaces that the conformance
// tests expect. Its twin on the reference implementation is
// ../reference/server.mjs; what they do is the same, line by line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/msgpack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	port := flag.Int("port", 0, "TCP `port` on 127.0.0.1; 0: any")
	pingInterval := flag.Int("ping-interval-ms", 25000, "`ms` between a pong and the next ping")
	pingTimeout := flag.Int("ping-timeout-ms", 20000, "`ms` a pong may take")
	connectTimeout := flag.Int("connect-timeout-ms", 10000, "`ms` until a connection must have joined a namespace")
	maxPayload := flag.Int("max-payload", 1_000_000, "`bytes` of the largest message")
	origins := flag.String("origins", "http://app.example", "comma-separated `origins` that may connect")
	packets := flag.String("parser", "text", "encoding of packets: text or msgpack")
	recovery := flag.Int("recovery-ms", 0, "`ms` for which a client that lost its connection may carry on; 0: not at all")
	flag.Parse()

	options := engineio.Options{
		PingInterval:   time.Duration(*pingInterval) * time.Millisecond,
		PingTimeout:    time.Duration(*pingTimeout) * time.Millisecond,
		MaxPayload:     *maxPayload,
		AllowedOrigins: strings.Split(*origins, ","),
	}
	engine := engineio.NewServer(engineio.HandlerFunc(newEcho), options)
	all := socketio.Options{
		Engine: options, ConnectTimeout: time.Duration(*connectTimeout) * time.Millisecond, Parser: parsers[*packets],
	}
	if *recovery > 0 {
		all.Recovery = &socketio.Recovery{MaxDisconnection: time.Duration(*recovery) * time.Millisecond}
	}
	io := socketio.NewServer(all)
	greeting(io.Of("/"))
	greeting(io.Of("/custom"))
	guarded(io.Of("/guarded"))
	everything(io.Of("/test"))
	tenants(io)

	mux := http.NewServeMux()
	mux.Handle("/engine.io/", engine)
	mux.Handle("/socket.io/", io)
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		return err
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())

	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(io.Close(last), engine.Close(last), server.Shutdown(last))
}

// parsers are the encodings by their names; nil is the default.
var parsers = map[string]socketio.Parser{"msgpack": msgpack.Parser{}}

// echo sends every Engine.IO message back.
type echo struct{ session *engineio.Session }

func newEcho(s *engineio.Session) engineio.Receiver { return echo{s} }

func (e echo) Message(data []byte, binary bool) {
	e.session.Send(engineio.NewFrame(append([]byte(nil), data...), binary))
}

func (echo) Closed(engineio.CloseReason, error) {}

// greeting tells a client the auth it sent, and gives back what it says.
func greeting(ns *socketio.Namespace) {
	ns.OnConnect(func(s *socketio.Socket) {
		auth := any(struct{}{})
		if sent := s.Handshake().Auth; sent != nil {
			auth = sent
		}
		check(s.Emit("auth", auth))
	})
	ns.On("message", func(_ context.Context, s *socketio.Socket, call *socketio.Call) error {
		return s.Emit("message-back", values(call)...)
	})
	ns.On("message-with-ack", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error {
		return call.Ack(values(call)...)
	})
}

// guarded lets in who knows the word.
func guarded(ns *socketio.Namespace) {
	ns.Use(func(_ context.Context, s *socketio.Socket) error {
		var auth struct{ Token string }
		if err := s.Handshake().DecodeAuth(&auth); err != nil || auth.Token != "letmein" {
			return &socketio.ConnectError{Message: "who are you", Data: map[string]string{"code": "UNAUTHENTICATED"}}
		}
		return nil
	})
}

// values returns the arguments as they came, binary as []byte.
func values(call *socketio.Call) []any {
	all := make([]any, call.Len())
	for i := range all {
		check(call.Decode(i, &all[i]))
	}
	return all
}

// check ends the program: the tests send nothing that may fail.
func check(err error) {
	if err != nil {
		panic(err)
	}
}
