package harness

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/app"
	"github.com/storywire/storywire/internal/gateway/gatewaytest"
)

// Secret signs the tokens of all nodes.
const Secret = "a secret of the tests of the cluster"

// stopWait is how long a node may take to stop when asked to.
const stopWait = 30 * time.Second

// unlimited are the rates of tests that do not test rates.
var unlimited = []string{
	"RATE_WRITE=1000000/s", "RATE_READ=1000000/s", "RATE_CTRL=1000000/s", "RATE_EPH=1000000/s",
	"RATE_CONN=1000000/s:1000000", "RATE_CONN_USER=1000000/s",
}

// Build compiles the binary, once for a test process.
func Build(t testing.TB) string {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "storywire-cluster-")
	if err != nil {
		return "", fmt.Errorf("make a folder: %w", err)
	}
	binary := filepath.Join(dir, "storywire")
	out, err := exec.Command("go", "build", "-o", binary, "github.com/storywire/storywire/cmd/storywire").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

// Clean removes what Build made; TestMain calls it at the end.
func Clean() {
	if binary, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(binary))
	}
}

// Node is a running storywire. Its methods are called by one goroutine.
type Node struct {
	Addr string // 127.0.0.1:port

	t      testing.TB
	binary string
	env    []string
	cmd    *exec.Cmd
	log    string // file
}

// Start starts a node with these settings ("REDIS_URL=...") and waits until it
// is ready. It ends with the test.
func Start(t testing.TB, settings ...string) *Node {
	t.Helper()
	n := &Node{t: t, binary: Build(t), env: settings, log: filepath.Join(t.TempDir(), "log")}
	n.launch("0")
	t.Cleanup(n.Kill)
	return n
}

// launch starts the process on a port.
func (n *Node) launch(port string) {
	n.t.Helper()
	n.cmd = exec.Command(n.binary, "serve")
	n.cmd.Env = append(append(append(os.Environ(), unlimited...),
		"PORT="+port, "HOST=127.0.0.1", "JWT_SECRET="+Secret, "SERVER_API_KEY="+Secret), n.env...)
	log, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		n.t.Fatal(err)
	}
	defer log.Close()
	n.cmd.Stderr = log
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if where, ok := strings.CutPrefix(lines.Text(), "Storywire is ready: "); ok {
			u, err := url.Parse(where)
			if err != nil {
				n.t.Fatal(err)
			}
			n.Addr = net.JoinHostPort("127.0.0.1", u.Port())
			return
		}
	}
	n.Kill()
	n.t.Fatalf("the node did not start:\n%s", n.Log())
}

// Kill ends the process without a chance to say anything.
func (n *Node) Kill() {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Signal(syscall.SIGKILL) // it may be gone already
	_ = n.cmd.Wait()                          // says that it was killed
	n.cmd = nil
}

// Stop asks the process to stop and waits until it has.
func (n *Node) Stop() {
	n.t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopWait)
	defer cancel()
	defer context.AfterFunc(ctx, n.Kill)()
	if err := n.cmd.Wait(); err != nil {
		n.t.Errorf("the node stopped with %v:\n%s", err, n.Log())
	}
	n.cmd = nil
}

// Restart starts a node that was killed or stopped, on the same port.
func (n *Node) Restart() {
	n.t.Helper()
	_, port, err := net.SplitHostPort(n.Addr)
	if err != nil {
		n.t.Fatal(err)
	}
	n.launch(port)
}

// Pause freezes the process until Resume.
func (n *Node) Pause() { n.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (n *Node) Resume() { n.signal(syscall.SIGCONT) }

func (n *Node) signal(s syscall.Signal) {
	n.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		n.t.Fatal(err)
	}
}

// Log returns what the node has written.
func (n *Node) Log() string {
	data, err := os.ReadFile(n.log)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// Token returns a token of somebody.
func Token(t testing.TB, name string) string {
	t.Helper()
	token, err := app.Mint(app.TokenConfig{Sub: name, Name: name, TTL: time.Hour, JWTSecret: Secret})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Open connects somebody to the node.
func (n *Node) Open(ctx context.Context, name string) (*gatewaytest.Client, error) {
	c, err := gatewaytest.Open(ctx, n.Addr, Token(n.t, name))
	if err != nil {
		return nil, fmt.Errorf("%s connects: %w", name, err)
	}
	return c, nil
}
