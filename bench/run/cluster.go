//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"time"

	"github.com/storywire/storywire/bench/load"
	"github.com/storywire/storywire/bench/process"
)

// clusterRows are measured on two processes of a server that are one through
// Redis: half of the members of every room are on each.
var clusterRows = []string{rowCluster1, rowCluster100}

const clusterNodes = 2

// maxOverSingle is how much a delivery may cost more than on a single process.
const maxOverSingle = 1.2

// cluster measures two nodes of each server, one server after the other. What a
// server does wrong is reported and does not stop the round.
func (b *bench) cluster(ctx context.Context, round int) error {
	redis, url, err := b.programs.redis(ctx)
	if err != nil {
		b.log("  no cluster: %v", err)
		return ctx.Err()
	}
	defer func() { _ = redis.Stop() }()
	for i := range b.servers {
		name := b.servers[(i+round)%len(b.servers)]
		if name != node && name != ours {
			continue
		}
		if err := b.clusterOf(ctx, name, url); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			b.log("  two nodes of %s: %v", name, err)
			b.report.problem(clusterRows, name, err)
		}
	}
	return nil
}

// redis starts a Redis that keeps nothing on disk.
func (p *programs) redis(ctx context.Context) (*process.Process, string, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, "", err
	}
	port, err := process.FreePort()
	if err != nil {
		return nil, "", err
	}
	proc, err := process.Start("redis", []string{binary, "--port", port, "--bind", "127.0.0.1", "--dir", p.dir, "--save", ""}, nil)
	if err != nil {
		return nil, "", err
	}
	for deadline := time.Now().Add(process.StartTimeout); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
			return proc, "redis://127.0.0.1:" + port, nil
		}
	}
	return nil, "", errors.Join(fmt.Errorf("redis does not answer: %s", proc.Said()), proc.Stop())
}

// clusterOf measures two nodes of one server.
func (b *bench) clusterOf(ctx context.Context, name, redis string) error {
	nodes := make([]*process.Process, 0, clusterNodes)
	defer func() {
		for _, n := range nodes {
			_ = n.Stop()
		}
	}()
	var t load.Target
	for range clusterNodes {
		p, one, err := b.programs.member(ctx, name, redis)
		if err != nil {
			return err
		}
		nodes = append(nodes, p)
		if len(nodes) == 1 {
			t = one
		} else {
			t.Others = append(t.Others, one)
		}
	}
	if err := b.exercise(ctx, nodes[0], t, 1000); err != nil {
		return err
	}
	for _, c := range []struct {
		row          string
		conns, rooms int
	}{{rowCluster1, 1000, 1}, {rowCluster100, 5000, 100}} {
		if !b.wanted(c.row) {
			continue
		}
		if err := b.clusterRow(ctx, nodes, t, c.row, c.conns, max(1, c.rooms/b.scale.divide)); err != nil {
			return fmt.Errorf("%s: %w", c.row, err)
		}
	}
	return nil
}

func (b *bench) clusterRow(ctx context.Context, nodes []*process.Process, t load.Target, row string, conns, rooms int) error {
	s, err := b.connect(ctx, t, conns)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Join(ctx, rooms); err != nil {
		return err
	}
	if err := b.fanOut(ctx, nodes[0], s, row, 4); err != nil {
		return err
	}
	s.Close()
	for _, n := range nodes {
		err = errors.Join(err, n.Quiet(ctx))
	}
	return err
}

// clusterNotes compare two nodes with one of the same server.
func (r *report) clusterNotes() (lines []string) {
	for _, c := range []struct{ two, one string }{{rowCluster1, rowFan4}, {rowCluster100, rowRooms}} {
		two, ok2 := median(r.good(c.two, ours), value)
		one, ok1 := median(r.good(c.one, ours), value)
		if ok1 && ok2 && one > 0 {
			lines = append(lines, fmt.Sprintf("%s, %s: %.2f times the cost of a single process (goal: %v)", c.two, ours, two/one, maxOverSingle))
		}
	}
	return lines
}
