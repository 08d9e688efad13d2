package gateway

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/storywire/storywire/internal/auth"
	"github.com/storywire/storywire/internal/presence"
	"github.com/storywire/storywire/internal/wire"
	"github.com/storywire/storywire/socketio"
)

// What the herald may cost. A transition concerns every connection, so that N
// people who come at once would be N*N deliveries; these bounds keep that linear.
const (
	heraldTick     = 100 * time.Millisecond // what happens within one tick is told together
	heraldMaxPause = 2 * time.Second        // between two batches, however many connections there are
	heraldBudget   = 100_000                // deliveries in one batch
	heraldMinBatch = 100                    // transitions in one batch, whatever the budget says
	heraldBacklog  = 2_000                  // beyond it people are not told as they come, but with the announcements
	heraldListed   = 100                    // people in one announcement, or replayed to a new connection
	heraldReplayed = 64                     // new connections that share one replay
	heraldGroups   = 30                     // announcements reach the connections group by group
)

// herald tells everybody who comes online and goes offline. It tells
// transitions in batches, replays who is there to new connections, and announces
// it again and again to those that never subscribed to presence: their
// indicators start gray and know nothing of what was before them.
type herald struct {
	now      func() time.Time
	every    time.Duration // between two announcements to one connection
	sockets  func() int    // connections now
	tell     func(to socketio.Operator, event string, payload any)
	ns       *socketio.Namespace
	mu       sync.Mutex // guards the fields below; taken before a socket's
	people   map[auth.UserID]*person
	online   []auth.UserID // in no order; person.at is the index
	queue    []auth.UserID // whose state may have to be told
	arrivals []string      // sockets that have not had their replay
	joined   int           // connections so far: spreads them over the groups

	// Only run uses these.
	nextBatch, nextGroup time.Time
	group, cursor        int
}

// person is what the herald knows and has told of somebody.
type person struct {
	online bool
	since  time.Time // or last seen
	told   bool      // as online
	queued bool

	attention     presence.Availability // empty: available
	attentionAt   time.Time
	attentionTold presence.Availability
	at            int // in online, while online
}

func newHerald(ns *socketio.Namespace, o HubOptions, sockets func() int, tell func(socketio.Operator, string, any)) *herald {
	return &herald{ns: ns, now: o.Now, every: o.AnnounceEvery, sockets: sockets, tell: tell, people: map[auth.UserID]*person{}}
}

// change takes over that somebody came or went at a moment.
func (h *herald) change(id auth.UserID, online bool, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.people[id]
	if p == nil {
		p = &person{}
		h.people[id] = p
	}
	p.since = at
	if p.online != online {
		p.online = online
		if online {
			p.at = len(h.online)
			h.online = append(h.online, id)
		} else {
			last := h.online[len(h.online)-1]
			h.online[p.at] = last
			h.people[last].at = p.at
			h.online = h.online[:len(h.online)-1]
		}
	}
	h.enqueue(id, p)
}

// attention takes over that somebody who is online pays more or less of it.
func (h *herald) attention(id auth.UserID, a presence.Availability, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.people[id]; p != nil {
		p.attention, p.attentionAt = a, at
		h.enqueue(id, p)
	}
}

// enqueue notes that somebody's state may have to be told. The caller holds mu.
func (h *herald) enqueue(id auth.UserID, p *person) {
	if !p.queued {
		p.queued = true
		h.queue = append(h.queue, id)
	}
}

// arrive takes in a connection: enter puts it into roomOnline and into the room
// of its announcements. It gets its replay with the next tick, and every
// transition that is told after that: each of the two tells of other people.
func (h *herald) arrive(socketID string, enter func(group string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.arrivals = append(h.arrivals, socketID)
	h.joined++
	enter(groupRooms[h.joined%heraldGroups])
}

var groupRooms = func() (rooms [heraldGroups]string) {
	for i := range rooms {
		rooms[i] = "announce:" + strconv.Itoa(i)
	}
	return rooms
}()

// run ticks until ctx ends.
func (h *herald) run(ctx context.Context) {
	ticker := time.NewTicker(heraldTick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			h.tick()
		}
	}
}

// tick tells what is due. It holds the lock while it emits, which only appends
// to queues, so that nobody arrives in between.
func (h *herald) tick() {
	now, n := h.now(), h.sockets()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.replay() // before the batch, in which new connections take part
	if !now.Before(h.nextBatch) {
		h.nextBatch = now.Add(min(time.Duration(n)*time.Millisecond, heraldMaxPause))
		h.batch(max(heraldMinBatch, heraldBudget/max(n, 1)))
	}
	if !now.Before(h.nextGroup) {
		h.nextGroup = now.Add(h.every / heraldGroups)
		h.announce()
	}
}

// change of somebody, to be told.
type transition struct {
	id        auth.UserID
	online    bool
	attention presence.Availability // set: it is this that changed
	at        time.Time
}

// batch tells at most limit transitions to all connections. The caller holds mu.
func (h *herald) batch(limit int) {
	all := h.ns.Local().To(roomOnline)
	for _, t := range h.take(limit) {
		h.emit(all, t)
	}
}

func (h *herald) emit(to socketio.Operator, t transition) {
	switch {
	case t.attention != "":
		h.tell(to, wire.UserStatusEvent, wire.UserAvailability{UserID: string(t.id), Status: string(t.attention), LastSeenAt: wire.At(t.at)})
	case t.online:
		h.tell(to, wire.UserOnlineEvent, wire.UserOnline{UserID: string(t.id), Since: wire.At(t.at)})
	default:
		h.tell(to, wire.UserOfflineEvent, wire.UserOffline{UserID: string(t.id), LastSeenAt: wire.At(t.at)})
	}
}

// take returns the transitions to be told next: who came and went in between
// is no transition. The caller holds mu.
func (h *herald) take(limit int) []transition {
	var due []transition
	done := 0
	for _, id := range h.queue {
		if len(due) >= limit {
			break
		}
		done++
		p := h.people[id]
		p.queued = false
		behind := len(h.queue)-done > heraldBacklog // then who came is left to the announcements
		if p.online != p.told && !(p.online && behind) {
			due = append(due, transition{id: id, online: p.online, at: p.since})
		}
		if p.online && p.attention != p.attentionTold {
			due = append(due, transition{id: id, attention: p.attention, at: p.attentionAt})
			p.attentionTold = p.attention
		}
		p.told = p.online
		if !p.online {
			delete(h.people, id)
		}
	}
	h.queue = h.queue[done:]
	if len(h.queue) == 0 {
		h.queue = nil // lets go of the array
	}
	return due
}

// replay tells new connections who is online. The caller holds mu.
func (h *herald) replay() {
	arrivals := h.arrivals
	h.arrivals = nil
	if len(arrivals) == 0 {
		return
	}
	people := h.listed(0)
	for len(arrivals) > 0 {
		n := min(len(arrivals), heraldReplayed)
		to := h.ns.Local().To(arrivals[:n]...)
		for _, t := range people {
			h.emit(to, t)
		}
		arrivals = arrivals[n:]
	}
}

// announce tells the next group who is online; the window moves on when all
// groups have seen it. The caller holds mu.
func (h *herald) announce() {
	to := h.ns.Local().To(groupRooms[h.group])
	for _, t := range h.listed(h.cursor) {
		h.emit(to, t)
	}
	if h.group++; h.group == heraldGroups {
		h.group = 0
		h.cursor += heraldListed
	}
}

// listed returns at most heraldListed people who are online, from from on,
// around the end, without those whose transition is still to be told. The
// caller holds mu.
func (h *herald) listed(from int) []transition {
	var found []transition
	for i := range min(len(h.online), heraldListed) {
		id := h.online[(from+i)%len(h.online)]
		if p := h.people[id]; p.told {
			found = append(found, transition{id: id, online: true, at: p.since})
			if p.attentionTold != "" && p.attentionTold != presence.Available {
				found = append(found, transition{id: id, attention: p.attentionTold, at: p.attentionAt})
			}
		}
	}
	return found
}
