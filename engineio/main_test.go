package engineio_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/engineio"
)

// polled tells the harness to let shards read, where they can.
var polled = true

// TestMain runs everything twice: once with connections in the shards' pollers,
// once with goroutines that read.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if once := flag.Lookup("test.bench").Value.String() + flag.Lookup("test.fuzz").Value.String(); once == "" {
		polled = false
		code = max(code, m.Run())
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// handler is f, in the mode under test.
func handler(f func(s *engineio.Session) engineio.Receiver) engineio.Handler {
	if polled {
		return engineio.PromptFunc(f)
	}
	return engineio.HandlerFunc(f)
}
