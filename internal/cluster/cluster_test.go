//go:build unix

package cluster_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/internal/cluster"
	"github.com/storywire/storywire/redisbus"
	"github.com/storywire/storywire/test/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// join joins the cluster at s; settle waits for what was subscribed.
func join(t *testing.T, s *servers.RedisServer, opts redisbus.Options) (node *cluster.Redis, settle func()) {
	t.Helper()
	opts.URL, opts.Logger = s.URL, slog.New(slog.DiscardHandler)
	wire, err := redisbus.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	node = cluster.NewRedis(wire, cluster.NewNode(time.Now()), cluster.Options{Prefix: s.Prefix, Logger: opts.Logger})
	t.Cleanup(func() {
		if err := errors.Join(node.Close(), wire.Close()); err != nil {
			t.Error(err)
		}
	})
	settle = func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := wire.Settle(ctx); err != nil {
			t.Fatalf("Settle: %v", err)
		}
	}
	settle()
	return node, settle
}

// log collects what a node hears.
type log struct {
	mu  sync.Mutex // guards all
	all []string
}

func (l *log) add(data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(data))
}

func (l *log) equals(want []string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Equal(l.all, want)
}

// Both buses carry messages to other nodes, in order, not to the node itself.
func TestBus(t *testing.T) {
	buses := map[string]func(t *testing.T) ([2]cluster.Bus, func()){
		"local": func(*testing.T) ([2]cluster.Bus, func()) {
			l := cluster.NewLocal()
			return [2]cluster.Bus{l.Join(), l.Join()}, func() {}
		},
		"redis": func(t *testing.T) ([2]cluster.Bus, func()) {
			s := servers.Redis(t)
			a, settleA := join(t, s, redisbus.Options{})
			b, settleB := join(t, s, redisbus.Options{})
			return [2]cluster.Bus{a, b}, func() { settleA(); settleB() }
		},
	}
	for _, name := range slices.Sorted(maps.Keys(buses)) {
		t.Run(name, func(t *testing.T) {
			nodes, settle := buses[name](t)
			var own, one, two, elsewhere log
			nodes[0].Subscribe("news", own.add)
			nodes[1].Subscribe("news", one.add)
			cancel := nodes[1].Subscribe("news", two.add)
			nodes[1].Subscribe("other", elsewhere.add)
			settle()
			var want []string
			for i := range 100 {
				want = append(want, fmt.Sprint(i))
				nodes[0].Publish("news", fmt.Append(nil, i))
			}
			await(t, "all arrive at both", func() bool { return one.equals(want) && two.equals(want) })
			cancel()
			nodes[0].Publish("news", nil)
			nodes[0].Publish("other", []byte("x"))
			await(t, "the last arrives", func() bool { return elsewhere.equals([]string{"x"}) })
			if !one.equals(append(want, "")) || !two.equals(want) || !own.equals(nil) {
				t.Errorf("heard %q, canceled %q, own %q", one.all, two.all, own.all)
			}
			if !nodes[0].Healthy() {
				t.Error("not healthy")
			}
		})
	}
}

// A gap is told at the start, after an outage, and to others when this node had
// to drop messages.
func TestGaps(t *testing.T) {
	s := servers.Redis(t)
	var gaps [2]atomic.Int64
	a, _ := join(t, s, redisbus.Options{MaxPending: 1 << 16})
	b, settle := join(t, s, redisbus.Options{})
	a.OnGap(func() { gaps[0].Add(1) })
	cancel := b.OnGap(func() { gaps[1].Add(1) })
	s.Restart()
	await(t, "the outage is told", func() bool { return gaps[0].Load() > 0 && gaps[1].Load() > 0 })
	settle()

	before := gaps[1].Load()
	resume := s.Pause()
	for range 400 { // the bound, and one batch that is on its way
		a.Publish("news", make([]byte, 1<<12))
	}
	resume()
	await(t, "the drop is told", func() bool { return gaps[1].Load() > before })
	cancel()
}

func TestGapOfTests(t *testing.T) {
	b := cluster.NewLocal().Join()
	n := 0
	cancel := b.OnGap(func() { n++ })
	b.Gap()
	cancel()
	b.Gap()
	if n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestNodesDiffer(t *testing.T) {
	now := time.UnixMilli(1234)
	a, b := cluster.NewNode(now), cluster.NewNode(now)
	if a.ID == b.ID || a.Epoch != 1234 || len(a.ID) != 16 {
		t.Errorf("nodes %+v and %+v", a, b)
	}
}

func TestKV(t *testing.T) {
	s := servers.Redis(t)
	node, _ := join(t, s, redisbus.Options{})
	kv := node.KV()
	sum := cluster.NewScript(`return redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])`)
	for round := range 2 { // Redis learns the script in the first
		replies, err := kv.Do(t.Context(),
			cluster.Cmd("HSET", cluster.Key("h"), "a", "1", "b", string([]byte{0, 255})),
			sum.Run(cluster.Key("h"), "n", "2"),
			cluster.Cmd("GET", cluster.Key("missing")),
			cluster.Cmd("GET", cluster.Key("h")), // of the wrong type
			cluster.Cmd("ZADD", cluster.Key("z"), "1", "one", "2", "two"),
			cluster.Cmd("ZRANGE", cluster.Key("z"), "0", "-1"),
		)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := replies[1].Int(); err != nil || n != int64(2*round+2) {
			t.Errorf("script = %d, %v", n, err)
		}
		if text, err := replies[2].Text(); text != "" || err != nil || !replies[2].Nil() {
			t.Errorf("missing = %q, %v", text, err)
		}
		if replies[3].Err() == nil {
			t.Error("GET of a hash is no error")
		}
		list, err := replies[5].List()
		if err != nil || len(list) != 2 {
			t.Fatalf("list = %v, %v", list, err)
		}
		if text, err := list[1].Text(); text != "two" || err != nil {
			t.Errorf("second = %q, %v", text, err)
		}
	}
	replies, err := kv.Do(t.Context(), cluster.Cmd("HGETALL", cluster.Key("h")))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := replies[0].Map(); err != nil || m["a"] != "1" || m["n"] != "4" || !bytes.Equal([]byte(m["b"]), []byte{0, 255}) {
		t.Errorf("hash = %q, %v", m, err)
	}
	s.Restart()
	s.Stop()
	await(t, "it is noticed", func() bool { return !node.Healthy() })
	if _, err := kv.Do(t.Context(), cluster.Cmd("GET", cluster.Key("x"))); !errors.Is(err, cluster.ErrUnavailable) {
		t.Errorf("without Redis: %v", err)
	}
}

// A Redis that does not answer is waited for no longer than the caller allows.
func TestKVDeadline(t *testing.T) {
	s := servers.Redis(t)
	node, _ := join(t, s, redisbus.Options{})
	resume := s.Pause()
	defer resume()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := node.KV().Do(ctx, cluster.Cmd("GET", cluster.Key("x")))
	if !errors.Is(err, cluster.ErrUnavailable) || time.Since(start) > patience/4 {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}
