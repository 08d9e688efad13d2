package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/storywire/storywire/internal/cluster"
	"github.com/storywire/storywire/internal/gateway"
	"github.com/storywire/storywire/redisbus"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/redisadapter"
)

// Redis says how nodes find each other. Without a URL there is one node.
type Redis struct {
	URL     string        `name:"redis-url" env:"REDIS_URL" help:"Redis that connects several nodes, like redis://localhost:6379; without it there is one node."`
	Beat    time.Duration `name:"redis-beat" env:"REDIS_BEAT" default:"2s" help:"How often a node says that it lives; one that was silent for five of them holds nobody online."`
	Prefix  string        `name:"redis-prefix" env:"REDIS_PREFIX" default:"storywire" help:"What the nodes' keys and channels in Redis begin with; one per cluster."`
	Key     string        `name:"redis-key" env:"REDIS_KEY" default:"socket.io" help:"What the channels of the Socket.IO adapter begin with; the key of the Node servers in the cluster."`
	Adapter string        `name:"redis-adapter" env:"REDIS_ADAPTER" default:"classic" enum:"classic,sharded" help:"How sockets of several nodes are connected: classic, or sharded (Redis 7) as the Node servers in the cluster do."`
}

// nodes is this node's part in the cluster.
type nodes struct {
	node  cluster.Node
	bus   cluster.Bus
	redis *cluster.Redis // nil of a single node, as is wire
	wire  *redisbus.Bus
}

// joinCluster connects to Redis, in the background, if there is to be one.
func (a *App) joinCluster() error {
	a.nodes.node = cluster.NewNode(time.Now())
	if a.cfg.Redis.URL == "" {
		a.nodes.bus = cluster.NewLocal().Join()
		return nil
	}
	wire, err := redisbus.Open(redisbus.Options{URL: a.cfg.Redis.URL, Logger: a.log})
	if err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	a.nodes.wire = wire
	a.nodes.redis = cluster.NewRedis(wire, a.nodes.node, cluster.Options{Prefix: a.cfg.Redis.Prefix, Logger: a.log})
	a.nodes.bus = a.nodes.redis
	return nil
}

// adapter connects the sockets of the nodes; nil of a single node.
func (a *App) adapter() func(*socketio.Namespace, socketio.Adapter) socketio.Adapter {
	if a.nodes.wire == nil {
		return nil
	}
	if a.cfg.Redis.Adapter == "sharded" {
		return redisadapter.NewSharded(a.nodes.wire, redisadapter.ShardedOptions{Prefix: a.cfg.Redis.Key, IgnoreUIDs: []string{feedUID}, Logger: a.log})
	}
	return redisadapter.New(a.nodes.wire, redisadapter.Options{Key: a.cfg.Redis.Key, IgnoreUIDs: []string{feedUID}, Logger: a.log})
}

// feedUID is who tells durable events to Node servers. Our own nodes get them
// in order, by the feed, and drop these.
const feedUID = "storywire-feed"

// guests are the sockets of Node servers in the cluster.
func (a *App) guests() gateway.Guests {
	if a.cfg.Redis.Adapter == "sharded" {
		return redisadapter.NewShardedEmitter(a.nodes.wire, redisadapter.ShardedEmitterOptions{Prefix: a.cfg.Redis.Key, UID: feedUID}).Of("/ws")
	}
	return redisadapter.NewEmitter(a.nodes.wire, redisadapter.EmitterOptions{Key: a.cfg.Redis.Key, UID: feedUID}).Of("/ws")
}

// settle waits until this node hears the others, so that its first clients miss
// nothing; but people are served also without Redis.
func (n *nodes) settle(ctx context.Context) {
	if n.wire == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, n.wire.Timeout())
	defer cancel()
	_ = n.wire.Settle(ctx) // the bus has logged that Redis is away
}

// degraded reports whether other nodes cannot be reached.
func (n *nodes) degraded() bool { return !n.bus.Healthy() }

// close leaves the cluster.
func (n *nodes) close() error {
	if n.wire == nil {
		return nil
	}
	return errors.Join(n.redis.Close(), n.wire.Close())
}
