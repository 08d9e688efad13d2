//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/storywire/storywire/bench/load"
	"github.com/storywire/storywire/bench/process"
)

// storm measures connecting, 256 handshakes at a time.
func (b *bench) storm(ctx context.Context, p *process.Process, t load.Target) error {
	s, r, err := load.Connect(ctx, t, load.ConnectOptions{Conns: b.conns(10000)})
	if err != nil {
		return err
	}
	defer s.Close()
	b.report.add(rowConnect, p.Name, sample{
		Value:  micros(r.ServerCPU) / float64(max(1, r.Connected)),
		PerSec: float64(r.Connected) / r.Elapsed.Seconds(),
		Others: others(r.Cost), Extra: float64(r.Dropped),
	})
	if r.Dropped > 0 {
		return fmt.Errorf("%d of %d connections dropped: %w", r.Dropped, b.conns(10000), r.Err)
	}
	s.Close()
	return p.Quiet(ctx)
}

// stormTimeout bounds a reconnect storm: well above its bar.
const stormTimeout = 60 * time.Second

// reconnect loses 10,000 connections at once and has all of them come back at
// once, as after a restart of the server, but without the pauses that clients
// make.
func (b *bench) reconnect(ctx context.Context, p *process.Process, t load.Target) error {
	before, err := b.connect(ctx, t, 10000)
	if err != nil {
		return err
	}
	before.Close()
	n := b.conns(10000)
	s, r, err := load.Connect(ctx, t, load.ConnectOptions{Conns: n, Parallel: n, Timeout: stormTimeout})
	if err != nil {
		return err
	}
	defer s.Close()
	b.report.add(rowReconnect, p.Name, sample{
		Value:  r.Elapsed.Seconds(),
		PerSec: float64(r.Connected) / r.Elapsed.Seconds(),
		Others: others(r.Cost), Extra: float64(r.Dropped),
	})
	if r.Dropped > 0 {
		return fmt.Errorf("%d of %d connections dropped: %w", r.Dropped, n, r.Err)
	}
	s.Close()
	return p.Quiet(ctx)
}

const (
	slowReaders  = 20
	fastReaders  = 100
	slowMessage  = 8 << 10 // bytes
	slowPatience = 12 * time.Second
)

// slowReaders measures how many of those that read nothing are cut, while the
// rest of their room gets all that is said.
func (b *bench) slowReaders(ctx context.Context, p *process.Process, t load.Target) error {
	slow, err := b.connect(ctx, t, slowReaders)
	if err != nil {
		return err
	}
	defer slow.Close()
	fast, err := b.connect(ctx, t, fastReaders)
	if err != nil {
		return err
	}
	defer fast.Close()
	for _, s := range []*load.Swarm{slow, fast} { // into the same room
		if err := s.Join(ctx, 1); err != nil {
			return err
		}
	}
	// Nobody turns slow's loop meanwhile.
	r, err := fast.FanOut(ctx, load.FanOutOptions{InFlight: 4, Window: 2 * b.scale.window, Text: slowMessage})
	if err != nil {
		return err
	}
	lost, err := slow.Losses(ctx, min(slowPatience, 6*b.scale.window))
	if err != nil {
		return err
	}
	b.report.add(rowSlow, p.Name, sample{
		Value:  100 * float64(lost) / float64(b.conns(slowReaders)),
		PerSec: float64(r.Deliveries) / r.Elapsed.Seconds(),
		P50:    r.Latency.Quantile(0.50), P99: r.Latency.Quantile(0.99),
		Others: others(r.Cost),
	})
	fast.Close()
	slow.Close()
	return p.Quiet(ctx)
}
