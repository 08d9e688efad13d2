//go:build linux

package load_test

import (
	"math"
	"testing"
	"time"

	"github.com/storywire/storywire/bench/load"
)

func TestHistogramQuantiles(t *testing.T) {
	var h load.Histogram
	if got := h.Quantile(0.5); got != 0 {
		t.Errorf("empty: Quantile(0.5) = %v, want 0", got)
	}
	const n = 100000
	for i := 1; i <= n; i++ {
		h.Add(time.Duration(i)*10*time.Microsecond, 1)
	}
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 0.999} {
		got, want := h.Quantile(q), time.Duration(q*n*10)*time.Microsecond
		if math.Abs(float64(got-want)) > 0.04*float64(want) {
			t.Errorf("Quantile(%v) = %v, want %v within 4 %%", q, got, want)
		}
	}
	if h.Count() != n {
		t.Errorf("Count = %d, want %d", h.Count(), n)
	}
}

func TestHistogramExtremes(t *testing.T) {
	var h load.Histogram
	h.Add(-time.Second, 1)
	h.Add(1000*time.Hour, 1)
	if got := h.Quantile(0.1); got != 0 {
		t.Errorf("Quantile(0.1) = %v, want 0", got)
	}
	if got := h.Quantile(1); got < time.Hour {
		t.Errorf("Quantile(1) = %v, want hours", got)
	}
}
