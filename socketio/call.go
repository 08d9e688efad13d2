package socketio

import (
	"encoding/json"
	"errors"
	"sync/atomic"
	"unicode/utf8"

	"github.com/storywire/storywire/socketio/parser"
)

// Args are the values of an event or an acknowledgement. They are decoded when
// they are asked for. Args do not change and may be kept.
type Args struct {
	data        []byte // the JSON array
	skip        int    // leading elements that are no arguments: 1, the name, for events
	n           int
	attachments [][]byte
}

var errMissing = errors.New("missing")

// Len returns the number of values.
func (a *Args) Len() int { return a.n }

// Raw returns value i as the JSON that was received, or nil if there is none. A
// binary value stands there as its placeholder. The result must not be changed.
func (a *Args) Raw(i int) json.RawMessage {
	if i < 0 || i >= a.n {
		return nil
	}
	raw, _ := parser.Element(a.data, a.skip+i)
	return raw
}

// Binary returns value i if it is binary, else nil. The result must not be
// changed.
func (a *Args) Binary(i int) []byte {
	num, _, ok, err := parser.Placeholder(a.Raw(i), len(a.attachments))
	if !ok || err != nil {
		return nil
	}
	return a.attachments[num]
}

// Attachment returns the binary value that placeholders of that number in Raw
// stand for, or nil if there is none. The result must not be changed.
func (a *Args) Attachment(num int) []byte {
	if num < 0 || num >= len(a.attachments) {
		return nil
	}
	return a.attachments[num]
}

// Decode stores value i in v, a pointer, as json.Unmarshal does. Binary values
// fit []byte and interfaces, in which they become []byte; they are copied. The
// error is a *DecodeError.
func (a *Args) Decode(i int, v any) error {
	raw := a.Raw(i)
	if raw == nil {
		return &DecodeError{i, errMissing}
	}
	if text, ok := v.(*string); ok && text != nil {
		if s, plain := plainString(raw); plain {
			*text = s
			return nil
		}
	}
	var err error
	if len(a.attachments) == 0 {
		err = json.Unmarshal(raw, v)
	} else {
		err = unmarshalBinary(raw, a.attachments, v)
	}
	if err != nil {
		return &DecodeError{i, err}
	}
	return nil
}

// plainString returns a JSON string that has nothing to unescape or to repair:
// most have not, and json.Unmarshal would look at each byte three times.
func plainString(raw []byte) (s string, ok bool) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return "", false
	}
	raw = raw[1 : len(raw)-1]
	ascii := true
	for _, c := range raw {
		if c < 0x20 || c == '"' || c == '\\' {
			return "", false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return string(raw), ascii || utf8.Valid(raw)
}

// Call is one event of a client. It may be kept, and acknowledged by any
// goroutine, also after its handler returned.
type Call struct {
	Args
	socket  *Socket
	event   string
	handler EventHandler
	id      uint64
	hasAck  bool
	acked   atomic.Bool
	typed   bool // result holds what a typed handler returned
	result  any
	next    *Call // behind it in the socket's queue
}

// Event returns the event's name.
func (c *Call) Event() string { return c.event }

// HasAck reports whether the client waits for an acknowledgement.
func (c *Call) HasAck() bool { return c.hasAck }

// Ack answers the client. Only the first call does; it does nothing if the
// client asked for no acknowledgement or the socket is disconnected. The error
// tells of a value that is not JSON, after which the event can still be
// acknowledged. The values are not retained.
func (c *Call) Ack(values ...any) error {
	if !c.hasAck || c.acked.Load() {
		return nil
	}
	msg, err := encodeAck(c.socket.ns, c.id, values)
	if err != nil {
		return err
	}
	if c.acked.CompareAndSwap(false, true) {
		// A disconnected client waits for nothing.
		_ = c.socket.send(msg.frames, false)
	}
	return nil
}
