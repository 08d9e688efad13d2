//go:build linux

// Command edit measures documents that are written together, beside npm's
// @hocuspocus/server: the same letters, over each server's own protocol.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// The bars: rate at least so many times the peer's, server CPU for each update
// at most such a part of it, and a stored update acknowledged within.
const (
	barRate = 3.0
	barCPU  = 1.0 / 3
	barP99  = 25 * time.Millisecond
)

func main() {
	runtime.LockOSThread() // see start
	rounds := flag.Int("rounds", 3, "rounds; the table has medians")
	only := flag.String("cases", "", "cases, separated by semicolons; empty: all")
	smoke := flag.Bool("smoke", false, "everything once and tiny")
	results := flag.String("results", "bench/results", "folder for the figures; empty: none are written")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *rounds, *only, *smoke, *results); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rounds int, only string, smoke bool, results string) error {
	dir, err := os.MkdirTemp("", "storywire-bench-edit-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	root, err := prepare(ctx, dir)
	if err != nil {
		return err
	}
	cases := slices.Clone(uses)
	if only != "" {
		names := strings.Split(only, ";")
		cases = slices.DeleteFunc(cases, func(u use) bool { return !slices.Contains(names, u.name) })
	}
	if smoke {
		rounds = 1
		for i := range cases {
			cases[i].docs, cases[i].updates, cases[i].paced = min(cases[i].docs, 5), 50, 5
		}
	}
	found := map[string][]figures{}
	for round := range rounds {
		for _, u := range cases {
			names := []string{"hocuspocus", "storywire"}
			if round%2 == 1 {
				slices.Reverse(names)
			}
			for _, name := range names {
				f, err := one(ctx, root, dir, name, u, round)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", u.name, name, err)
				}
				fmt.Fprintf(os.Stderr, "round %d, %s, %s: %.0f/s, %.1f us (generator %.1f us), p99 %v, paced %v\n",
					round+1, u.name, name, f.perSecond, f.cpu, f.generator, f.p99, f.paced)
				found[u.name+name] = append(found[u.name+name], f)
			}
		}
	}
	table := report(cases, found, rounds)
	fmt.Print(table)
	if smoke || results == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(results, time.Now().Format(time.DateOnly)+"-edit.md"), []byte(table), 0o644)
}

// prepare builds the server and installs the peer.
func prepare(ctx context.Context, dir string) (root string, err error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	root = strings.TrimSpace(string(out))
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "storywire"), "./cmd/storywire")
	build.Dir = root
	install := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	install.Dir = filepath.Join(root, "bench/peers/hocuspocus")
	for _, cmd := range []*exec.Cmd{build, install} {
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", cmd, err, out)
		}
	}
	return root, nil
}

// one measures a case on a server of its own.
func one(ctx context.Context, root, dir, name string, u use, round int) (figures, error) {
	var s *server
	var err error
	if name == "hocuspocus" {
		s, err = startHocuspocus(root)
	} else {
		database, tempErr := os.MkdirTemp(dir, "db-")
		if tempErr != nil {
			return figures{}, tempErr
		}
		s, err = startStorywire(ctx, filepath.Join(dir, "storywire"), filepath.Join(database, "storywire.db"))
	}
	if err != nil {
		return figures{}, err
	}
	defer s.stop()
	return measure(ctx, s, u, fmt.Sprintf("r%d", round))
}

// report is the table for people.
func report(cases []use, found map[string][]figures, rounds int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Writing together, %s\n\n%d rounds, medians, %d processors. Storywire stores every update (SQLite) before it answers; Hocuspocus stores none.\n"+
		"As fast as they are answered, 4,000 updates are unanswered in the 500 documents, so that their delay there is 4,000 by the rate.\n"+
		"\n",
		time.Now().Format(time.DateOnly), rounds, runtime.NumCPU())
	b.WriteString("| case | | hocuspocus 3.4.4 | storywire | ratio | bar |\n|---|---|---|---|---|---|\n")
	for _, u := range cases {
		peer, ours := found[u.name+"hocuspocus"], found[u.name+"storywire"]
		line := func(what, format string, value func(figures) float64, bar string) {
			a, o := median(peer, value), median(ours, value)
			fmt.Fprintf(&b, "| %s | %s | "+format+" | "+format+" | %.2f | %s |\n", u.name, what, a, o, o/a, bar)
		}
		milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
		line("updates/s", "%.0f", func(f figures) float64 { return f.perSecond }, fmt.Sprintf(">= %.0f", barRate))
		line("server CPU, us for each", "%.1f", func(f figures) float64 { return f.cpu }, fmt.Sprintf("<= %.2f", barCPU))
		line("generator CPU, us for each", "%.1f", func(f figures) float64 { return f.generator }, "")
		line("answer p99, ms", "%.1f", func(f figures) float64 { return milliseconds(f.p99) }, "")
		line(fmt.Sprintf("answer p99 at %d updates/s, ms", u.docs*u.pace), "%.1f",
			func(f figures) float64 { return milliseconds(f.paced) }, fmt.Sprintf("ours <= %v", barP99))
	}
	return b.String()
}

// median returns the middle value, of an even number the mean of the two in the middle.
func median(list []figures, value func(figures) float64) float64 {
	values := make([]float64, len(list))
	for i, f := range list {
		values[i] = value(f)
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}
