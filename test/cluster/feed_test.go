package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/gateway/gatewaytest"
	"github.com/storywire/storywire/test/cluster/harness"
	"github.com/storywire/storywire/test/servers"
)

// TestRedisRestartsEmpty: people post over two nodes, about 200 comments a
// second, while Redis goes and comes back with nothing. Every post is
// acknowledged, and readers on both nodes hear all of them, once and in order.
func TestRedisRestartsEmpty(t *testing.T) {
	redis := servers.Redis(t)
	settings := []string{"REDIS_URL=" + redis.URL, "DATABASE_URL=" + servers.Postgres(t)}
	nodes := []*harness.Node{harness.Start(t, settings...), harness.Start(t, settings...)}
	story := newStory(t, nodes[0], "author")
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	readers := []*reader{join(t, nodes[0], "ann", story), join(t, nodes[1], "ben", story)}

	stop := make(chan struct{})
	var posting sync.WaitGroup
	var mu sync.Mutex // guards total
	total := 0
	const posters = 10
	for p := range posters {
		c, err := nodes[p%2].Open(ctx, fmt.Sprint("poster", p))
		if err != nil {
			t.Fatal(err)
		}
		posting.Go(func() {
			defer c.Close()
			tick := time.NewTicker(posters * 5 * time.Millisecond)
			defer tick.Stop()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-tick.C:
				}
				a, err := c.Call(ctx, "comment:new", map[string]any{"storyId": story, "content": fmt.Sprint(p, " ", i)})
				if err != nil || !a.OK {
					t.Errorf("poster %d: %v %+v", p, err, a.Error)
					return
				}
				mu.Lock()
				total++
				mu.Unlock()
			}
		})
	}
	time.Sleep(time.Second)
	redis.Stop()
	time.Sleep(2 * time.Second)
	redis.Restart()
	time.Sleep(2 * time.Second)
	close(stop)
	posting.Wait()
	t.Logf("%d comments", total)
	for i, r := range readers {
		hearAll(ctx, t, fmt.Sprint("reader ", i), r.Client, total)
	}
}

// hearAll waits until a client has heard total comments, and checks that they are
// 1, 2, 3 and so on.
func hearAll(ctx context.Context, t *testing.T, who string, c *gatewaytest.Client, total int) {
	t.Helper()
	for last := int64(0); last < int64(total); {
		data, err := c.Next(ctx, "comment:created")
		if err != nil {
			t.Errorf("%s: after %d of %d: %v", who, last, total, err)
			return
		}
		var comment struct{ Seq int64 }
		if err := json.Unmarshal(data, &comment); err != nil {
			t.Fatal(err)
		}
		if comment.Seq != last+1 {
			t.Errorf("%s heard %d after %d", who, comment.Seq, last)
			return
		}
		last++
	}
}

// TestNodeServerHearsDurableEvents: the clients of a Node server in the cluster
// hear what is stored here, once, as do ours.
func TestNodeServerHearsDurableEvents(t *testing.T) {
	pages := harness.StartPages(t)
	for _, adapter := range []string{"classic", "sharded"} {
		t.Run(adapter, func(t *testing.T) { tellNode(t, pages, adapter) })
	}
}

func tellNode(t *testing.T, pages *harness.Pages, adapter string) {
	redis := servers.Redis(t)
	settings := []string{"REDIS_URL=" + redis.URL, "REDIS_ADAPTER=" + adapter, "DATABASE_URL=" + servers.Postgres(t)}
	nodes := []*harness.Node{harness.Start(t, settings...), harness.Start(t, settings...)}
	story := newStory(t, nodes[0], "author")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	page := pages.Open(harness.StartPeer(t, redis.URL, adapter), "")
	defer page.Close()
	page.Emit("join", "story:"+story)
	if err := page.Await(ctx, "joined", func() bool { return len(page.Events("joined")) == 1 }); err != nil {
		t.Fatal(err)
	}
	readers := []*reader{join(t, nodes[0], "ann", story), join(t, nodes[1], "ben", story)}
	for i := range 20 {
		readers[i%2].call("comment:new", map[string]any{"storyId": story, "content": fmt.Sprint(i)})
	}
	for i, r := range readers {
		hearAll(ctx, t, fmt.Sprint("reader ", i), r.Client, 20)
	}
	if err := page.Await(ctx, "20 comments", func() bool { return len(page.Events("comment:created")) >= 20 }); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // for one too many
	if got := len(page.Events("comment:created")); got != 20 {
		t.Errorf("%d comments at the Node server", got)
	}
	for i, r := range readers {
		if got := len(r.Events("comment:created")); got != 20 {
			t.Errorf("reader %d heard %d", i, got)
		}
	}
}
