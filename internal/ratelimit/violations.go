package ratelimit

import "time"

const (
	abuseCount  = 10 // violations
	abuseWindow = 10 * time.Second
)

// Violations remembers when a connection was refused for haste. The zero value
// is ready. It is not safe for concurrent use.
type Violations struct {
	at   [abuseCount]time.Time // a ring
	next int
}

// Add counts a violation at now and reports whether it is the tenth within ten
// seconds: an abusive client, not a hasty one.
func (v *Violations) Add(now time.Time) (abuse bool) {
	v.at[v.next] = now
	v.next = (v.next + 1) % abuseCount
	oldest := v.at[v.next]
	return !oldest.IsZero() && now.Sub(oldest) < abuseWindow
}
