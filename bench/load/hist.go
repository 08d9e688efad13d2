//go:build linux

package load

import (
	"math/bits"
	"time"
)

// Histogram counts durations in buckets that are 1/32 of their value wide, from
// one microsecond to hours. The zero value is empty and ready.
type Histogram struct {
	counts [40 * histSteps]uint32
	total  uint64
}

const histSteps = 32 // buckets per doubling

// Add counts d n times.
func (h *Histogram) Add(d time.Duration, n uint32) {
	h.counts[bucket(d)] += n
	h.total += uint64(n)
}

// Count returns how many durations were added.
func (h *Histogram) Count() uint64 { return h.total }

// Quantile returns the duration that the fraction q of all stays at or below,
// exact to 3 %. It is 0 for an empty histogram.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank := min(uint64(q*float64(h.total)), h.total-1)
	var seen uint64
	for i, n := range h.counts {
		if seen += uint64(n); seen > rank {
			return bucketTop(i)
		}
	}
	return 0 // unreachable: total is the sum of counts
}

func bucket(d time.Duration) int {
	us := uint64(max(d, 0) / time.Microsecond)
	if us < histSteps {
		return int(us)
	}
	shift := bits.Len64(us) - bits.Len64(histSteps)
	i := (shift+1)*histSteps + int(us>>shift) - histSteps
	return min(i, len(Histogram{}.counts)-1)
}

// bucketTop is the largest duration that bucket i holds.
func bucketTop(i int) time.Duration {
	if i < histSteps {
		return time.Duration(i) * time.Microsecond
	}
	shift, step := i/histSteps-1, i%histSteps
	return time.Duration(uint64(histSteps+step+1)<<shift-1) * time.Microsecond
}
