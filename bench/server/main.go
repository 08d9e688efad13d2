//go:build unix

// Command server is the library under the benchmark's wire: the socketio package
// with its defaults, a token verified at CONNECT as the product does it, and the
// three events.
//
// It prints "listening <port>" when it is ready. SIGUSR2 collects garbage and
// answers "collected" on stdout. JWT_SECRET is the HS256 key; with REDIS_URL the
// servers on that Redis are one.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof" // on the address of -pprof only: the wire has a mux of its own
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/redisbus"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/redisadapter"
)

func main() {
	profile := flag.String("pprof", "", "address to serve profiles on")
	goroutines := flag.Bool("goroutines", false, "read every connection with a goroutine")
	flag.Parse()
	if *profile != "" {
		go func() { log.Print(http.ListenAndServe(*profile, nil)) }()
	}
	verifier, err := auth.NewVerifier(auth.Config{Secret: []byte(os.Getenv("JWT_SECRET"))})
	if err != nil {
		log.Fatal(err)
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	collect := make(chan os.Signal, 1)
	signal.Notify(collect, syscall.SIGUSR2)
	go func() {
		for range collect {
			debug.FreeOSMemory()
			fmt.Println("collected")
		}
	}()
	mux := http.NewServeMux()
	adapter, err := adapter(os.Getenv("REDIS_URL"))
	if err != nil {
		log.Fatal(err)
	}
	mux.Handle(socketio.DefaultPath, newServer(verifier, socketio.Options{Adapter: adapter, Engine: engineio.Options{DisablePoller: *goroutines}}))
	fmt.Println("listening", ln.Addr().(*net.TCPAddr).Port)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(srv.Serve(ln))
}

// adapter connects the server to others through Redis, if there is a URL of one.
func adapter(url string) (func(*socketio.Namespace, socketio.Adapter) socketio.Adapter, error) {
	if url == "" {
		return nil, nil
	}
	bus, err := redisbus.Open(redisbus.Options{URL: url})
	if err != nil {
		return nil, err
	}
	return redisadapter.New(bus, redisadapter.Options{}), nil
}

// newServer speaks the benchmark's wire.
func newServer(verifier *auth.Verifier, options socketio.Options) *socketio.Server {
	io := socketio.NewServer(options)
	ws := io.Of("/ws")
	ws.Use(func(_ context.Context, s *socketio.Socket) error {
		var a struct {
			Token string `json:"token"`
		}
		if err := json.Unmarshal(s.Handshake().Auth, &a); err != nil {
			return &socketio.ConnectError{Message: "UNAUTHENTICATED"}
		}
		claims, err := verifier.Verify(a.Token)
		if err != nil {
			return &socketio.ConnectError{Message: err.Error()}
		}
		s.SetData(claims.UserID)
		return nil
	})
	socketio.Handle(ws, "join", func(_ context.Context, s *socketio.Socket, room string) (bool, error) {
		return true, s.Join(room)
	})
	socketio.Handle(ws, "echo", func(_ context.Context, _ *socketio.Socket, text string) (string, error) {
		return text, nil
	})
	ws.On("say", func(_ context.Context, _ *socketio.Socket, call *socketio.Call) error {
		var room, text string
		if err := call.Decode(0, &room); err != nil {
			return err
		}
		if err := call.Decode(1, &text); err != nil {
			return err
		}
		return ws.To(room).Emit("said", text)
	})
	return io
}
