package faults_test

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/app"
	"github.com/storywire/storywire/internal/gateway/gatewaytest"
)

const (
	secret   = "a secret of the tests that break things"
	patience = 30 * time.Second
)

// build compiles the binary once for a test.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "storywire")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/storywire/storywire/cmd/storywire").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// node is a running storywire of its own process.
type node struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  string // file
	addr string
}

// launch starts the binary on a database and waits until it is ready.
func launch(t *testing.T, binary, database string) *node {
	t.Helper()
	n := &node{t: t, cmd: exec.Command(binary, "serve"), log: database + ".log"}
	n.cmd.Env = append(os.Environ(),
		"PORT=0", "HOST=127.0.0.1", "JWT_SECRET="+secret, "DATABASE_URL="+database,
		"RATE_WRITE=1000000/s", "RATE_READ=1000000/s", "RATE_CTRL=1000000/s", "RATE_CONN=1000000/s", "RATE_CONN_USER=1000000/s",
	)
	log, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	n.cmd.Stderr = log
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if where, ok := strings.CutPrefix(lines.Text(), "Storywire is ready: "); ok {
			u, err := url.Parse(where)
			if err != nil {
				t.Fatal(err)
			}
			n.addr = "127.0.0.1:" + u.Port()
			return n
		}
	}
	n.kill()
	t.Fatalf("the server did not start:\n%s", n.output())
	return nil
}

// kill ends the process without a chance to say anything.
func (n *node) kill() {
	_ = n.cmd.Process.Signal(syscall.SIGKILL) // it may be gone already
	_ = n.cmd.Wait()                          // says that it was killed
}

func (n *node) output() string {
	data, err := os.ReadFile(n.log)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// open connects somebody.
func (n *node) open(ctx context.Context, name string) (*gatewaytest.Client, error) {
	token, err := app.Mint(app.TokenConfig{Sub: name, TTL: time.Hour, JWTSecret: secret})
	if err != nil {
		return nil, err
	}
	c, err := gatewaytest.Open(ctx, n.addr, token)
	if err != nil {
		return nil, fmt.Errorf("%s connects: %w", name, err)
	}
	return c, nil
}
