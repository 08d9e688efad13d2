package ratelimit

import "time"

// Rates is the rate of every class of events.
type Rates struct {
	Conn     Rate // handshakes per address: whole schools sit behind one
	ConnUser Rate // connections per user
	Ctrl     Rate // joining, leaving, subscribing; per connection
	Write    Rate // what is stored; per user
	Eph      Rate // typing; per connection
	Read     Rate // lists and history; per user
	Server   Rate // the server API, per key
	Doc      Rate // updates of documents, per connection
	DocBytes Rate // and their bytes
	Cursor   Rate // awareness, per connection
	Upload   Rate // what was written offline, per user
	Move     Rate // choices and votes of a party, previews; per user
	Code     Rate // attempts to join by a code, per user
}

// DefaultRates returns the rates of the published protocol.
func DefaultRates() Rates {
	return Rates{
		Conn:     Rate{Count: 100, Per: time.Second, Burst: 500},
		ConnUser: Rate{Count: 60, Per: time.Minute, Burst: 60},
		Ctrl:     Rate{Count: 20, Per: time.Second, Burst: 40},
		Write:    Rate{Count: 1, Per: time.Second, Burst: 5},
		Eph:      Rate{Count: 5, Per: time.Second, Burst: 10},
		Read:     Rate{Count: 10, Per: time.Second, Burst: 20},
		Server:   Rate{Count: 500, Per: time.Second, Burst: 500},
		Doc:      Rate{Count: 50, Per: time.Second, Burst: 100},
		DocBytes: Rate{Count: 256 << 10, Per: time.Second, Burst: 2 << 20},
		Cursor:   Rate{Count: 20, Per: time.Second, Burst: 40},
		Upload:   Rate{Count: 6, Per: time.Minute, Burst: 3},
		Move:     Rate{Count: 2, Per: time.Second, Burst: 6},
		Code:     Rate{Count: 10, Per: time.Minute, Burst: 10},
	}
}

// Classes holds a [Limiter] for each class that is counted over connections, so
// that sockets and REST draw from the same buckets.
type Classes struct {
	Rates    Rates
	Now      func() time.Time
	Conn     *Limiter // by address
	ConnUser *Limiter // by user
	Ctrl     *Limiter // by user, for REST
	Write    *Limiter // by user
	Eph      *Limiter // by user, for REST
	Read     *Limiter // by user
	Server   *Limiter // by key
	Upload   *Limiter // by user
	Move     *Limiter // by user
	Code     *Limiter // by user
}

// NewClasses returns the limiters of r. A nil now is time.Now.
func NewClasses(r Rates, now func() time.Time) *Classes {
	if now == nil {
		now = time.Now
	}
	return &Classes{
		Rates:    r,
		Now:      now,
		Conn:     NewLimiter(r.Conn, now),
		ConnUser: NewLimiter(r.ConnUser, now),
		Ctrl:     NewLimiter(r.Ctrl, now),
		Write:    NewLimiter(r.Write, now),
		Eph:      NewLimiter(r.Eph, now),
		Read:     NewLimiter(r.Read, now),
		Server:   NewLimiter(r.Server, now),
		Upload:   NewLimiter(r.Upload, now),
		Move:     NewLimiter(r.Move, now),
		Code:     NewLimiter(r.Code, now),
	}
}
