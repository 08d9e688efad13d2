package socketio

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio/parser"
)

// RemoteBroadcast is a broadcast of another process that has not been read yet.
type RemoteBroadcast struct {
	// Room, if there is one, is a room that every socket of the target is in.
	Room string
	// Read returns the broadcast, or nil if there is none after all. It is called
	// at most once, and not if none of this process's sockets is in Room. It must
	// not block.
	Read func() *Broadcast
}

// A BatchAdapter is an Adapter that takes many broadcasts of other processes at
// once, which costs less and reads only those that concern it. The local adapter
// of a namespace is one.
type BatchAdapter interface {
	Adapter
	// BroadcastAll is Broadcast for each of batch, in order. The slice may be used
	// again when it has returned.
	BroadcastAll(batch []RemoteBroadcast)
}

// A ServerCounter is an Adapter that knows how many servers there are.
type ServerCounter interface {
	Adapter
	// ServerCount returns the number of servers, this one included.
	ServerCount(ctx context.Context) (int, error)
}

// ServerCount returns how many servers have this namespace, this one included:
// one if its adapter is not a [ServerCounter].
func (ns *Namespace) ServerCount(ctx context.Context) (int, error) {
	if a, ok := ns.adapter.(ServerCounter); ok {
		return a.ServerCount(ctx)
	}
	return 1, nil
}

// A RoomWatcher is an Adapter that tells in which rooms this process has
// sockets. The local adapter of a namespace is one.
type RoomWatcher interface {
	Adapter
	// WatchRooms has f called when the first socket of this process enters a room
	// and when the last has left it; own: the room is that of a socket's id. It
	// must be called before there are sockets, and with nil to end it. f is called
	// by shards, one at a time, and must be quick.
	WatchRooms(f func(room string, own, exists bool))
}

var (
	_ BatchAdapter = (*hub)(nil)
	_ RoomWatcher  = (*hub)(nil)
)

// WatchRooms implements [RoomWatcher].
func (h *hub) WatchRooms(f func(room string, own, exists bool)) {
	if h.watch == nil {
		h.watch = &roomWatch{shards: map[string]int{}}
		for i := range h.spaces {
			h.spaces[i].watch = h.watch
		}
	}
	h.watch.mu.Lock()
	defer h.watch.mu.Unlock()
	h.watch.f = f
}

// roomWatch makes of the rooms of shards those of the process.
type roomWatch struct {
	mu     sync.Mutex // guards the fields below; held while f is called
	shards map[string]int
	f      func(room string, own, exists bool)
}

// count notes that a shard has a room now, or no longer. A nil roomWatch does
// nothing.
func (w *roomWatch) count(room string, own bool, change int) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.shards[room]
	if w.shards[room] = was + change; was+change == 0 {
		delete(w.shards, room)
	}
	if w.f != nil && (was == 0 || was+change == 0) {
		w.f(room, own, change > 0)
	}
}

// BroadcastAll implements [BatchAdapter].
func (h *hub) BroadcastAll(batch []RemoteBroadcast) {
	if h.recovery != nil {
		// Clients may come back for what concerns nobody now.
		for _, r := range batch {
			if b := r.Read(); b != nil {
				b.afar = true
				h.logged(h.Broadcast(b))
			}
		}
		return
	}
	d := &deliveries{hub: h, all: make([]unread, len(batch))}
	for i, r := range batch {
		d.all[i].RemoteBroadcast = r
	}
	h.post(d)
}

func (h *hub) logged(err error) {
	if err != nil {
		h.ns.srv.opts.Logger.Error("socketio: encode broadcast of another process", "namespace", h.ns.name, "err", err)
	}
}

// deliveries are broadcasts as the task of every shard.
type deliveries struct {
	hub *hub
	all []unread
}

// unread is a broadcast that the first shard reads that has somebody for it.
type unread struct {
	RemoteBroadcast
	once      sync.Once
	broadcast *Broadcast
	reached   tally
}

// Run queues the events for the shard's part of their targets.
func (d *deliveries) Run(sh *engineio.Shard) {
	sp := &d.hub.spaces[sh.Index()]
	for i := range d.all {
		u := &d.all[i]
		sockets := 0
		if u.Room == "" || sp.rooms[u.Room] != nil || sp.ids[u.Room] != nil {
			u.once.Do(func() { u.broadcast = d.hub.read(u.Read) })
			if u.broadcast != nil {
				sockets = (*delivery)(u.broadcast).queue(sh)
			}
		}
		d.hub.observeDelivered(&u.reached, sockets)
	}
}

// read returns a broadcast that is ready to be delivered, or nil.
func (h *hub) read(read func() *Broadcast) *Broadcast {
	b := read()
	if b == nil {
		return nil
	}
	frames, err := newBroadcastFrames(h.ns, b, false)
	if err != nil {
		h.logged(err)
		return nil
	}
	b.frames, b.hub, b.afar = frames, h, true
	return b
}

// EncodeEvent returns the JSON array [event, args...], with placeholders for its
// binary values; it is for processes that send events through Redis and are no
// server. The error is ErrReservedEvent or an argument's that is not JSON.
func EncodeEvent(event string, args ...any) (data []byte, attachments [][]byte, err error) {
	if parser.Reserved(event) {
		return nil, nil, fmt.Errorf("%w: %q", ErrReservedEvent, event)
	}
	sc := scratches.Get().(*scratch)
	defer sc.release()
	sc.buf.WriteByte('[')
	if err = sc.text(event); err == nil {
		attachments, err = sc.values(args, true)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("encode %q: %w", event, err)
	}
	return bytes.Clone(sc.buf.Bytes()), attachments, nil
}

// Attachments returns the binary values that the placeholders in Raw stand for;
// it is for adapters. Neither the slice nor the values may be changed.
func (a *Args) Attachments() [][]byte { return a.attachments }

// ParseArgs returns Args of a JSON array, where placeholders stand for the
// attachments; it is for adapters, which receive answers from other processes.
// Neither may be changed from then on.
func ParseArgs(data []byte, attachments [][]byte) (*Args, error) {
	var values []json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("decode arguments: %w", err)
	}
	return &Args{data: data, n: len(values), attachments: attachments}, nil
}
