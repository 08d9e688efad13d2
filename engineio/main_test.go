package engineio_test

import (
	"testing"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/test/twice"
)

// polled tells the harness to let shards read, where they can; otherwise
// goroutines do.
var polled = true

func TestMain(m *testing.M) { twice.Main(m, func() { polled = false }) }

// handler is f, in the mode under test.
func handler(f func(s *engineio.Session) engineio.Receiver) engineio.Handler {
	if polled {
		return engineio.PromptFunc(f)
	}
	return engineio.HandlerFunc(f)
}
