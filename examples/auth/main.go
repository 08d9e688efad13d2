// Auth shows a middleware that lets in who has a token, and what the handlers
// know of it: a refusal reaches the client as connect_error with data.
//
//	go run ./examples/auth
//
// and, in Node with socket.io-client:
//
//	const { io } = require("socket.io-client");
//	const socket = io("http://localhost:3000", { auth: { token: "ada-token" } });
//	socket.on("connect", () => socket.emitWithAck("whoami").then(console.log)); // { name: 'ada', admin: true }
//	socket.on("connect_error", (error) => console.log(error.message, error.data));
package main

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/storywire/storywire/socketio"
)

type user struct {
	Name  string `json:"name"`
	Admin bool   `json:"admin"`
}

// users stands for whatever verifies tokens.
var users = map[string]user{"ada-token": {"ada", true}, "bob-token": {"bob", false}}

type userKey struct{}

// authenticate runs before the client is answered; it may take its time.
func authenticate(ctx context.Context, s *socketio.Socket) error {
	var auth struct{ Token string }
	if err := s.Handshake().DecodeAuth(&auth); err != nil {
		return &socketio.ConnectError{Message: "malformed auth"}
	}
	u, ok := users[auth.Token]
	if !ok {
		return &socketio.ConnectError{Message: "who are you", Data: map[string]string{"code": "UNAUTHENTICATED"}}
	}
	s.SetContext(context.WithValue(ctx, userKey{}, u))
	return s.Join("user:" + u.Name)
}

// adminsOnly wraps the handlers of all events.
func adminsOnly(next socketio.EventHandler) socketio.EventHandler {
	return func(ctx context.Context, s *socketio.Socket, call *socketio.Call) error {
		if u, _ := ctx.Value(userKey{}).(user); !u.Admin && call.Event() == "announce" {
			return &socketio.Error{Code: "forbidden", Message: "for admins only"}
		}
		return next(ctx, s, call)
	}
}

func main() {
	io := socketio.NewServer(socketio.Options{})
	ns := io.Of("/")
	ns.Use(authenticate)
	ns.UseEvent(adminsOnly)
	socketio.Handle(ns, "whoami", func(ctx context.Context, _ *socketio.Socket, _ struct{}) (user, error) {
		return ctx.Value(userKey{}).(user), nil
	})
	socketio.Handle(ns, "announce", func(_ context.Context, _ *socketio.Socket, text string) (struct{}, error) {
		return struct{}{}, ns.Emit("announcement", text)
	})
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	log.Print("listening on http://localhost:3000")
	srv := &http.Server{Addr: "localhost:3000", Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(srv.ListenAndServe())
}
