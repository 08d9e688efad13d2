//go:build linux

package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// The bars, of 10,000 parties on one node with SQLite.
const (
	barParties = 10_000
	barLoad    = 1 // the pace of people; what is faster shows how far one node carries
	barP99     = 40 * time.Millisecond
	barMemory  = 8 << 10 // bytes of a party
)

// maxOthers is what others may use of the machine before a delay is not judged.
const maxOthers = 0.15

// quiet reports whether the machine was left to the server and the bots.
func (f figures) quiet() bool {
	return f.r.OtherCPU.Seconds() <= maxOthers*f.r.Elapsed.Seconds()*float64(runtime.NumCPU())
}

// missed returns the bars that were missed.
func (r *report) missed() (missed []string) {
	for _, f := range r.cases {
		if f.load != barLoad || !f.quiet() {
			continue
		}
		if p99 := f.r.Latency.Quantile(0.99); p99 > barP99 {
			missed = append(missed, fmt.Sprintf("x%d p99 %v", f.load, p99))
		}
	}
	if r.memory > barMemory {
		missed = append(missed, fmt.Sprintf("memory %d bytes", r.memory))
	}
	return missed
}

// table is the report for people.
func (r *report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Parties, %s\n\n%d parties of four on one `storywire serve` with SQLite; %d processors, which the server and the bots share. "+
		"%d connections, each in four parties; all made in %.0f s. Every party makes its four choices in each round, three alike and one otherwise; "+
		"x10 is ten times as fast as people, a round in 3 s. A choice counts from when it was due until each of the four has heard of it.\n\n",
		time.Now().Format(time.DateOnly), r.parties, runtime.NumCPU(), r.parties, r.made.Seconds())
	b.WriteString("| |")
	for _, f := range r.cases {
		fmt.Fprintf(&b, " x%d |", f.load)
	}
	b.WriteString(" bar |\n|---|" + strings.Repeat("---|", len(r.cases)+1) + "\n")
	line := func(what, bar string, value func(f figures) string) {
		fmt.Fprintf(&b, "| %s |", what)
		for _, f := range r.cases {
			b.WriteString(" " + value(f) + " |")
		}
		b.WriteString(" " + bar + " |\n")
	}
	perSecond := func(f figures, n uint64) string { return fmt.Sprintf("%.0f", float64(n)/f.r.Elapsed.Seconds()) }
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
	share := func(f figures, d time.Duration) string {
		return fmt.Sprintf("%.0f %%", 100*d.Seconds()/f.r.Elapsed.Seconds())
	}
	line("choices/s", "", func(f figures) string { return perSecond(f, f.r.Choices) })
	line("rounds/s", "", func(f figures) string { return perSecond(f, f.r.Rounds) })
	line("events delivered/s", "", func(f figures) string { return perSecond(f, f.r.Events) })
	line("choice -> event p50, ms", "", func(f figures) string { return ms(f.r.Latency.Quantile(0.5)) })
	line("choice -> event p99, ms", fmt.Sprintf("<= %d at x%d", barP99.Milliseconds(), barLoad), func(f figures) string { return ms(f.r.Latency.Quantile(0.99)) })
	line("choice -> event longest, ms", "", func(f figures) string { return ms(f.r.Latency.Quantile(1)) })
	line("choices after the decision", "", func(f figures) string {
		return fmt.Sprintf("%.1f %%", 100*float64(f.r.Refused)/float64(max(1, f.r.Choices)))
	})
	line("rounds that were late", "", func(f figures) string { return fmt.Sprint(f.r.Late) })
	line("writes done again (conflicts)", "", func(f figures) string { return fmt.Sprintf("%.2f %%", 100*f.conflicts) })
	line("transactions/s", "", func(f figures) string { return fmt.Sprintf("%.0f", f.commits) })
	line("writes/s in them", "", func(f figures) string { return fmt.Sprintf("%.0f", f.writes) })
	line("written to the disk, MB/s", "", func(f figures) string { return fmt.Sprintf("%.1f", f.disk/1e6) })
	line("server CPU, us for each choice", "", func(f figures) string { return fmt.Sprintf("%.0f", f.cpu()) })
	line("server CPU, of one processor", "", func(f figures) string { return share(f, f.r.ServerCPU) })
	line("bots' CPU, of one processor", "", func(f figures) string { return share(f, f.r.LoadCPU) })
	line("others' CPU, of one processor", "", func(f figures) string { return share(f, f.r.OtherCPU) })
	fmt.Fprintf(&b, "\nMemory: a party of four takes %d bytes of the heap after %d rounds (bar: %d), measured in a process without sockets. "+
		"The server's resident set grew by %d bytes for each party, with what its four players' sockets took to play, SQLite's caches (96 MB) and garbage.\n",
		r.memory, weighedRounds, barMemory, r.rss)
	for _, f := range r.cases {
		if !f.quiet() {
			fmt.Fprintf(&b, "\nx%d is not judged: others used more than %.0f %% of the machine.\n", f.load, 100*maxOthers)
		}
	}
	if missed := r.missed(); len(missed) > 0 {
		b.WriteString("\nMissed: " + strings.Join(missed, ", ") + ".\n")
	}
	return b.String()
}
