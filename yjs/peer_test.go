package yjs_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

var (
	rounds    = flag.Int("rounds", 2000, "rounds of the differential test against npm's yjs")
	mutants   = flag.Int("mutants", 20000, "damaged updates of the mutation test")
	firstSeed = flag.Int("seed", 1, "first seed of the differential test")
)

// peer is npm's yjs in a child process (difftest/peer.mjs): one JSON message per line in, one out.
type peer struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
}

// newPeer starts the child process, or skips the test where it cannot be.
func newPeer(t testing.TB) *peer {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped: no node on this machine, so nothing to compare with")
	}
	if _, err := os.Stat(filepath.Join("difftest", "node_modules", "yjs")); err != nil {
		t.Skip("skipped: npm's yjs is not installed; run `npm ci` in yjs/difftest")
	}
	cmd := exec.Command(node, "peer.mjs")
	cmd.Dir = "difftest"
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // the child ends with its input
		cmd.Wait()
	})
	return &peer{in: in, out: bufio.NewReaderSize(out, 1<<20)}
}

type request map[string]any

// ask sends a request and decodes the answer.
func ask[T any](t testing.TB, p *peer, r request) T {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		t.Fatalf("ask %v: %v", r["op"], err)
	}
	data, err := p.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("answer to %v: %v", r["op"], err)
	}
	var failure struct{ Failed string }
	if json.Unmarshal(data, &failure) == nil && failure.Failed != "" {
		t.Fatalf("peer failed on %v: %s", r["op"], failure.Failed)
	}
	var answer T
	if err := json.Unmarshal(data, &answer); err != nil {
		t.Fatalf("answer to %v: %v", r["op"], err)
	}
	return answer
}
