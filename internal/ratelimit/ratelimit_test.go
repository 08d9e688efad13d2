package ratelimit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/ratelimit"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time        { return c.at }
func (c *clock) pass(d time.Duration)  { c.at = c.at.Add(d) }
func newClock() *clock                 { return &clock{at: time.Unix(1_800_000_000, 0)} }
func rate(s string) (r ratelimit.Rate) { _ = r.UnmarshalText([]byte(s)); return r }

func TestRateText(t *testing.T) {
	tests := []struct{ in, want string }{ // an empty want: refused
		{"1/s:5", "1/s:5"},
		{"60/min:10", "60/min:10"},
		{"1000/h:50", "1000/h:50"},
		{"20/s", "20/s:20"},
		{"", ""},
		{"0/s:5", ""},
		{"5/s:0", ""},
		{"-1/s:5", ""},
		{"5/day:5", ""},
		{"5", ""},
		{"5/s:x", ""},
		{"1e3/s", ""},
		{"99999999999/s", ""},
	}
	for _, tt := range tests {
		var r ratelimit.Rate
		err := r.UnmarshalText([]byte(tt.in))
		if (err == nil) != (tt.want != "") || err == nil && r.String() != tt.want {
			t.Errorf("UnmarshalText(%q) = %v, %v, want %q", tt.in, r, err, tt.want)
		}
	}
}

func TestBurstThenRate(t *testing.T) {
	c := newClock()
	l := ratelimit.NewLimiter(rate("1/s:5"), c.now)
	for i := range 5 {
		if _, ok := l.Allow("ann"); !ok {
			t.Fatalf("event %d of the burst was refused", i+1)
		}
	}
	if wait, ok := l.Allow("ann"); ok || wait != time.Second {
		t.Errorf("the sixth = %v, %v, want to wait 1s", wait, ok)
	}
	if _, ok := l.Allow("bea"); !ok {
		t.Error("one user's haste refused another")
	}
	c.pass(400 * time.Millisecond)
	if wait, ok := l.Allow("ann"); ok || wait.Round(time.Millisecond) != 600*time.Millisecond {
		t.Errorf("after 0.4s = %v, %v, want to wait 0.6s", wait, ok)
	}
	c.pass(601 * time.Millisecond)
	if _, ok := l.Allow("ann"); !ok {
		t.Error("refused after the wait that was asked for")
	}
}

func TestABucketIsNotRefilledByBeingForgotten(t *testing.T) {
	c := newClock()
	l := ratelimit.NewLimiter(rate("1/s:5"), c.now)
	allowed := 0
	for range 600 { // a minute of ten attempts a second, over many generations
		if _, ok := l.Allow("ann"); ok {
			allowed++
		}
		c.pass(100 * time.Millisecond)
	}
	if allowed < 63 || allowed > 65 {
		t.Errorf("a minute allowed %d events, want 60 and the burst", allowed)
	}
}

func TestManyKeysTakeBoundedMemory(t *testing.T) {
	l := ratelimit.NewLimiter(rate("1/s:5"), newClock().now)
	for i := range 300_000 {
		l.Allow(fmt.Sprint("address ", i))
	}
	if got := l.Len(); got > 100_000 {
		t.Errorf("after 300,000 keys the limiter keeps %d buckets, want at most 100,000", got)
	}
}

func TestTenViolationsInTenSecondsAreAbuse(t *testing.T) {
	c := newClock()
	var quick, slow ratelimit.Violations
	for i := 1; i <= 10; i++ {
		if got, want := quick.Add(c.now()), i == 10; got != want {
			t.Errorf("violation %d: abuse = %v, want %v", i, got, want)
		}
		c.pass(time.Second)
	}
	for i := range 50 {
		if slow.Add(c.now()) {
			t.Fatalf("violation %d, one every 1.2 s, counts as abuse", i+1)
		}
		c.pass(1200 * time.Millisecond)
	}
}
