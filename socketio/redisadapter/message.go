package redisadapter

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/internal/msgpack"
	"github.com/storywire/storywire/socketio/parser"
)

// A request is what one server wants of the others, however it is written.
type request struct {
	kind   kind
	from   string // uid of who asks
	id     string // of the answers; "": none are wanted
	target socketio.Target
	rooms  []string // to join or leave
	close  bool     // kindDisconnect
	socket string   // legacy forms: the one that is meant
	event  event    // kindBroadcast, kindServerSide
}

// event is one for clients or servers.
type event struct {
	data        []byte // JSON array, with placeholders
	attachments [][]byte
	flags       wireFlags
}

func (e *event) broadcast(t socketio.Target) *socketio.Broadcast {
	return &socketio.Broadcast{
		Target: t, Data: e.data, Attachments: e.attachments,
		Volatile: e.flags.Volatile, Uncompressed: e.flags.Compress != nil && !*e.flags.Compress,
	}
}

// eventOf is the reverse.
func eventOf(b *socketio.Broadcast) event {
	e := event{data: b.Data, attachments: b.Attachments, flags: wireFlags{Volatile: b.Volatile}}
	if b.Uncompressed {
		e.flags.Compress = new(bool)
	}
	return e
}

// kind says what a request is for.
type kind int

const (
	kindSockets kind = iota // ids of the sockets in rooms; nobody asks any more
	kindRooms               // names of all rooms
	kindJoin
	kindLeave
	kindDisconnect
	kindFetch
	kindServerSide
	kindBroadcast
)

// An answer is one to a request.
type answer struct {
	kind    answerKind
	id      string // of the request
	sockets []remoteSocket
	names   []string // answerSockets, answerRooms
	count   int      // answerCount
	// of answerServerSide and answerAck: one JSON value, with placeholders
	value       []byte
	attachments [][]byte
}

type answerKind int

const (
	answerSockets answerKind = iota
	answerRooms
	answerDone // of legacy requests
	answerFetch
	answerServerSide
	answerCount
	answerAck
)

var errMalformed = errors.New("malformed")

// names are those of rooms, which JavaScript may have as numbers.
type names []string

// UnmarshalJSON implements json.Unmarshaler.
func (n *names) UnmarshalJSON(raw []byte) error {
	var values []json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return err
	}
	*n = make(names, 0, len(values))
	for _, v := range values {
		name, err := roomName(v)
		if err != nil {
			return err
		}
		*n = append(*n, name)
	}
	return nil
}

// roomName reads a name as JSON.
func roomName(raw json.RawMessage) (string, error) {
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return "", fmt.Errorf("%w: %q is no room", errMalformed, raw)
	}
	return strconv.FormatFloat(f, 'f', -1, 64), nil
}

// MarshalJSON implements json.Marshaler: there is an array also without names.
func (n names) MarshalJSON() ([]byte, error) {
	if n == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]string(n))
}

// wireOptions are what adapters call opts.
type wireOptions struct {
	Rooms  names      `json:"rooms"`
	Except names      `json:"except"`
	Flags  *wireFlags `json:"flags,omitempty"`
}

type wireFlags struct {
	Volatile bool  `json:"volatile,omitempty"`
	Compress *bool `json:"compress,omitempty"`
}

func optionsOf(t socketio.Target) *wireOptions {
	return &wireOptions{Rooms: t.Rooms, Except: t.Except}
}

func (o *wireOptions) target() (socketio.Target, error) {
	if o == nil {
		return socketio.Target{}, fmt.Errorf("%w: no opts", errMalformed)
	}
	return socketio.Target{Rooms: o.Rooms, Except: o.Except}, nil
}

// wirePacket is an event on its way.
type wirePacket struct {
	Type      int             `json:"type"`
	Data      json.RawMessage `json:"data"`
	Namespace *string         `json:"nsp,omitempty"`
}

// packetEvent is the type of all events on their way, binary ones too.
const packetEvent = 2

// event returns the event if the packet is one of that namespace.
func (p *wirePacket) event(namespace string, flags *wireFlags, attachments [][]byte) (event, error) {
	switch {
	case p == nil, p.Type != packetEvent && p.Type != int(parser.BinaryEvent):
		return event{}, fmt.Errorf("%w: no event", errMalformed)
	case p.Namespace == nil && namespace != "/", p.Namespace != nil && *p.Namespace != namespace:
		return event{}, fmt.Errorf("%w: of another namespace", errMalformed)
	}
	e := event{data: p.Data, attachments: attachments}
	if flags != nil {
		e.flags = *flags
	}
	return e, checkEvent(e.data)
}

// checkEvent makes sure that clients take the array [event, args...]: one that
// they do not would cost them their connection.
func checkEvent(data []byte) error {
	first, ok := parser.Element(data, 0)
	if !ok || len(first) == 0 {
		return fmt.Errorf("%w: no event name", errMalformed)
	}
	if first[0] != '"' {
		if _, err := strconv.ParseFloat(string(first), 64); err != nil {
			return fmt.Errorf("%w: no event name", errMalformed)
		}
		return nil
	}
	var name string
	if err := json.Unmarshal(first, &name); err != nil || parser.Reserved(name) {
		return fmt.Errorf("%w: event name", errMalformed)
	}
	return nil
}

// maxAttachments is how many binary values a message may hold.
const maxAttachments = 1024

// textual returns a message as JSON with placeholders: JSON begins with a brace,
// everything else is MessagePack.
func textual(data []byte) (raw []byte, attachments [][]byte, err error) {
	if len(data) > 0 && data[0] == '{' {
		return data, nil, nil
	}
	r := msgpack.NewReader(data)
	r.MaxBinary = maxAttachments
	if raw, attachments, err = r.JSON(nil, nil, msgpack.MaxDepth); err == nil {
		err = r.End()
	}
	return raw, attachments, err
}

// unmarshal reads a message into v, a struct, and returns its binary values.
func unmarshal(data []byte, v any) ([][]byte, error) {
	raw, attachments, err := textual(data)
	if err != nil {
		return nil, err
	}
	return attachments, json.Unmarshal(raw, v)
}

// marshal writes v, as MessagePack if packed is set or it holds binary values.
func marshal(v any, attachments [][]byte, packed bool) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil || !packed && len(attachments) == 0 {
		return raw, err
	}
	return msgpack.AppendJSON(nil, raw, attachments)
}
