//go:build unix

package redisbus_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/redisbus"
	"github.com/storywire/storywire/test/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

func open(t *testing.T, url string, opts redisbus.Options) *redisbus.Bus {
	t.Helper()
	opts.URL = url
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	b, err := redisbus.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return b
}

func settle(t *testing.T, buses ...*redisbus.Bus) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, b := range buses {
		if err := b.Settle(ctx); err != nil {
			t.Fatalf("Settle: %v", err)
		}
	}
}

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// ear collects what it receives.
type ear struct {
	mu  sync.Mutex // guards got
	got []string
}

func (e *ear) Receive(batch []redisbus.Message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range batch {
		e.got = append(e.got, m.Channel+"="+m.Data)
	}
}

func (e *ear) heard() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.got)
}

func (e *ear) expect(t *testing.T, want ...string) {
	t.Helper()
	await(t, fmt.Sprint(want), func() bool { return len(e.heard()) >= len(want) })
	if got := e.heard(); !slices.Equal(got, want) {
		t.Errorf("heard %q, want %q", got, want)
	}
}

// lines is a log that counts its lines.
type lines struct {
	mu  sync.Mutex // guards all
	all strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) with(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.all.String(), what)
}

// history collects what a watcher is told.
type history struct {
	mu   sync.Mutex // guards told
	told []string
}

func (h *history) Lost() { h.tell("lost") }
func (h *history) Back() { h.tell("back") }

func (h *history) tell(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, what)
}

func (h *history) was(want ...string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Equal(h.told, want)
}

func TestKindsOfSubscription(t *testing.T) {
	s := servers.Redis(t)
	a, b := open(t, s.URL, redisbus.Options{}), open(t, s.URL, redisbus.Options{})
	var channel, pattern, shard ear
	a.Subscribe(redisbus.Channel, s.Prefix+"c", &channel)
	a.Subscribe(redisbus.Pattern, s.Prefix+"p*", &pattern)
	a.Subscribe(redisbus.Shard, s.Prefix+"s", &shard)
	settle(t, a, b)
	for _, name := range []string{"c", "p1", "p2", "q", "s"} {
		if err := b.Publish(s.Prefix+name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.PublishShard(s.Prefix+"s", []byte{0, 255}); err != nil {
		t.Fatal(err)
	}
	channel.expect(t, s.Prefix+"c=c")
	pattern.expect(t, s.Prefix+"p1=p1", s.Prefix+"p2=p2")
	shard.expect(t, s.Prefix+"s=\x00\xff")
	if n, err := b.Subscribers(t.Context(), redisbus.Channel, s.Prefix+"c"); n != 1 || err != nil {
		t.Errorf("Subscribers = %d, %v", n, err)
	}
	if n, err := b.Subscribers(t.Context(), redisbus.Shard, s.Prefix+"s"); n != 1 || err != nil {
		t.Errorf("Subscribers of a shard channel = %d, %v", n, err)
	}
}

// Messages of one goroutine arrive in order, however they are joined, and at all
// receivers of a channel.
func TestOrder(t *testing.T) {
	s := servers.Redis(t)
	a, b := open(t, s.URL, redisbus.Options{}), open(t, s.URL, redisbus.Options{})
	var one, two ear
	cancel := a.Subscribe(redisbus.Channel, s.Prefix, &one)
	a.Subscribe(redisbus.Channel, s.Prefix, &two)
	settle(t, a, b)
	const n = 2000
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("%s=%d", s.Prefix, i))
		if err := b.Publish(s.Prefix, fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	one.expect(t, want...)
	two.expect(t, want...)
	cancel()
	if err := b.Publish(s.Prefix, []byte("last")); err != nil {
		t.Fatal(err)
	}
	two.expect(t, append(want, s.Prefix+"=last")...)
	one.expect(t, want...)
	await(t, "all are counted", func() bool { return b.Stats().Published == n+1 && a.Stats().Received == n+1 })
}

func TestCancelUnsubscribes(t *testing.T) {
	s := servers.Redis(t)
	a := open(t, s.URL, redisbus.Options{})
	for range 3 {
		cancel := a.Subscribe(redisbus.Channel, s.Prefix, new(ear))
		settle(t, a)
		cancel()
		cancel()
		settle(t, a)
		if n, err := a.Subscribers(t.Context(), redisbus.Channel, s.Prefix); n != 0 || err != nil {
			t.Fatalf("Subscribers = %d, %v", n, err)
		}
	}
}

// An outage is told, nothing waits for its end, and after it everything is
// subscribed again.
func TestOutage(t *testing.T) {
	s := servers.Redis(t)
	var log lines
	a := open(t, s.URL, redisbus.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	var e ear
	var h history
	a.Subscribe(redisbus.Channel, s.Prefix, &e)
	a.Subscribe(redisbus.Pattern, s.Prefix+"*x", &e)
	settle(t, a)
	cancel := a.Watch(&h)
	s.Restart()
	await(t, "lost and back", func() bool { return h.was("back", "lost", "back") })
	if err := a.Publish(s.Prefix, []byte("1")); err != nil {
		t.Fatal(err)
	}
	if err := a.Publish(s.Prefix+"x", []byte("2")); err != nil {
		t.Fatal(err)
	}
	e.expect(t, s.Prefix+"=1", s.Prefix+"x=2")

	s.Stop()
	await(t, "lost", func() bool { return !a.Healthy() })
	if err := a.Publish(s.Prefix, nil); !errors.Is(err, redisbus.ErrUnavailable) {
		t.Errorf("Publish without Redis: %v", err)
	}
	if _, err := a.Subscribers(t.Context(), redisbus.Channel, s.Prefix); !errors.Is(err, redisbus.ErrUnavailable) {
		t.Errorf("Subscribers without Redis: %v", err)
	}
	if got := a.Stats(); got.Dropped != 1 || got.Outages != 2 {
		t.Errorf("Stats = %+v", got)
	}
	cancel()
	s.Restart()
	settle(t, a)
	if !h.was("back", "lost", "back", "lost") {
		t.Error("a canceled watcher was told of something")
	}
	if gone, there := log.with("redis is gone"), log.with("redis is there"); gone != 2 || there != 3 {
		t.Errorf("logged %d times that redis is gone, %d that it is there", gone, there)
	}
}

// A Redis that does not answer counts as gone.
func TestSilence(t *testing.T) {
	s := servers.Redis(t)
	a := open(t, s.URL, redisbus.Options{Timeout: 500 * time.Millisecond})
	settle(t, a)
	resume := s.Pause()
	defer resume()
	await(t, "lost", func() bool { return !a.Healthy() })
	resume()
	await(t, "back", a.Healthy)
}

// A bus may be opened before there is a Redis.
func TestBeforeRedis(t *testing.T) {
	s := servers.Redis(t)
	s.Restart() // so that it is ours
	s.Stop()
	a := open(t, s.URL, redisbus.Options{})
	var e ear
	a.Subscribe(redisbus.Channel, s.Prefix, &e)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := a.Settle(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Settle without Redis: %v", err)
	}
	s.Restart()
	settle(t, a)
	if err := a.Publish(s.Prefix, []byte("1")); err != nil {
		t.Fatal(err)
	}
	e.expect(t, s.Prefix+"=1")
}

// What waits to be published is bounded.
func TestOverflow(t *testing.T) {
	s := servers.Redis(t)
	a := open(t, s.URL, redisbus.Options{MaxPending: 1 << 20})
	settle(t, a)
	resume := s.Pause()
	defer resume()
	data := make([]byte, 1<<16)
	for i := 0; ; i++ {
		err := a.Publish(s.Prefix, data)
		if errors.Is(err, redisbus.ErrOverflow) {
			break
		}
		// One batch is on its way, the bound waits.
		if err != nil || i > 300 {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	resume()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Publish(s.Prefix, data); !errors.Is(err, redisbus.ErrUnavailable) && !errors.Is(err, redisbus.ErrClosed) {
		t.Errorf("Publish after Close: %v", err)
	}
}

// A receiver that takes its time makes Redis wait, and nothing is lost.
func TestSlowReceiver(t *testing.T) {
	s := servers.Redis(t)
	a, b := open(t, s.URL, redisbus.Options{MaxPending: 1 << 16}), open(t, s.URL, redisbus.Options{})
	slow := &slowEar{gate: make(chan struct{})}
	a.Subscribe(redisbus.Channel, s.Prefix, slow)
	settle(t, a, b)
	const n = 200
	for range n {
		if err := b.Publish(s.Prefix, make([]byte, 1<<12)); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "all are sent", func() bool { return b.Stats().Published == n })
	close(slow.gate)
	await(t, "all are received", func() bool { return len(slow.heard()) == n })
	if got := a.Stats().Outages; got != 0 {
		t.Errorf("%d outages", got)
	}
}

type slowEar struct {
	ear
	gate chan struct{}
}

func (e *slowEar) Receive(batch []redisbus.Message) {
	<-e.gate
	e.ear.Receive(batch)
}

func TestURLs(t *testing.T) {
	for _, url := range []string{"", "localhost:6379", "http://localhost", "redis://localhost/x"} {
		if b, err := redisbus.Open(redisbus.Options{URL: url}); err == nil {
			b.Close()
			t.Errorf("Open(%q) took it", url)
		}
	}
}
