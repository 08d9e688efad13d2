package presence

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/story"
	"github.com/storywire/storywire/internal/user"
)

// How nodes keep each other's people.
const (
	channel       = "presence"
	flushEvery    = 100 * time.Millisecond // what changes within it travels together
	defaultBeat   = 2 * time.Second
	beatsToLive   = 5   // a node that missed so many is dead: 10 s
	messagePeople = 500 // people in one message, about 100 KB
	askEvery      = time.Second
)

// ReplicaOptions of a Replica. The zero value means the defaults.
type ReplicaOptions struct {
	// Beat is how often a node says that it lives. One that was not heard of
	// for five of them holds nobody any more. Default 2 s.
	Beat time.Duration
}

// Replica keeps a Tracker equal to those of the other nodes. Each node tells
// whom it holds, in numbered messages; who finds a hole asks for all of it. A
// message has everything of the people it names, so that one that comes again,
// or after a newer one was lost, does no harm.
//
// The leases are the nodes': while a node says that it lives, its connections
// do. Everybody reaps for themselves what a dead node held, but nobody does
// while the bus is down: then it is not the others who are silent.
type Replica struct {
	tracker *Tracker
	bus     Bus
	node    string // this one, in this life
	opts    ReplicaOptions
	wake    chan struct{}

	deaf atomic.Int64 // until when this node may not have heard everything, in nanoseconds since 1970
	gap  atomic.Bool  // everybody is to be asked

	// Only Run uses these.
	seq  uint64    // of the last message sent
	last time.Time // when this node said last that it lives

	mu    sync.Mutex // guards the fields below; taken before the tracker's
	peers map[string]*peer
	asked bool     // somebody wants to hear everything
	asks  []string // nodes that are to be asked for it

	// changed and said are guarded by the tracker's mu.
	changed map[auth.UserID]struct{} // whose hold here changed
	said    map[auth.UserID]saying
}

// peer is another node.
type peer struct {
	seq    uint64 // of its last message
	heard  time.Time
	asked  time.Time            // when it was asked for everything
	people map[auth.UserID]bool // whom it holds; false: not confirmed by the report that is coming in
}

// saying is what somebody says of themselves, on its way to other nodes.
type saying struct {
	mood      Mood
	invisible bool
	at        time.Time
}

// NewReplica connects t with the trackers of other nodes over bus, under a name
// that no other node has and that this one never had before. It is called once
// for a Tracker, before its first connection. [Replica.Run] does the work.
func NewReplica(t *Tracker, bus Bus, node string, opts ReplicaOptions) *Replica {
	if opts.Beat <= 0 {
		opts.Beat = defaultBeat
	}
	r := &Replica{
		tracker: t, bus: bus, node: node + "/" + strconv.FormatInt(t.opts.Now().UnixNano(), 36), opts: opts,
		wake:  make(chan struct{}, 1),
		peers: make(map[string]*peer), changed: make(map[auth.UserID]struct{}), said: make(map[auth.UserID]saying),
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.peers = r
	return r
}

// changedHere and saidHere are called with the tracker's mu held.
func (t *Tracker) changedHere(id auth.UserID) {
	if t.peers != nil {
		t.peers.changed[id] = struct{}{}
		t.signal(t.peers.wake)
	}
}

func (t *Tracker) saidHere(id auth.UserID, mood Mood, invisible bool, at time.Time) {
	if t.peers != nil {
		t.peers.said[id] = saying{mood, invisible, at}
		t.signal(t.peers.wake)
	}
}

// Run tells and hears until ctx ends; it returns nil. It says no farewell:
// clients of a node that stops come back to others before it counts as dead.
func (r *Replica) Run(ctx context.Context) error {
	defer r.bus.Subscribe(channel, r.receive)()
	defer r.bus.OnGap(r.missed)()
	beat := time.NewTicker(r.opts.Beat)
	defer beat.Stop()
	r.send(message{Kind: kindAsk}) // nobody has heard of this node, nor it of anybody
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(flushEvery):
			}
			r.flush()
		case <-beat.C:
			r.beat()
		}
	}
}

// missed asks everybody for everything, and believes no silence until they had
// the time to answer.
func (r *Replica) missed() {
	r.doubt()
	r.gap.Store(true)
	r.tracker.signal(r.wake)
}

func (r *Replica) doubt() {
	r.deaf.Store(r.tracker.opts.Now().Add(beatsToLive * r.opts.Beat).UnixNano())
}

// send numbers and publishes a message. Only Run calls it, without a lock.
func (r *Replica) send(m message) {
	m.Node = r.node
	if m.news() {
		r.seq++
	}
	m.Seq = r.seq
	data, err := json.Marshal(m)
	if err != nil {
		r.tracker.opts.Logger.Error("encode presence", "error", err)
		return
	}
	r.bus.Publish(channel, data)
}

// flush tells what has changed here, and everything to who asked for it.
func (r *Replica) flush() {
	r.mu.Lock()
	all, asks := r.asked, r.asks
	r.asked, r.asks = false, nil
	r.mu.Unlock()
	if r.gap.Swap(false) {
		r.send(message{Kind: kindAsk})
	}
	for _, node := range asks {
		r.send(message{Kind: kindAsk, To: node})
	}
	records, words := r.tracker.takeRecords(all)
	if all {
		r.send(message{Kind: kindBegin})
	}
	for part := range slices.Chunk(records, messagePeople) {
		r.send(message{People: part})
	}
	for part := range slices.Chunk(words, messagePeople) {
		r.send(message{Moods: part})
	}
	if all {
		r.send(message{Kind: kindEnd})
	}
}

// takeRecords returns the people whose hold here changed, or all that are held here.
func (t *Tracker) takeRecords(all bool) (records []record, words []word) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.peers
	if all {
		for id, who := range t.people {
			if who.here {
				r.changed[id] = struct{}{}
			}
		}
	}
	for id := range r.changed {
		records = append(records, t.record(id))
	}
	for id, s := range r.said {
		w := wordOf(s.mood, s.invisible, s.at)
		w.ID = id
		words = append(words, w)
	}
	clear(r.changed)
	clear(r.said)
	return records, words
}

func (t *Tracker) record(id auth.UserID) record {
	who := t.people[id]
	if who == nil || !who.here {
		at := t.opts.Now()
		if who == nil && !t.seen[id].IsZero() {
			at = t.seen[id]
		}
		return record{ID: id, Off: at.UnixMilli()}
	}
	rec := record{ID: id, Name: who.profile.DisplayName, Picture: who.profile.AvatarURL, Since: who.since.UnixMilli()}
	for storyID, st := range who.stays {
		if st.here {
			rec.Stories = append(rec.Stories, place{storyID, st.since.UnixMilli()})
		}
	}
	if w := wordOf(who.mood, who.invisible, who.moodAt); !who.moodAt.IsZero() || who.invisible {
		rec.Word = &w
	}
	return rec
}

// beat says that this node lives, and reaps those that do not.
func (r *Replica) beat() {
	r.send(message{})
	now := r.tracker.opts.Now()
	slept := !r.last.IsZero() && now.Sub(r.last) > 2*r.opts.Beat // stopped, or too busy
	if r.last = now; slept || !r.bus.Healthy() {
		r.doubt()
	}
	if r.cannotHear() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for node, p := range r.peers {
		if now.Sub(p.heard) > beatsToLive*r.opts.Beat {
			r.tracker.opts.Logger.Info("a node is gone", "node", node, "people", len(p.people))
			for id := range p.people {
				r.tracker.drop(node, id, p.heard, true)
			}
			delete(r.peers, node)
		}
	}
}

// cannotHear reports whether other nodes may have told what did not arrive.
func (r *Replica) cannotHear() bool {
	return !r.bus.Healthy() || r.tracker.opts.Now().UnixNano() < r.deaf.Load()
}

// receive takes a message of another node.
func (r *Replica) receive(data []byte) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil || m.Node == "" || len(m.Node) > 128 {
		r.tracker.opts.Logger.Warn("presence of another node is not readable", "error", err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.tracker.opts.Now()
	p := r.peers[m.Node]
	if p == nil {
		p = &peer{people: make(map[auth.UserID]bool)}
		r.peers[m.Node] = p
	}
	p.heard = now
	if m.Kind == kindAsk && (m.To == "" || m.To == r.node) {
		r.asked = true
		r.tracker.signal(r.wake)
	}
	news := m.news()
	switch {
	case m.Kind == kindBegin:
		p.seq = m.Seq // whatever was missed comes now
	case news && m.Seq == p.seq+1:
		p.seq = m.Seq
	case m.Seq > p.seq:
		r.ask(m.Node, p, now)
	case news:
		return // again
	}
	r.apply(m, p)
}

// ask asks a node for everything, but not all the time.
func (r *Replica) ask(node string, p *peer, now time.Time) {
	if now.Sub(p.asked) >= askEvery {
		p.asked = now
		r.asks = append(r.asks, node)
		r.tracker.signal(r.wake)
	}
}

func (r *Replica) apply(m message, p *peer) {
	switch m.Kind {
	case kindBegin:
		for id := range p.people {
			p.people[id] = false
		}
	case kindEnd:
		for id, confirmed := range p.people {
			if !confirmed && m.Seq == p.seq {
				delete(p.people, id)
				r.tracker.drop(m.Node, id, p.heard, false)
			}
		}
	}
	for i := range m.People {
		rec := &m.People[i]
		if rec.Off != 0 {
			delete(p.people, rec.ID)
			r.tracker.drop(m.Node, rec.ID, time.UnixMilli(rec.Off), false)
			continue
		}
		p.people[rec.ID] = true
		r.tracker.hold(m.Node, rec)
	}
	for i := range m.Moods {
		r.tracker.hear(m.Moods[i].ID, m.Moods[i].saying())
	}
}

// hold takes over that another node holds somebody.
func (t *Tracker) hold(node string, rec *record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	since := time.UnixMilli(rec.Since)
	who := t.people[rec.ID]
	if who == nil {
		who = t.add(rec.ID, since)
	}
	if !who.here {
		who.profile = user.Profile{ID: rec.ID, DisplayName: rec.Name, AvatarURL: rec.Picture}
	}
	if since.Before(who.since) {
		who.since = since
	}
	who.nodes = with(who.nodes, node)
	if rec.Word != nil {
		s := rec.Word.saying()
		t.say(rec.ID, s.mood, s.invisible, s.at)
	}
	t.settle(rec.ID, who, who.since)
	there := make(map[story.ID]bool, len(rec.Stories))
	for _, pl := range rec.Stories {
		there[pl.ID] = true
		st := who.stays[pl.ID]
		if st == nil {
			st = &stay{since: time.UnixMilli(pl.Since)}
		}
		st.nodes = with(st.nodes, node)
		t.settleStay(pl.ID, rec.ID, who, st, st.since)
	}
	t.leaveAll(node, rec.ID, who, t.opts.Now(), func(id story.ID) bool { return !there[id] })
}

// drop takes over that another node does not hold somebody any more. reaped: it
// has died, and nobody else stores when they were last seen.
func (t *Tracker) drop(node string, id auth.UserID, at time.Time, reaped bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	who := t.people[id]
	if who == nil || !slices.Contains(who.nodes, node) {
		return
	}
	t.leaveAll(node, id, who, at, func(story.ID) bool { return true })
	who.nodes = without(who.nodes, node)
	if t.settle(id, who, at) && reaped {
		t.saw(id, at)
	}
}

// leaveAll ends a node's hold of somebody in those stories that which names.
// The caller holds mu.
func (t *Tracker) leaveAll(node string, id auth.UserID, who *person, at time.Time, which func(story.ID) bool) {
	for storyID, st := range who.stays {
		if which(storyID) && slices.Contains(st.nodes, node) {
			st.nodes = without(st.nodes, node)
			t.settleStay(storyID, id, who, st, at)
		}
	}
}

// hear takes over what somebody says of themselves at another node.
func (t *Tracker) hear(id auth.UserID, s saying) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.say(id, s.mood, s.invisible, s.at)
}

func with(nodes []string, node string) []string {
	if slices.Contains(nodes, node) {
		return nodes
	}
	return append(nodes, node)
}

func without(nodes []string, node string) []string {
	return slices.DeleteFunc(nodes, func(n string) bool { return n == node })
}
