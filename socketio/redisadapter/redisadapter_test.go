//go:build unix

package redisadapter_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/storywire/storywire/redisbus"
	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/adaptertest"
	"github.com/storywire/storywire/socketio/redisadapter"
	"github.com/storywire/storywire/test/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// adapter makes the adapters of a namespace.
type adapter = func(ns *socketio.Namespace, local socketio.Adapter) socketio.Adapter

// connect opens a bus that is closed when the test ends.
func connect(t *testing.T, url string) *redisbus.Bus {
	t.Helper()
	bus, err := redisbus.Open(redisbus.Options{URL: url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bus.Close(); err != nil {
			t.Error(err)
		}
	})
	return bus
}

func settle(t *testing.T, bus *redisbus.Bus) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := bus.Settle(ctx); err != nil {
		t.Fatalf("Settle: %v", err)
	}
}

// settled makes adapters that hear the others when they are made.
func settled(t *testing.T, bus *redisbus.Bus, of adapter) adapter {
	return func(ns *socketio.Namespace, local socketio.Adapter) socketio.Adapter {
		a := of(ns, local)
		settle(t, bus)
		return a
	}
}

func TestClassic(t *testing.T) {
	t.Parallel()
	adaptertest.Run(t, 3, func(t *testing.T, nodes int) []func(*socketio.Namespace, socketio.Adapter) socketio.Adapter {
		redis := servers.Redis(t)
		all := make([]func(*socketio.Namespace, socketio.Adapter) socketio.Adapter, nodes)
		for i := range all {
			bus := connect(t, redis.URL)
			// The second is as one of a cluster with old servers.
			all[i] = settled(t, bus, redisadapter.New(bus, redisadapter.Options{Key: redis.Prefix, SharedResponses: i == 1}))
		}
		return all
	})
}

func TestSharded(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]redisadapter.SubscriptionMode{
		"static": redisadapter.Static, "dynamic": redisadapter.Dynamic, "private": redisadapter.DynamicPrivate,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it mostly waits
			adaptertest.Run(t, 2, func(t *testing.T, nodes int) []func(*socketio.Namespace, socketio.Adapter) socketio.Adapter {
				redis := servers.Redis(t)
				all := make([]func(*socketio.Namespace, socketio.Adapter) socketio.Adapter, nodes)
				for i := range all {
					bus := connect(t, redis.URL)
					all[i] = settled(t, bus, redisadapter.NewSharded(bus, redisadapter.ShardedOptions{Prefix: redis.Prefix, Mode: mode}))
				}
				return all
			})
		})
	}
}
