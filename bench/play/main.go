//go:build linux

// Command play measures parties on one node: bots over sockets choose in
// `storywire serve` with SQLite, and what they choose is told to all of a party.
//
//	go run ./bench/play                                # 10,000 parties; about two minutes
//	go run ./bench/play -parties 1000 -loads 10 -for 10s
//
// The figures of a full run go to bench/results. It ends with status 1 if a bar
// was missed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// naturalRound is how long people take for a round.
	naturalRound = 30 * time.Second
	// maxRun bounds a run, whatever hangs.
	maxRun = 5 * time.Minute
)

type options struct {
	parties int
	loads   string
	window  time.Duration
	results string
	binary  string
}

func main() {
	runtime.LockOSThread() // see process.Start
	var o options
	flag.IntVar(&o.parties, "parties", 10_000, "parties of four")
	flag.StringVar(&o.loads, "loads", "1,10", "how many times as fast as people they choose, one case each: 1 is a round in 30 s")
	flag.DurationVar(&o.window, "for", 30*time.Second, "measured time of a case")
	flag.StringVar(&o.results, "results", "", `directory of the figures; default bench/results for a complete run; "-": none`)
	flag.StringVar(&o.binary, "binary", "", "a storywire that is built; default: it is built now")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, maxRun)
	defer cancel()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	var loads []int
	for word := range strings.SplitSeq(o.loads, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return fmt.Errorf("-loads %q: want numbers, separated by commas", o.loads)
		}
		loads = append(loads, n)
	}
	dir, err := os.MkdirTemp("", "storywire-bench-play-")
	if err != nil {
		return fmt.Errorf("make a working directory: %w", err)
	}
	defer os.RemoveAll(dir)
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	root := strings.TrimSpace(string(out))
	if o.binary == "" {
		o.binary = filepath.Join(dir, "storywire")
		build := exec.CommandContext(ctx, "go", "build", "-o", o.binary, "./cmd/storywire")
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	r, err := measure(ctx, o, loads, dir)
	if err != nil {
		return err
	}
	table := r.table()
	fmt.Print(table)
	complete := o.parties == barParties && o.loads == flag.Lookup("loads").DefValue
	if o.results == "" && complete {
		o.results = filepath.Join(root, "bench", "results")
	}
	if o.results != "" && o.results != "-" {
		name := filepath.Join(o.results, time.Now().Format(time.DateOnly)+"-play.md")
		if err := os.WriteFile(name, []byte(table), 0o644); err != nil {
			return fmt.Errorf("write the figures: %w", err)
		}
	}
	if missed := r.missed(); len(missed) > 0 && complete {
		return errors.New("bars missed: " + strings.Join(missed, ", "))
	}
	return nil
}
