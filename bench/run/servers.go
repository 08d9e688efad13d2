//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/storywire/storywire/bench/load"
)

// The servers of the benchmark's wire, in the order of the table.
const (
	node  = "socket.io"
	nest  = "nestjs"
	bare  = "bare"
	ours  = "storywire"
	plain = "goroutines" // ours without its poller
)

var wireServers = []string{node, nest, bare, ours, plain}

// partial lists the rows of servers that do not run all of them: a run has to
// end.
var partial = map[string][]string{
	nest:  {rowFan4, rowAck50, rowConnect},
	plain: {rowIdlePlain},
}

// measures tells whether a row is measured on a server.
func measures(server, row string) bool {
	switch {
	case partial[server] != nil:
		return slices.Contains(partial[server], row)
	case row == rowSlow:
		return server == ours // Node cuts nobody
	}
	return row != rowIdlePlain
}

// jwtSecret is the key of a run's tokens. Nothing but the run believes in them.
const jwtSecret = "the benchmark's own secret, 32 bytes at least"

// programs knows how to start every server.
type programs struct {
	root     string // of the module
	dir      string // of what the run builds and stores; removed at its end
	pprof    string
	database string // of storywire serve; empty: an SQLite file for each round
}

// build compiles the Go servers and installs the Node one where it is not yet.
func (p *programs) build(ctx context.Context, names []string, serve bool) error {
	packages := map[string]string{bare: "./bench/bare", ours: "./bench/server", plain: "./bench/server"}
	for _, name := range names {
		if pkg, ok := packages[name]; ok {
			if err := p.command(ctx, p.root, "go", "build", "-o", p.binary(name), pkg); err != nil {
				return err
			}
		} else if err := p.install(ctx, p.peer(name)); err != nil {
			return err
		}
	}
	if !serve {
		return nil
	}
	return p.command(ctx, p.root, "go", "build", "-o", p.binary("serve"), "./cmd/storywire")
}

func (p *programs) binary(name string) string { return filepath.Join(p.dir, "bench-"+name) }

// peer is the directory of a Node server.
func (p *programs) peer(name string) string {
	return filepath.Join(p.root, "bench", "peers", strings.ReplaceAll(name, ".", ""))
}

func (p *programs) install(ctx context.Context, dir string) error {
	installed, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	lock, lockErr := os.Stat(filepath.Join(dir, "package-lock.json"))
	if err == nil && lockErr == nil && !installed.ModTime().Before(lock.ModTime()) {
		return nil
	}
	return p.command(ctx, dir, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
}

func (p *programs) command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// wire starts a server of the benchmark's wire.
func (p *programs) wire(ctx context.Context, name string) (*process, load.Target, error) {
	return p.member(ctx, name, "")
}

// member starts a server that is one with the others on a Redis; alone without.
func (p *programs) member(ctx context.Context, name, redis string) (*process, load.Target, error) {
	argv := []string{p.binary(name)}
	switch {
	case name == node, name == nest:
		argv = []string{"node", "--expose-gc", filepath.Join(p.peer(name), "server.js")}
	case name == plain:
		argv = append(argv, "-goroutines")
	case p.pprof != "" && name == ours:
		argv = append(argv, "-pprof", p.pprof)
	}
	proc, err := startProcess(name, argv, []string{"JWT_SECRET=" + jwtSecret, "NODE_ENV=production", "REDIS_URL=" + redis})
	if err != nil {
		return nil, load.Target{}, err
	}
	port, err := proc.line(ctx, "listening ", startTimeout)
	if err != nil {
		_ = proc.stop()
		return nil, load.Target{}, err
	}
	return proc, target(proc, port), nil
}

func target(p *process, port string) load.Target {
	return load.Target{Addr: "127.0.0.1:" + port, PID: p.cmd.Process.Pid, Secret: []byte(jwtSecret)}
}

// serve starts `storywire serve` on a database of its own, with the rates raised.
func (p *programs) serve(ctx context.Context, round int) (*process, load.Target, error) {
	port, err := freePort()
	if err != nil {
		return nil, load.Target{}, err
	}
	database := cmp.Or(p.database, filepath.Join(p.dir, fmt.Sprintf("comments-%d.db", round)))
	proc, err := startProcess("storywire serve", []string{p.binary("serve"), "serve"}, []string{
		"HOST=127.0.0.1", "PORT=" + port, "JWT_SECRET=" + jwtSecret,
		"DATABASE_URL=" + database,
		"RATE_WRITE=1000000/s:1000000", "RATE_READ=1000000/s:1000000",
		"RATE_CONN=1000000/s:1000000", "RATE_CONN_USER=1000000/s:1000000",
	})
	if err != nil {
		return nil, load.Target{}, err
	}
	t := target(proc, port)
	if err := ready(ctx, proc, t.Addr); err != nil {
		_ = proc.stop()
		return nil, load.Target{}, err
	}
	return proc, t, nil
}

func freePort() (string, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer ln.Close()
	return strconv.Itoa(ln.Addr().(*net.TCPAddr).Port), nil
}

// ready asks /readyz until it says yes.
func ready(ctx context.Context, p *process, addr string) error {
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ended:
			return fmt.Errorf("%s ended: %s", p.name, p.stderr)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s: not ready within %v: %s", p.name, startTimeout, p.stderr)
}
