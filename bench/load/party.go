//go:build linux

package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// seats is how many play a party, and in how many parties everybody plays:
// connections 4g to 4g+3 play four parties together, each the host of one.
const seats = 4

// Parties are what a swarm plays: party i has connection i as its host.
type Parties struct {
	swarm *Swarm
	all   []*party
	byID  map[string]*party

	// Of the running case.
	round  time.Duration
	result *PartyResult
	cmd    uint64
	frame  []byte
}

// party is the generator's side of one party.
type party struct {
	index   int
	id      string
	round   int
	options [2]string        // the first two of the round
	due     [seats]time.Time // when the choice in flight of a seat was due
	open    bool             // the round waits for choices
	late    time.Time        // when a round was due that waits for the one before; zero: none
}

// PartyOptions says how parties are played.
type PartyOptions struct {
	Round  time.Duration // how often a party makes its four choices
	Warm   time.Duration // before the window
	Window time.Duration
}

// PartyResult counts what happened within the window.
type PartyResult struct {
	Cost
	Choices uint64    // sent
	Refused uint64    // of them, because the others had decided before
	Rounds  uint64    // begun
	Events  uint64    // delivered
	Late    uint64    // rounds that were due before the one before them had ended
	Latency Histogram // from when a choice was due until it was told, to each of the four
}

// seat returns the connection of a seat of a party.
func (s *Swarm) seat(party, seat int) *conn {
	return s.conns[party/seats*seats+(party+seat)%seats]
}

// Party makes a party of story for every connection and starts it. The story
// has to go on without end, with at least two choices in each passage. The
// number of connections is a multiple of four.
func (s *Swarm) Party(ctx context.Context, story string) (*Parties, error) {
	if len(s.conns)%seats != 0 {
		return nil, fmt.Errorf("%d connections cannot sit in fours", len(s.conns))
	}
	p := &Parties{swarm: s, byID: make(map[string]*party, len(s.conns))}
	made := func(c *conn, ack []byte) error {
		var answer []struct{ Data struct{ SessionID string } }
		if err := json.Unmarshal(ack, &answer); err != nil || len(answer) != 1 {
			return fmt.Errorf("answer %.300q: %w", ack, err)
		}
		p.all[c.index].id = answer[0].Data.SessionID
		p.byID[p.all[c.index].id] = p.all[c.index]
		return nil
	}
	for i := range s.conns {
		p.all = append(p.all, &party{index: i})
	}
	// Who follows somebody's presence is not told of everybody's again and again.
	steps := []struct {
		event func(i int) string
		took  func(*conn, []byte) error
	}{
		{event: func(i int) string { return fmt.Sprintf(`1["presence:subscribe",{"userIds":[%q]}]`, User(i)) }},
		{took: made, event: func(int) string {
			return fmt.Sprintf(`1["play:create",{"storyId":%q,"cmdId":"create","settings":{"mode":"majority","timerSec":60}}]`, story)
		}},
	}
	for seat := 1; seat < seats; seat++ {
		steps = append(steps, struct {
			event func(i int) string
			took  func(*conn, []byte) error
		}{event: func(i int) string {
			other := i/seats*seats + (i+seat)%seats
			return fmt.Sprintf(`1["play:join",{"sessionId":%q,"cmdId":"join-%d"}]`, p.all[other].id, seat)
		}})
	}
	for _, step := range steps {
		if err := s.askEach(ctx, step.event, step.took); err != nil {
			return nil, err
		}
	}
	return p, p.start(ctx)
}

// start starts all parties and waits for their first rounds.
func (p *Parties) start(ctx context.Context) error {
	begun := 0
	p.result = &PartyResult{}
	p.swarm.packet = func(c *conn, b []byte) error {
		before := p.result.Rounds
		err := p.packet(c, b)
		begun += int(p.result.Rounds - before)
		return err
	}
	for i, c := range p.swarm.conns {
		frame := appendMasked(nil, fmt.Sprintf(`42%s,1["play:start",{"sessionId":%q,"cmdId":"start","force":true}]`, Namespace, p.all[i].id))
		if err := p.swarm.write(c, frame); err != nil {
			return failOnLoss(c, err)
		}
	}
	err := p.swarm.run(ctx, time.Now().Add(joinTimeout), func() bool { return begun == len(p.all) })
	if err == nil && begun < len(p.all) {
		err = fmt.Errorf("%d of %d parties started within %v", begun, len(p.all), joinTimeout)
	}
	return err
}

// Play has every party choose once in each round, evenly spread over its time,
// whatever the server does: a choice counts from when it was due.
func (p *Parties) Play(ctx context.Context, o PartyOptions) (*PartyResult, error) {
	p.round, p.result = o.Round, &PartyResult{}
	p.swarm.packet, p.swarm.lost = p.packet, failOnLoss
	start, next := time.Now(), 0
	if err := p.until(ctx, start, start.Add(o.Warm), &next); err != nil {
		return nil, err
	}
	m, err := startMeter(p.swarm.target)
	if err != nil {
		return nil, err
	}
	*p.result = PartyResult{}
	if err := p.until(ctx, start, start.Add(o.Warm+o.Window), &next); err != nil {
		return nil, err
	}
	result := *p.result
	if result.Cost, err = m.stop(); err != nil {
		return nil, err
	}
	if result.Latency.Count() == 0 {
		return nil, errors.New("no choice was told")
	}
	// What is still open is told before anything else is played.
	return &result, p.swarm.run(ctx, time.Now().Add(drainTimeout), func() bool { return p.settled() })
}

func (p *Parties) settled() bool {
	for _, one := range p.all {
		if !one.open {
			return false
		}
	}
	return true
}

// until plays the rounds that are due, of which next is the first, until a time.
func (p *Parties) until(ctx context.Context, start, end time.Time, next *int) error {
	for {
		now := time.Now()
		if !now.Before(end) {
			return nil
		}
		wait := end.Sub(now)
		for {
			turn, i := *next/len(p.all), *next%len(p.all)
			due := start.Add(time.Duration(turn)*p.round + p.round*time.Duration(i)/time.Duration(len(p.all)))
			if due.After(now) {
				wait = min(wait, due.Sub(now))
				break
			}
			*next++
			if err := p.choose(p.all[i], due); err != nil {
				return err
			}
		}
		if err := p.swarm.turn(ctx, min(wait, maxWait)); err != nil {
			return err
		}
	}
}

// choose has the four of a party choose: three alike and one, the second,
// otherwise, so that the fourth decides if they come in this order.
func (p *Parties) choose(one *party, due time.Time) error {
	if !one.open {
		if one.late.IsZero() {
			p.result.Late++
			one.late = due
		}
		return nil
	}
	one.open = false
	for seat := range seats {
		option := one.options[one.round%2]
		if seat == 1 {
			option = one.options[(one.round+1)%2]
		}
		p.cmd++
		one.due[seat] = due
		p.result.Choices++
		p.frame = fmt.Appendf(p.frame[:0], `42%s,2["play:choose",{"sessionId":%q,"round":%d,"option":%q,"cmdId":"c%x"}]`,
			Namespace, one.id, one.round, option, p.cmd)
		c := p.swarm.seat(one.index, seat)
		if err := p.swarm.write(c, appendMasked(nil, string(p.frame))); err != nil {
			return failOnLoss(c, err)
		}
	}
	return nil
}

var (
	playEventPrefix = []byte("42" + Namespace + `,["play:event",{"sessionId":"`)
	tooLate         = []byte(`"code":"STALE_ROUND"`)
)

// packet takes what a server says to one who plays.
func (p *Parties) packet(c *conn, b []byte) error {
	if rest, ok := bytes.CutPrefix(b, playEventPrefix); ok {
		if err := p.event(c, rest); err != nil {
			return caseError{fmt.Errorf("connection %d: %w", c.index, err)}
		}
		return nil
	}
	if bytes.HasPrefix(b, ackPrefix) && bytes.Contains(b, []byte(`"ok":false`)) {
		if !bytes.Contains(b, tooLate) {
			return caseError{fmt.Errorf("connection %d: refused: %.300q", c.index, b)}
		}
		p.result.Refused++
	}
	return nil
}

// event takes an event after the quote that opens the party's id.
func (p *Parties) event(c *conn, b []byte) error {
	id, b, _ := bytes.Cut(b, []byte(`"`))
	one := p.byID[string(id)]
	if one == nil {
		return fmt.Errorf("event of another party %.40q", id)
	}
	p.result.Events++
	_, b, _ = bytes.Cut(b, []byte(`"round":`))
	round, b, _ := bytes.Cut(b, []byte(`,"type":"`))
	kind, b, _ := bytes.Cut(b, []byte(`"`))
	switch string(kind) {
	case "voted":
		_, b, _ = bytes.Cut(b, []byte(`"payload":{"userId":"user-`))
		number, _, ok := bytes.Cut(b, []byte(`"`))
		user, err := strconv.Atoi(string(number))
		if err != nil || !ok {
			return fmt.Errorf("who voted? %.200q", b)
		}
		seat := ((user-one.index)%seats + seats) % seats
		p.result.Latency.Add(p.swarm.now.Sub(one.due[seat]), 1)
	case "round":
		if c != p.swarm.seat(one.index, 0) {
			return nil // heard of once
		}
		return p.begun(one, round, b)
	case "ended":
		return fmt.Errorf("party %d has ended", one.index)
	}
	return nil
}

// begun begins a round.
func (p *Parties) begun(one *party, round, b []byte) (err error) {
	if one.round, err = strconv.Atoi(string(round)); err != nil {
		return fmt.Errorf("round %.20q", round)
	}
	_, b, _ = bytes.Cut(b, []byte(`"options":[`))
	for i := range one.options {
		var id []byte
		_, b, _ = bytes.Cut(b, []byte(`{"id":"`))
		id, b, _ = bytes.Cut(b, []byte(`"`))
		if len(id) == 0 {
			return fmt.Errorf("party %d has no two choices", one.index)
		}
		one.options[i] = string(id)
	}
	p.result.Rounds++
	one.open = true
	if due := one.late; !due.IsZero() {
		one.late = time.Time{}
		return p.choose(one, due)
	}
	return nil
}
