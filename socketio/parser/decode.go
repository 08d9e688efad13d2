package parser

import (
	"encoding/json"
	"errors"
	"fmt"
)

// What Decode refuses. A server closes the connection that sent such a packet.
var (
	ErrType        = errors.New("unknown packet type")
	ErrAttachments = errors.New("illegal attachments")
	ErrID          = errors.New("acknowledgement id out of range")
	ErrPayload     = errors.New("invalid payload")
	ErrEvent       = errors.New("invalid event name")
	ErrArgs        = errors.New("too many arguments")
	ErrDepth       = errors.New("payload nested too deeply")
)

// Limits bound what Decode accepts. A zero field means its default; there is no
// value for "unlimited".
type Limits struct {
	Args        int // values after the event's name, or in an acknowledgement; default 64
	Depth       int // nesting of the payload, its outer array included; default and maximum 64
	Attachments int // default 10
	EventName   int // bytes; default 128
}

// Defaults of Limits.
const (
	DefaultArgs        = 64
	DefaultDepth       = maxScanDepth
	DefaultAttachments = 10
	DefaultEventName   = 128 // bytes
)

func (l Limits) orDefaults() Limits {
	l.Args = orDefault(l.Args, DefaultArgs)
	l.Depth = min(orDefault(l.Depth, DefaultDepth), maxScanDepth)
	l.Attachments = orDefault(l.Attachments, DefaultAttachments)
	l.EventName = orDefault(l.EventName, DefaultEventName)
	return l
}

func orDefault(n, def int) int {
	if n <= 0 {
		return def
	}
	return n
}

// Decode reads one text packet. The result aliases text. The error wraps one of
// the package's Err values.
//
// An EVENT or ACK without a payload is refused; the JavaScript parser lets it
// pass and then ignores it.
func Decode(text []byte, limits Limits) (Packet, error) {
	limits = limits.orDefaults()
	var p Packet
	if len(text) == 0 || text[0] < '0' || text[0] > '0'+byte(BinaryAck) {
		return p, ErrType
	}
	p.Type = Type(text[0] - '0')
	i := 1
	if p.Type.Binary() {
		var err error
		if p.Attachments, i, err = decodeAttachments(text, i, limits.Attachments); err != nil {
			return Packet{}, err
		}
	}
	if i < len(text) && text[i] == '/' {
		start := i
		for i < len(text) && text[i] != ',' {
			i++
		}
		p.Namespace = text[start:i:i]
		if len(p.Namespace) == 1 { // "/," is the long way to write nothing
			p.Namespace = nil
		}
		if i < len(text) {
			i++
		}
	}
	for ; i < len(text) && text[i] >= '0' && text[i] <= '9'; i++ {
		p.HasID = true
		if p.ID = p.ID*10 + uint64(text[i]-'0'); p.ID > MaxID {
			return Packet{}, ErrID
		}
	}
	if i < len(text) {
		p.Data = text[i:len(text):len(text)]
	}
	if err := p.check(limits); err != nil {
		return Packet{}, err
	}
	return p, nil
}

func decodeAttachments(text []byte, i, limit int) (n, next int, err error) {
	start := i
	for ; i < len(text) && text[i] >= '0' && text[i] <= '9'; i++ {
		if n = n*10 + int(text[i]-'0'); n > limit {
			return 0, 0, fmt.Errorf("%w: more than %d", ErrAttachments, limit)
		}
	}
	if i == start || n == 0 || i >= len(text) || text[i] != '-' {
		return 0, 0, ErrAttachments
	}
	return n, i + 1, nil
}

// Check does for a packet that was decoded in another way what [Decode] does: it
// holds its type, id, number of attachments and payload against the limits and
// fills Event and Args. What Decode returned needs no Check.
func (p *Packet) Check(limits Limits) error {
	limits = limits.orDefaults()
	switch {
	case p.Type > BinaryAck:
		return ErrType
	case p.ID > MaxID:
		return ErrID
	case p.Attachments > limits.Attachments, p.Attachments > 0 && !p.Type.Binary() && p.Type.With(p.Attachments) == p.Type:
		return ErrAttachments
	}
	return p.check(limits)
}

// check holds the payload against the shape its type asks for.
func (p *Packet) check(limits Limits) error {
	switch p.Type {
	case Connect:
		return p.checkValue(limits, "{")
	case Disconnect:
		if p.Data != nil {
			return ErrPayload
		}
		return nil
	case ConnectError:
		return p.checkValue(limits, `{"`)
	}
	return p.checkArray(limits)
}

// checkValue accepts no payload, or one value that begins with one of first.
func (p *Packet) checkValue(limits Limits, first string) error {
	if p.Data == nil {
		return nil
	}
	i := skipSpace(p.Data, 0)
	if i >= len(p.Data) || p.Data[i] != first[0] && p.Data[i] != first[len(first)-1] {
		return ErrPayload
	}
	return scanWhole(p.Data, limits.Depth)
}

func scanWhole(data []byte, depth int) error {
	i, err := scanValue(data, 0, depth)
	if err != nil {
		return payloadError(err)
	}
	if skipSpace(data, i) != len(data) {
		return ErrPayload
	}
	return nil
}

// checkArray accepts an array, and fills Event and Args.
func (p *Packet) checkArray(limits Limits) error {
	data := p.Data
	event := p.Type == Event || p.Type == BinaryEvent
	limit := limits.Args
	if event {
		limit++ // the name
	}
	i, count := skipSpace(data, 0), 0
	if i >= len(data) || data[i] != '[' {
		return ErrPayload
	}
	i = skipSpace(data, i+1)
	empty := i < len(data) && data[i] == ']'
	for more := !empty; more; count++ {
		if count == limit {
			return ErrArgs
		}
		start := skipSpace(data, i)
		end, err := scanValue(data, start, limits.Depth-1)
		if err != nil {
			return payloadError(err)
		}
		if event && count == 0 {
			if p.Event, err = eventName(data[start:end:end], limits.EventName); err != nil {
				return err
			}
		}
		i = skipSpace(data, end)
		if i >= len(data) || data[i] != ',' && data[i] != ']' {
			return ErrPayload
		}
		if more = data[i] == ','; more {
			i++
		}
	}
	if skipSpace(data, i+1) != len(data) || event && empty {
		return ErrPayload
	}
	p.Args = count
	if event {
		p.Args--
	}
	return nil
}

// eventName reads an event's name: a string that is not reserved, or a number,
// which is known by the way it was written.
func eventName(raw []byte, limit int) ([]byte, error) {
	name := raw
	switch c := raw[0]; {
	case c == '"':
		name = raw[1 : len(raw)-1 : len(raw)-1]
		for _, b := range name {
			if b == '\\' {
				var s string
				if json.Unmarshal(raw, &s) != nil {
					return nil, ErrEvent
				}
				name = []byte(s)
				break
			}
		}
	case c != '-' && (c < '0' || c > '9'):
		return nil, ErrEvent
	}
	if len(name) > limit || Reserved(name) {
		return nil, ErrEvent
	}
	return name, nil
}

func payloadError(err error) error {
	if errors.Is(err, ErrDepth) {
		return err
	}
	return ErrPayload
}
