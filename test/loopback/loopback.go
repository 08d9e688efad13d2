// Package loopback runs the Go servers that the JavaScript tests start as
// processes of their own.
package loopback

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"
)

// A Server listens on 127.0.0.1.
type Server struct {
	Port    int // 0: any
	Handler http.Handler
	TLS     *tls.Config // nil: plain HTTP
	// Beside serves more on the same port, over UDP, until Stop was called; or nil.
	Beside func(addr string) error
	// Stop ends what the handler has begun; it is called before the HTTP server is
	// shut down.
	Stop func(ctx context.Context) error
}

// stopWait is how long a server may take to stop.
const stopWait = 5 * time.Second

// Main is the main function of such a program: ctx ends when the process is told
// to.
func Main(run func(ctx context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

// Run prints "listening on URL" and answers until ctx ends; then it stops
// everything.
func (s Server) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.Handler, TLSConfig: s.TLS, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 2)
	if s.Beside != nil {
		go func() { failed <- s.Beside(listener.Addr().String()) }()
	}
	scheme, serve := "http", server.Serve
	if s.TLS != nil {
		scheme, serve = "https", func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}
	fmt.Printf("listening on %s://%s\n", scheme, listener.Addr())
	go func() { failed <- serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.Background(), stopWait)
	defer cancel()
	return errors.Join(s.Stop(last), server.Shutdown(last))
}
