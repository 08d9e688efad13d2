package parser

import (
	"strconv"
)

// Type is the kind of a packet, its first character on the wire.
type Type byte

// The seven packet types of the Socket.IO protocol, revision 5.
const (
	Connect Type = iota
	Disconnect
	Event
	Ack
	ConnectError
	BinaryEvent
	BinaryAck
)

var typeNames = [...]string{"CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK"}

// String returns the name the protocol gives the type.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "Type(" + strconv.Itoa(int(t)) + ")"
}

// Binary reports whether packets of the type are followed by attachments.
func (t Type) Binary() bool { return t == BinaryEvent || t == BinaryAck }

// With returns the type of an event or acknowledgement with that many attachments;
// others have none.
func (t Type) With(attachments int) Type {
	switch {
	case attachments == 0:
	case t == Event:
		return BinaryEvent
	case t == Ack:
		return BinaryAck
	}
	return t
}

// Packet is one packet without its attachments.
//
// After [Decode] every slice aliases the decoded text, except an Event that was
// written with escapes.
type Packet struct {
	Type        Type
	Namespace   []byte // with its leading slash; empty means "/"
	ID          uint64 // the id an acknowledgement carries or is asked under
	HasID       bool
	Attachments int    // binary messages that follow; 0 unless Type.Binary
	Data        []byte // raw JSON, or nil if the packet has no payload
	Event       []byte // name of the event: Decode fills it, Append ignores it
	Args        int    // values in Data, without the event's name: likewise
}

// MaxID is the greatest id of an acknowledgement: JavaScript's
// Number.MAX_SAFE_INTEGER.
const MaxID = 1<<53 - 1

// AppendHeader appends everything that stands before the JSON. An empty
// namespace and "/" are left out; attachments are written for the binary types
// only, and the id only if hasID.
func AppendHeader(dst []byte, t Type, attachments int, namespace string, id uint64, hasID bool) []byte {
	dst = append(dst, '0'+byte(t))
	if t.Binary() {
		dst = strconv.AppendInt(dst, int64(attachments), 10)
		dst = append(dst, '-')
	}
	if namespace != "" && namespace != "/" {
		dst = append(dst, namespace...)
		dst = append(dst, ',')
	}
	if hasID {
		dst = strconv.AppendUint(dst, id, 10)
	}
	return dst
}

// Append appends the packet's text. It does not check it: see [Decode] for what
// a peer accepts.
func Append(dst []byte, p Packet) []byte {
	dst = AppendHeader(dst, p.Type, p.Attachments, string(p.Namespace), p.ID, p.HasID)
	return append(dst, p.Data...)
}

// AppendPlaceholder appends the object that stands for attachment num.
func AppendPlaceholder(dst []byte, num int) []byte {
	dst = append(dst, `{"_placeholder":true,"num":`...)
	dst = strconv.AppendInt(dst, int64(num), 10)
	return append(dst, '}')
}

// reserved are the names the protocol's implementations raise themselves.
var reserved = [...]string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}

// Reserved reports whether an event must not have this name: Socket.IO raises
// events of these names itself.
func Reserved[S ~string | ~[]byte](event S) bool {
	for _, name := range reserved {
		if string(event) == name {
			return true
		}
	}
	return false
}
