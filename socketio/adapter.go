package socketio

import (
	"context"

	"github.com/storywire/storywire/engineio"
)

// An Adapter carries out what concerns many sockets of one namespace. Every
// namespace has a local one, which serves the sockets of this process in memory;
// Options.Adapter may decorate it with one that also reaches other processes:
// it tells them, then calls the local one, and calls the local one for what
// they tell.
//
// Methods may be called by any goroutine. Calls of one goroutine take effect in
// their order at every socket of this process. Operators with the Local flag
// call the local adapter directly. Package adaptertest holds the suite that
// every Adapter must pass.
type Adapter interface {
	// Broadcast sends an event to the target's sockets. It does not wait for
	// delivery. The Broadcast must not be changed from then on.
	Broadcast(b *Broadcast) error
	// BroadcastWithAck sends an event to the target's sockets and tells sink what
	// they answer. It returns when each has answered or was disconnected, in
	// every process, or with the error of ctx. Then, whatever it returned, sink
	// is not called any more and answers that come later are dropped. The
	// Broadcast must not be changed from then on.
	//
	// An adapter that asks other processes has each of them call its local one,
	// with a sink that sends back the number of sockets and the answers; it is
	// done when the numbers of all processes are in and as many sockets have
	// answered or are lost.
	BroadcastWithAck(ctx context.Context, b *Broadcast, sink AckSink) error
	// Update makes the target's sockets join or leave rooms, or disconnects
	// them. It does not wait for the effect.
	Update(u *Update) error
	// Fetch returns the target's sockets, in no particular order.
	Fetch(ctx context.Context, t Target) ([]RemoteSocket, error)
	// Close releases what the adapter holds. It is called once, when the
	// namespace's sockets are gone.
	Close() error
}

// Target selects sockets of a namespace: those in at least one of Rooms, or all
// if Rooms is empty, without those in one of Except. Each is selected once. A
// socket is always in the room of its own id.
type Target struct {
	Rooms  []string
	Except []string
}

// Broadcast is one event for many sockets.
type Broadcast struct {
	Target
	// Data is the JSON array [event, args...]; a binary value is written as the
	// placeholder of its attachment.
	Data []byte
	// Attachments are the binary values. Neither they nor Data may be changed.
	Attachments [][]byte
	// Volatile drops the event for clients that cannot take it at once.
	Volatile bool
	// Uncompressed keeps the event from being compressed on its way.
	Uncompressed bool

	frames   []*engineio.Frame // encoded once for all sockets of this process
	id       uint64            // of the acknowledgements, in frames
	hub      *hub              // that delivers it
	afar     bool              // it came from another process
	position uint64            // in the logs, see Recovery; 0: none
	reached  tally
}

// UpdateKind says what an Update does.
type UpdateKind int

// The kinds of Update.
const (
	UpdateJoin UpdateKind = iota
	UpdateLeave
	UpdateDisconnect
)

// Update changes many sockets.
type Update struct {
	Target
	Kind           UpdateKind
	Names          []string // rooms to join or leave
	CloseTransport bool     // UpdateDisconnect: close the connection as well
}
