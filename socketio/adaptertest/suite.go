// Package adaptertest holds the suite that every socketio.Adapter must pass.
package adaptertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/siotest"
)

// Cluster makes the adapters of a new cluster with that many nodes: for each an
// Options.Adapter.
type Cluster func(t *testing.T, nodes int) []func(ns *socketio.Namespace, local socketio.Adapter) socketio.Adapter

// Run runs the suite on clusters of that many nodes. Clients are spread over the
// nodes and everything is asked of the first, so with two nodes or more it shows
// that the others take part. Adapters of several nodes must be ServerAdapters.
func Run(t *testing.T, nodes int, cluster Cluster) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, c *nodesUnderTest)
	}{
		{"targets", testTargets},
		{"local", testLocal},
		{"binary", testBinary},
		{"order", testOrder},
		{"namespaces", testNamespaces},
		{"join and leave", testJoinLeave},
		{"fetch", testFetch},
		{"disconnect", testDisconnect},
		{"context", testContext},
		{"answers", testAnswers},
		{"lost answers", testLost},
		{"server side", testServerSide},
		{"server side without answers", testServerSideUnanswered},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, start(t, nodes, cluster)) })
	}
}

// patience is how long a cluster may take to do what it was asked.
const patience = 10 * time.Second

// nodesUnderTest is a running cluster.
type nodesUnderTest struct {
	t    *testing.T
	urls []string
	nss  []*socketio.Namespace // "/" of each node
	aux  []*socketio.Namespace // "/aux" of each node
}

func start(t *testing.T, nodes int, cluster Cluster) *nodesUnderTest {
	c := &nodesUnderTest{t: t}
	for _, adapter := range cluster(t, nodes) {
		io := socketio.NewServer(socketio.Options{Adapter: adapter})
		c.nss = append(c.nss, io.Of("/"))
		c.aux = append(c.aux, io.Of("/aux"))
		web := httptest.NewServer(io)
		c.urls = append(c.urls, web.URL)
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := io.Close(ctx); err != nil {
				t.Errorf("Close: %v", err)
			}
			web.Close()
		})
	}
	return c
}

// client is a client of one of the nodes.
type client struct {
	*siotest.Client
	id string
}

// join connects one client per entry, node by node in turn, and puts it into
// the rooms named there.
func (c *nodesUnderTest) join(rooms ...[]string) []client {
	c.t.Helper()
	var all []client
	for i, names := range rooms {
		node := i % len(c.nss)
		cl := siotest.Dial(c.t, c.urls[node])
		id := cl.Connect("/")
		c.must(c.nss[node].In(id).Local().SocketsJoin(names...))
		all = append(all, client{cl, id})
		for _, name := range names {
			c.awaitMember(name, id)
		}
	}
	c.await("all clients are known", func() bool { return len(c.fetch(c.nss[0].To())) == len(all) })
	return all
}

func (c *nodesUnderTest) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *nodesUnderTest) await(what string, holds func() bool) {
	c.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			c.t.Fatalf("not in time: %s", what)
		}
	}
}

func (c *nodesUnderTest) awaitMember(room, id string) {
	c.t.Helper()
	c.await(id+" is in "+room, func() bool { return slices.Contains(c.ids(c.nss[0].To(room)), id) })
}

func (c *nodesUnderTest) fetch(op socketio.Operator) []socketio.RemoteSocket {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	found, err := op.FetchSockets(ctx)
	c.must(err)
	return found
}

func (c *nodesUnderTest) ids(op socketio.Operator) []string {
	c.t.Helper()
	var ids []string
	for _, r := range c.fetch(op) {
		ids = append(ids, r.ID)
	}
	return ids
}

// expect emits an event with op, then another to everybody, and checks that
// exactly the clients at want got the first, once.
func (c *nodesUnderTest) expect(name string, op socketio.Operator, all []client, want ...int) {
	c.t.Helper()
	c.must(op.Emit("x", name))
	c.must(c.nss[0].Emit("end"))
	for i, cl := range all {
		if slices.Contains(want, i) {
			cl.Expect(fmt.Sprintf(`2["x",%q]`, name))
		}
		if got := cl.Next().String(); got != `2["end"]` {
			c.t.Fatalf("%s: client %d got %s", name, i, got)
		}
	}
}

func testTargets(t *testing.T, c *nodesUnderTest) {
	all := c.join([]string{"a"}, []string{"a", "b"}, []string{"b"}, nil, []string{"a"}, []string{"c"})
	ns := c.nss[0]
	c.expect("everybody", ns.To(), all, 0, 1, 2, 3, 4, 5)
	c.expect("one room", ns.To("a"), all, 0, 1, 4)
	c.expect("union, each once", ns.To("a", "b"), all, 0, 1, 2, 4)
	c.expect("an id", ns.To(all[3].id), all, 3)
	c.expect("a room and ids", ns.To("c", all[1].id, all[1].id), all, 1, 5)
	c.expect("nobody", ns.To("empty"), all)
	c.expect("except a room", ns.To("a").Except("b"), all, 0, 4)
	c.expect("except ids", ns.To("a").Except(all[0].id, all[4].id), all, 1)
	c.expect("everybody except", ns.Except("a", all[5].id), all, 2, 3)
	c.expect("volatile", ns.To("b").Volatile(), all, 1, 2)
}

// Local operators reach this node only.
func testLocal(t *testing.T, c *nodesUnderTest) {
	all := c.join(nil, nil, nil, nil)
	var here []int
	for i := range all {
		if i%len(c.nss) == 0 {
			here = append(here, i)
		}
	}
	c.expect("local", c.nss[0].Local(), all, here...)
	if got := len(c.fetch(c.nss[0].Local())); got != len(here) {
		t.Errorf("local FetchSockets found %d, want %d", got, len(here))
	}
}

func testBinary(_ *testing.T, c *nodesUnderTest) {
	all := c.join(nil, nil)
	c.must(c.nss[0].Emit("b", map[string]any{"x": []byte{1, 2}}, "<é>", []byte{}))
	for _, cl := range all {
		cl.Expect(`52-["b",{"x":{"_placeholder":true,"num":0}},"<é>",{"_placeholder":true,"num":1}]`, "binary 0102", "binary ")
	}
}

// What one goroutine emits arrives in its order on every node.
func testOrder(_ *testing.T, c *nodesUnderTest) {
	all := c.join([]string{"a"}, []string{"a"}, []string{"a"})
	const n = 100
	for i := range n {
		op := c.nss[0].To("a")
		if i%3 == 0 {
			op = c.nss[0].To("a", "b")
		}
		c.must(op.Emit("n", i))
	}
	for _, cl := range all {
		for i := range n {
			cl.Expect(fmt.Sprintf(`2["n",%d]`, i))
		}
	}
}

// Rooms of the same name in two namespaces are two rooms.
func testNamespaces(_ *testing.T, c *nodesUnderTest) {
	all := c.join([]string{"a"}, []string{"a"})
	for _, cl := range all {
		cl.Connect("/aux")
	}
	c.must(c.aux[0].SocketsJoin("a"))
	c.await("all are in the room of /aux", func() bool { return len(c.fetch(c.aux[0].To("a"))) == len(all) })
	c.must(c.aux[0].To("a").Emit("x"))
	for _, cl := range all {
		cl.Expect(`2/aux,["x"]`)
	}
	c.expect("main namespace", c.nss[0].To("a"), all, 0, 1)
}

func testJoinLeave(_ *testing.T, c *nodesUnderTest) {
	all := c.join([]string{"a"}, []string{"a"}, []string{"b"}, []string{"b"})
	ns := c.nss[0]
	c.must(ns.In("a").SocketsJoin("d", "e"))
	for _, cl := range all[:2] {
		c.awaitMember("d", cl.id)
		c.awaitMember("e", cl.id)
	}
	c.expect("joined", ns.To("d", "e"), all, 0, 1)
	c.must(ns.In("d").Except(all[0].id).SocketsLeave("d"))
	c.await("left", func() bool { return slices.Equal(c.ids(ns.To("d")), []string{all[0].id}) })
	c.expect("left", ns.To("d"), all, 0)
	c.expect("kept", ns.To("e"), all, 0, 1)
}

func testFetch(t *testing.T, c *nodesUnderTest) {
	for _, ns := range c.nss {
		ns.Use(func(_ context.Context, s *socketio.Socket) error {
			s.SetData(map[string]string{"id": s.ID()})
			return nil
		})
	}
	all := c.join([]string{"a", "b"}, []string{"a", "b"}, nil)
	found := c.fetch(c.nss[0].In("a"))
	if len(found) != 2 {
		t.Fatalf("found %d sockets, want 2", len(found))
	}
	for _, r := range found {
		i := slices.IndexFunc(all, func(cl client) bool { return cl.id == r.ID })
		if i < 0 {
			t.Fatalf("found %s, whom nobody knows", r.ID)
		}
		if want := []string{r.ID, "a", "b"}; !slices.Equal(r.Rooms, want) {
			t.Errorf("Rooms = %v, want %v", r.Rooms, want)
		}
		data, err := json.Marshal(r.Data)
		if want := `{"id":"` + r.ID + `"}`; err != nil || string(data) != want {
			t.Errorf("Data = %s, %v, want %s", data, err, want)
		}
		if got := r.Handshake().Query.Get("transport"); got != "websocket" {
			t.Errorf("Handshake().Query has transport %q", got)
		}
		c.must(r.Emit("you", i))
		all[i].Expect(fmt.Sprintf(`2["you",%d]`, i))
	}
}

func testDisconnect(_ *testing.T, c *nodesUnderTest) {
	all := c.join([]string{"a"}, []string{"a"}, []string{"b"}, []string{"b"}, nil)
	ns := c.nss[0]
	c.must(ns.In("a").DisconnectSockets(false))
	for _, cl := range all[:2] {
		cl.Expect("1")
		cl.Connect("/")
	}
	c.must(ns.In("b").DisconnectSockets(true))
	for _, cl := range all[2:4] {
		cl.Expect("1")
		cl.ExpectClosed()
	}
	c.await("they are gone", func() bool { return len(c.fetch(ns.To())) == 3 })
}

// Fetch does not outlive its context.
func testContext(t *testing.T, c *nodesUnderTest) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		// It may be quicker than its context, or not.
		_, _ = c.nss[0].FetchSockets(ctx)
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Error("FetchSockets waits though its context has ended")
	}
}
