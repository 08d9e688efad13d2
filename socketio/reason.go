package socketio

import (
	"errors"

	"github.com/storywire/storywire/engineio"
)

// DisconnectReason says why a socket was disconnected, in the words of the
// reference server.
type DisconnectReason string

// The reasons an OnDisconnect handler is told.
const (
	// TransportError: the client broke the protocol of its transport.
	TransportError DisconnectReason = "transport error"
	// TransportClose: the client closed its connection, or lost it.
	TransportClose DisconnectReason = "transport close"
	// ForcedClose: a packet could not be decoded, no namespace was joined or
	// attachments did not follow in time, or CloseTransport was called.
	ForcedClose DisconnectReason = "forced close"
	// PingTimeout: no pong came in time.
	PingTimeout DisconnectReason = "ping timeout"
	// ParseError: the transport delivered something that is no packet.
	ParseError DisconnectReason = "parse error"
	// ServerShuttingDown: Server.Close was called.
	ServerShuttingDown DisconnectReason = "server shutting down"
	// ForcedServerClose: the client sent a packet that its state does not
	// allow, such as an event before CONNECT.
	ForcedServerClose DisconnectReason = "forced server close"
	// ClientNamespaceDisconnect: the client left the namespace.
	ClientNamespaceDisconnect DisconnectReason = "client namespace disconnect"
	// ServerNamespaceDisconnect: Disconnect was called.
	ServerNamespaceDisconnect DisconnectReason = "server namespace disconnect"
	// SlowClient: the client did not take what was sent to it. The reference
	// server knows no such limit.
	SlowClient DisconnectReason = "slow"
	// Superseded: the client has come back over another connection and carries
	// on there. The reference server knows no such thing.
	Superseded DisconnectReason = "superseded"
)

func engineReason(reason engineio.CloseReason, err error) DisconnectReason {
	if errors.Is(err, engineio.ErrSlow) {
		return SlowClient
	}
	return DisconnectReason(reason)
}
