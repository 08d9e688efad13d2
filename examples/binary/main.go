// Binary shows binary values in both directions: []byte is what Buffer,
// ArrayBuffer and Uint8Array are in JavaScript.
//
//	go run ./examples/binary
//
// and, in Node with socket.io-client:
//
//	const socket = require("socket.io-client")("http://localhost:3000");
//	const file = { name: "a.txt", data: Buffer.from("hello") };
//	socket.emitWithAck("digest", file).then(({ name, sum }) => console.log(name, Buffer.from(sum).toString("hex")));
package main

import (
	"context"
	"crypto/sha256"
	"log"
	"net/http"
	"time"

	"github.com/storywire/storywire/socketio"
)

type file struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

type digest struct {
	Name string `json:"name"`
	Sum  []byte `json:"sum"`
}

func main() {
	io := socketio.NewServer(socketio.Options{})
	ns := io.Of("/")
	socketio.Handle(ns, "digest", func(_ context.Context, _ *socketio.Socket, f file) (digest, error) {
		sum := sha256.Sum256(f.Data)
		return digest{f.Name, sum[:]}, nil
	})
	// Without types: the raw arguments, of which any may be binary.
	ns.On("relay", func(_ context.Context, s *socketio.Socket, call *socketio.Call) error {
		return s.Broadcast().Emit("relayed", call.Binary(0))
	})
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	log.Print("listening on http://localhost:3000")
	srv := &http.Server{Addr: "localhost:3000", Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(srv.ListenAndServe())
}
