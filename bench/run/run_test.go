//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestVerdicts(t *testing.T) {
	r := newReport(time.Now(), "a machine", 3)
	for _, v := range []float64{4, 1, 9} {
		r.add(rowFan4, ours, sample{Value: v})
		r.add(rowFan4, node, sample{Value: 10 * v})
	}
	r.problem([]string{rowFan4}, bare, errors.New("fell over"))
	for _, c := range []struct {
		bar  bar
		want string
	}{
		{bar{node: 0.1}, "<= 0.1 ok"},
		{bar{node: 0.09}, "<= 0.09 MISS"},
		{bar{node: 0.2, bare: 1.2}, "<= 0.2 ok, bare <= 1.2 ?"},
		{bar{most: 4}, "<= 4 ok"},
		{bar{most: 3.9}, "<= 3.9 MISS"},
		{bar{least: 4}, ">= 4 ok"},
		{bar{least: 5}, ">= 5 MISS"},
		{bar{flat: 1}, "1x1000 W=4 x <= 1 ok"},
		{bar{}, ""},
	} {
		if got := r.verdict(rowFan4, c.bar); got != c.want {
			t.Errorf("verdict(%+v) = %q, want %q", c.bar, got, c.want)
		}
	}
	r.add(rowComments, ours, sample{Value: 7000, Others: 0.7})
	if got, want := r.verdict(rowComments, bar{least: 20000}), ">= 20000 ? (others took 70 %)"; got != want {
		t.Errorf("verdict on a busy machine = %q, want %q", got, want)
	}
	if !r.failed() {
		t.Error("failed() = false although bare failed")
	}
	var out bytes.Buffer
	r.write(&out)
	for _, want := range []string{"| 40.00 ", "| failed |", "| 0.10 ", "<= 0.36 ok", "bare: fell over"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, &out)
		}
	}
}

func TestMedian(t *testing.T) {
	same := func(f float64) float64 { return f }
	for _, c := range []struct {
		in   []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{5, 1, 3}, 3}, {[]float64{4, 1, 2, 8}, 3}} {
		if got, ok := median(c.in, same); !ok || got != c.want {
			t.Errorf("median(%v) = %v, %v, want %v", c.in, got, ok, c.want)
		}
	}
	if _, ok := median(nil, same); ok {
		t.Error("median(nil) is ok")
	}
}

// TestSmoke runs all cases of the wire, tiny, on the servers that need only Go.
func TestSmoke(t *testing.T) {
	runtime.LockOSThread() // see process.Start
	defer runtime.UnlockOSThread()
	var out, progress bytes.Buffer
	if err := run(t.Context(), options{smoke: true, servers: strings.Join([]string{bare, ours, plain}, ","), cases: wireCases()}, &out, &progress); err != nil {
		t.Fatalf("run: %v\n%s\n%s", err, &progress, &out)
	}
	for _, row := range strings.Split(wireCases(), ",") {
		if !strings.Contains(out.String(), "| "+row) {
			t.Errorf("the table has no %q:\n%s", row, &out)
		}
	}
}

// wireCases are those that need no storywire serve.
func wireCases() string {
	return strings.Join(slices.DeleteFunc(rowNames(), func(row string) bool { return row == rowComments || row == rowServe }), ",")
}

func TestInterruptedRunEnds(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	var started time.Time
	progress := writerFunc(func(b []byte) (int, error) {
		if bytes.HasPrefix(b, []byte("round")) {
			started = time.Now()                         // builds take as long as they take
			time.AfterFunc(300*time.Millisecond, cancel) // in the middle of a case
		}
		return len(b), nil
	})
	err := run(ctx, options{rounds: 5, window: time.Minute, servers: bare, cases: rowAck50}, &out, progress)
	if !errors.Is(err, context.Canceled) || out.Len() != 0 {
		t.Errorf("run = %v and %q, want %v and no table", err, &out, context.Canceled)
	}
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("it took %v to end", took)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
