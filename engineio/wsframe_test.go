package engineio_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/storywire/storywire/engineio"
)

// A frame under construction: op(1).data("x").bytes().
type wsFrame struct {
	first   byte
	payload string
	mask    [4]byte
	bare    bool  // no mask
	length  int64 // declared instead of the payload's, if not 0
}

func op(opcode byte) wsFrame {
	return wsFrame{first: 0x80 | opcode, mask: [4]byte{0x37, 0xfa, 0x21, 0x3d}}
}
func (f wsFrame) data(s string) wsFrame { f.payload = s; return f }
func (f wsFrame) more() wsFrame         { f.first &^= 0x80; return f }
func (f wsFrame) rsv(bits byte) wsFrame { f.first |= bits; return f }
func (f wsFrame) unmasked() wsFrame     { f.bare = true; return f }
func (f wsFrame) says(n int64) wsFrame  { f.length = n; return f }

func (f wsFrame) bytes() []byte {
	n := int64(len(f.payload))
	if f.length != 0 {
		n = f.length
	}
	out := []byte{f.first}
	switch {
	case n < 126:
		out = append(out, byte(n))
	case n <= 0xffff:
		out = binary.BigEndian.AppendUint16(append(out, 126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 127), uint64(n))
	}
	if f.bare {
		return append(out, f.payload...)
	}
	out[1] |= 0x80
	out = append(out, f.mask[:]...)
	for i := range len(f.payload) {
		out = append(out, f.payload[i]^f.mask[i%4])
	}
	return out
}

func wire(frames ...wsFrame) (out []byte) {
	for _, f := range frames {
		out = append(out, f.bytes()...)
	}
	return out
}

func closeWith(code int, reason string) wsFrame {
	return op(8).data(string([]byte{byte(code >> 8), byte(code)}) + reason)
}

const (
	testPayload   = 1000
	testFragments = 5
)

// parse feeds the stream in chunks of the sizes that next returns, and renders
// what comes out.
func parse(stream []byte, next func() int) (events string, code uint16, p *engineio.FrameParser) {
	p = engineio.NewFrameParser(testPayload, testFragments)
	var out strings.Builder
	stream = bytes.Clone(stream)
	for len(stream) > 0 {
		n := min(next(), len(stream))
		err := p.Feed(stream[:n],
			func(data []byte, binary bool) { fmt.Fprintf(&out, "%s(%q)", kindOf(binary), data) },
			func(opcode byte, payload []byte) { fmt.Fprintf(&out, "%x(%q)", opcode, payload) })
		if err != nil {
			return out.String(), engineio.FrameErrorCode(err), p
		}
		stream = stream[n:]
	}
	return out.String(), 0, p
}

func kindOf(binary bool) string {
	if binary {
		return "bin"
	}
	return "text"
}

func TestFrameParser(t *testing.T) {
	x126, x64k := strings.Repeat("x", 126), strings.Repeat("x", testPayload)
	for _, tt := range []struct {
		name string
		in   []byte
		want string
		code uint16
	}{
		{"text", wire(op(1).data("hello")), `text("hello")`, 0},
		{"binary", wire(op(2).data("\xff\x00")), `bin("\xff\x00")`, 0},
		{"empty", wire(op(1), op(2)), `text("")bin("")`, 0},
		{"two in a row", wire(op(1).data("a"), op(1).data("b")), `text("a")text("b")`, 0},
		{"16 bit length", wire(op(1).data(x126)), fmt.Sprintf("text(%q)", x126), 0},
		{"64 bit length", []byte("\x81\xff\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00x"), `text("x")`, 0},
		{"fragments", wire(op(1).more().data("a"), op(0).more().data("b"), op(0).data("c")), `text("abc")`, 0},
		{"empty fragments", wire(op(2).more(), op(0).more(), op(0)), `bin("")`, 0},
		{"control between fragments", wire(op(1).more().data("a"), op(9).data("p"), op(0).data("b")), `9("p")text("ab")`, 0},
		{"ping, pong", wire(op(9), op(10).data("x")), `9("")a("x")`, 0},
		{"largest control", wire(op(9).data(x126[:125])), fmt.Sprintf("9(%q)", x126[:125]), 0},
		{"close", wire(op(8)), `8("")`, 0},
		{"close with code", wire(closeWith(1000, "bye")), `8("\x03\xe8bye")`, 0},
		{"close 4999", wire(closeWith(4999, "")), `8("\x13\x87")`, 0},
		{"exactly the limit", wire(op(1).data(x64k)), fmt.Sprintf("text(%q)", x64k), 0},
		{"limit in fragments", wire(op(2).more().data(x64k[:999]), op(0).data("x")), fmt.Sprintf("bin(%q)", x64k), 0},
		{"fragment limit", wire(op(1).more(), op(0).more(), op(0).more(), op(0).more(), op(0)), `text("")`, 0},
		{"utf-8 over fragments", wire(op(1).more().data("\xf0\x9d"), op(0).more().data("\x84"), op(0).data("\x9e")), `text("𝄞")`, 0},
		{"bad utf-8 in binary", wire(op(2).more().data("\xff"), op(0).data("\xfe")), `bin("\xff\xfe")`, 0},

		{"unmasked", wire(op(1).data("a").unmasked()), "", 1002},
		{"rsv1", wire(op(1).data("a").rsv(0x40)), "", 1002},
		{"rsv2", wire(op(1).data("a").rsv(0x20)), "", 1002},
		{"rsv3 on control", wire(op(9).rsv(0x10)), "", 1002},
		{"opcode 3", wire(op(3)), "", 1002},
		{"opcode 11", wire(op(11)), "", 1002},
		{"message, then opcode 15", wire(op(1).data("a"), op(15)), `text("a")`, 1002},
		{"continuation first", wire(op(0).data("a")), "", 1002},
		{"continuation after the end", wire(op(1).data("a"), op(0).data("b")), `text("a")`, 1002},
		{"text within text", wire(op(1).more().data("a"), op(1).data("b")), "", 1002},
		{"fragmented ping", wire(op(9).more()), "", 1002},
		{"ping of 126", wire(op(9).data(x126)), "", 1002},
		{"close of 1", wire(op(8).data("a")), "", 1002},
		{"close 999", wire(closeWith(999, "")), "", 1002},
		{"close 1004", wire(closeWith(1004, "")), "", 1002},
		{"close 1005", wire(closeWith(1005, "")), "", 1002},
		{"close 1006", wire(closeWith(1006, "")), "", 1002},
		{"close 1015", wire(closeWith(1015, "")), "", 1002},
		{"close 2999", wire(closeWith(2999, "")), "", 1002},
		{"close 5000", wire(closeWith(5000, "")), "", 1002},
		{"close with bad reason", wire(closeWith(1000, "\xff")), "", 1007},
		{"bad utf-8", wire(op(1).data("\xce\xba\xed\xa0\x80")), "", 1007},
		{"overlong utf-8", wire(op(1).data("\xc0\xaf")), "", 1007},
		{"utf-8 cut at the end", wire(op(1).data("a\xe2\x82")), "", 1007},
		{"utf-8 cut at the last fragment", wire(op(1).more().data("\xe2"), op(0).data("\x82")), "", 1007},
		{"bad utf-8 before the end", wire(op(1).more().data("a\xf4\x90\x80\x80")), "", 1007},
		{"limit + 1", wire(op(1).data(x64k + "x")), "", 1009},
		{"limit + 1 in fragments", wire(op(1).more().data(x64k), op(0).data("x")), "", 1009},
		{"declared exabytes", wire(op(2).says(1 << 62)), "", 1009},
		{"negative length", []byte("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"), "", 1009},
		{"fragments + 1", wire(op(1).more(), op(0).more(), op(0).more(), op(0).more(), op(0).more(), op(0)), "", 1008},
	} {
		for _, chunk := range []int{1, 2, 3, 7, 1 << 20} {
			got, code, _ := parse(tt.in, func() int { return chunk })
			if got != tt.want || code != tt.code {
				t.Errorf("%s in chunks of %d: got %.80s, code %d, want %.80s, code %d", tt.name, chunk, got, code, tt.want, tt.code)
			}
		}
	}
}

func TestFrameParserAllocatesByWhatArrives(t *testing.T) {
	p := engineio.NewFrameParser(1<<30, 1)
	stream := wire(op(2).says(1 << 30).data("0123456789"))
	err := p.Feed(stream, func([]byte, bool) { t.Error("message") }, func(byte, []byte) {})
	if err != nil || p.Buffered() > 1024 {
		t.Errorf("after 10 bytes of 1 GiB: %v, %d bytes held", err, p.Buffered())
	}
}

func TestFrameParserHoldsNothingBetweenMessages(t *testing.T) {
	in := wire(op(9).data("ping"), op(1).more().data("a"), op(9).data("ping"), op(0).data("b"))
	if _, code, p := parse(in, func() int { return 1 }); code != 0 || !p.Idle() {
		t.Errorf("code %d, idle %v", code, p.Idle())
	}
}

func TestUnmask(t *testing.T) {
	for size := range 70 {
		for split := range size + 1 {
			data := make([]byte, size)
			mask := uint32(0x3d21fa37)
			mask = engineio.Unmask(data[:split], mask)
			engineio.Unmask(data[split:], mask)
			for i, b := range data {
				if want := []byte{0x37, 0xfa, 0x21, 0x3d}[i%4]; b != want {
					t.Fatalf("size %d, split %d: byte %d is %#x, want %#x", size, split, i, b, want)
				}
			}
		}
	}
}

// FuzzFrameParser: what comes out does not depend on how the bytes come in.
func FuzzFrameParser(f *testing.F) {
	f.Add(wire(op(1).more().data("é"), op(9).data("p"), op(0).data("€")), uint64(1))
	f.Add(wire(op(2).data("\xff"), closeWith(1000, "ok")), uint64(2))
	f.Add(wire(op(1).data("\xff")), uint64(3))
	f.Add(wire(op(1).data(strings.Repeat("é", 300)), op(2).says(1<<40)), uint64(4))
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) {
		whole, code, _ := parse(stream, func() int { return len(stream) })
		rnd := rand.New(rand.NewPCG(seed, 0))
		cut, cutCode, _ := parse(stream, func() int { return 1 + rnd.IntN(9) })
		if whole != cut || code != cutCode {
			t.Errorf("whole: %s, %d; in pieces: %s, %d", whole, code, cut, cutCode)
		}
	})
}
