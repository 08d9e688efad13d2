//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Rows of the table.
const (
	rowFan1     = "1x1000 W=1"
	rowFan4     = "1x1000 W=4"
	rowFan16    = "1x1000 W=16"
	rowFan32    = "1x1000 W=32"
	rowFan5000  = "1x5000 W=4"
	rowFan10000 = "1x10000 W=4"
	rowRooms    = "100x50 W=4"
	rowAck50    = "ack 50"
	rowAck500   = "ack 500"
	rowIdle     = "idle memory"
	rowConnect  = "connect"

	rowIdlePlain = "idle goroutines"
	rowServe     = "idle serve"
	rowReconnect = "reconnect storm"
	rowSlow      = "slow readers"

	rowComments = "comments"
	rowOverload = "overload"

	rowCluster1   = "2 nodes 1x1000 W=4"
	rowCluster100 = "2 nodes 100x50 W=4"
)

// bar is what must hold for a row. Zero fields are not asked for.
type bar struct {
	node, bare float64 // upper bounds of our value relative to the peer's of the same run
	flat       float64 // upper bound relative to our value of 1x1000 W=4
	most       float64 // upper bound of our value
	least      float64 // lower bound of our value
}

// row is a case of the table.
type row struct {
	name, unit string
	digits     int // after the point
	bar        bar
}

var rows = []row{
	{rowFan1, "CPU µs/delivery", 2, bar{node: 0.60, bare: 1.2}},
	{rowFan4, "CPU µs/delivery", 2, bar{node: 0.36, bare: 1.2}},
	{rowFan16, "CPU µs/delivery", 2, bar{node: 0.10, bare: 1.4}},
	{rowFan32, "CPU µs/delivery", 2, bar{node: 0.05, bare: 1.4}},
	{rowRooms, "CPU µs/delivery", 2, bar{node: 0.20, bare: 1.35}},
	{rowFan5000, "CPU µs/delivery", 2, bar{node: 0.33, bare: 1.2}},
	{rowFan10000, "CPU µs/delivery", 2, bar{node: 0.22, bare: 1.2, flat: 1.3}},
	{rowAck50, "CPU µs/request", 1, bar{node: 0.50, bare: 1.25}},
	{rowAck500, "CPU µs/request", 1, bar{node: 0.40, bare: 1.25}},
	{rowIdle, "KB RSS/connection", 2, bar{node: 0.15, most: 2.5}},
	{rowIdlePlain, "KB RSS/connection", 2, bar{most: 8}},
	{rowServe, "KB RSS/connection", 2, bar{}},
	{rowConnect, "CPU µs/connect", 0, bar{node: 0.40, bare: 1.25}},
	{rowReconnect, "s for 10,000", 1, bar{most: 15}},
	{rowComments, "durable acks/s", 0, bar{least: 20000}},
	{rowCluster1, "CPU µs/delivery", 2, bar{node: 0.35}},
	{rowCluster100, "CPU µs/delivery", 2, bar{node: 0.20}},
	{rowOverload, "p99 ms at 150 msg/s", 0, bar{most: 100}},
	{rowSlow, "% cut", 0, bar{least: 100}},
}

func rowNames() (names []string) {
	for _, r := range rows {
		names = append(names, r.name)
	}
	return names
}

// report gathers the samples of a run.
type report struct {
	Date    string                         `json:"date"`
	Machine string                         `json:"machine"`
	Rounds  int                            `json:"rounds"`
	Samples map[string]map[string][]sample `json:"samples"` // row, server, one per round
}

func newReport(now time.Time, machine string, rounds int) *report {
	return &report{
		Date: now.UTC().Format(time.RFC3339), Machine: machine, Rounds: rounds,
		Samples: map[string]map[string][]sample{},
	}
}

func (r *report) add(row, server string, s sample) {
	if r.Samples[row] == nil {
		r.Samples[row] = map[string][]sample{}
	}
	r.Samples[row][server] = append(r.Samples[row][server], s)
}

// problem notes that a server failed in rows.
func (r *report) problem(rows []string, server string, err error) {
	for _, row := range rows {
		r.add(row, server, sample{Problem: err.Error()})
	}
}

// failed tells whether any sample is missing because of a problem.
func (r *report) failed() bool {
	for _, servers := range r.Samples {
		for _, samples := range servers {
			for _, s := range samples {
				if s.Problem != "" {
					return true
				}
			}
		}
	}
	return false
}

// good are the samples that were measured.
func (r *report) good(row, server string) []sample {
	return slices.DeleteFunc(slices.Clone(r.Samples[row][server]), func(s sample) bool { return s.Problem != "" })
}

func median[T any](samples []T, of func(T) float64) (m float64, ok bool) {
	if len(samples) == 0 {
		return 0, false
	}
	v := make([]float64, len(samples))
	for i, s := range samples {
		v[i] = of(s)
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2, true
}

func value(s sample) float64 { return s.Value }

// ratio is our median by the peer's.
func (r *report) ratio(row, peer string) (float64, bool) {
	own, ok1 := median(r.good(row, ours), value)
	other, ok2 := median(r.good(row, peer), value)
	return own / other, ok1 && ok2 && other > 0
}

// maxOthers is the share of the machine that others may take before a rate or a
// delay that misses its bar says nothing about the server. Ratios, CPU and bytes
// are judged anyway.
const maxOthers = 0.15

// verdict says what is asked for and whether it holds: "<= 0.45 ok".
func (r *report) verdict(row string, b bar) string {
	var parts []string
	others, _ := median(r.good(row, ours), func(s sample) float64 { return s.Others })
	check := func(sign, subject string, bound, got float64, measured bool) {
		word := "ok"
		switch {
		case !measured:
			word = "?"
		case sign == "<=" && got <= bound, sign == ">=" && got >= bound:
		case subject == "" && (b.most > 0 || b.least > 0) && others > maxOthers:
			word = fmt.Sprintf("? (others took %.0f %%)", 100*others)
		default:
			word = "MISS"
		}
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %s %v %s", subject, sign, bound, word)))
	}
	if b.node > 0 {
		got, ok := r.ratio(row, node)
		check("<=", "", b.node, got, ok)
	}
	if b.bare > 0 {
		got, ok := r.ratio(row, bare)
		check("<=", "bare", b.bare, got, ok)
	}
	own, ok := median(r.good(row, ours), value)
	if b.flat > 0 {
		small, known := median(r.good(rowFan4, ours), value)
		check("<=", rowFan4+" x", b.flat, own/small, ok && known)
	}
	if b.most > 0 {
		check("<=", "", b.most, own, ok)
	}
	if b.least > 0 {
		check(">=", "", b.least, own, ok)
	}
	return strings.Join(parts, ", ")
}

// missed lists the rows whose bar does not hold.
func (r *report) missed() (names []string) {
	for _, row := range rows {
		if strings.Contains(r.verdict(row.name, row.bar), "MISS") {
			names = append(names, row.name)
		}
	}
	return names
}

// write prints the report as Markdown.
func (r *report) write(w io.Writer) {
	fmt.Fprintf(w, "# Benchmark of %s\n\n%s. Medians of %d interleaved rounds.\n\n", r.Date, r.Machine, r.Rounds)
	main := [][]string{{"case", "unit", node, nest, bare, ours, "vs socket.io", "vs bare", "bar"}}
	detail := [][]string{{"case", "server", "per second", "p50 ms", "p99 ms", "lowest", "highest", "others' CPU"}}
	for _, row := range rows {
		if r.Samples[row.name] == nil {
			continue
		}
		main = append(main, []string{
			row.name, row.unit, r.cell(row, node), r.cell(row, nest), r.cell(row, bare), r.cell(row, ours),
			r.ratioCell(row.name, node), r.ratioCell(row.name, bare), r.verdict(row.name, row.bar),
		})
		for _, server := range wireServers {
			if line := r.detail(row, server); line != nil {
				detail = append(detail, line)
			}
		}
	}
	writeTable(w, main)
	fmt.Fprint(w, "\nServer CPU is user and system time from /proc; a ratio is our median by the peer's.\n\n")
	writeTable(w, detail)
	for _, line := range r.notes() {
		fmt.Fprintf(w, "\n- %s", line)
	}
	fmt.Fprintln(w)
}

func (r *report) cell(row row, server string) string {
	v, ok := median(r.good(row.name, server), value)
	switch {
	case ok:
		return fmt.Sprintf("%.*f", row.digits, v)
	case len(r.Samples[row.name][server]) > 0:
		return "failed"
	}
	return ""
}

func (r *report) ratioCell(row, peer string) string {
	if v, ok := r.ratio(row, peer); ok {
		return fmt.Sprintf("%.2f", v)
	}
	return ""
}

func (r *report) detail(row row, server string) []string {
	samples := r.good(row.name, server)
	if len(samples) == 0 {
		return nil
	}
	number := func(digits int, of func(sample) float64) string {
		v, _ := median(samples, of)
		if v == 0 {
			return ""
		}
		return fmt.Sprintf("%.*f", digits, v)
	}
	noise, _ := median(samples, func(s sample) float64 { return 100 * s.Others })
	lowest := slices.MinFunc(samples, func(a, b sample) int { return cmpFloat(a.Value, b.Value) })
	highest := slices.MaxFunc(samples, func(a, b sample) int { return cmpFloat(a.Value, b.Value) })
	return []string{
		row.name, server,
		number(0, func(s sample) float64 { return s.PerSec }),
		number(1, func(s sample) float64 { return float64(s.P50) / float64(time.Millisecond) }),
		number(1, func(s sample) float64 { return float64(s.P99) / float64(time.Millisecond) }),
		fmt.Sprintf("%.*f", row.digits, lowest.Value), fmt.Sprintf("%.*f", row.digits, highest.Value),
		fmt.Sprintf("%.0f %%", noise),
	}
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// notes are what does not fit into the table, and every problem once.
func (r *report) notes() (lines []string) {
	extra := func(row, format string, scale float64) {
		for _, server := range wireServers {
			if v, ok := median(r.good(row, server), func(s sample) float64 { return s.Extra * scale }); ok {
				lines = append(lines, fmt.Sprintf("%s, %s: "+format, row, server, v))
			}
		}
	}
	extra(rowConnect, "%.0f of the connections dropped", 1)
	extra(rowReconnect, "%.0f of the connections dropped", 1)
	extra(rowIdlePlain, "%.2f KB before the runtime's collection was asked for", 1)
	extra(rowIdle, "%.2f KB before the runtime's collection was asked for", 1)
	extra(rowOverload, "%.0f %% of the offered deliveries made within the window", 100)
	extra(rowComments, "%.0f µs of server CPU per comment", 1)
	lines = append(lines, r.clusterNotes()...)
	for _, row := range rows {
		for _, server := range wireServers {
			for _, s := range r.Samples[row.name][server] {
				line := fmt.Sprintf("%s, %s: %s", row.name, server, s.Problem)
				if s.Problem != "" && !slices.Contains(lines, line) {
					lines = append(lines, line)
				}
			}
		}
	}
	return lines
}

// writeTable prints a Markdown table whose columns also line up as plain text.
func writeTable(w io.Writer, lines [][]string) {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, c := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for n, line := range lines {
		for i, c := range line {
			fmt.Fprintf(w, "| %s%s ", c, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)))
		}
		fmt.Fprintln(w, "|")
		if n == 0 {
			for _, width := range widths {
				fmt.Fprintf(w, "|%s", strings.Repeat("-", width+2))
			}
			fmt.Fprintln(w, "|")
		}
	}
}
