package ratelimit

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxKeys bounds the buckets of one generation of a [Limiter]: about 200 bytes each.
const maxKeys = 50_000

// Limiter has a bucket of one [Rate] per key. It keeps at most 100,000 buckets,
// in two generations: a bucket that nobody has asked for in at least the time
// that fills it is forgotten, which changes nothing. Only more than 50,000 keys
// within that time make it forget earlier, in favour of the key that asks.
type Limiter struct {
	rate Rate
	now  func() time.Time

	mu       sync.Mutex // guards the fields below
	young    map[string]*Bucket
	old      map[string]*Bucket
	bornAt   time.Time // of young
	lifetime time.Duration
}

// NewLimiter returns a Limiter of r. A nil now is time.Now.
func NewLimiter(r Rate, now func() time.Time) *Limiter {
	if now == nil {
		now = time.Now
	}
	return &Limiter{rate: r, now: now, young: map[string]*Bucket{}, bornAt: now(), lifetime: max(r.refill(), time.Second)}
}

// Allow takes one token of key's bucket. If there is none it returns false and
// how long to wait for the next.
func (l *Limiter) Allow(key string) (retryAfter time.Duration, ok bool) {
	now := l.now()
	return l.bucket(key, now).take(now)
}

func (l *Limiter) bucket(key string, now time.Time) *Bucket {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.young) >= maxKeys || now.Sub(l.bornAt) >= l.lifetime {
		l.old, l.young, l.bornAt = l.young, make(map[string]*Bucket), now
	}
	b := l.young[key]
	if b == nil {
		if b = l.old[key]; b == nil {
			b = NewBucket(l.rate, l.now)
		}
		l.young[key] = b
	}
	return b
}

// Bucket is a single bucket, for what belongs to one connection.
type Bucket struct {
	tokens *rate.Limiter
	now    func() time.Time
}

// NewBucket returns a full bucket of r. A nil now is time.Now.
func NewBucket(r Rate, now func() time.Time) *Bucket {
	if now == nil {
		now = time.Now
	}
	return &Bucket{tokens: rate.NewLimiter(rate.Limit(r.perSecond()), r.Burst), now: now}
}

// Allow takes one token. If there is none it returns false and how long to wait
// for the next.
func (b *Bucket) Allow() (retryAfter time.Duration, ok bool) { return b.take(b.now()) }

// AllowN takes n tokens, at most as many as the bucket holds when it is full.
func (b *Bucket) AllowN(n int) (retryAfter time.Duration, ok bool) { return b.takeN(b.now(), n) }

func (b *Bucket) take(now time.Time) (time.Duration, bool) { return b.takeN(now, 1) }

func (b *Bucket) takeN(now time.Time, n int) (time.Duration, bool) {
	if b.tokens.AllowN(now, n) {
		return 0, true
	}
	missing := float64(n) - b.tokens.TokensAt(now)
	return time.Duration(missing / float64(b.tokens.Limit()) * float64(time.Second)), false
}
