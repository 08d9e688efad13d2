package parser

import "bytes"

// Separator stands between the packets of a payload.
const Separator = 0x1e

// DecodePayload decodes the body of a polling request and calls fn with each
// packet in order. It stops at the first error of decoding or of fn and
// returns it; the packets before were delivered.
func DecodePayload(body []byte, fn func(Packet) error) error {
	for {
		text, rest, more := bytes.Cut(body, []byte{Separator})
		p, err := DecodePacket(text)
		if err != nil {
			return err
		}
		if err := fn(p); err != nil {
			return err
		}
		if !more {
			return nil
		}
		body = rest
	}
}

// AppendPayload appends the packets, separated, to dst. dst must be empty or
// hold something else than packets: no separator is put in front of the first.
func AppendPayload(dst []byte, packets ...Packet) []byte {
	for i, p := range packets {
		if i > 0 {
			dst = append(dst, Separator)
		}
		dst = AppendPacket(dst, p)
	}
	return dst
}
