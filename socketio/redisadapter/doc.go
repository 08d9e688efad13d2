// Package redisadapter connects Socket.IO servers through Redis: what is sent to
// a room reaches its sockets on all of them. The others may be servers of this
// module or Node's socket.io with @socket.io/redis-adapter 8: they understand
// each other in both directions, whatever is asked.
//
//	bus, err := redisbus.Open(redisbus.Options{URL: "redis://localhost:6379"})
//	io := socketio.NewServer(socketio.Options{
//		Adapter: redisadapter.New(bus, redisadapter.Options{}),
//	})
//	...
//	io.Close(ctx)
//	bus.Close()
//
// [New] is the counterpart of createAdapter, [NewSharded] that of
// createShardedAdapter; all servers of a cluster must use the same. [Emitter]
// sends events from processes that are no server, as @socket.io/redis-emitter
// does.
//
// While Redis is away each server serves its own sockets. An Emit does not reach
// the others then, which is no error; operators that change or ask the sockets of
// other servers do what can be done here and return [redisbus.ErrUnavailable]. What comes from Redis is
// not trusted: what cannot be read is logged, at most once a second, and dropped.
package redisadapter
