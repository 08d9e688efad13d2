package cluster_test

import (
	"flag"
	"os"
	"testing"

	"github.com/storywire/storywire/test/cluster/harness"
)

// seeds is how many random schedules a test plays; `make test-long` plays more.
var seeds = flag.Int("seeds", 1, "random schedules to play")

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Clean()
	os.Exit(code)
}
