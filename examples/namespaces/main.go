// Namespaces shows namespaces that clients make by connecting to them: one for
// each tenant. Each is a world of its own; their parent reaches all of them.
//
//	go run ./examples/namespaces
//
// and, in Node with socket.io-client:
//
//	const { io } = require("socket.io-client");
//	const a = io("http://localhost:3000/tenant-1");
//	const b = io("http://localhost:3000/tenant-2");
//	for (const socket of [a, b]) socket.on("said", (text) => console.log(socket.nsp, text));
//	a.emit("say", "only tenant 1 hears this");
package main

import (
	"context"
	"log"
	"net/http"
	"regexp"
	"time"

	"github.com/storywire/storywire/socketio"
)

func main() {
	io := socketio.NewServer(socketio.Options{
		Limits: socketio.Limits{DynamicNamespaces: 100}, // at a time; empty ones are removed
	})
	tenants := io.OfRegexp(regexp.MustCompile(`^/tenant-[0-9]{1,6}$`))
	// What the parent has, its children have when they are made.
	tenants.OnConnect(func(s *socketio.Socket) {
		log.Printf("%s joined %s", s.ID(), s.Namespace().Name())
	})
	socketio.Handle(tenants, "say", func(_ context.Context, s *socketio.Socket, text string) (struct{}, error) {
		return struct{}{}, s.Namespace().Emit("said", text)
	})
	io.OnNamespace(func(ns *socketio.Namespace) { log.Print("there is a new namespace: ", ns.Name()) })

	go func() {
		for now := range time.Tick(10 * time.Second) {
			if err := tenants.Emit("said", "to all tenants: it is "+now.Format(time.TimeOnly)); err != nil {
				log.Print(err)
			}
		}
	}()
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	log.Print("listening on http://localhost:3000")
	srv := &http.Server{Addr: "localhost:3000", Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(srv.ListenAndServe())
}
