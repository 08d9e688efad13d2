package cluster_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/gateway/gatewaytest"
	"github.com/storywire/storywire/test/cluster/harness"
	"github.com/storywire/storywire/test/servers"
)

// drops is how often each kind of drop is repeated; `make test-long` repeats it more often.
var drops = flag.Int("drops", 3, "repetitions of each kind of drop")

// away is how many comments are posted while the page has no connection.
const away = 50

// scene is one page, its nodes and what breaks between them.
type scene struct {
	t      *testing.T
	rng    *rand.Rand
	proxy  *harness.Proxy
	page   *harness.Page
	before *harness.Node // where the page is first
	after  *harness.Node // where it comes back to, perhaps the same
	reader string
	story  string
	sent   []string
}

// TestDrops: a page that never joins again has every comment, and every
// notification of it, once and in order, through every kind of drop.
func TestDrops(t *testing.T) {
	pages := harness.StartPages(t)
	kinds := []struct {
		name   string
		single bool // one node, SQLite
		drop   func(s *scene)
	}{
		{"clean close, back to another node", false, func(s *scene) { s.proxy.Cut() }},
		{"half open, back to another node", false, func(s *scene) {
			s.proxy.Stall() // of some the node believes that they have arrived
			s.post(s.t.Context(), s.before, s.rng.IntN(5))
			s.proxy.HalfOpen()
		}},
		{"node killed, back to another node", false, func(s *scene) { s.before.Kill() }},
		{"restart of the only node", true, func(s *scene) {
			s.before.Stop()
			s.before.Restart()
		}},
	}
	seed := rand.Uint64()
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			var settings []string
			var shared [2]*harness.Node
			if !kind.single {
				settings = []string{"REDIS_URL=" + servers.Redis(t).URL, "DATABASE_URL=" + servers.Postgres(t)}
				shared = [2]*harness.Node{harness.Start(t, settings...), harness.Start(t, settings...)}
			}
			for i := range *drops {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					t.Parallel()
					t.Logf("seed %d", seed)
					s := &scene{t: t, rng: rand.New(rand.NewPCG(seed, uint64(i))), proxy: harness.NewProxy(t), reader: fmt.Sprint("reader", i)}
					s.before, s.after = shared[0], shared[1]
					switch {
					case kind.single:
						s.before = harness.Start(t, "DATABASE_URL="+filepath.Join(t.TempDir(), "test.db"))
						s.after = s.before
					case strings.HasPrefix(kind.name, "node killed"):
						s.before = harness.Start(t, settings...)
					}
					s.play(pages, kind.drop)
				})
			}
		})
	}
}

func (s *scene) play(pages *harness.Pages, drop func(*scene)) {
	t := s.t
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	s.story = newStory(t, s.before, s.reader) // so that each comment is a notification, too
	s.proxy.Target(s.before.Addr)
	s.page = pages.Open(s.proxy.Addr, harness.Token(t, s.reader))
	defer s.page.Close()
	s.page.Emit("story:join", map[string]any{"storyId": s.story})
	s.await(ctx, "joined", func() bool { return len(s.page.Events("story:joined")) == 1 })
	s.post(ctx, s.before, 1)
	s.await(ctx, "the first comment", func() bool { return len(s.page.Events("comment:created")) == 1 })

	s.proxy.Target("")
	drop(s)
	s.await(ctx, "disconnected", func() bool { return len(s.page.Events("disconnect")) > 0 })
	// Some before the page can come back, some while it does, and perhaps the
	// connection breaks again in the middle of the replay.
	some := s.rng.IntN(away + 1)
	s.post(ctx, s.after, some)
	s.proxy.Target(s.after.Addr)
	if s.rng.IntN(2) == 0 {
		s.breakAgain(ctx)
	}
	s.post(ctx, s.after, away-some)
	s.await(ctx, "connected again", s.connected)
	s.post(ctx, s.after, 1)
	s.await(ctx, "the last comment", func() bool { return strings.HasSuffix(s.got("comment:created", "content"), " "+s.sent[len(s.sent)-1]) })

	want := strings.Join(s.sent, " ")
	if got := s.got("comment:created", "content"); got != want {
		t.Errorf("comments: %s\nwant %s", got, want)
	}
	s.await(ctx, "all notifications", func() bool { return len(s.page.Events("notification:new")) >= len(s.sent) })
	if got := s.got("notification:new", "body"); got != want {
		t.Errorf("notifications: %s\nwant %s", got, want)
	}
	for _, e := range s.page.Events("") {
		if e.Event == "sync:gap" || e.Event == "exception" || e.Event == "connect_error" && !strings.Contains(string(e.Data), "websocket error") {
			t.Errorf("%s %s", e.Event, e.Data)
		}
	}
	ready := s.page.Events("session:ready")
	if last := string(ready[len(ready)-1].Data); !strings.Contains(last, `"recovered":true`) || !strings.Contains(last, s.story) {
		t.Errorf("session:ready %s", last)
	}
}

// breakAgain cuts the page's next connections within their first moments.
func (s *scene) breakAgain(ctx context.Context) {
	for range 1 + s.rng.IntN(2) {
		came := s.proxy.Came()
		for s.proxy.Came() == came && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(s.rng.IntN(25_000)) * time.Microsecond)
		s.proxy.Cut()
	}
}

// connected reports whether the page has a connection now.
func (s *scene) connected() bool {
	now := false
	for _, e := range s.page.Events("") {
		switch e.Event {
		case "connect":
			now = true
		case "disconnect":
			now = false
		}
	}
	return now && len(s.page.Events("connect")) > 1
}

// got returns a field of all events of that name.
func (s *scene) got(event, field string) string {
	var all []string
	for _, e := range s.page.Events(event) {
		var data map[string]any
		if err := json.Unmarshal(e.Data, &data); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, fmt.Sprint(data[field]))
	}
	return strings.Join(all, " ")
}

func (s *scene) await(ctx context.Context, what string, holds func() bool) {
	s.t.Helper()
	if err := s.page.Await(ctx, what, holds); err != nil {
		s.t.Fatalf("%v; it had %s\ncomments %s", err, s.names(), s.got("comment:created", "content"))
	}
}

func (s *scene) names() string {
	var names []string
	for _, e := range s.page.Events("") {
		names = append(names, e.Event)
	}
	return strings.Join(names, " ")
}

// post has somebody else post n comments over a node.
func (s *scene) post(ctx context.Context, n *harness.Node, count int) {
	s.t.Helper()
	c, err := n.Open(ctx, "writer")
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	for range count {
		text := fmt.Sprintf("c%d", len(s.sent)+1)
		must(ctx, s.t, c, "comment:new", map[string]any{"storyId": s.story, "content": text})
		s.sent = append(s.sent, text)
	}
}

// must sends an event and expects it to be done.
func must(ctx context.Context, t *testing.T, c *gatewaytest.Client, event string, payload any) json.RawMessage {
	t.Helper()
	a, err := c.Call(ctx, event, payload)
	if err != nil || !a.OK {
		t.Fatalf("%s: %v %+v", event, err, a.Error)
	}
	return a.Data
}
