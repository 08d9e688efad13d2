package adaptertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/adaptertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The adapter that every namespace has.
func TestLocal(t *testing.T) {
	adaptertest.Run(t, 1, func(_ *testing.T, nodes int) []func(*socketio.Namespace, socketio.Adapter) socketio.Adapter {
		return make([]func(*socketio.Namespace, socketio.Adapter) socketio.Adapter, nodes)
	})
}

// A cluster within one process shows that the interface is enough for one.
func TestBus(t *testing.T) {
	adaptertest.Run(t, 3, func(_ *testing.T, nodes int) []func(*socketio.Namespace, socketio.Adapter) socketio.Adapter {
		b := &bus{nodes: map[string][]*node{}}
		adapters := make([]func(*socketio.Namespace, socketio.Adapter) socketio.Adapter, nodes)
		for i := range adapters {
			adapters[i] = b.adapter
		}
		return adapters
	})
}

// bus connects the nodes of a cluster, by namespace.
type bus struct {
	mu    sync.Mutex // guards nodes
	nodes map[string][]*node
}

func (b *bus) adapter(ns *socketio.Namespace, local socketio.Adapter) socketio.Adapter {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := &node{bus: b, name: ns.Name(), local: local}
	b.nodes[n.name] = append(b.nodes[n.name], n)
	return n
}

// node is one node's adapter for one namespace.
type node struct {
	bus   *bus
	name  string
	local socketio.Adapter
}

var _ socketio.Adapter = (*node)(nil)

// others calls f for the local adapters of the other nodes.
func (n *node) others(f func(socketio.Adapter) error) error {
	n.bus.mu.Lock()
	peers := append([]*node(nil), n.bus.nodes[n.name]...)
	n.bus.mu.Unlock()
	for _, p := range peers {
		if p != n {
			if err := f(p.local); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *node) Broadcast(b *socketio.Broadcast) error {
	err := n.others(func(a socketio.Adapter) error {
		return a.Broadcast(&socketio.Broadcast{Target: b.Target, Data: b.Data, Attachments: b.Attachments, Volatile: b.Volatile})
	})
	if err != nil {
		return err
	}
	return n.local.Broadcast(b)
}

func (n *node) BroadcastWithAck(ctx context.Context, b *socketio.Broadcast, sink socketio.AckSink) error {
	var asked errgroup.Group
	err := n.others(func(a socketio.Adapter) error {
		asked.Go(func() error {
			return a.BroadcastWithAck(ctx, &socketio.Broadcast{
				Target: b.Target, Data: b.Data, Attachments: b.Attachments, Volatile: b.Volatile,
			}, sink)
		})
		return nil
	})
	return errors.Join(err, n.local.BroadcastWithAck(ctx, b, sink), asked.Wait())
}

func (n *node) Update(u *socketio.Update) error {
	if err := n.others(func(a socketio.Adapter) error { return a.Update(u) }); err != nil {
		return err
	}
	return n.local.Update(u)
}

func (n *node) Fetch(ctx context.Context, t socketio.Target) ([]socketio.RemoteSocket, error) {
	all, err := n.local.Fetch(ctx, t)
	if err != nil {
		return nil, err
	}
	err = n.others(func(a socketio.Adapter) error {
		found, err := a.Fetch(ctx, t)
		if err != nil {
			return err
		}
		for _, r := range found {
			data, err := json.Marshal(r.Data)
			if err != nil {
				return err
			}
			all = append(all, socketio.NewRemoteSocket(r.ID, r.Rooms, json.RawMessage(data), r.Handshake()))
		}
		return nil
	})
	return all, err
}

func (n *node) Close() error { return n.local.Close() }
