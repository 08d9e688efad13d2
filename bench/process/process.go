//go:build linux

// Package process runs the programs that a benchmark measures.
package process

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/storywire/storywire/bench/load"
)

const (
	// StartTimeout is how long a program may take until it listens.
	StartTimeout = 20 * time.Second

	collectTimeout = 10 * time.Second
	stopTimeout    = 5 * time.Second
	quietStep      = 100 * time.Millisecond
	quietTimeout   = 5 * time.Second
)

// Process is a running server.
type Process struct {
	Name   string
	cmd    *exec.Cmd
	lines  chan string // of its standard output; closed at its end
	stderr *tail
	ended  chan struct{}
}

// Start runs a program with more variables of environment. It must be called on the main thread: the kernel
// kills the program when the thread that started it dies, so that not even
// kill -9 of the benchmark leaves a server behind.
func Start(name string, argv, env []string) (*Process, error) {
	p := &Process{Name: name, lines: make(chan string, 16), stderr: &tail{}, ended: make(chan struct{})}
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go p.watch(stdout)
	return p, nil
}

// watch passes on what the program prints, as long as someone cares, and waits for its end.
func (p *Process) watch(stdout io.Reader) {
	for sc := bufio.NewScanner(stdout); sc.Scan(); {
		select {
		case p.lines <- sc.Text():
		default:
		}
	}
	close(p.lines)
	_ = p.cmd.Wait()
	close(p.ended)
}

// Line waits for a line that starts with prefix and returns the rest of it.
func (p *Process) Line(ctx context.Context, prefix string, timeout time.Duration) (string, error) {
	late := time.NewTimer(timeout)
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-late.C:
			return "", fmt.Errorf("%s: no %q within %v", p.Name, prefix, timeout)
		case l, ok := <-p.lines:
			if !ok {
				return "", fmt.Errorf("%s ended: %s", p.Name, p.stderr)
			}
			if rest, found := strings.CutPrefix(l, prefix); found {
				return strings.TrimSpace(rest), nil
			}
		}
	}
}

// Collect makes the server's runtime collect its garbage now, which it would do
// by itself after minutes of idling.
func (p *Process) Collect(ctx context.Context) error {
	if err := p.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		return fmt.Errorf("%s: collect: %w", p.Name, err)
	}
	_, err := p.Line(ctx, "collected", collectTimeout)
	return err
}

// Quiet waits until the server does nothing any more, so that one case does not
// pay for what the one before left behind.
func (p *Process) Quiet(ctx context.Context) error {
	proc := load.Process{PID: p.cmd.Process.Pid}
	before, err := proc.CPU()
	if err != nil {
		return err
	}
	for range quietTimeout / quietStep {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(quietStep):
		}
		now, err := proc.CPU()
		if err != nil || now == before {
			return err
		}
		before = now
	}
	return fmt.Errorf("%s is still busy %v after its load ended", p.Name, quietTimeout)
}

// Alive tells whether the process has not ended.
func (p *Process) Alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// PID returns the id of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Said returns the end of what the program said on its standard error.
func (p *Process) Said() string { return p.stderr.String() }

// Stop ends the process, politely first.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.Name, err)
	}
	select {
	case <-p.ended:
	case <-time.After(stopTimeout):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	return nil
}

// tail keeps the last bytes written to it.
type tail struct {
	mu  sync.Mutex // guards buf
	buf []byte
}

const tailSize = 2000 // bytes

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	t.buf = t.buf[max(0, len(t.buf)-tailSize):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}
