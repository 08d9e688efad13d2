//go:build linux

// Command run measures the library and the product beside their peers in one
// interleaved run and prints the table of ratios with the bars they must meet.
//
//	go run ./bench/run                  # the table; about fifteen minutes
//	go run ./bench/run -smoke           # everything once and tiny: does the benchmark still work?
//	go run ./bench/run -cases "ack 50" -servers storywire,bare -rounds 1 -window 10s
//
// The figures of a full run go to bench/results. It ends with status 1 if a
// server failed or a bar was missed, and with every server it started, however
// it is stopped.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

var numCPU = runtime.NumCPU()

// maxRun bounds a run, whatever hangs.
const maxRun = 30 * time.Minute

type options struct {
	smoke   bool
	rounds  int
	window  time.Duration
	cases   string
	servers string
	pprof   string
	results string
	db      string
}

func main() {
	runtime.LockOSThread() // see process.Start
	var o options
	flag.BoolVar(&o.smoke, "smoke", false, "one tiny round that checks the benchmark itself; no bars, no results file")
	flag.IntVar(&o.rounds, "rounds", 5, "interleaved rounds")
	flag.DurationVar(&o.window, "window", fullScale.window, "measured time of a case")
	flag.StringVar(&o.cases, "cases", "", "comma-separated cases; default: "+strings.Join(rowNames(), ","))
	flag.StringVar(&o.servers, "servers", "", "comma-separated servers; default: "+strings.Join(wireServers, ","))
	flag.StringVar(&o.pprof, "pprof", "", "address where the storywire server shows its profiles")
	flag.StringVar(&o.db, "database", "", "postgres://... with an empty database for the comments case; default: an SQLite file of its own for each round")
	flag.StringVar(&o.results, "results", "", `directory of the figures; default bench/results for a complete run; "-": none`)
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, maxRun)
	defer cancel()
	if err := run(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// run measures and prints the report to out, and what it is doing to progress.
func run(ctx context.Context, o options, out, progress io.Writer) error {
	b, cleanUp, err := newBench(ctx, o, progress)
	if err != nil {
		return err
	}
	defer cleanUp()
	rounds := o.rounds
	if o.smoke {
		rounds = 1
	}
	started := time.Now()
	b.report = newReport(started, machine(), rounds)
	for n := range rounds {
		b.log("round %d of %d", n+1, rounds)
		if err := b.round(ctx, n); err != nil {
			return err
		}
	}
	b.log("%d rounds took %v\n", rounds, time.Since(started).Round(time.Second))
	b.report.write(out)
	if err := b.save(o); err != nil {
		return err
	}
	if b.report.failed() {
		return errors.New("a server failed")
	}
	if missed := b.report.missed(); len(missed) > 0 && !o.smoke {
		return fmt.Errorf("bars missed: %s", strings.Join(missed, ", "))
	}
	return nil
}

// newBench reads the options and builds what they need.
func newBench(ctx context.Context, o options, progress io.Writer) (b *bench, cleanUp func(), err error) {
	servers, err := choose(o.servers, wireServers)
	if err != nil {
		return nil, nil, err
	}
	cases, err := choose(o.cases, rowNames())
	if err != nil {
		return nil, nil, err
	}
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, nil, fmt.Errorf("find the module: %w", err)
	}
	dir, err := os.MkdirTemp("", "storywire-bench-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a working directory: %w", err)
	}
	cleanUp = func() { _ = os.RemoveAll(dir) }
	b = &bench{
		programs: &programs{root: filepath.Dir(strings.TrimSpace(string(mod))), dir: dir, pprof: o.pprof, database: o.db},
		scale:    fullScale,
		servers:  servers,
		wanted:   func(row string) bool { return slices.Contains(cases, row) },
		log:      func(format string, args ...any) { fmt.Fprintf(progress, format+"\n", args...) },
	}
	if b.scale.window = o.window; o.smoke {
		b.scale = smokeScale
	}
	if !slices.Contains(servers, ours) {
		cases = slices.DeleteFunc(cases, func(c string) bool { return c == rowComments || c == rowServe })
	}
	serve := b.wanted(rowComments) || b.wanted(rowServe)
	b.log("building")
	if err := b.programs.build(ctx, servers, serve); err != nil {
		cleanUp()
		return nil, nil, err
	}
	return b, cleanUp, nil
}

// choose reads a comma-separated list of known names; an empty one means all.
func choose(list string, known []string) ([]string, error) {
	if list == "" {
		return slices.Clone(known), nil
	}
	names := strings.Split(list, ",")
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("unknown %q: want some of %s", n, strings.Join(known, ", "))
		}
	}
	return names, nil
}

func machine() string {
	return fmt.Sprintf("%d CPUs, %s/%s, %s", numCPU, runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// save writes the figures of a complete run, or of any run if a directory is given.
func (b *bench) save(o options) error {
	dir := o.results
	switch {
	case dir == "-", dir == "" && (o.smoke || o.cases != "" || o.servers != ""):
		return nil
	case dir == "":
		dir = filepath.Join(b.programs.root, "bench", "results")
	}
	name := filepath.Join(dir, b.report.Date[:len("2006-01-02")])
	figures, err := json.MarshalIndent(b.report, "", " ")
	if err != nil {
		return fmt.Errorf("encode the figures: %w", err)
	}
	if err := os.WriteFile(name+".json", append(figures, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	var table strings.Builder
	b.report.write(&table)
	if err := os.WriteFile(name+".md", []byte(table.String()), 0o644); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	b.log("\nwritten to %s.md and .json", name)
	return nil
}
