// Package redisbus is Redis as a bus between processes: publishes that wait are
// sent together, received messages are handed over in batches, subscriptions
// come back by themselves after an outage, and whoever uses the bus is told that
// it may have missed something.
//
// Redis forgets what nobody reads: messages published while a process is away
// are lost. A Bus therefore never keeps messages for later. While Redis is away
// Publish refuses at once, and when it is back, watchers are told; what they
// must not miss they have to read again from where it is stored.
//
//	bus, err := redisbus.Open(redisbus.Options{URL: "redis://localhost:6379"})
//	cancel := bus.Subscribe(redisbus.Channel, "news", receiver)
//	err = bus.Publish("news", []byte("hello"))
//
// All methods may be called by any goroutine. A server of version 6 or newer is
// needed, 7 for Shard. Sentinels and clusters of Redis are not followed.
package redisbus
