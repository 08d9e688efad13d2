package socketio

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/storywire/storywire/engineio"
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

var _ BatchAdapter = (*hub)(nil)

// BroadcastAll implements [BatchAdapter].
func (h *hub) BroadcastAll(batch []RemoteBroadcast) {
	if h.recovery != nil {
		// Clients may come back for what concerns nobody now.
		for _, r := range batch {
			if b := r.Read(); b != nil {
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
}

// Run queues the events for the shard's part of their targets.
func (d *deliveries) Run(sh *engineio.Shard) {
	sp := &d.hub.spaces[sh.Index()]
	for i := range d.all {
		u := &d.all[i]
		if u.Room != "" && sp.rooms[u.Room] == nil && sp.ids[u.Room] == nil {
			continue
		}
		u.once.Do(func() { u.broadcast = d.hub.read(u.Read) })
		if u.broadcast != nil {
			(*delivery)(u.broadcast).Run(sh)
		}
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
	b.frames, b.hub = frames, h
	return b
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
