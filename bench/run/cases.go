//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/storywire/storywire/bench/load"
	"github.com/storywire/storywire/bench/process"
)

// scale is how large and how long a run is.
type scale struct {
	divide int // of every number of connections
	warm   time.Duration
	window time.Duration
	settle time.Duration // of idle connections before memory is read
}

var (
	fullScale  = scale{divide: 1, warm: 300 * time.Millisecond, window: 1500 * time.Millisecond, settle: time.Second}
	smokeScale = scale{divide: 20, warm: 50 * time.Millisecond, window: 200 * time.Millisecond, settle: 100 * time.Millisecond}
)

const overloadRate = 150 // messages per second to 1000 members

// sample is what one case measured on one server in one round.
type sample struct {
	Value   float64       `json:"value"` // in the row's unit
	PerSec  float64       `json:"perSecond,omitempty"`
	P50     time.Duration `json:"p50,omitempty"`
	P99     time.Duration `json:"p99,omitempty"`
	Others  float64       `json:"others"` // share of the machine that neither server nor generator used
	Extra   float64       `json:"extra,omitempty"`
	Problem string        `json:"problem,omitempty"`
}

// bench is one run.
type bench struct {
	programs *programs
	scale    scale
	servers  []string
	wanted   func(row string) bool
	report   *report
	log      func(format string, args ...any)
}

// group is a set of rows measured on the same connections.
type group struct {
	rows []string
	run  func(b *bench, ctx context.Context, p *process.Process, t load.Target) error
}

// groups in the order of a round. Memory comes first: it wants a fresh process,
// and the rest a warm one.
var groups = []group{
	{[]string{rowIdle, rowIdlePlain}, (*bench).idle},
	{warmRows, func(b *bench, ctx context.Context, p *process.Process, t load.Target) error {
		return b.exercise(ctx, p, t, 1000)
	}},
	{[]string{rowConnect}, (*bench).storm},
	{[]string{rowReconnect}, (*bench).reconnect},
	{[]string{rowFan1, rowFan4, rowFan16, rowFan32, rowOverload}, (*bench).bigRoom},
	{[]string{rowFan5000}, func(b *bench, ctx context.Context, p *process.Process, t load.Target) error {
		return b.rooms(ctx, p, t, rowFan5000, 5000, 1)
	}},
	{[]string{rowFan10000}, func(b *bench, ctx context.Context, p *process.Process, t load.Target) error {
		return b.rooms(ctx, p, t, rowFan10000, 10000, 1)
	}},
	{[]string{rowRooms}, func(b *bench, ctx context.Context, p *process.Process, t load.Target) error {
		return b.rooms(ctx, p, t, rowRooms, 5000, 100)
	}},
	{[]string{rowSlow}, (*bench).slowReaders},
	{[]string{rowAck50}, func(b *bench, ctx context.Context, p *process.Process, t load.Target) error {
		return b.ack(ctx, p, t, rowAck50, 50)
	}},
	{[]string{rowAck500}, func(b *bench, ctx context.Context, p *process.Process, t load.Target) error {
		return b.ack(ctx, p, t, rowAck500, 500)
	}},
}

// warmRows are measured on a warm process.
var warmRows = []string{
	rowConnect, rowReconnect, rowFan1, rowFan4, rowFan16, rowFan32, rowFan5000, rowFan10000, rowOverload, rowRooms, rowSlow,
	rowAck50, rowAck500,
}

// round measures every wanted case once on every server, interleaved, and then
// the comments. What a server does wrong is reported and does not stop the round.
func (b *bench) round(ctx context.Context, n int) error {
	running, err := b.startAll(ctx, n)
	defer func() {
		for _, r := range running {
			_ = r.process.Stop()
		}
	}()
	if err != nil {
		return err
	}
	for _, g := range groups {
		for _, r := range running {
			if !r.process.Alive() || !b.asks(r.process.Name, g.rows) {
				continue
			}
			if err := g.run(b, ctx, r.process, r.target); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				b.log("  %s: %v", r.process.Name, err)
				b.report.problem(g.rows, r.process.Name, err)
			}
		}
	}
	if b.anyWanted(clusterRows) {
		if err := b.cluster(ctx, n); err != nil {
			return err
		}
	}
	if b.wanted(rowServe) {
		if err := b.idleServe(ctx, n); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			b.log("  storywire serve: %v", err)
			b.report.problem([]string{rowServe}, ours, err)
		}
	}
	if b.wanted(rowComments) {
		if err := b.comments(ctx, n); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			b.log("  comments: %v", err)
			b.report.problem([]string{rowComments}, ours, err)
		}
	}
	return ctx.Err()
}

type server struct {
	process *process.Process
	target  load.Target
}

// startAll starts the servers; each round begins with another one, so that none
// always has the same neighbour.
func (b *bench) startAll(ctx context.Context, round int) (running []server, err error) {
	for i := range b.servers {
		name := b.servers[(i+round)%len(b.servers)]
		if !slices.ContainsFunc(groups, func(g group) bool { return b.asks(name, g.rows) }) {
			continue
		}
		p, t, err := b.programs.wire(ctx, name)
		if err != nil {
			return running, err
		}
		running = append(running, server{p, t})
	}
	return running, nil
}

// exercise runs every path of a server for a moment: Node compiles its hot code,
// pages of every program are touched, pools are filled.
func (b *bench) exercise(ctx context.Context, p *process.Process, t load.Target, conns int) error {
	s, err := b.connect(ctx, t, conns)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Join(ctx, 1); err != nil {
		return err
	}
	if _, err := s.Ack(ctx, load.AckOptions{Window: b.scale.warm}); err != nil {
		return err
	}
	_, err = s.FanOut(ctx, load.FanOutOptions{InFlight: 4, Window: b.scale.warm})
	s.Close()
	return errors.Join(err, p.Quiet(ctx))
}

func (b *bench) anyWanted(rows []string) bool {
	for _, r := range rows {
		if b.wanted(r) {
			return true
		}
	}
	return false
}

// asks tells whether any of the rows is wanted of a server.
func (b *bench) asks(server string, rows []string) bool {
	return slices.ContainsFunc(rows, func(row string) bool { return b.wanted(row) && measures(server, row) })
}

// conns scales a number of connections.
func (b *bench) conns(n int) int { return max(1, n/b.scale.divide) }

// connect opens connections of which none may fail.
func (b *bench) connect(ctx context.Context, t load.Target, n int) (*load.Swarm, error) {
	s, r, err := load.Connect(ctx, t, load.ConnectOptions{Conns: b.conns(n)})
	if err != nil {
		return nil, err
	}
	if r.Dropped > 0 {
		s.Close()
		return nil, fmt.Errorf("%d of %d connections dropped: %w", r.Dropped, b.conns(n), r.Err)
	}
	return s, nil
}

func others(c load.Cost) float64 {
	return c.OtherCPU.Seconds() / c.Elapsed.Seconds() / float64(numCPU)
}

// bigRoom measures one room of 1000.
func (b *bench) bigRoom(ctx context.Context, p *process.Process, t load.Target) error {
	s, err := b.connect(ctx, t, 1000)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Join(ctx, 1); err != nil {
		return err
	}
	for _, c := range []struct {
		row      string
		inFlight int
	}{{rowFan1, 1}, {rowFan4, 4}, {rowFan16, 16}, {rowFan32, 32}} {
		if !b.asks(p.Name, []string{c.row}) {
			continue
		}
		if err := b.fanOut(ctx, p, s, c.row, c.inFlight); err != nil {
			return fmt.Errorf("%s: %w", c.row, err)
		}
	}
	if b.asks(p.Name, []string{rowOverload}) {
		if err := b.overload(ctx, p, s); err != nil {
			return fmt.Errorf("%s: %w", rowOverload, err)
		}
	}
	s.Close()
	return p.Quiet(ctx)
}

func (b *bench) fanOut(ctx context.Context, p *process.Process, s *load.Swarm, row string, inFlight int) error {
	r, err := s.FanOut(ctx, load.FanOutOptions{InFlight: inFlight, Warm: b.scale.warm, Window: b.scale.window})
	if err != nil {
		return err
	}
	b.report.add(row, p.Name, sample{
		Value:  micros(r.ServerCPU) / float64(max(1, r.Deliveries)),
		PerSec: float64(r.Deliveries) / r.Elapsed.Seconds(),
		P50:    r.Latency.Quantile(0.50), P99: r.Latency.Quantile(0.99),
		Others: others(r.Cost),
	})
	return nil
}

// overload offers more than socket.io can carry and looks at the delay.
func (b *bench) overload(ctx context.Context, p *process.Process, s *load.Swarm) error {
	r, err := s.FanOut(ctx, load.FanOutOptions{Rate: overloadRate, Warm: b.scale.warm, Window: b.scale.window})
	if err != nil {
		return err
	}
	b.report.add(rowOverload, p.Name, sample{
		Value:  float64(r.Latency.Quantile(0.99)) / float64(time.Millisecond),
		PerSec: float64(r.Deliveries) / r.Elapsed.Seconds(),
		P50:    r.Latency.Quantile(0.50), P99: r.Latency.Quantile(0.99),
		Others: others(r.Cost), Extra: float64(r.Deliveries) / float64(r.Offered),
	})
	return nil
}

// rooms measures rooms of equal size, 4 messages in flight in each.
func (b *bench) rooms(ctx context.Context, p *process.Process, t load.Target, row string, members, rooms int) error {
	s, err := b.connect(ctx, t, members)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Join(ctx, max(1, rooms/b.scale.divide)); err != nil {
		return err
	}
	if err := b.fanOut(ctx, p, s, row, 4); err != nil {
		return err
	}
	s.Close()
	return p.Quiet(ctx)
}

func (b *bench) ack(ctx context.Context, p *process.Process, t load.Target, row string, n int) error {
	s, err := b.connect(ctx, t, n)
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := s.Ack(ctx, load.AckOptions{Warm: b.scale.warm, Window: b.scale.window})
	if err != nil {
		return err
	}
	b.report.add(row, p.Name, ackSample(r, micros(r.ServerCPU)/float64(max(1, r.Requests))))
	s.Close()
	return p.Quiet(ctx)
}

func ackSample(r *load.AckResult, value float64) sample {
	return sample{
		Value:  value,
		PerSec: float64(r.Requests) / r.Elapsed.Seconds(),
		P50:    r.Latency.Quantile(0.50), P99: r.Latency.Quantile(0.99),
		Others: others(r.Cost),
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
