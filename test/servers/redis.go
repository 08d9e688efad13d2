//go:build unix

package servers

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a server may take to start or to stop.
const patience = 10 * time.Second

// RedisServer is a Redis for one test.
type RedisServer struct {
	// URL is where it is.
	URL string
	// Prefix is for the test's keys and channels: with REDIS_URL others may use
	// the same server.
	Prefix string

	t      testing.TB
	binary string // "" if it is not ours
	port   int
	dir    string

	mu    sync.Mutex     // guards the fields below
	guard *exec.Cmd      // nil while it is stopped
	leash io.WriteCloser // the guard's
	pid   int
}

// Redis starts a redis-server that keeps nothing on disk, with these options in
// place of its own ("--maxmemory", "1mb"), and stops it when the test ends. With
// REDIS_URL it takes that one; then the options count for nothing, and what
// stops it skips the test. Without either the test is skipped; on CI it fails.
func Redis(t testing.TB, options ...string) *RedisServer {
	t.Helper()
	r := &RedisServer{t: t, Prefix: fmt.Sprintf("test-%d-%d", os.Getpid(), time.Now().UnixNano()), URL: os.Getenv("REDIS_URL")}
	if r.URL != "" {
		return r
	}
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		missing(t, "no redis-server: install it (Debian: apt-get install redis-server), or set REDIS_URL")
	}
	r.binary, r.dir = binary, t.TempDir()
	t.Cleanup(r.Stop)
	for range 5 { // another process may take the port meanwhile
		if r.port == 0 {
			r.port = freePort(t)
		}
		if err = r.start(options); err == nil {
			r.URL = "redis://127.0.0.1:" + strconv.Itoa(r.port)
			return r
		}
		r.port = 0
	}
	t.Fatalf("start redis-server: %v", err)
	return nil
}

// missing skips a test that cannot run here; where everything must run it fails.
func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (r *RedisServer) start(options []string) error {
	// The guard kills the server when this process closes its input or ends,
	// however it ends.
	const script = `"$@" >redis.log 2>&1 & read -r _; kill -9 $!; wait $! 2>/dev/null; exit 0`
	args := append([]string{
		"-c", script, "sh", r.binary, "--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--dir", r.dir,
		"--save", "", "--enable-debug-command", "yes",
	}, options...)
	guard := exec.Command("sh", args...)
	guard.Dir = r.dir
	guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt of the terminal is not for it
	leash, err := guard.StdinPipe()
	if err != nil {
		return err
	}
	if err := guard.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if pid := r.answers(); pid != 0 {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.guard, r.leash, r.pid = guard, leash, pid
			return nil
		}
		if text, _ := os.ReadFile(filepath.Join(r.dir, "redis.log")); bytes.Contains(text, []byte("Failed listening")) {
			return errors.Join(errors.New("the port is taken"), leash.Close(), guard.Wait())
		}
	}
	return errors.Join(errors.New("it does not answer"), leash.Close(), guard.Wait())
}

// answers returns the process of the server on the port if it is ours, else 0.
func (r *RedisServer) answers() int {
	info, err := r.Command("INFO", "server")
	if err != nil || !strings.Contains(info, "tcp_port:"+strconv.Itoa(r.port)) {
		return 0
	}
	_, after, _ := strings.Cut(info, "process_id:")
	pid, _, _ := strings.Cut(after, "\r\n")
	n, err := strconv.Atoi(pid)
	if err != nil {
		return 0
	}
	return n
}

// Command runs one command whose reply is a line or a string. It needs a server
// of ours.
func (r *RedisServer) Command(words ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	var request strings.Builder
	fmt.Fprintf(&request, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&request, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := conn.Write([]byte(request.String())); err != nil {
		return "", err
	}
	in := bufio.NewReader(conn)
	line, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSuffix(line, "\r\n")
	size, isString := strings.CutPrefix(line, "$")
	n, err := strconv.Atoi(size)
	if !isString || err != nil || n < 0 {
		return line, nil
	}
	text := make([]byte, n)
	for got := 0; got < n; {
		k, err := in.Read(text[got:])
		if err != nil {
			return "", err
		}
		got += k
	}
	return string(text), nil
}

// own skips the test if the server is not ours to stop.
func (r *RedisServer) own() {
	r.t.Helper()
	if r.binary == "" {
		r.t.Skip("the server at REDIS_URL is not ours to stop")
	}
}

// Stop kills the server; what it had is lost. It does nothing if it is stopped.
func (r *RedisServer) Stop() {
	r.mu.Lock()
	guard, leash := r.guard, r.leash
	r.guard = nil
	r.mu.Unlock()
	if guard == nil {
		return
	}
	if err := errors.Join(leash.Close(), guard.Wait()); err != nil {
		r.t.Logf("stop redis-server: %v", err)
	}
}

// Restart starts it again, empty, on the same port; it stops it first if it runs.
func (r *RedisServer) Restart() {
	r.t.Helper()
	r.own()
	r.Stop()
	if err := r.start(nil); err != nil {
		r.t.Fatalf("restart redis-server: %v", err)
	}
}

// Pause makes it answer nobody, with all connections open, until resume.
func (r *RedisServer) Pause() (resume func()) {
	r.t.Helper()
	r.own()
	r.mu.Lock()
	defer r.mu.Unlock()
	pid := r.pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		r.t.Fatal(err)
	}
	return func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
}
