//go:build linux

package load_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/storywire/storywire/bench/load"
)

// serverFrame builds an unmasked frame as a server sends it.
func serverFrame(op byte, payload string) []byte {
	f := []byte{0x80 | op}
	switch n := len(payload); {
	case n < 126:
		f = append(f, byte(n))
	default:
		f = append(f, 126)
		f = binary.BigEndian.AppendUint16(f, uint16(n))
	}
	return append(f, payload...)
}

func TestNextFrameInPieces(t *testing.T) {
	want := []string{"", "2", strings.Repeat("a", 125), strings.Repeat("b", 126), strings.Repeat("c", 5000), "4"}
	var stream []byte
	for _, p := range want {
		stream = append(stream, serverFrame(1, p)...)
	}
	for _, step := range []int{1, 2, 3, 7, 127, 4096, len(stream)} {
		var got []string
		var kept []byte
		for piece := range slices.Chunk(stream, step) {
			kept = append(kept, piece...)
			for {
				op, p, n, err := load.NextFrame(kept)
				if err != nil || n > 0 && op != 1 {
					t.Fatalf("step %d: NextFrame = opcode %d, %v", step, op, err)
				}
				if n == 0 {
					break
				}
				got = append(got, string(p))
				kept = kept[n:]
			}
		}
		if !slices.Equal(got, want) || len(kept) != 0 {
			t.Errorf("step %d: %d frames and %d bytes left, want %d and 0", step, len(got), len(kept), len(want))
		}
	}
}

func TestNextFrameRefuses(t *testing.T) {
	for name, b := range map[string][]byte{
		"masked":     {0x81, 0x85, 1, 2, 3, 4},
		"fragment":   {0x01, 0x01, 'a'},
		"compressed": {0xc1, 0x01, 'a'},
		"64 bits":    {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0},
	} {
		if _, _, n, err := load.NextFrame(b); err == nil || n != 0 {
			t.Errorf("%s: NextFrame(%x) = %d bytes, %v, want an error", name, b, n, err)
		}
	}
}

func FuzzNextFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add(serverFrame(1, "42/ws,[\"said\"]"))
	f.Add(serverFrame(9, strings.Repeat("x", 300)))
	f.Fuzz(func(t *testing.T, b []byte) {
		op, p, n, err := load.NextFrame(b)
		if err != nil || n == 0 {
			return
		}
		if n > len(b) || len(p) > n-2 || op != b[0]&0x0f {
			t.Fatalf("NextFrame(%x) = opcode %d, payload of %d, %d bytes", b, op, len(p), n)
		}
	})
}

func FuzzAppendMasked(f *testing.F) {
	f.Add("")
	f.Add("42/ws,[]")
	f.Add(strings.Repeat("y", 70000))
	f.Fuzz(func(t *testing.T, payload string) {
		got := readMasked(bytes.NewReader(load.AppendMasked(nil, payload)))
		if got != payload {
			t.Errorf("unmasked %q, want %q", got, payload)
		}
	})
}
