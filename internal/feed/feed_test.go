package feed_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/internal/feed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type body string

func (b body) Size() int { return len(b) }

// node is a Feed over a database that tests fill.
type node struct {
	*feed.Feed
	stop func()

	mu        sync.Mutex // guards the fields below
	stored    []*feed.Event
	broken    bool
	reads     int
	delivered []int64
	published [][]int64
}

func event(pos int64, room string) *feed.Event {
	return &feed.Event{Pos: pos, Room: room, Body: body(fmt.Sprint(pos))}
}

func newNode(t *testing.T, change func(*feed.Options)) *node {
	t.Helper()
	n := &node{}
	o := feed.Options{Source: n, Deliver: n.deliver, Publish: n.publish}
	if change != nil {
		change(&o)
	}
	var err error
	if n.Feed, err = feed.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- n.Run(ctx) }()
	n.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	return n
}

// store puts events into the database, without a word to anybody.
func (n *node) store(events ...*feed.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stored = append(n.stored, events...)
}

func (n *node) deliver(e *feed.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delivered = append(n.delivered, e.Pos)
}

func (n *node) publish(events []*feed.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.published = append(n.published, positions(events))
}

func positions(events []*feed.Event) (all []int64) {
	for _, e := range events {
		all = append(all, e.Pos)
	}
	return all
}

var errBroken = errors.New("the database is away")

func (n *node) Head(context.Context) (head int64, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.broken {
		return 0, errBroken
	}
	for _, e := range n.stored {
		head = max(head, e.Pos)
	}
	return head, nil
}

func (n *node) find(match func(*feed.Event) bool) ([]*feed.Event, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.broken {
		return nil, errBroken
	}
	n.reads++
	var found []*feed.Event
	for _, e := range n.stored {
		if match(e) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *feed.Event) int { return int(a.Pos - b.Pos) })
	return found, nil
}

func (n *node) Range(_ context.Context, after, upTo int64) ([]*feed.Event, error) {
	return n.find(func(e *feed.Event) bool { return e.Pos > after && e.Pos <= upTo })
}

func (n *node) Room(_ context.Context, room string, after int64, limit int) ([]*feed.Event, error) {
	found, err := n.find(func(e *feed.Event) bool { return e.Room == room && e.Pos > after })
	return found[max(0, len(found)-limit):], err
}

func (n *node) check(t *testing.T, want int64) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, pos := range n.delivered {
		if pos != int64(i+1) {
			t.Fatalf("delivered %v", n.delivered)
		}
	}
	if int64(len(n.delivered)) != want {
		t.Errorf("delivered %d events, want %d", len(n.delivered), want)
	}
}

// In whatever order, and however often, events come from other nodes, they are
// told once and in order, as soon as that can be.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, nil)
		defer n.stop()
		n.Receive([]*feed.Event{event(2, "a"), event(3, "a")})
		n.check(t, 0)
		n.Receive([]*feed.Event{event(1, "a"), event(1, "a"), event(2, "a")})
		n.check(t, 3)
		n.Commit(event(5, "a"))
		n.Receive([]*feed.Event{event(4, "a")})
		n.Commit(event(6, "a"))
		n.check(t, 6)
		synctest.Wait()
		n.mu.Lock()
		defer n.mu.Unlock()
		if got := slices.Concat(n.published...); !slices.Equal(got, []int64{5, 6}) || n.reads != 0 {
			t.Errorf("published %v, %d reads of the database", n.published, n.reads)
		}
	})
}

// What no message brings is read from the database: soon if later events wait
// for it, else with the next look, and as soon as the database is back.
func TestHolesAreReadFromTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, nil)
		defer n.stop()
		n.store(event(1, "a"), event(2, "b"), event(3, "a"))
		n.Receive([]*feed.Event{event(3, "a")})
		time.Sleep(19 * time.Millisecond)
		n.check(t, 0)
		time.Sleep(2 * time.Millisecond)
		n.check(t, 3)

		n.store(event(4, "a"))
		time.Sleep(3 * time.Second)
		n.check(t, 4)

		n.mu.Lock()
		n.broken = true
		n.mu.Unlock()
		n.store(event(5, "a"), event(6, "a"))
		n.Receive([]*feed.Event{event(6, "a")})
		time.Sleep(5 * time.Second)
		n.check(t, 4)
		n.mu.Lock()
		n.broken = false
		n.mu.Unlock()
		time.Sleep(2 * time.Second)
		n.check(t, 6)

		n.Receive([]*feed.Event{event(1<<40, "a")}) // of nobody
		time.Sleep(time.Second)
		n.store(event(7, "a"))
		n.Nudge()
		synctest.Wait()
		n.check(t, 7)
	})
}

// A position whose event was deleted holds up nobody.
func TestDeletedEventsAreSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, nil)
		defer n.stop()
		n.store(event(3, "a"))
		n.Receive([]*feed.Event{event(3, "a")})
		time.Sleep(time.Second)
		n.mu.Lock()
		defer n.mu.Unlock()
		if !slices.Equal(n.delivered, []int64{3}) || n.Cursor() != 3 {
			t.Errorf("delivered %v, cursor %d", n.delivered, n.Cursor())
		}
	})
}

// A single node does not look for others' events: what is committed is about to
// be told. Should a commit never be told, it holds up the rest for a second.
func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, func(o *feed.Options) { o.Alone, o.Publish = true, nil })
		defer n.stop()
		n.store(event(1, "a"), event(2, "a"))
		go func() {
			time.Sleep(time.Second)
			n.Commit(event(1, "a"))
			n.Commit(event(2, "a"))
		}()
		if ok, err := n.Reach(t.Context(), 2); !ok || err != nil || n.Cursor() != 2 {
			t.Errorf("reached %t, %v, at %d", ok, err, n.Cursor())
		}
		n.mu.Lock()
		if n.reads > 0 {
			t.Errorf("%d reads", n.reads)
		}
		n.mu.Unlock()
		n.store(event(3, "a"), event(4, "a"))
		n.Commit(event(4, "a"))
		time.Sleep(900 * time.Millisecond)
		n.check(t, 2)
		time.Sleep(200 * time.Millisecond)
		n.check(t, 4)
	})
}

func TestReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, nil)
		defer n.stop()
		n.store(event(1, "a"), event(2, "a"))
		if ok, err := n.Reach(t.Context(), 3); ok || err != nil {
			t.Errorf("beyond the head: %t, %v", ok, err)
		}
		if ok, err := n.Reach(t.Context(), 2); !ok || err != nil {
			t.Errorf("behind: %t, %v", ok, err)
		}
		n.check(t, 2)
		if ok, err := n.Reach(t.Context(), 1); !ok || err != nil {
			t.Errorf("told already: %t, %v", ok, err)
		}
		n.mu.Lock()
		n.broken = true
		n.mu.Unlock()
		if _, err := n.Reach(t.Context(), 3); !errors.Is(err, errBroken) {
			t.Errorf("without a database: %v", err)
		}
	})
}

// Three nodes commit to one database, over a bus that loses, doubles and
// reorders: every node tells everything once, in order.
func TestManyNodes(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			var mu sync.Mutex // guards random
			var nodes []*node
			for i := range 3 {
				nodes = append(nodes, newNode(t, func(o *feed.Options) {
					o.Publish = func(events []*feed.Event) {
						mu.Lock()
						defer mu.Unlock()
						for j, other := range nodes {
							for copies := random.IntN(3); copies > 0 && j != i; copies-- { // perhaps none
								delay := time.Duration(random.IntN(60)) * time.Millisecond
								time.AfterFunc(delay, func() { other.Receive(events) })
							}
						}
					}
				}))
			}
			const total = 300
			for pos := int64(1); pos <= total; pos++ {
				e := event(pos, "a")
				for _, n := range nodes {
					n.store(e)
				}
				mu.Lock()
				n, pause := nodes[random.IntN(3)], time.Duration(random.IntN(5))*time.Millisecond
				mu.Unlock()
				n.Commit(e)
				time.Sleep(pause)
			}
			time.Sleep(5 * time.Second)
			for _, n := range nodes {
				n.check(t, total)
				n.stop()
			}
		})
	}
}
