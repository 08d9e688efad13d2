// Acks shows acknowledgements in both directions: the result of a handler is the
// answer to the client, and EmitWithAck asks the client.
//
//	go run ./examples/acks
//
// and, in Node with socket.io-client:
//
//	const socket = require("socket.io-client")("http://localhost:3000");
//	socket.on("guess", (low, high, answer) => answer(Math.floor((low + high) / 2)));
//	socket.emitWithAck("play", { max: 100 }).then(console.log);
package main

import (
	"context"
	"log"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/storywire/storywire/socketio"
)

type game struct {
	Max int `json:"max"`
}

type result struct {
	Secret  int `json:"secret"`
	Guesses int `json:"guesses"`
}

// play asks the client for guesses until it is right. A handler may wait for its
// own client; ctx ends when the client leaves.
func play(ctx context.Context, s *socketio.Socket, in game) (result, error) {
	if in.Max < 1 {
		return result{}, &socketio.Error{Code: "bad_max", Message: "max must be positive"}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	secret := 1 + rand.IntN(in.Max)
	low, high := 1, in.Max
	for n := 1; ; n++ {
		answer, err := s.EmitWithAck(ctx, "guess", low, high)
		if err != nil {
			return result{}, err
		}
		var guess int
		if err := answer.Decode(0, &guess); err != nil {
			return result{}, err
		}
		switch {
		case guess == secret:
			return result{secret, n}, nil
		case guess < secret:
			low = max(low, guess+1)
		default:
			high = min(high, guess-1)
		}
	}
}

func main() {
	io := socketio.NewServer(socketio.Options{})
	socketio.Handle(io.Of("/"), "play", play)
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	log.Print("listening on http://localhost:3000")
	srv := &http.Server{Addr: "localhost:3000", Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(srv.ListenAndServe())
}
