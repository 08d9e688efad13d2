package engineio

import "errors"

// CloseReason says why a session ended, in the words of the reference server.
type CloseReason string

// The reasons a Receiver is told.
const (
	// TransportError: the client broke the protocol of its transport, or was
	// cut for reading too slowly (ErrSlow).
	TransportError CloseReason = "transport error"
	// TransportClose: the client closed its connection, or lost it.
	TransportClose CloseReason = "transport close"
	// ForcedClose: the server closed the session.
	ForcedClose CloseReason = "forced close"
	// PingTimeout: no pong came in time.
	PingTimeout CloseReason = "ping timeout"
	// ParseError: a packet could not be decoded.
	ParseError CloseReason = "parse error"
)

// ErrSlow is the error of a session that was cut because more than
// Options.MaxQueue bytes waited for its client, or because a write made no
// progress for Options.WriteTimeout. The reason is TransportError.
var ErrSlow = errors.New("engineio: client reads too slowly")

// ErrTooLarge is the error of a session whose client sent a WebSocket message
// above Options.MaxPayload. The reason is TransportError.
var ErrTooLarge = errors.New("engineio: message too large")
