package parser

// Type is the type of a packet, as its first character on the wire.
type Type byte

// The packet types of Engine.IO v4.
const (
	Open    Type = '0'
	Close   Type = '1'
	Ping    Type = '2'
	Pong    Type = '3'
	Message Type = '4'
	Upgrade Type = '5'
	Noop    Type = '6'
)
