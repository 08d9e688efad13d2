package socketio

import (
	"github.com/storywire/storywire/engineio"
	"github.com/storywire/storywire/socketio/parser"
)

// A Parser is another encoding of packets than the text of package parser, see
// Options.Parser; that of package msgpack is one. Its clients must be configured
// with the same. A packet is one message of the connection, and no state is kept
// between packets. Methods are called by many goroutines at once.
type Parser interface {
	// Append appends the message that carries p to dst and tells whether it is
	// binary; text must be UTF-8. p.Data is JSON in which placeholders stand for
	// attachments. It must change neither and keep nothing.
	Append(dst []byte, p parser.Packet, attachments [][]byte) (msg []byte, binary bool, err error)
	// Decode reads one message, which comes from a stranger. What it returns must
	// not alias msg. It fills the packet's Type, Namespace, ID, HasID and, with
	// valid JSON, Data; it should go no deeper than the limits, and return no more
	// attachments than they allow. The rest is checked by [parser.Packet.Check].
	Decode(msg []byte, binary bool, limits parser.Limits) (p parser.Packet, attachments [][]byte, err error)
}

// newCustomMessage is newMessage with a Parser of the program. It keeps p.Data.
func newCustomMessage(enc Parser, p parser.Packet, attachments [][]byte) (message, error) {
	buf, binary, err := enc.Append(make([]byte, engineio.FrameRoom, engineio.FrameRoom+64+len(p.Data)), p, attachments)
	if err != nil {
		return message{}, err
	}
	frame := engineio.NewFrameInPlace(buf, binary)
	return message{frames: []*engineio.Frame{frame}, data: p.Data, attachments: attachments}, nil
}

// custom takes one message of a client that uses Options.Parser.
func (c *conn) custom(msg []byte, binary bool) {
	limits := c.srv.opts.Limits
	p, attachments, err := c.srv.opts.Parser.Decode(msg, binary, limits.Packet)
	p.Attachments = len(attachments)
	if err == nil {
		err = p.Check(limits.Packet)
	}
	if err == nil && p.Attachments > 0 {
		err = parser.CheckPlaceholders(p.Data, p.Attachments)
	}
	total := 0
	for _, b := range attachments {
		total += len(b)
	}
	if err == nil && total > limits.AttachmentBytes {
		err = errTooManyBytes
	}
	if err != nil {
		c.fail(err)
		return
	}
	if attachments == nil {
		attachments = [][]byte{} // p.Data is ours already
	}
	if s := c.recipient(p); s != nil {
		c.packet(s, p, attachments)
	}
}

// control encodes a packet of the connection itself. If Options.Parser fails, which is its
// mistake, the connection is closed, and there is no frame.
func (c *conn) control(namespace string, t parser.Type, payload []byte) *engineio.Frame {
	msg, err := newMessage(c.srv.opts.Parser, namespace, t, 0, false, payload, nil)
	if err != nil {
		c.srv.opts.Logger.Error("socketio: parser cannot encode", "namespace", namespace, "type", t.String(), "err", err)
		c.session.Close(engineio.ForcedClose)
		return nil
	}
	return msg.frames[0]
}
