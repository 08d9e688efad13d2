//go:build linux

package main

import (
	"context"

	"github.com/storywire/storywire/bench/load"
	"github.com/storywire/storywire/bench/process"
)

// idle measures what a connection that does nothing weighs: joined to the
// namespace and to one room, against the process before it had any.
func (b *bench) idle(ctx context.Context, p *process.Process, t load.Target) error {
	if err := b.exercise(ctx, p, t, 100); err != nil { // what the first connections cost, the later do not
		return err
	}
	base, err := b.settled(ctx, p, nil)
	if err != nil {
		return err
	}
	s, err := b.connect(ctx, t, 10000)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Join(ctx, 1); err != nil {
		return err
	}
	if err := s.Idle(ctx, b.scale.settle); err != nil {
		return err
	}
	unsettled, err := load.Process{PID: t.PID}.RSS()
	if err != nil {
		return err
	}
	settled, err := b.settled(ctx, p, s)
	if err != nil {
		return err
	}
	perConn := func(rss int64) float64 { return float64(rss-base) / 1024 / float64(b.conns(10000)) }
	row, server := rowIdle, p.Name
	if server == plain {
		row, server = rowIdlePlain, ours
	}
	b.report.add(row, server, sample{Value: perConn(settled), Extra: perConn(unsettled)})
	s.Close()
	return p.Quiet(ctx)
}

// settled returns the RSS after the runtime has collected its garbage and given
// memory back, while the connections of s, if any, are kept alive.
func (b *bench) settled(ctx context.Context, p *process.Process, s *load.Swarm) (int64, error) {
	for range 2 { // the first collection shrinks stacks, the second frees what hung on them
		if err := p.Collect(ctx); err != nil {
			return 0, err
		}
	}
	if s != nil {
		if err := s.Idle(ctx, b.scale.settle); err != nil {
			return 0, err
		}
	}
	return load.Process{PID: p.PID()}.RSS()
}

// idleServe is idle for the product: 10,000 people who are online, each with a
// session, presence and a room of their own. Its runtime cannot be asked to
// collect, so what it has not yet given back counts.
func (b *bench) idleServe(ctx context.Context, round int) error {
	p, t, err := b.programs.serve(ctx, round)
	if err != nil {
		return err
	}
	defer func() { _ = p.Stop() }()
	first, err := b.connect(ctx, t, 100)
	if err != nil {
		return err
	}
	defer first.Close()
	base, err := load.Process{PID: t.PID}.RSS()
	if err != nil {
		return err
	}
	s, err := b.connect(ctx, t, 10000)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Idle(ctx, 3*b.scale.settle); err != nil {
		return err
	}
	rss, err := load.Process{PID: t.PID}.RSS()
	if err != nil {
		return err
	}
	b.report.add(rowServe, ours, sample{Value: float64(rss-base) / 1024 / float64(b.conns(10000))})
	return nil
}
