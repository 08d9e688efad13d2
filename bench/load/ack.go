//go:build linux

package load

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"
)

// AckOptions says how long requests are made.
type AckOptions struct {
	Warm   time.Duration // before the window
	Window time.Duration
	Text   int // bytes of text in a request and in its answer; default 100
}

// AckResult counts the requests answered within the window.
type AckResult struct {
	Cost
	Requests uint64
	Latency  Histogram
}

// Ack keeps one "echo" request in flight on every connection.
func (s *Swarm) Ack(ctx context.Context, o AckOptions) (*AckResult, error) {
	if o.Text == 0 {
		o.Text = defaultText
	}
	text := strings.Repeat("a line of the story ", o.Text/20+1)[:o.Text]
	request := appendMasked(nil, `42`+Namespace+`,7["echo","`+text+`"]`)
	want := []byte(`43` + Namespace + `,7["` + text + `"]`)
	e := &exchange{swarm: s, warm: o.Warm, window: o.Window}
	e.next = func(*conn) []byte { return request }
	e.check = func(c *conn, p []byte) error {
		if !bytes.Equal(p, want) {
			return fmt.Errorf("connection %d: unexpected answer %.200q", c.index, p)
		}
		return nil
	}
	return e.run(ctx)
}

// exchange keeps one request in flight on every connection of a swarm.
type exchange struct {
	swarm        *Swarm
	warm, window time.Duration
	next         func(c *conn) []byte          // the next request, masked; valid until the next call
	check        func(c *conn, p []byte) error // looks at an ack
	result       AckResult
	answered     uint64
	stopping     bool
	open         int // requests in flight
}

func (e *exchange) run(ctx context.Context) (*AckResult, error) {
	s := e.swarm
	s.packet, s.lost = e.packet, failOnLoss
	for _, c := range s.conns {
		if err := e.send(c); err != nil {
			return nil, failOnLoss(c, err)
		}
	}
	never := func() bool { return false }
	start := time.Now()
	if err := s.run(ctx, start.Add(e.warm), never); err != nil {
		return nil, err
	}
	m, err := startMeter(s.target)
	if err != nil {
		return nil, err
	}
	before := e.answered
	e.result.Latency = Histogram{}
	if err := s.run(ctx, start.Add(e.warm+e.window), never); err != nil {
		return nil, err
	}
	if e.result.Cost, err = m.stop(); err != nil {
		return nil, err
	}
	e.result.Requests = e.answered - before
	e.stopping = true
	if err := s.run(ctx, time.Now().Add(drainTimeout), func() bool { return e.open == 0 }); err != nil {
		return nil, err
	}
	if e.open > 0 {
		return nil, fmt.Errorf("%d requests not answered after %v", e.open, drainTimeout)
	}
	return &e.result, nil
}

func (e *exchange) send(c *conn) error {
	e.open++
	c.sent = time.Now()
	return e.swarm.write(c, e.next(c))
}

func (e *exchange) packet(c *conn, p []byte) error {
	if !bytes.HasPrefix(p, ackPrefix) {
		return nil // an event to the room
	}
	if err := e.check(c, p); err != nil {
		return caseError{err}
	}
	e.open--
	e.answered++
	e.result.Latency.Add(time.Since(c.sent), 1)
	if e.stopping {
		return nil
	}
	return e.send(c)
}
