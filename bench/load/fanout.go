//go:build linux

package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"time"
)

const (
	// sampleMask picks the connections whose latencies are recorded: one in 16, so
	// that looking at the clock costs the generator little.
	sampleMask = 15

	joinTimeout  = 60 * time.Second
	drainTimeout = 5 * time.Second
	defaultText  = 100 // bytes
)

var (
	saidPrefix = []byte("42" + Namespace + `,["said"`)
	ackPrefix  = []byte("43" + Namespace + `,`)
)

// room is the generator's side of one room: its members are conns[first:first+members].
//
// The members speak in turn, as people do: a server that joins messages has to
// join what comes from different connections. All messages are alike, so a
// member's n-th delivery counts for the n-th message whichever it was.
type room struct {
	first, members int
	say            []byte // the message, masked
	sent, done     uint64 // messages sent; messages that every member has
	waiting        []int32
	at             []time.Time // when message n&mask was sent, or should have been
	mask           uint64
}

// Join puts every connection into one of rooms rooms, in blocks of equal size,
// and waits for the acks.
func (s *Swarm) Join(ctx context.Context, rooms int) error {
	if rooms < 1 || len(s.conns)%rooms != 0 {
		return fmt.Errorf("%d rooms do not divide %d connections", rooms, len(s.conns))
	}
	members := len(s.conns) / rooms
	return s.askAll(ctx, func(i int) string {
		if i%members == 0 {
			s.conns[i].room = &room{first: i, members: members}
		} else {
			s.conns[i].room = s.conns[i-1].room
		}
		return fmt.Sprintf(`0["join","room-%d"]`, i/members)
	})
}

// askAll sends an event with ack on every connection and waits for all acks.
func (s *Swarm) askAll(ctx context.Context, event func(i int) string) error {
	return s.askEach(ctx, event, nil)
}

// askEach is askAll; took, unless it is nil, is given what every connection is answered.
func (s *Swarm) askEach(ctx context.Context, event func(i int) string, took func(c *conn, answer []byte) error) error {
	acks := 0
	s.packet = func(c *conn, p []byte) error {
		switch {
		case !bytes.HasPrefix(p, ackPrefix):
		case bytes.Contains(p, []byte(`"ok":false`)), bytes.Contains(p, []byte(`"error"`)):
			return caseError{fmt.Errorf("connection %d: refused: %.300q", c.index, p)}
		default:
			acks++
			if took == nil {
				return nil
			}
			if err := took(c, p[bytes.IndexByte(p, '['):]); err != nil {
				return caseError{fmt.Errorf("connection %d: %w", c.index, err)}
			}
		}
		return nil
	}
	s.lost = failOnLoss
	for i, c := range s.conns {
		if err := s.write(c, appendMasked(nil, "42"+Namespace+","+event(i))); err != nil {
			return failOnLoss(c, err)
		}
	}
	if err := s.run(ctx, time.Now().Add(joinTimeout), func() bool { return acks == len(s.conns) }); err != nil {
		return err
	}
	if acks != len(s.conns) {
		return fmt.Errorf("%d of %d acks after %v", acks, len(s.conns), joinTimeout)
	}
	return nil
}

// FanOutOptions says how rooms are spoken to: either InFlight messages are kept
// in flight in each (a message is done when every member has it), or Rate
// messages per second are sent to each whatever becomes of them.
type FanOutOptions struct {
	InFlight int
	Rate     float64
	Warm     time.Duration // before the window
	Window   time.Duration
	Text     int // bytes of text in a message; default 100
}

// FanOutResult counts what the receivers got within the window.
type FanOutResult struct {
	Cost
	Deliveries uint64
	Offered    uint64    // deliveries due within the window; 0 in a closed loop
	Latency    Histogram // of one connection in 16, from when the message was due
	Missing    uint64    // deliveries still missing 5 s after the last message was sent
}

// FanOut sends messages into the rooms of Join and counts the deliveries. Each
// message must reach each member exactly once: a missing delivery is an error in
// a closed loop and counted in an open one, a surplus one is always an error.
func (s *Swarm) FanOut(ctx context.Context, o FanOutOptions) (*FanOutResult, error) {
	f := &fanOut{swarm: s, o: o, result: &FanOutResult{}}
	if err := f.prepare(); err != nil {
		return nil, err
	}
	start := time.Now()
	if err := f.speak(ctx, start, start.Add(o.Warm)); err != nil {
		return nil, err
	}
	m, err := startMeter(s.target)
	if err != nil {
		return nil, err
	}
	before := f.deliveries
	f.result.Latency = Histogram{}
	if err := f.speak(ctx, start, start.Add(o.Warm+o.Window)); err != nil {
		return nil, err
	}
	if f.result.Cost, err = m.stop(); err != nil {
		return nil, err
	}
	f.result.Deliveries = f.deliveries - before
	if o.Rate > 0 {
		f.result.Offered = uint64(o.Rate * o.Window.Seconds() * float64(len(s.conns)))
	}
	return f.result, f.drain(ctx)
}

type fanOut struct {
	swarm      *Swarm
	o          FanOutOptions
	result     *FanOutResult
	rooms      []*room
	ready      []*room // have messages done in this turn
	deliveries uint64
}

func (f *fanOut) prepare() error {
	if (f.o.InFlight > 0) == (f.o.Rate > 0) {
		return errors.New("fan-out: either InFlight or Rate")
	}
	if f.o.Text == 0 {
		f.o.Text = defaultText
	}
	slots := uint64(f.o.InFlight)
	if f.o.Rate > 0 { // one slot for every message of the run
		slots = uint64(f.o.Rate*(f.o.Warm+f.o.Window).Seconds()) + 2
	}
	text := strings.Repeat("a line of the story ", f.o.Text/20+1)[:f.o.Text]
	for i, c := range f.swarm.conns {
		c.got = 0
		r := c.room
		if r == nil {
			return errors.New("fan-out: join first")
		}
		if r.first != i {
			continue
		}
		r.mask = 1<<bits.Len64(slots-1) - 1
		r.sent, r.done = 0, 0
		r.waiting = make([]int32, r.mask+1)
		r.at = make([]time.Time, r.mask+1)
		r.say = appendMasked(nil, fmt.Sprintf(`42%s,["say","room-%d","%s"]`, Namespace, i/r.members, text))
		f.rooms = append(f.rooms, r)
	}
	f.swarm.packet = f.packet
	f.swarm.lost = failOnLoss
	return nil
}

// packet counts a delivery. It runs a million times per second.
func (f *fanOut) packet(c *conn, p []byte) error {
	if !bytes.HasPrefix(p, saidPrefix) {
		return caseError{fmt.Errorf("connection %d: unexpected %.200q", c.index, p)}
	}
	r := c.room
	if c.got >= r.sent {
		return caseError{fmt.Errorf("connection %d: delivery %d of %d messages", c.index, c.got+1, r.sent)}
	}
	slot := c.got & r.mask
	c.got++
	f.deliveries++
	if c.index&sampleMask == 0 {
		f.result.Latency.Add(f.swarm.now.Sub(r.at[slot]), 1)
	}
	if r.waiting[slot]--; r.waiting[slot] == 0 {
		if r.done++; f.o.Rate == 0 {
			f.ready = append(f.ready, r)
		}
	}
	return nil
}

// speak keeps the rooms talking until the time is over.
func (f *fanOut) speak(ctx context.Context, start, until time.Time) error {
	for {
		now := time.Now()
		if !now.Before(until) {
			return nil
		}
		wait := until.Sub(now)
		var err error
		if f.o.Rate > 0 {
			var next time.Time
			next, err = f.sendDue(start, now)
			wait = min(wait, time.Until(next))
		} else {
			err = f.sendDone(now)
		}
		if err != nil {
			return err
		}
		if err := f.swarm.turn(ctx, max(0, min(wait, maxWait))); err != nil {
			return err
		}
	}
}

// sendDone replaces the messages that every member has got since the last turn.
func (f *fanOut) sendDone(now time.Time) error {
	rooms := f.ready
	if f.deliveries == 0 {
		rooms = f.rooms
	}
	for _, r := range rooms {
		if free := f.o.InFlight - int(r.sent-r.done); free > 0 {
			if err := f.send(r, free, now); err != nil {
				return err
			}
		}
	}
	f.ready = f.ready[:0]
	return nil
}

// sendDue sends the messages that are due in an open loop and returns when the next one is.
func (f *fanOut) sendDue(start, now time.Time) (next time.Time, err error) {
	for _, r := range f.rooms {
		for {
			next = start.Add(time.Duration(float64(r.sent) / f.o.Rate * float64(time.Second)))
			if next.After(now) || r.sent > r.mask {
				break
			}
			if err := f.send(r, 1, next); err != nil {
				return next, err
			}
		}
	}
	return next, nil
}

func (f *fanOut) send(r *room, n int, at time.Time) error {
	for range n {
		slot := r.sent & r.mask
		r.at[slot], r.waiting[slot] = at, int32(r.members)
		c := f.swarm.conns[r.first+int(r.sent%uint64(r.members))]
		r.sent++
		if err := f.swarm.write(c, r.say); err != nil {
			return failOnLoss(c, err)
		}
	}
	return nil
}

// drain waits for what is in flight and checks that everyone got everything.
func (f *fanOut) drain(ctx context.Context) error {
	missing := func() (n uint64) {
		for _, c := range f.swarm.conns {
			n += c.room.sent - c.got
		}
		return n
	}
	err := f.swarm.run(ctx, time.Now().Add(drainTimeout), func() bool { return missing() == 0 })
	if err != nil {
		return err
	}
	if f.result.Missing = missing(); f.result.Missing > 0 && f.o.Rate == 0 {
		return fmt.Errorf("%d deliveries missing after %v", f.result.Missing, drainTimeout)
	}
	return nil
}
