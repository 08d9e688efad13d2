//go:build linux

package load_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/bench/load"
)

const window = 100 * time.Millisecond

func connect(t *testing.T, f *fake, n int) (*load.Swarm, load.ConnectResult) {
	t.Helper()
	target := load.Target{Addr: f.start(t), PID: os.Getpid(), Secret: []byte("secret")}
	s, r, err := load.Connect(t.Context(), target, load.ConnectOptions{Conns: n, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatalf("Connect: %v", err)
	}
	t.Cleanup(s.Close)
	return s, r
}

func joined(t *testing.T, f *fake, n, rooms int) *load.Swarm {
	t.Helper()
	s, r := connect(t, f, n)
	if r.Dropped != 0 {
		t.Fatalf("Connect dropped %d: %v", r.Dropped, r.Err)
	}
	if err := s.Join(t.Context(), rooms); err != nil {
		t.Fatalf("Join: %v", err)
	}
	return s
}

func TestFanOutCountsEveryDelivery(t *testing.T) {
	for _, chunk := range []int{0, 1, 5} {
		f := &fake{chunk: chunk}
		s := joined(t, f, 12, 3)
		r, err := s.FanOut(t.Context(), load.FanOutOptions{InFlight: 3, Window: window})
		if err != nil {
			t.Fatalf("chunks of %d: FanOut: %v", chunk, err)
		}
		f.mu.Lock()
		var sent int
		for _, n := range f.said {
			sent += n
		}
		f.mu.Unlock()
		// What was in flight at the end was delivered, but after the window.
		if got, most := int(r.Deliveries), sent*4; got == 0 || got > most || got < most-3*3*4 {
			t.Errorf("chunks of %d: %d deliveries, want %d less at most what was in flight", chunk, got, most)
		}
		if r.Missing != 0 || r.Latency.Count() == 0 || r.Elapsed < window || r.Latency.Quantile(1) > time.Second {
			t.Errorf("chunks of %d: missing %d, %d latencies up to %v, %v", chunk, r.Missing, r.Latency.Count(), r.Latency.Quantile(1), r.Elapsed)
		}
	}
}

func TestFanOutNoticesADuplicate(t *testing.T) {
	s := joined(t, &fake{deliver: func(nth int) int {
		if nth == 3 {
			return 2
		}
		return 1
	}}, 4, 1)
	_, err := s.FanOut(t.Context(), load.FanOutOptions{InFlight: 1, Window: window})
	if err == nil || !strings.Contains(err.Error(), "delivery") {
		t.Errorf("FanOut = %v, want a complaint about a surplus delivery", err)
	}
}

func TestFanOutAtARate(t *testing.T) {
	s := joined(t, &fake{deliver: func(nth int) int { return min(1, nth) }}, 4, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := s.FanOut(ctx, load.FanOutOptions{Rate: 200, Window: window})
	if err != nil {
		t.Fatalf("FanOut: %v", err)
	}
	// The first message does not reach the last member.
	if r.Offered != 80 || r.Deliveries < 60 || r.Deliveries > 80 || r.Missing != 1 {
		t.Errorf("offered %d, delivered %d, missing %d, want 80, about 80, 1", r.Offered, r.Deliveries, r.Missing)
	}
}

func TestConnectCountsTheRefused(t *testing.T) {
	bad := load.Token([]byte("secret"), load.User(3))
	_, r := connect(t, &fake{refuse: func(token string) bool { return token == bad }}, 10)
	if r.Connected != 9 || r.Dropped != 1 || r.Err == nil || !strings.Contains(r.Err.Error(), "CONNECT refused") {
		t.Errorf("connected %d, dropped %d, %v, want 9, 1 and the refusal", r.Connected, r.Dropped, r.Err)
	}
}

func TestConnectToNobody(t *testing.T) {
	s, r, err := load.Connect(t.Context(), load.Target{Addr: "127.0.0.1:1"}, load.ConnectOptions{Conns: 3})
	if err != nil {
		t.Fatalf("Connect: %v", err)
	}
	defer s.Close()
	if r.Dropped != 3 || r.Err == nil {
		t.Errorf("dropped %d, %v, want 3 and a reason", r.Dropped, r.Err)
	}
}

func TestAck(t *testing.T) {
	s, _ := connect(t, &fake{chunk: 7}, 5)
	r, err := s.Ack(t.Context(), load.AckOptions{Window: window})
	if err != nil {
		t.Fatalf("Ack: %v", err)
	}
	if r.Requests == 0 || r.Latency.Count() < r.Requests {
		t.Errorf("%d requests, %d latencies", r.Requests, r.Latency.Count())
	}
}

func TestCommentCountsOnlyTheStored(t *testing.T) {
	stories := []string{"a", "b"}
	comment := load.CommentOptions{Stories: stories, Run: "t", Window: window}
	s, _ := connect(t, &fake{answer: func(string) string { return `{"ok":true,"data":{}}` }}, 2)
	r, err := s.Comment(t.Context(), comment)
	if err != nil || r.Requests == 0 || r.Acknowledged < r.Requests {
		t.Errorf("Comment = %+v, %v", r, err)
	}
	s, _ = connect(t, &fake{answer: func(event string) string {
		if strings.Contains(event, "story:join") {
			return `{"ok":true,"data":{}}`
		}
		return `{"ok":false,"error":{"code":"RATE_LIMITED"}}`
	}}, 2)
	if _, err := s.Comment(t.Context(), comment); err == nil || !strings.Contains(err.Error(), "RATE_LIMITED") {
		t.Errorf("Comment = %v, want the refusal", err)
	}
}

func TestCancelledRunEnds(t *testing.T) {
	s := joined(t, &fake{}, 2, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Idle(ctx, time.Hour); err != context.Canceled {
		t.Errorf("Idle = %v, want %v", err, context.Canceled)
	}
}

func TestOwnProcess(t *testing.T) {
	p := load.Process{PID: os.Getpid()}
	if rss, err := p.RSS(); err != nil || rss < 1<<20 {
		t.Errorf("RSS = %d, %v", rss, err)
	}
	if _, err := p.CPU(); err != nil {
		t.Errorf("CPU: %v", err)
	}
	if busy, err := load.MachineCPU(); err != nil || busy <= 0 {
		t.Errorf("MachineCPU = %v, %v", busy, err)
	}
}
