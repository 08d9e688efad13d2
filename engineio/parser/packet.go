package parser

import (
	"encoding/base64"
	"errors"
	"fmt"
)

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

// binaryPrefix starts a binary message in a place where only text can travel.
const binaryPrefix = 'b'

// ErrUnknownType is the error of a packet that is empty or whose first
// character is no packet type.
var ErrUnknownType = errors.New("unknown packet type")

// ErrBase64 is the error of a binary message that is not base64.
var ErrBase64 = errors.New("invalid base64")

// A Packet is one Engine.IO packet.
type Packet struct {
	Type   Type
	Data   []byte // without the type
	Binary bool   // only for Message
}

// DecodePacket decodes the text form of a packet. The packet's Data shares
// memory with text, except that a binary message has memory of its own.
// Errors wrap ErrUnknownType or ErrBase64.
func DecodePacket(text []byte) (Packet, error) {
	if len(text) == 0 {
		return Packet{}, fmt.Errorf("decode packet: %w: empty", ErrUnknownType)
	}
	switch first := text[0]; {
	case first == binaryPrefix:
		data, err := decodeBase64(text[1:])
		if err != nil {
			return Packet{}, fmt.Errorf("decode packet: %w", err)
		}
		return Packet{Type: Message, Data: data, Binary: true}, nil
	case first >= byte(Open) && first <= byte(Noop):
		return Packet{Type: Type(first), Data: text[1:]}, nil
	default:
		return Packet{}, fmt.Errorf("decode packet: %w: %q", ErrUnknownType, first)
	}
}

// AppendPacket appends the text form of a packet to dst: binary messages in
// base64.
func AppendPacket(dst []byte, p Packet) []byte {
	if p.Binary {
		dst = append(dst, binaryPrefix)
		return base64.StdEncoding.AppendEncode(dst, p.Data)
	}
	return append(append(dst, byte(p.Type)), p.Data...)
}

// decodeBase64 accepts the standard alphabet with or without padding: some
// clients leave it out.
func decodeBase64(text []byte) ([]byte, error) {
	for range 2 {
		if len(text) > 0 && len(text)%4 != 1 && text[len(text)-1] == '=' {
			text = text[:len(text)-1]
		}
	}
	data := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, err := base64.RawStdEncoding.Decode(data, text)
	if err != nil {
		return nil, ErrBase64
	}
	return data[:n], nil
}
