// Command server is the library alone, with the namespaces that the conformance
// tests expect. Its twin on the reference implementation is
// ../reference/server.mjs; what they do is the same, line by line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/adminui"
	"github.com/storywire/storywire/socketio/clientbundle"
	"github.com/storywire/storywire/socketio/msgpack"
	"github.com/storywire/storywire/test/loopback"
)

func main() { loopback.Main(run) }

// settings are what the flags say.
type settings struct {
	port    int
	secure  bool
	options socketio.Options
	admin   *adminui.Admin // may be nil
}

func parseFlags() (settings, error) {
	var set settings
	admin := flag.String("admin", "", "bcrypt `hash` of the password with which \"admin\" may use the dashboard; none: no dashboard")
	pingInterval := flag.Int("ping-interval-ms", 25000, "`ms` between a pong and the next ping")
	pingTimeout := flag.Int("ping-timeout-ms", 20000, "`ms` a pong may take")
	connectTimeout := flag.Int("connect-timeout-ms", 10000, "`ms` until a connection must have joined a namespace")
	recovery := flag.Int("recovery-ms", 0, "`ms` for which a client that lost its connection may carry on; 0: not at all")
	origins := flag.String("origins", "http://app.example", "comma-separated `origins` that may connect")
	packets := flag.String("parser", "text", "encoding of packets: text or msgpack")
	flag.IntVar(&set.port, "port", 0, "TCP `port` on 127.0.0.1; 0: any")
	flag.BoolVar(&set.secure, "tls", false, "serve HTTPS, and WebTransport on the same port, with a new certificate whose hash is printed")
	engine := &set.options.Engine
	flag.BoolVar(&engine.AllowEIO3, "eio3", false, "let clients of revision 3 in")
	flag.BoolVar(&engine.PerMessageDeflate, "deflate", false, "compress the messages of WebSockets")
	flag.IntVar(&engine.MaxPayload, "max-payload", 1_000_000, "`bytes` of the largest message")
	flag.Parse()

	engine.PingInterval = time.Duration(*pingInterval) * time.Millisecond
	engine.PingTimeout = time.Duration(*pingTimeout) * time.Millisecond
	engine.AllowedOrigins = strings.Split(*origins, ",")
	set.options.ConnectTimeout = time.Duration(*connectTimeout) * time.Millisecond
	set.options.Parser = parsers[*packets]
	if *recovery > 0 {
		set.options.Recovery = &socketio.Recovery{MaxDisconnection: time.Duration(*recovery) * time.Millisecond}
	}
	if *admin == "" {
		return set, nil
	}
	var err error
	set.admin, err = adminui.New(adminui.Options{Auth: adminui.Basic("admin", *admin), Mode: adminui.Development})
	if err == nil {
		engine.Observer = set.admin.Observer(nil)
	}
	return set, err
}

func run(ctx context.Context) error {
	set, err := parseFlags()
	if err != nil {
		return err
	}
	var quic *http3
	if set.secure {
		if quic, err = newHTTP3(); err != nil {
			return err
		}
		set.options.Engine.WebTransport = quic.server
	}
	engine := engineio.NewServer(engineio.HandlerFunc(newEcho), set.options.Engine)
	io := newSocketIO(set.options)
	if set.admin != nil {
		set.admin.Instrument(io)
		defer set.admin.Close()
	}
	mux := http.NewServeMux()
	mux.Handle("/engine.io/", engine)
	mux.Handle("/socket.io/", io)
	server := loopback.Server{Port: set.port, Handler: mux, Stop: func(ctx context.Context) error {
		return errors.Join(io.Close(ctx), engine.Close(ctx), quic.Close())
	}}
	if quic != nil {
		fmt.Println("certificate", quic.hash)
		server.TLS = quic.tls
		server.Beside = func(addr string) error { return quic.serve(addr, mux) }
	}
	return server.Run(ctx)
}

func newSocketIO(options socketio.Options) *socketio.Server {
	options.ClientFiles = clientbundle.Files()
	io := socketio.NewServer(options)
	greeting(io.Of("/"))
	greeting(io.Of("/custom"))
	guarded(io.Of("/guarded"))
	everything(io.Of("/test"))
	tenants(io)
	return io
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
