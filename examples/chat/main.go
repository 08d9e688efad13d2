// Chat is a complete chat room: a page, a server, and the stock JavaScript
// client.
//
//	go run ./examples/chat      # then open http://localhost:3000 twice
package main

import (
	"context"
	"embed"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/clientbundle"
)

//go:embed index.html
var page embed.FS

type message struct {
	From string    `json:"from"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

func main() {
	io := socketio.NewServer(socketio.Options{ClientFiles: clientbundle.Files()}) // at /socket.io/socket.io.min.js
	chat(io.Of("/"))

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	mux.Handle("GET /{$}", http.FileServerFS(page))
	srv := &http.Server{Addr: "localhost:3000", Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, func() {
		_ = io.Close(context.Background()) // first: http.Server knows nothing of WebSockets
		_ = srv.Shutdown(context.Background())
	})
	log.Printf("open http://%s in two windows", srv.Addr)
	if err := srv.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
}

// chat is all of the server: who may enter, who hears what.
func chat(ns *socketio.Namespace) {
	ns.Use(func(_ context.Context, s *socketio.Socket) error {
		var auth struct{ Name string }
		if err := s.Handshake().DecodeAuth(&auth); err != nil || strings.TrimSpace(auth.Name) == "" {
			return &socketio.ConnectError{Message: "tell your name first"}
		}
		s.SetData(auth.Name)
		return s.Join("lobby")
	})
	ns.OnConnect(func(s *socketio.Socket) { _ = s.To("lobby").Emit("joined", s.Data()) })
	ns.OnDisconnect(func(s *socketio.Socket, _ socketio.DisconnectReason) {
		_ = ns.To("lobby").Emit("left", s.Data())
	})
	socketio.Handle(ns, "say", func(_ context.Context, s *socketio.Socket, text string) (message, error) {
		if text = strings.TrimSpace(text); text == "" {
			return message{}, &socketio.Error{Code: "empty", Message: "say something"}
		}
		m := message{From: s.Data().(string), Text: text, At: time.Now()}
		return m, s.To("lobby").Emit("said", m) // the sender gets it as the acknowledgement
	})
	socketio.Handle(ns, "typing", func(_ context.Context, s *socketio.Socket, _ struct{}) (struct{}, error) {
		return struct{}{}, s.To("lobby").Volatile().Emit("typing", s.Data())
	})
}
