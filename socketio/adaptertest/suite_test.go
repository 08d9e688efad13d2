package adaptertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
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
	adaptertest.Run(t, 3, func(t *testing.T, nodes int) []func(*socketio.Namespace, socketio.Adapter) socketio.Adapter {
		b := &bus{nodes: map[string][]*node{}}
		t.Cleanup(b.calls.Wait)
		adapters := make([]func(*socketio.Namespace, socketio.Adapter) socketio.Adapter, nodes)
		for i := range adapters {
			adapters[i] = b.adapter
		}
		return adapters
	})
}

// bus connects the nodes of a cluster, by namespace.
type bus struct {
	calls sync.WaitGroup // of server-side handlers

	mu    sync.Mutex // guards nodes
	nodes map[string][]*node
}

func (b *bus) adapter(ns *socketio.Namespace, local socketio.Adapter) socketio.Adapter {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := &node{bus: b, name: ns.Name(), ns: ns, local: local}
	b.nodes[n.name] = append(b.nodes[n.name], n)
	return n
}

// node is one node's adapter for one namespace.
type node struct {
	bus   *bus
	name  string
	ns    *socketio.Namespace
	local socketio.Adapter
}

var _ socketio.ServerAdapter = (*node)(nil)

// peers returns the other nodes.
func (n *node) peers() []*node {
	n.bus.mu.Lock()
	defer n.bus.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(n.bus.nodes[n.name]), func(p *node) bool { return p == n })
}

// others calls f for the local adapters of the other nodes.
func (n *node) others(f func(socketio.Adapter) error) error {
	for _, p := range n.peers() {
		if err := f(p.local); err != nil {
			return err
		}
	}
	return nil
}

// carried is a sink at the other end of the bus: answers reach it as values.
type carried struct{ socketio.AckSink }

func (c carried) Answer(args *socketio.Args) {
	if args = carry(args); args == nil {
		c.Lost()
		return
	}
	c.AckSink.Answer(args)
}

// carry takes an answer apart and puts it together again.
func carry(args *socketio.Args) *socketio.Args {
	if args == nil {
		return nil
	}
	values := make([]any, args.Len())
	for i := range values {
		if args.Decode(i, &values[i]) != nil {
			return nil
		}
	}
	again, err := socketio.NewArgs(values...)
	if err != nil {
		return nil
	}
	return again
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
			}, carried{sink})
		})
		return nil
	})
	return errors.Join(err, n.local.BroadcastWithAck(ctx, b, sink), asked.Wait())
}

func (n *node) ServerSideEmit(ctx context.Context, e *socketio.ServerEvent, answer func(*socketio.Args)) error {
	peers := n.peers()
	answers := make(chan *socketio.Args, len(peers))
	for _, p := range peers {
		n.bus.calls.Go(func() {
			args, err := p.ns.ServeServerSide(ctx, e)
			if err != nil {
				args = nil
			}
			answers <- args
		})
	}
	if answer == nil {
		return nil
	}
	for range peers {
		select {
		case args := <-answers:
			answer(carry(args))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
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

func (n *node) Close() error {
	n.bus.mu.Lock()
	n.bus.nodes[n.name] = slices.DeleteFunc(n.bus.nodes[n.name], func(p *node) bool { return p == n })
	n.bus.mu.Unlock()
	return n.local.Close()
}
