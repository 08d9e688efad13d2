package engineio

// A Shard owns the write half of a part of the server's sessions. One
// goroutine runs its tasks and writes to its sessions.
type Shard struct{ index int }

// A Task runs on a shard's goroutine. It must not block.
type Task interface{ Run(sh *Shard) }

// Index returns the shard's place in Server.Shards.
func (sh *Shard) Index() int { return sh.index }

// Post queues a task. Tasks and messages of one poster run in the order in
// which they were posted. Post never blocks and may be called by any
// goroutine, also by a task.
func (sh *Shard) Post(t Task) {}

// Append queues a message for a session of this shard. Only a Task may call
// it, during Run. It takes no lock and does not allocate for sessions that
// receive the same messages in the same turn.
func (sh *Shard) Append(s *Session, f *Frame) {}

// AppendVolatile is Append, but the message is dropped unless the client can
// take it now; see Session.SendVolatile.
func (sh *Shard) AppendVolatile(s *Session, f *Frame) {}
