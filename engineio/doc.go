// Package engineio is an Engine.IO v4 server: message-based sessions with
// browsers over WebSocket, with HTTP long-polling as a fallback and a way from
// one to the other. It is what a Socket.IO server stands on, and is useful
// alone. Any net/http server can mount it; WebSocket needs HTTP/1.1, polling
// works over HTTP/2 too. Package webtransport adds HTTP/3, Options.AllowEIO3 the
// clients of revision 3.
//
// # Sessions
//
// A [Handler] is told of each new [Session] and returns its [Receiver], which
// gets the session's messages and, exactly once and last, its end. Messages
// are sent as a [Frame]: encoded once, and shared by all sessions that get it.
//
//	srv := engineio.NewServer(engineio.HandlerFunc(func(s *engineio.Session) engineio.Receiver {
//		return &echo{s}
//	}), engineio.Options{})
//	http.Handle("/engine.io/", srv)
//
// # Concurrency
//
// All methods of [Server], [Session] and [Frame], and [Shard.Post], may be
// called by any goroutine; but for [Server.Close] none of them blocks. The
// functions in [Options] are called by many goroutines at once. The methods of
// one Receiver are called by one goroutine at a time; those of different
// sessions run concurrently. While [Receiver.Message] blocks, nothing more is
// read from that client: this is how a program slows a client down.
//
// A handler whose receivers never block says so with [PromptHandler]; they slow
// a client down with [Session.Pause]. On Linux its plain TCP connections then
// need no goroutine: shards read from them too, and an idle connection is a few
// hundred bytes of memory. Options.DisablePoller switches that off.
//
// Each session belongs to one [Shard], whose goroutine does all its writing. A
// shard takes everything that waits in its inbox, applies it, and makes one
// non-blocking write per session. So messages sent under load share writes,
// and an idle server adds no delay. To send one message to many sessions, post
// one [Task] to each shard and call [Shard.Append] for its sessions there:
// that costs no lock and no allocation per session.
//
// # Limits
//
// Every limit has a finite default; see [Options]. The size of a request's
// header and the time that it may take are the http.Server's: set its
// MaxHeaderBytes and ReadHeaderTimeout.
//
// A client that does not read is cut when Options.MaxQueue bytes wait for it or
// a write makes no progress for Options.WriteTimeout, and is told apart by
// [ErrSlow]; it never holds up others. When a shard has more than
// Options.MaxBacklog entries to work off, all readers pause before their next
// message.
//
// Answers to polls of Options.CompressionThreshold bytes and more are compressed
// as the client accepts.
//
// A browser's Origin is checked with every request on every transport; see
// Options.AllowedOrigins.
package engineio
