package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/gateway/gatewaytest"
	"github.com/storywire/storywire/test/cluster/harness"
	"github.com/storywire/storywire/test/servers"
)

const (
	grace    = 2 * time.Second
	beat     = 400 * time.Millisecond // five of them: a dead node is noticed after 2 s
	travel   = 2 * time.Second        // that news of a connection may take on a busy machine
	patience = 30 * time.Second
	halfOpen = time.Second // that the old connection of somebody who roams lives on
	people   = 60
)

// crowd plays tabs over nodes and knows the truth.
type crowd struct {
	t     *testing.T
	rng   *rand.Rand
	nodes []*harness.Node

	mu   sync.Mutex // guards the fields below: observers check what they hear against them
	tabs []*tab
}

// tab is one page of somebody: open while client is set.
type tab struct {
	user   string
	node   *harness.Node
	client *gatewaytest.Client
	since  time.Time
}

func startCrowd(t *testing.T, seed uint64, settings ...string) *crowd {
	t.Helper()
	c := &crowd{t: t, rng: rand.New(rand.NewPCG(seed, 0))}
	for range 3 {
		c.nodes = append(c.nodes, harness.Start(t, settings...))
	}
	for i := range people {
		for range 1 + c.rng.IntN(3) {
			c.tabs = append(c.tabs, &tab{user: fmt.Sprint("user", i)})
		}
	}
	return c
}

func (c *crowd) any() *harness.Node { return c.nodes[c.rng.IntN(len(c.nodes))] }

// open opens a tab at a node, or moves it there.
func (c *crowd) open(tb *tab, n *harness.Node) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	client, err := n.Open(ctx, tb.user)
	if err != nil {
		c.t.Fatal(err)
	}
	c.set(tb, n, client)
}

func (c *crowd) set(tb *tab, n *harness.Node, client *gatewaytest.Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tb.node, tb.client, tb.since = n, client, time.Now()
}

// step does one random thing to one tab.
func (c *crowd) step() {
	tb := c.tabs[c.rng.IntN(len(c.tabs))]
	switch what := c.rng.IntN(10); {
	case tb.client == nil:
		c.open(tb, c.any())
	case what < 4: // close; many come back soon
		old := tb.client
		c.set(tb, nil, nil)
		old.Close()
	case what < 6: // roam: the old connection ends only later
		old := tb.client
		c.open(tb, c.any())
		time.AfterFunc(time.Duration(c.rng.Int64N(int64(halfOpen))), old.Close)
	}
}

// kill ends a node; its clients come back to the others, and it is started again.
func (c *crowd) kill() {
	i := c.rng.IntN(len(c.nodes))
	dead := c.nodes[i]
	dead.Kill()
	for _, tb := range c.tabs {
		if tb.node == dead {
			c.open(tb, c.nodes[(i+1+c.rng.IntN(2))%3])
		}
	}
	dead.Restart()
}

// truth returns who has an open tab.
func (c *crowd) truth() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	online := map[string]bool{}
	for _, tb := range c.tabs {
		if tb.client != nil {
			online[tb.user] = true
		}
	}
	return slices.Sorted(maps.Keys(online))
}

// settled waits until every node says the truth.
func (c *crowd) settled(within time.Duration) {
	c.t.Helper()
	want := append(c.truth(), "watcher")
	slices.Sort(want)
	deadline := time.Now().Add(within)
	for i, n := range c.nodes {
		for {
			got := c.ask(n)
			if slices.Equal(got, want) {
				break
			}
			if time.Now().After(deadline) {
				c.t.Errorf("node %d: online are\n     %v, want\n     %v\n%s", i, got, want, n.Log())
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// ask returns whom a node says to be online.
func (c *crowd) ask(n *harness.Node) []string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	client, err := n.Open(ctx, "watcher")
	if err != nil {
		c.t.Fatal(err)
	}
	defer client.Close()
	answer, err := client.Call(ctx, "presence:subscribe", nil)
	if err != nil || !answer.OK {
		c.t.Fatalf("presence:subscribe: %v %+v", err, answer.Error)
	}
	var users struct{ Users []string }
	if err := json.Unmarshal(answer.Data, &users); err != nil {
		c.t.Fatal(err)
	}
	return users.Users
}

// watch has somebody at a node check that who is told to be offline is not there.
func (c *crowd) watch(ctx context.Context, n *harness.Node) {
	client, err := n.Open(ctx, "watcher")
	if err != nil {
		return // the node is being killed
	}
	defer client.Close()
	for {
		data, err := client.Next(ctx, "user:offline")
		if err != nil {
			return
		}
		var gone struct{ UserID string }
		_ = json.Unmarshal(data, &gone) // nobody
		c.mu.Lock()
		for _, tb := range c.tabs {
			if tb.user == gone.UserID && tb.client != nil && time.Since(tb.since) > travel {
				c.t.Errorf("%s is told to be offline and has had a page open for %v", gone.UserID, time.Since(tb.since))
			}
		}
		c.mu.Unlock()
	}
}

// Whatever tabs, nodes and Redis do: at rest every node knows exactly who is
// there, and nobody who is there was told to be offline.
func TestPresenceIsRight(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { playPresence(t, uint64(seed)) })
	}
}

func playPresence(t *testing.T, seed uint64) {
	redis := servers.Redis(t)
	c := startCrowd(t, seed, "DATABASE_URL="+servers.Postgres(t), "REDIS_URL="+redis.URL, "REDIS_PREFIX="+redis.Prefix,
		"PRESENCE_GRACE="+grace.String(), "REDIS_BEAT="+beat.String())
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watch := func(n *harness.Node) { watching.Go(func() { c.watch(ctx, n) }) }
	defer watching.Wait()
	defer cancel()
	for _, n := range c.nodes {
		watch(n)
	}
	steps := func() {
		for range 60 {
			c.step()
			time.Sleep(time.Duration(c.rng.IntN(20)) * time.Millisecond)
		}
	}
	steps()
	c.settled(halfOpen + grace + travel) // after clean closes
	redis.Stop()
	steps()
	redis.Restart()
	c.settled(halfOpen + 5*beat + grace + travel)
	steps()
	c.kill()
	c.settled(halfOpen + 5*beat + grace + travel)
	for _, tb := range c.tabs {
		if tb.client != nil {
			tb.client.Close()
		}
	}
}
