package ratelimit

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Rate is how often something may happen. Its text form is "1/s:5": one per
// second, five at once; also "60/min:10" and "1000/h:50". Without ":5" as many
// at once as in the unit of time.
type Rate struct {
	Count int           // so many
	Per   time.Duration // in such a time: a second, a minute or an hour
	Burst int           // so many at once
}

var units = map[string]time.Duration{"s": time.Second, "min": time.Minute, "h": time.Hour}

var errRate = errors.New(`a rate is written like "1/s:5", "60/min:10" or "1000/h:50", with no zero in it`)

// UnmarshalText reads the text form. There is no text for "unlimited".
func (r *Rate) UnmarshalText(text []byte) error {
	s := string(text)
	s, burst, hasBurst := strings.Cut(s, ":")
	count, unit, ok := strings.Cut(s, "/")
	per := units[unit]
	n, err := strconv.Atoi(count)
	if !ok || per == 0 || err != nil || n <= 0 || n > math.MaxInt32 {
		return fmt.Errorf("%q: %w", text, errRate)
	}
	b := n
	if hasBurst {
		if b, err = strconv.Atoi(burst); err != nil || b <= 0 || b > math.MaxInt32 {
			return fmt.Errorf("%q: %w", text, errRate)
		}
	}
	*r = Rate{Count: n, Per: per, Burst: b}
	return nil
}

// String returns the text form.
func (r Rate) String() string {
	unit := "s"
	switch r.Per {
	case time.Minute:
		unit = "min"
	case time.Hour:
		unit = "h"
	}
	return fmt.Sprintf("%d/%s:%d", r.Count, unit, r.Burst)
}

// MarshalText returns the text form.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// perSecond is the rate as x/time/rate counts.
func (r Rate) perSecond() float64 { return float64(r.Count) / r.Per.Seconds() }

// refill is how long an empty bucket takes to be full again.
func (r Rate) refill() time.Duration {
	return time.Duration(float64(r.Burst) / r.perSecond() * float64(time.Second))
}
