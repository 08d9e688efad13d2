//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/storywire/storywire/bench/load"
	"github.com/storywire/storywire/bench/process"
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
func (p *programs) wire(ctx context.Context, name string) (*process.Process, load.Target, error) {
	return p.member(ctx, name, "")
}

// member starts a server that is one with the others on a Redis; alone without.
func (p *programs) member(ctx context.Context, name, redis string) (*process.Process, load.Target, error) {
	argv := []string{p.binary(name)}
	switch {
	case name == node, name == nest:
		argv = []string{"node", "--expose-gc", filepath.Join(p.peer(name), "server.js")}
	case name == plain:
		argv = append(argv, "-goroutines")
	case p.pprof != "" && name == ours:
		argv = append(argv, "-pprof", p.pprof)
	}
	proc, err := process.Start(name, argv, []string{"JWT_SECRET=" + process.Secret, "NODE_ENV=production", "REDIS_URL=" + redis})
	if err != nil {
		return nil, load.Target{}, err
	}
	port, err := proc.Line(ctx, "listening ", process.StartTimeout)
	if err != nil {
		_ = proc.Stop()
		return nil, load.Target{}, err
	}
	return proc, target(proc, port), nil
}

func target(p *process.Process, port string) load.Target {
	return load.Target{Addr: "127.0.0.1:" + port, PID: p.PID(), Secret: []byte(process.Secret)}
}

// serve starts `storywire serve` on a database of its own, with the rates raised.
func (p *programs) serve(ctx context.Context, round int) (*process.Process, load.Target, error) {
	database := cmp.Or(p.database, filepath.Join(p.dir, fmt.Sprintf("comments-%d.db", round)))
	return process.Serve(ctx, p.binary("serve"), database)
}
