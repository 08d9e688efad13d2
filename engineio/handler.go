package engineio

// Transport names one way of moving packets.
type Transport string

// The transports of Engine.IO.
const (
	Polling   Transport = "polling"
	WebSocket Transport = "websocket"
	// WebTransport needs [Options.WebTransport].
	WebTransport Transport = "webtransport"
)

// A Handler accepts sessions.
type Handler interface {
	// ServeSession is called once per session, right after its open packet was
	// queued and before anything is received. It must return soon: the
	// client's handshake waits for it. What it sends follows the open packet.
	// The receiver must not be nil.
	ServeSession(s *Session) Receiver
}

// HandlerFunc adapts a function to Handler.
type HandlerFunc func(s *Session) Receiver

// ServeSession calls f(s).
func (f HandlerFunc) ServeSession(s *Session) Receiver { return f(s) }

// A PromptHandler promises that Message of its receivers does not block: they
// slow a client down with [Session.Pause] instead. Then plain TCP connections
// need no goroutine where there is a poller (Linux): a shard reads for all of
// its sessions and calls Message.
type PromptHandler interface {
	Handler
	// Prompt does nothing: to have it is the promise.
	Prompt()
}

// PromptFunc adapts a function to PromptHandler.
type PromptFunc func(s *Session) Receiver

// ServeSession calls f(s).
func (f PromptFunc) ServeSession(s *Session) Receiver { return f(s) }

// Prompt implements PromptHandler.
func (f PromptFunc) Prompt() {}

// A Receiver takes what one session receives. Its methods are called by one
// goroutine at a time, in the order of the client's packets.
type Receiver interface {
	// Message delivers one message. data is valid only during the call and may
	// be changed by it. While Message blocks, nothing more is read from the
	// client; that of a [PromptHandler] must not, because it may run on a shard,
	// on which other clients wait. Message runs on the goroutine that reads the
	// connection, whose stack is small: deep work belongs on another goroutine.
	Message(data []byte, binary bool)

	// Closed is called exactly once, after the last Message. err gives detail
	// where there is any; it may be nil.
	Closed(reason CloseReason, err error)
}
