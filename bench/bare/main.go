//go:build unix

// Command bare is the limit that the benchmarks measure against: a broadcaster
// with the design of the real server (a reader per connection that holds no
// buffer while idle, sharded writers that join messages into one write) and the
// least code that can speak the benchmark's wire behind net/http. It is no
// server to use: it parses only what the load generator sends.
//
// It prints "listening <port>" when it is ready. SIGUSR2 collects garbage and
// answers "collected" on stdout. JWT_SECRET is the HS256 key.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof" // on the address of -pprof only: the wire has a mux of its own
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

func main() {
	profile := flag.String("pprof", "", "address to serve profiles on")
	flag.Parse()
	if *profile != "" {
		go func() { log.Print(http.ListenAndServe(*profile, nil)) }()
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
	b := newBroadcaster(runtime.GOMAXPROCS(0), []byte(os.Getenv("JWT_SECRET")))
	fmt.Println("listening", ln.Addr().(*net.TCPAddr).Port)
	srv := &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(srv.Serve(ln))
}
