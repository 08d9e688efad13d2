package coedit_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
	"github.com/storywire/storywire/yjs"
)

const (
	lighthouse = story.ID("lighthouse")
	passage    = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
)

// node is one server of the model. Once it is killed it stores nothing more
// and nobody hears of it.
type node struct {
	*memory // the log, but for what fails
	model   *model
	service *coedit.Service
	stop    context.CancelFunc
	ended   chan struct{}

	mu     sync.Mutex
	killed bool
	hear   func([]byte)
	fate   int // what becomes of the next Append: 1 killed before, 2 killed after it is stored
}

func (n *node) dead() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.killed
}

func (n *node) kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.killed = true
}

func (n *node) Append(ctx context.Context, id story.ID, e coedit.Entry) (int64, error) {
	n.mu.Lock()
	fate := n.fate
	n.fate = 0
	if n.killed || fate == 1 {
		n.killed = true
		n.mu.Unlock()
		return 0, errDown
	}
	n.mu.Unlock()
	seq, err := n.memory.Append(ctx, id, e)
	if fate == 2 {
		n.kill()
		return 0, errDown
	}
	return seq, err
}

func (n *node) Compact(ctx context.Context, id story.ID, seq int64, state []byte) error {
	if n.dead() {
		return errDown
	}
	n.model.same(seq, state)
	return n.memory.Compact(ctx, id, seq, state)
}

// Publish is the bus: a fifth of the messages is lost, a fifth comes twice, a
// fifth waits for later ones.
func (n *node) Publish(_ string, message []byte) {
	if n.dead() {
		return
	}
	n.model.mu.Lock()
	nodes := slices.Clone(n.model.nodes)
	n.model.mu.Unlock()
	for _, other := range nodes {
		if other != n && !other.dead() {
			n.model.carry(other, message)
		}
	}
}

func (n *node) Subscribe(_ string, hear func([]byte)) (cancel func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hear = hear
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.hear = nil
	}
}

// deliver gives n a message of the bus, if it listens.
func (n *node) deliver(message []byte) {
	n.mu.Lock()
	hear := n.hear
	n.mu.Unlock()
	if hear != nil {
		hear(message)
	}
}

func (n *node) Updated(_ story.ID, u coedit.Update, _ uint64, except string) {
	n.model.tell(n, func(c *client) {
		if c.conn != except {
			c.receive(u)
		}
	})
}

func (n *node) AwarenessChanged(story.ID, []byte, string)        {}
func (n *node) CursorsMoved([]string, story.ID, []byte)          {}
func (n *node) RoleChanged(string, story.ID, story.Role)         {}
func (n *node) NoteChanged(story.ID, coedit.Note)                {}
func (n *node) DocPublished(story.ID, coedit.Release)            {}
func (n *node) ResetNeeded(conn string, _ story.ID, e errs.Code) { n.model.t.Errorf("%s: %s", conn, e) }

func (n *node) DocClosed(story.ID) { n.model.tell(n, func(c *client) { c.online = false }) }

// client is an editor with a replica of its own.
type client struct {
	m      *model
	id     uint64
	user   auth.UserID
	doc    *yjs.Doc
	node   *node
	conn   string
	conns  int
	online bool
	seq    int64
	wrote  []string // words
}

func (c *client) receive(u coedit.Update) {
	if !c.online {
		return
	}
	if err := c.doc.Apply(u.Data); err != nil {
		c.m.t.Errorf("client %d cannot apply %d: %v", c.id, u.Seq, err)
	}
	if u.Seq > c.seq+1 {
		c.online = false // a hole: it opens the document again
	}
	c.seq = max(c.seq, u.Seq)
}

// model is a cluster with its clients. Clients are told and act under mu.
type model struct {
	t     *testing.T
	rnd   *rand.Rand
	log   *memory
	roles *roles
	nodes []*node

	mu      sync.Mutex
	clients []*client
	acked   map[uint64]uint64 // clock by client: acknowledged
	states  map[int64][]byte  // by seq: what the first node to get there had
	delayed []func()
	busRnd  *rand.Rand
}

func (m *model) tell(n *node, f func(*client)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n.dead() {
		return
	}
	for _, c := range m.clients {
		if c.node == n {
			f(c)
		}
	}
}

func (m *model) carry(to *node, message []byte) {
	m.mu.Lock()
	deliver := func() { to.deliver(message) }
	var now []func()
	switch p := m.busRnd.IntN(10); {
	case p < 2:
	case p < 4:
		now = []func(){deliver, deliver}
	case p < 6:
		m.delayed = append(m.delayed, deliver)
	default:
		now = []func(){deliver}
	}
	if len(m.delayed) > 3 {
		now = append(now, m.delayed...)
		m.delayed = nil
	}
	m.mu.Unlock()
	for _, f := range now {
		f()
	}
}

// same compares the states of nodes at the same seq.
func (m *model) same(seq int64, state []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if first, ok := m.states[seq]; !ok {
		m.states[seq] = bytes.Clone(state)
	} else if !bytes.Equal(first, state) {
		m.t.Errorf("two nodes differ at %d", seq)
	}
}

func (m *model) start() {
	n := &node{memory: m.log, model: m, ended: make(chan struct{})}
	ids := len(m.nodes) * 1000
	n.service = coedit.NewService(coedit.Deps{
		Log: n, Writers: m.log, Versions: m.log, Notes: m.log, Invitations: m.log, Stories: m.roles, Members: m.roles,
		People: people{}, Notifications: &inbox{}, Publisher: n, Releases: &shelf{}, Bus: n, Seed: seed,
	}, coedit.Options{
		Node: fmt.Sprint("node", len(m.nodes)), Logger: slog.New(slog.DiscardHandler),
		NewID: func() string { ids++; return fmt.Sprint("v", ids) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	n.stop = cancel
	go func() { defer close(n.ended); _ = n.service.Run(ctx) }()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nodes = append(m.nodes, n)
}

func seed(context.Context, story.ID) (coedit.Content, error) {
	return coedit.Content{Title: "The Lighthouse", Start: passage, Passages: []coedit.Passage{{ID: passage, Name: "Start", Body: "Once"}}}, nil
}

func (m *model) living() []*node {
	var living []*node
	for _, n := range m.nodes {
		if !n.dead() {
			living = append(living, n)
		}
	}
	return living
}

// connect opens the document on some node, as a client does each time it comes back.
func (c *client) connect() {
	for len(c.m.living()) < 3 {
		c.m.start()
	}
	living := c.m.living()
	n := living[c.m.rnd.IntN(len(living))]
	if c.node != nil && !c.node.dead() {
		c.node.service.Disconnected(c.conn)
	}
	c.conns++
	c.m.mu.Lock()
	c.node, c.conn, c.online = n, fmt.Sprintf("%d.%d", c.id, c.conns), true
	have := c.doc.StateVector().Encode()
	c.m.mu.Unlock()
	opened, err := n.service.Open(context.Background(), coedit.Visitor{Conn: c.conn, User: user.Profile{ID: c.user}, Client: c.id}, lighthouse, have)
	if err != nil {
		c.m.mu.Lock()
		c.online = false
		c.m.mu.Unlock()
		return
	}
	c.m.mu.Lock()
	if err := c.doc.Apply(opened.Update); err != nil {
		c.m.t.Error(err)
	}
	c.seq = max(c.seq, opened.Seq)
	vector, err := yjs.DecodeStateVector(opened.Vector)
	if err != nil {
		c.m.t.Error(err)
	}
	missing := c.doc.EncodeState(vector)
	c.m.mu.Unlock()
	c.push(missing)
}

// push sends an update and takes note of its acknowledgement.
func (c *client) push(update []byte) {
	c.m.mu.Lock()
	n, clock := c.node, c.doc.Clock(c.id)
	c.m.mu.Unlock()
	n.service.Push(c.conn, c.user, lighthouse, update, func(seq int64, err error) {
		c.m.mu.Lock()
		defer c.m.mu.Unlock()
		if n.dead() {
			return // its word does not get out
		}
		switch errs.CodeOf(err) {
		case "":
			c.m.acked[c.id] = max(c.m.acked[c.id], clock)
			if c.node == n {
				c.seq = max(c.seq, seq)
			}
		case errs.Gap, errs.Unavailable, errs.RateLimited:
			if c.node == n {
				c.online = false
			}
		default:
			c.m.t.Errorf("client %d: %v", c.id, err)
		}
	})
}

// write types a word somewhere, or deletes some letters of the others.
func (c *client) write() {
	c.m.mu.Lock()
	word := fmt.Sprintf("<%d.%d>", c.id, len(c.wrote))
	update, err := c.doc.Edit(c.id, func(tx *yjs.Txn) error {
		v, _ := c.doc.Root("passages", yjs.Map).Get(passage)
		m, ok := v.(*yjs.Type)
		if !ok {
			return nil
		}
		v, _ = m.Get("body")
		body := v.(*yjs.Type)
		if c.m.rnd.IntN(4) == 0 {
			return tx.Set(m, "pos", []any{c.m.rnd.IntN(100), 7})
		}
		c.wrote = append(c.wrote, word)
		at := 0
		if n := body.Len(); n > 0 {
			at = c.m.rnd.IntN(n + 1)
		}
		text := body.String()
		for at > 0 && strings.LastIndexByte(text[:at], '<') > strings.LastIndexByte(text[:at], '>') {
			at-- // not inside of a word
		}
		return tx.InsertText(body, at, word)
	})
	if err != nil {
		c.m.t.Error(err)
	}
	online := c.online && update != nil
	c.m.mu.Unlock()
	if online {
		c.push(update)
	}
}

func TestNodesAgreeAndLoseNothing(t *testing.T) {
	seeds := 60
	if n, err := strconv.Atoi(os.Getenv("COEDIT_SEEDS")); err == nil {
		seeds = n
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { runModel(t, uint64(seed)) }) })
	}
}

func runModel(t *testing.T, seed uint64) {
	m := &model{
		t: t, rnd: rand.New(rand.NewPCG(seed, 1)), busRnd: rand.New(rand.NewPCG(seed, 2)), log: newMemory(),
		roles: &roles{members: map[auth.UserID]story.Role{"bob": story.Editor, "cleo": story.Editor}},
		acked: map[uint64]uint64{}, states: map[int64][]byte{},
	}
	for range 3 {
		m.start()
	}
	for i := range 6 {
		userID := []auth.UserID{"ada", "bob", "cleo"}[i%3]
		m.clients = append(m.clients, &client{m: m, id: uint64(5000 + i), user: userID, doc: yjs.New()})
	}
	for range 150 {
		c := m.clients[m.rnd.IntN(len(m.clients))]
		switch p := m.rnd.IntN(100); {
		case p < 70:
			c.write()
		case p < 80 || c.node == nil:
			c.connect()
		case p < 84:
			c.node.service.Disconnected(c.conn)
			m.mu.Lock()
			c.online = false
			m.mu.Unlock()
		case p < 87:
			n := m.nodes[m.rnd.IntN(len(m.nodes))]
			n.mu.Lock()
			n.fate = 1 + m.rnd.IntN(2)
			n.mu.Unlock()
		case p < 89:
			m.nodes[m.rnd.IntN(len(m.nodes))].kill()
		default:
			time.Sleep(time.Duration(m.rnd.IntN(1500)) * time.Millisecond)
		}
		if m.rnd.IntN(3) == 0 {
			synctest.Wait()
		}
	}
	for _, n := range m.nodes {
		n.mu.Lock()
		n.fate = 0
		n.mu.Unlock()
	}
	m.settle()
	m.check()
}

// settle lets everybody come back and everything arrive.
func (m *model) settle() {
	for range 3 {
		synctest.Wait()
		for _, c := range m.clients {
			m.mu.Lock()
			gone := !c.online || c.node.dead()
			m.mu.Unlock()
			if gone {
				c.connect()
			}
			synctest.Wait()
		}
		time.Sleep(3 * time.Second) // polls
	}
}

func (m *model) check() {
	t := m.t
	want := yjs.New()
	saved, err := m.log.Document(t.Context(), lighthouse)
	if err != nil {
		t.Fatal(err)
	}
	if saved.Data != nil {
		if want, err = yjs.Load(saved.Data); err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range saved.Tail {
		if err := want.Apply(u.Data); err != nil {
			t.Fatal(err)
		}
	}
	state := want.EncodeState(nil)
	for i, n := range m.nodes {
		if n.dead() {
			continue
		}
		s, err := n.service.State(t.Context(), "ada", lighthouse, nil)
		if err != nil || s.Seq != m.log.head() || !bytes.Equal(s.Update, state) {
			t.Errorf("node %d is at %d of %d, equal: %t (%v)", i, s.Seq, m.log.head(), bytes.Equal(s.Update, state), err)
		}
	}
	content, _, err := m.living()[0].service.Content(t.Context(), "ada", lighthouse, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range m.clients {
		if got := want.Clock(c.id); got < m.acked[c.id] {
			t.Errorf("client %d: %d units are acknowledged, %d stored", c.id, m.acked[c.id], got)
		}
		if got := c.doc.Root("passages", yjs.Map).Plain(); fmt.Sprint(got) != fmt.Sprint(want.Root("passages", yjs.Map).Plain()) {
			t.Errorf("client %d ends with %v", c.id, got)
		}
		for _, word := range c.wrote {
			if strings.Count(content.Passages[0].Body, word) != 1 {
				t.Errorf("%s is there %d times", word, strings.Count(content.Passages[0].Body, word))
			}
		}
	}
	for _, n := range m.nodes {
		n.stop()
		<-n.ended
	}
}
