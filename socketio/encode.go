package socketio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio/parser"
)

// message is a packet ready to be sent: the text, then its attachments.
type message struct {
	frames      []*engineio.Frame
	data        []byte // the JSON array within the first frame
	attachments [][]byte
	plain       bool // not to be compressed, nor are frames
}

// uncompressed is the message in frames that are not compressed on their way.
func (m message) uncompressed() message {
	frames := make([]*engineio.Frame, len(m.frames))
	for i, f := range m.frames {
		frames[i] = f.Plain()
	}
	m.frames, m.plain = frames, true
	return m
}

// scratch is what encoding a packet needs and leaves behind.
type scratch struct {
	buf bytes.Buffer
	enc *json.Encoder
}

// maxScratch is the largest buffer that is kept for reuse.
const maxScratch = 64 << 10 // bytes

var scratches = sync.Pool{New: func() any {
	sc := new(scratch)
	sc.enc = json.NewEncoder(&sc.buf)
	sc.enc.SetEscapeHTML(false) // as JSON.stringify: this is no HTML
	return sc
}}

func (sc *scratch) release() {
	if sc.buf.Cap() <= maxScratch {
		sc.buf.Reset()
		scratches.Put(sc)
	}
}

// value appends v as JSON.
func (sc *scratch) value(v any) error {
	if raw, ok := v.(json.RawMessage); ok && json.Valid(raw) {
		sc.buf.Write(raw)
		return nil
	}
	if err := sc.enc.Encode(v); err != nil {
		return err
	}
	sc.buf.Truncate(sc.buf.Len() - 1) // the newline the encoder ends with
	return nil
}

// text appends a string as JSON.
func (sc *scratch) text(s string) error {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return sc.value(s)
		}
	}
	sc.buf.WriteByte('"')
	sc.buf.WriteString(s)
	sc.buf.WriteByte('"')
	return nil
}

// encodeEvent encodes EVENT or BINARY_EVENT.
func encodeEvent(ns *Namespace, event string, id uint64, hasID bool, args []any) (message, error) {
	if parser.Reserved(event) {
		return message{}, fmt.Errorf("%w: %q", ErrReservedEvent, event)
	}
	sc := scratches.Get().(*scratch)
	defer sc.release()
	sc.buf.WriteByte('[')
	if err := sc.text(event); err != nil {
		return message{}, err
	}
	attachments, err := sc.values(args, true)
	if err == nil {
		var msg message
		if msg, err = newMessage(ns.srv.opts.Parser, ns.name, parser.Event, id, hasID, sc.buf.Bytes(), attachments); err == nil {
			return msg, nil
		}
	}
	return message{}, fmt.Errorf("encode %q: %w", event, err)
}

// encodeAck encodes ACK or BINARY_ACK.
func encodeAck(ns *Namespace, id uint64, args []any) (message, error) {
	sc := scratches.Get().(*scratch)
	defer sc.release()
	sc.buf.WriteByte('[')
	attachments, err := sc.values(args, false)
	if err == nil {
		var msg message
		if msg, err = newMessage(ns.srv.opts.Parser, ns.name, parser.Ack, id, true, sc.buf.Bytes(), attachments); err == nil {
			return msg, nil
		}
	}
	return message{}, fmt.Errorf("encode acknowledgement: %w", err)
}

// values appends args and the bracket that ends their array. comma: something
// stands before them.
func (sc *scratch) values(args []any, comma bool) (attachments [][]byte, err error) {
	for _, arg := range args {
		if comma {
			sc.buf.WriteByte(',')
		}
		comma = true
		if s, ok := arg.(string); ok {
			err = sc.text(s)
		} else if !mayHoldBytes(arg) {
			err = sc.value(arg)
		} else {
			attachments, err = sc.binaryValue(arg, attachments)
		}
		if err != nil {
			return nil, err
		}
	}
	sc.buf.WriteByte(']')
	return attachments, nil
}

// newMessage builds the frames of a packet with that payload, which it copies. t
// is that of a packet without attachments. enc is Options.Parser; only it can fail.
func newMessage(enc Parser, namespace string, t parser.Type, id uint64, hasID bool, payload []byte, attachments [][]byte) (message, error) {
	t = t.With(len(attachments))
	if enc != nil {
		return newCustomMessage(enc, parser.Packet{
			Type: t, Namespace: []byte(namespace), ID: id, HasID: hasID, Attachments: len(attachments), Data: bytes.Clone(payload),
		}, attachments)
	}
	const longestNumbers = 32 // type, attachments, id and their separators
	buf := make([]byte, engineio.FrameRoom, engineio.FrameRoom+longestNumbers+len(namespace)+len(payload))
	buf = parser.AppendHeader(buf, t, len(attachments), namespace, id, hasID)
	at := len(buf)
	buf = append(buf, payload...)
	msg := message{data: buf[at:], attachments: attachments}
	msg.frames = make([]*engineio.Frame, 1, 1+len(attachments))
	msg.frames[0] = engineio.NewFrameInPlace(buf, false)
	for _, b := range attachments {
		msg.frames = append(msg.frames, engineio.NewFrame(b, true))
	}
	return msg, nil
}

// newBroadcastFrames encodes an event that came from another process.
// hasID: its clients are to acknowledge it under b.id.
func newBroadcastFrames(ns *Namespace, b *Broadcast, hasID bool) ([]*engineio.Frame, error) {
	msg, err := newMessage(ns.srv.opts.Parser, ns.name, parser.Event, b.id, hasID, b.Data, b.Attachments)
	if b.Uncompressed {
		msg = msg.uncompressed()
	}
	return msg.frames, err
}
