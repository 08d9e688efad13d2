package cluster_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/internal/store"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/test/cluster/harness"
	"github.com/storywire/storywire/test/servers"
	"github.com/storywire/storywire/yjs"
)

// writing is how long they write in one schedule.
const writing = 8 * time.Second

// study is three nodes behind a rough Redis and people who write one story.
type study struct {
	t     *testing.T
	rng   *rand.Rand
	nodes []*harness.Node
	rough *harness.RoughRedis
	db    *store.Store
	id    story.ID
	desks []*desk
	kills int
}

// desk is a page that writes, and its way to some node.
type desk struct {
	page  *harness.Page
	proxy *harness.Proxy
	node  *harness.Node
	words []string
}

type (
	deskState struct {
		Status, Error string
		Unsynced      int
		Recovery      bool
	}
	deskSaved  struct{ Client, Clock uint64 }
	deskReport struct {
		State, Vector []byte
		Text          string
		Unsynced      int
	}
)

// Whatever becomes of the messages between nodes, of the nodes and of
// connections: what was acknowledged is in the log, all replicas are equal, and
// nobody ends without what they wrote.
func TestWritingOnNodesThatDie(t *testing.T) {
	first := rand.Uint64()
	for i := range *seeds {
		seed := first + uint64(i)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { playWriting(t, seed) })
	}
}

func playWriting(t *testing.T, seed uint64) {
	s := newStudy(t, seed)
	ctx, cancel := context.WithTimeout(t.Context(), writing+3*patience)
	defer cancel()
	for _, d := range s.desks {
		s.await(ctx, d, "live", func() bool { return d.state().Status == "live" })
	}
	began, died := time.Now(), time.Now()
	for n := 0; time.Since(began) < writing; n++ {
		s.step(n)
		if time.Since(died) > time.Duration(600+s.rng.IntN(1500))*time.Millisecond {
			s.kill(ctx)
			died = time.Now()
		}
		time.Sleep(time.Duration(s.rng.IntN(15)) * time.Millisecond) // the pace of the schedule
	}
	for _, d := range s.desks {
		d.proxy.Target(d.node.Addr)
		s.await(ctx, d, "all saved", func() bool { st := d.state(); return st.Status == "live" && st.Unsynced == 0 })
	}
	s.check(ctx)
}

func newStudy(t *testing.T, seed uint64) *study {
	redis, database := servers.Redis(t), servers.Postgres(t)
	s := &study{t: t, rng: rand.New(rand.NewPCG(seed, 0)), rough: harness.NewRoughRedis(t, redis.URL, ":edit:", seed)}
	for range 3 {
		s.nodes = append(s.nodes, harness.Start(t, "DATABASE_URL="+database, "REDIS_URL="+s.rough.URL, "REDIS_PREFIX="+redis.Prefix,
			"RATE_DOC=1000000/s", "RATE_DOC_BYTES=1000000000/s"))
	}
	var err error
	if s.db, err = store.Open(t.Context(), database, store.Options{NoMigrate: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.db.Close() })
	s.id = story.ID(newStory(t, s.nodes[0], "ann"))
	pages := harness.StartDesks(t, string(s.id))
	for i, name := range []string{"ann", "ann", "ben", "ben", "cat", "cat"} {
		if i > 1 && i%2 == 0 {
			s.ask(t.Context(), s.nodes[0], http.MethodPut, "/v1/stories/"+string(s.id)+"/members/"+name, `{"role":"editor"}`)
		}
		d := &desk{proxy: harness.NewProxy(t), node: s.nodes[i%3]}
		d.proxy.Target(d.node.Addr)
		d.page = pages.Open(d.proxy.Addr, harness.Token(t, name))
		s.desks = append(s.desks, d)
	}
	return s
}

// step has somebody write, or lose the connection; some stay without one for a
// while. Now and then the nodes lose Redis.
func (s *study) step(n int) {
	d := s.desks[s.rng.IntN(len(s.desks))]
	switch p := s.rng.IntN(100); {
	case p < 60:
		word := fmt.Sprintf("<%d>", n)
		d.words = append(d.words, word)
		d.page.Emit("type", map[string]string{"word": word})
	case p < 92:
		d.page.Emit("fidget", nil)
	case p < 95:
		d.proxy.Target("")
		d.proxy.Cut()
	case p < 96:
		s.rough.Cut()
	case p < 98:
		d.move(s.nodes[s.rng.IntN(len(s.nodes))])
	default:
		d.proxy.Target(d.node.Addr)
	}
}

func (d *desk) move(n *harness.Node) {
	d.node = n
	d.proxy.Target(n.Addr)
	d.proxy.Cut()
}

// kill ends a node while it works. What it has acknowledged must be in the log
// before anybody can bring it again.
func (s *study) kill(ctx context.Context) {
	s.kills++
	dead := s.nodes[s.rng.IntN(len(s.nodes))]
	for _, d := range s.desks {
		if d.node == dead {
			d.proxy.Target("")
		}
	}
	dead.Kill()
	saved := map[uint64]uint64{}
	for _, d := range s.desks {
		for _, e := range d.page.Events("saved") {
			var one deskSaved
			decode(s.t, e, &one)
			saved[one.Client] = max(saved[one.Client], one.Clock)
		}
	}
	log := s.log(ctx)
	for client, clock := range saved {
		if log.Clock(client) < clock {
			s.t.Errorf("client %d: acknowledged up to %d, in the log up to %d", client, clock, log.Clock(client))
		}
	}
	for _, d := range s.desks {
		if d.node != dead {
			continue
		}
		if s.rng.IntN(2) == 0 { // the others wait for it
			d.move(s.nodes[s.rng.IntN(len(s.nodes))])
		}
		d.proxy.Target(d.node.Addr)
	}
	dead.Restart()
}

// log makes the document of what is stored, and nothing else.
func (s *study) log(ctx context.Context) *yjs.Doc {
	s.t.Helper()
	saved, err := s.db.Document(ctx, s.id)
	if err != nil {
		s.t.Fatal(err)
	}
	doc := yjs.New()
	if saved.Data != nil {
		if doc, err = yjs.Load(saved.Data); err != nil {
			s.t.Fatal(err)
		}
	}
	for _, u := range saved.Tail {
		if err := doc.Apply(u.Data); err != nil {
			s.t.Fatalf("update %d: %v", u.Seq, err)
		}
	}
	return doc
}

func (s *study) check(ctx context.Context) {
	t := s.t
	log := s.log(ctx)
	state := log.EncodeState(nil)
	heads, err := s.db.Heads(ctx, []story.ID{s.id})
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range s.nodes {
		for head := fmt.Sprint(heads[s.id]); ; time.Sleep(50 * time.Millisecond) {
			got, seq := s.ask(ctx, n, http.MethodGet, "/v1/docs/"+string(s.id)+"/state", "")
			if seq != head && ctx.Err() == nil {
				continue // it reads the log once a second
			}
			if !bytes.Equal(got, state) {
				t.Errorf("node %d is at %s with another document than the log at %s", i, seq, head)
			}
			break
		}
		if metrics, _ := s.ask(ctx, n, http.MethodGet, "/metrics", ""); !strings.Contains(string(metrics), "storywire_document_divergences_total 0\n") {
			t.Errorf("node %d: the alarm of replicas that differ has gone off", i)
		}
	}
	words := 0
	for i, d := range s.desks {
		var r deskReport
		s.await(ctx, d, "what the log has", func() bool {
			d.page.Emit("report", nil)
			for _, e := range d.page.Events("report") {
				decode(t, e, &r)
			}
			return bytes.Equal(r.State, state)
		})
		if !bytes.Equal(r.State, state) {
			t.Errorf("desk %d ends with another document than the log", i)
		}
		words += len(d.words)
		for _, word := range d.words {
			if strings.Count(r.Text, word) != 1 {
				t.Errorf("desk %d: %s is there %d times", i, word, strings.Count(r.Text, word))
			}
		}
		for _, e := range d.page.Events("state") {
			var st deskState
			if decode(t, e, &st); st.Recovery || st.Status == "refused" {
				t.Errorf("desk %d had to give its document up: %s", i, e.Data)
			}
		}
	}
	lost, doubled, later := s.rough.Counts()
	t.Logf("%d words, %d updates, %d kills; between nodes %d messages lost, %d doubled, %d late", words, heads[s.id], s.kills, lost, doubled, later)
	if words < 50 || s.kills < 2 || min(lost, doubled, later) < 5 {
		t.Error("too little was written to show anything")
	}
}

// state is the last that the page has said of itself.
func (d *desk) state() (st deskState) {
	if said := d.page.Events("state"); len(said) > 0 {
		_ = json.Unmarshal(said[len(said)-1].Data, &st) // it is zero then
	}
	return st
}

func (s *study) await(ctx context.Context, d *desk, what string, holds func() bool) {
	s.t.Helper()
	if err := d.page.Await(ctx, what, holds); err != nil {
		s.t.Fatalf("%v; it says %+v", err, d.state())
	}
}

func decode(t *testing.T, e harness.PageEvent, to any) {
	t.Helper()
	if err := json.Unmarshal(e.Data, to); err != nil {
		t.Fatalf("%s: %v", e.Data, err)
	}
}

// ask makes a request of ann's, and returns the answer with its X-Doc-Seq.
func (s *study) ask(ctx context.Context, n *harness.Node, method, path, body string) (answer []byte, seq string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+n.Addr+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+harness.Token(s.t, "ann"))
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= http.StatusMultipleChoices {
		s.t.Fatalf("%s: %s %s %v", path, res.Status, answer, err)
	}
	return answer, res.Header.Get("X-Doc-Seq")
}
