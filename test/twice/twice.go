// Package twice runs all tests of a package in each of two modes.
package twice

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Main is a TestMain: it runs the tests, calls change, and runs them again, but
// benchmarks and fuzz targets only once. It fails if a goroutine is left.
func Main(m *testing.M, change func()) {
	flag.Parse()
	code := m.Run()
	if once := flag.Lookup("test.bench").Value.String() + flag.Lookup("test.fuzz").Value.String(); once == "" {
		change()
		code = max(code, m.Run())
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}
