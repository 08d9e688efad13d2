package presence_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/story"
)

var seeds = flag.Int("seeds", 20, "schedules that TestNodesAgree runs")

// exchange is a bus of many nodes that can be down and can lose messages.
type exchange struct {
	down atomic.Bool
	loss atomic.Int64 // of 1000

	downAt, upAt atomic.Int64 // the last time, in nanoseconds since 1970

	messages, bytes atomic.Int64 // published

	mu   sync.Mutex // guards the fields below
	rng  *rand.Rand
	ends map[*end]bool
}

// end is a node's end of the exchange: what is for it waits in a queue.
type end struct {
	x     *exchange
	queue chan []byte
	gap   func()
}

func (e *end) OnGap(f func()) (cancel func()) {
	e.x.mu.Lock()
	defer e.x.mu.Unlock()
	e.gap = f
	return func() {
		e.x.mu.Lock()
		defer e.x.mu.Unlock()
		e.gap = nil
	}
}

// up ends an outage.
func (x *exchange) up() {
	if !x.down.Swap(false) {
		return
	}
	x.upAt.Store(time.Now().UnixNano())
	x.mu.Lock()
	defer x.mu.Unlock()
	for e := range x.ends {
		if e.gap != nil {
			e.gap()
		}
	}
}

func (e *end) Healthy() bool { return !e.x.down.Load() }

func (e *end) Publish(_ string, data []byte) {
	e.x.mu.Lock()
	defer e.x.mu.Unlock()
	if e.x.down.Load() || !e.x.ends[e] {
		return
	}
	e.x.messages.Add(1)
	e.x.bytes.Add(int64(len(data)))
	for other := range e.x.ends {
		if other != e && e.x.rng.Int64N(1000) >= e.x.loss.Load() {
			other.queue <- data
		}
	}
}

func (e *end) Subscribe(_ string, receive func([]byte)) (cancel func()) {
	e.x.mu.Lock()
	e.x.ends[e] = true
	e.x.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for data := range e.queue {
			receive(data)
		}
	}()
	return func() {
		e.x.mu.Lock()
		delete(e.x.ends, e)
		close(e.queue)
		e.x.mu.Unlock()
		<-done
	}
}

// node is a server of the cluster.
type node struct {
	*world
	tracker *presence.Tracker
	stop    func()
}

// travel is how long the news of somebody who came back may take to another node.
const travel = 250 * time.Millisecond

// tab is one open page.
type tab struct {
	user    string
	conn    presence.ConnectionID
	node    *node
	since   time.Time // of node
	stories []story.ID
}

// cluster plays a schedule and knows the truth.
type cluster struct {
	t     *testing.T
	x     *exchange
	rng   *rand.Rand
	nodes []*node
	names int
	born  int

	mu   sync.Mutex // guards the nodes of tabs: announcements are checked against them
	tabs []*tab
}

func (c *cluster) start() *node {
	w := &world{seen: make(map[auth.UserID]time.Time)}
	n := &node{world: w}
	n.tracker = presence.NewTracker(w, &watch{w, c}, presence.Options{})
	c.born++
	replica := presence.NewReplica(n.tracker, &end{x: c.x, queue: make(chan []byte, 10_000)}, fmt.Sprint("node", c.born), presence.ReplicaOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, run := range []func(context.Context) error{n.tracker.Run, replica.Run} {
		running.Go(func() { _ = run(ctx) })
	}
	n.stop = func() { cancel(); running.Wait() }
	c.nodes = append(c.nodes, n)
	return n
}

// watch checks what a node announces against the truth.
type watch struct {
	*world
	c *cluster
}

func (w *watch) UserOffline(_ context.Context, id auth.UserID, _ time.Time) {
	if w.c.x.loss.Load() > 0 {
		return // what was lost without a word can mislead until the next beat
	}
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	for _, tb := range w.c.tabs {
		came := tb.since
		if up := time.Unix(0, w.c.x.upAt.Load()); came.After(time.Unix(0, w.c.x.downAt.Load())) && up.After(came) {
			came = up // nobody could hear of it before
		}
		if tb.user == string(id) && tb.node != nil && time.Since(came) > travel {
			w.c.t.Errorf("%s is told to be offline, but is at a node", id)
		}
	}
}

func (c *cluster) connect(tb *tab, n *node) {
	c.names++
	tb.conn = presence.ConnectionID(fmt.Sprint("conn", c.names))
	n.tracker.Connect(tb.conn, profile(tb.user), false)
	c.at(tb, n)
	for _, id := range tb.stories {
		n.tracker.Enter(tb.conn, id)
	}
}

func (c *cluster) at(tb *tab, n *node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tb.node, tb.since = n, time.Now()
}

func (c *cluster) any() *node { return c.nodes[c.rng.IntN(len(c.nodes))] }

// step does one random thing.
func (c *cluster) step() {
	switch i := c.rng.IntN(len(c.tabs)); {
	case c.tabs[i].node == nil:
		if c.rng.IntN(3) > 0 { // open
			c.connect(c.tabs[i], c.any())
		}
	case c.rng.IntN(100) < 35: // close, or reload soon
		tb := c.tabs[i]
		old := tb.node
		c.at(tb, nil)
		old.tracker.Disconnect(tb.conn)
		if c.rng.IntN(3) == 0 {
			tb.stories = nil
		}
	case c.rng.IntN(100) < 20: // roam: the old connection stays half-open for a while
		tb := c.tabs[i]
		old, conn := tb.node, tb.conn
		c.connect(tb, c.any())
		time.AfterFunc(time.Duration(c.rng.IntN(30))*time.Second, func() { old.tracker.Disconnect(conn) })
	default:
		tb := c.tabs[i]
		id := story.ID(fmt.Sprint("story", c.rng.IntN(4)))
		if at := slices.Index(tb.stories, id); at >= 0 {
			tb.stories = slices.Delete(slices.Clone(tb.stories), at, at+1)
			tb.node.tracker.Leave(tb.conn, id)
		} else {
			tb.stories = append(slices.Clone(tb.stories), id)
			tb.node.tracker.Enter(tb.conn, id)
		}
	}
}

// kill ends a node without a word; its clients come back to others within seconds.
func (c *cluster) kill() {
	i := c.rng.IntN(len(c.nodes))
	dead := c.nodes[i]
	dead.stop()
	c.nodes = slices.Delete(slices.Clone(c.nodes), i, i+1)
	for _, tb := range c.tabs {
		if tb.node == dead {
			time.Sleep(time.Duration(c.rng.IntN(20)) * time.Millisecond)
			c.connect(tb, c.any())
		}
	}
	c.start()
}

// check compares every node with the truth.
func (c *cluster) check(when string) {
	c.t.Helper()
	online := make(map[auth.UserID]bool)
	readers := make(map[story.ID]map[auth.UserID]bool)
	for _, tb := range c.tabs {
		if tb.node == nil {
			continue
		}
		online[auth.UserID(tb.user)] = true
		for _, id := range tb.stories {
			if readers[id] == nil {
				readers[id] = make(map[auth.UserID]bool)
			}
			readers[id][auth.UserID(tb.user)] = true
		}
	}
	want := slices.Sorted(maps.Keys(online))
	for i, n := range c.nodes {
		if got := n.tracker.Online(); !slices.Equal(got.UserIDs, want) || got.Count != len(want) {
			c.t.Errorf("%s, node %d: online %v, want %v", when, i, got, want)
		}
		for s := range 4 {
			id := story.ID(fmt.Sprint("story", s))
			got := n.tracker.Story(id)
			if !maps.Equal(members(got.Members), orEmpty(readers[id])) || got.Count.Online != len(readers[id]) {
				c.t.Errorf("%s, node %d: %s has %v, want %v", when, i, id, members(got.Members), readers[id])
			}
		}
	}
}

func orEmpty(m map[auth.UserID]bool) map[auth.UserID]bool {
	if m == nil {
		return map[auth.UserID]bool{}
	}
	return m
}

// Whatever happens to tabs, nodes and the bus: nobody is told to be offline who
// is not, and at rest every node knows exactly who is where.
func TestNodesAgree(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playSchedule(t, uint64(seed)) })
		})
	}
}

func playSchedule(t *testing.T, seed uint64) {
	c := &cluster{t: t, rng: rand.New(rand.NewPCG(seed, 1))}
	c.x = &exchange{rng: rand.New(rand.NewPCG(seed, 2)), ends: make(map[*end]bool)}
	for range 3 {
		c.start()
	}
	for u := range 60 {
		for range 1 + c.rng.IntN(3) {
			c.tabs = append(c.tabs, &tab{user: fmt.Sprint("user", u)})
		}
	}
	for round := range 3 {
		c.x.loss.Store(max(0, c.rng.Int64N(60)-30))
		for range 300 {
			c.step()
			time.Sleep(time.Duration(c.rng.IntN(150)) * time.Millisecond)
			switch c.rng.IntN(200) {
			case 0:
				if !c.x.down.Swap(true) {
					c.x.downAt.Store(time.Now().UnixNano())
				}
			case 1:
				c.x.up()
			case 2:
				c.kill()
			}
		}
		c.x.up()
		c.x.loss.Store(0)
		time.Sleep(45 * time.Second) // half-open connections, graces, dead nodes
		synctest.Wait()
		c.check(fmt.Sprint("after round ", round))
	}
	for _, n := range c.nodes {
		n.stop()
	}
}

// What a crowd costs grows with the crowd, not with its square: each person is
// told to other nodes once, many in a message, and each room hears of its own.
func TestCrowdCostsWhatItsRoomsCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const crowd, stories = 10_000, 500
		c := &cluster{t: t, rng: rand.New(rand.NewPCG(1, 1))}
		c.x = &exchange{rng: rand.New(rand.NewPCG(1, 2)), ends: make(map[*end]bool)}
		here, there := c.start(), c.start()
		time.Sleep(time.Second)
		messages, size := c.x.messages.Load(), c.x.bytes.Load()
		for i := range crowd {
			conn := presence.ConnectionID(fmt.Sprint(i))
			here.tracker.Connect(conn, profile(fmt.Sprint("user", i)), false)
			here.tracker.Enter(conn, story.ID(fmt.Sprint("story", i%stories)))
			if i%100 == 0 {
				time.Sleep(10 * time.Millisecond) // the whole crowd within a second
			}
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		messages, size = c.x.messages.Load()-messages, c.x.bytes.Load()-size
		if messages > 60 || size > crowd*200 {
			t.Errorf("%d messages of %d bytes in all for %d people", messages, size, crowd)
		}
		for name, n := range map[string]*node{"here": here, "there": there} {
			told := 0
			for _, d := range n.diffs {
				told += len(d.Joins) + len(d.Leaves) + len(d.Updates)
			}
			if told != crowd || len(n.diffs) > 8*stories {
				t.Errorf("%s, %d diffs tell of %d people, want %d", name, len(n.diffs), told, crowd)
			}
			if got := n.tracker.Online().Count; got != crowd {
				t.Errorf("%s, %d are online, want %d", name, got, crowd)
			}
		}
		here.stop()
		there.stop()
	})
}
