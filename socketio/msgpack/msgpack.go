// Package msgpack is the parser for clients that are configured with npm's
// socket.io-msgpack-parser, version 3: a packet, with its binary values, is one
// binary message in MessagePack.
//
//	io := socketio.NewServer(socketio.Options{Parser: msgpack.Parser{}})
//
//	// in the browser
//	import * as parser from "socket.io-msgpack-parser";
//	const socket = io({ parser });
//
// Handlers and emitters notice nothing, except that dates of clients arrive as
// strings in ISO format, and that undefined is null.
package msgpack

import (
	"errors"
	"fmt"

	codec "github.com/storywire/storywire/socketio/internal/msgpack"

	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/parser"
)

// Parser encodes packets in MessagePack. Its zero value is ready.
type Parser struct{}

var _ socketio.Parser = Parser{}

// What Decode refuses, besides what package parser does.
var (
	ErrText      = errors.New("msgpack: text where MessagePack is expected")
	ErrNamespace = errors.New("msgpack: namespace without a slash")
)

// Append implements [socketio.Parser].
func (Parser) Append(dst []byte, p parser.Packet, attachments [][]byte) ([]byte, bool, error) {
	members := 2
	if p.Data != nil {
		members++
	}
	if p.HasID {
		members++
	}
	dst = codec.AppendMap(dst, members)
	dst = codec.AppendString(dst, "type")
	dst = codec.AppendUint(dst, uint64(plain(p.Type)))
	if p.Data != nil {
		dst = codec.AppendString(dst, "data")
		var err error
		if dst, err = codec.AppendJSON(dst, p.Data, attachments); err != nil {
			return nil, true, err
		}
	}
	dst = codec.AppendString(dst, "nsp")
	if len(p.Namespace) == 0 {
		dst = codec.AppendString(dst, "/")
	} else {
		dst = codec.AppendString(dst, p.Namespace)
	}
	if p.HasID {
		dst = codec.AppendString(dst, "id")
		dst = codec.AppendUint(dst, p.ID)
	}
	return dst, true, nil
}

// plain returns the type without the distinction that binary values make in text.
func plain(t parser.Type) parser.Type {
	switch t {
	case parser.BinaryEvent:
		return parser.Event
	case parser.BinaryAck:
		return parser.Ack
	}
	return t
}

// Decode implements [socketio.Parser].
func (Parser) Decode(msg []byte, binary bool, limits parser.Limits) (parser.Packet, [][]byte, error) {
	if !binary {
		return parser.Packet{}, nil, ErrText
	}
	d := decoder{Reader: codec.NewReader(msg), kind: -1, limits: limits}
	d.MaxBinary = limits.Attachments
	if d.MaxBinary <= 0 {
		d.MaxBinary = parser.DefaultAttachments
	}
	members, err := d.Map()
	for range members {
		if err == nil {
			err = d.member()
		}
	}
	if err == nil {
		err = d.End()
	}
	if err == nil {
		err = d.finish()
	}
	if err != nil {
		return parser.Packet{}, nil, fmt.Errorf("decode packet: %w", err)
	}
	return d.packet, d.attachments, nil
}

// decoder reads the members of one packet.
type decoder struct {
	*codec.Reader
	limits      parser.Limits
	kind        int64
	packet      parser.Packet
	attachments [][]byte
}

func (d *decoder) member() error {
	key, err := d.Key()
	if err != nil {
		return err
	}
	switch key {
	case "type":
		d.kind, err = d.Int()
	case "nsp":
		var name string
		name, err = d.Text()
		d.packet.Namespace = []byte(name)
	case "id":
		if !d.Undefined() {
			err = d.id()
		}
	case "data":
		if !d.Undefined() {
			err = d.data()
		}
	default:
		err = d.Skip()
	}
	return err
}

func (d *decoder) id() error {
	n, err := d.Int()
	if err == nil && (n < 0 || n > parser.MaxID) {
		err = parser.ErrID
	}
	d.packet.ID, d.packet.HasID = uint64(n), true
	return err
}

// data reads the payload, once: a packet of many would be worked on for long.
func (d *decoder) data() (err error) {
	if d.packet.Data != nil {
		return parser.ErrPayload
	}
	d.packet.Data, d.attachments, err = d.JSON(make([]byte, 0, d.Left()), nil, d.depth())
	return err
}

func (d *decoder) depth() int {
	if n := d.limits.Depth; n > 0 {
		return min(n, parser.DefaultDepth)
	}
	return parser.DefaultDepth
}

// finish checks what [parser.Packet.Check] cannot, and lets go of the message.
func (d *decoder) finish() error {
	p := &d.packet
	if d.kind < 0 || d.kind > int64(parser.ConnectError) {
		return parser.ErrType
	}
	p.Type = parser.Type(d.kind)
	if len(p.Namespace) == 0 || p.Namespace[0] != '/' {
		return ErrNamespace
	}
	if len(p.Namespace) == 1 {
		p.Namespace = nil
	}
	for i, b := range d.attachments {
		d.attachments[i] = append([]byte{}, b...)
	}
	return nil
}
