package parser_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/storywire/storywire/engineio/parser"
)

// golden3 holds the vectors of testdata/revision3.json, which the JavaScript
// parser of that revision satisfies too, but for those it does not refuse.
type golden3 struct {
	Payloads []struct {
		Packets []struct {
			Type  string
			Text  string
			Bytes *[]int
		}
		Text   string
		Binary []int
	}
	Invalid       []string
	Strict        []string
	InvalidBinary [][]int
}

func readGolden3(t testing.TB) golden3 {
	t.Helper()
	data, err := os.ReadFile("testdata/revision3.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden3
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func bytesOf(ints []int) []byte {
	b := make([]byte, len(ints))
	for i, n := range ints {
		b[i] = byte(n)
	}
	return b
}

func decodeAll3(body []byte, binary bool) (packets []parser.Packet, err error) {
	err = parser.DecodePayloadV3(body, binary, func(p parser.Packet) error {
		packets = append(packets, p)
		return nil
	})
	return packets, err
}

func equal(a, b []parser.Packet) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Type != b[i].Type || a[i].Binary != b[i].Binary || !bytes.Equal(a[i].Data, b[i].Data) {
			return false
		}
	}
	return true
}

func TestPayloadsOfRevision3MatchGolden(t *testing.T) {
	for _, v := range readGolden3(t).Payloads {
		var want []parser.Packet
		for _, p := range v.Packets {
			packet := parser.Packet{Type: typeNames[p.Type], Data: []byte(p.Text)}
			if p.Bytes != nil {
				packet.Binary, packet.Data = true, bytesOf(*p.Bytes)
			}
			want = append(want, packet)
		}
		for _, binary := range []bool{false, true} {
			encoded := []byte(v.Text)
			if binary {
				encoded = bytesOf(v.Binary)
			}
			got, err := decodeAll3(bytes.Clone(encoded), binary)
			if err != nil || !equal(got, want) {
				t.Errorf("DecodePayloadV3(%q) = %v, %v, want %v", encoded, got, err, want)
			}
			if again := parser.AppendPayloadV3(nil, binary, want...); !bytes.Equal(again, encoded) {
				t.Errorf("AppendPayloadV3(%v) = %q, want %q", want, again, encoded)
			}
		}
	}
}

func TestInvalidPayloadsOfRevision3AreRefused(t *testing.T) {
	g := readGolden3(t)
	for _, in := range append(g.Invalid, g.Strict...) {
		if packets, err := decodeAll3([]byte(in), false); err == nil {
			t.Errorf("DecodePayloadV3(%q) = %v", in, packets)
		}
	}
	for _, in := range g.InvalidBinary {
		if packets, err := decodeAll3(bytesOf(in), true); err == nil {
			t.Errorf("DecodePayloadV3(%v) = %v", in, packets)
		}
	}
}

// FuzzDecodePayloadV3: what decodes encodes again to something that decodes to
// the same.
func FuzzDecodePayloadV3(f *testing.F) {
	g := readGolden3(f)
	for _, v := range g.Payloads {
		f.Add([]byte(v.Text), false)
		f.Add(bytesOf(v.Binary), true)
	}
	for _, in := range append(g.Invalid, g.Strict...) {
		f.Add([]byte(in), false)
	}
	for _, in := range g.InvalidBinary {
		f.Add(bytesOf(in), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, binary bool) {
		if !binary {
			body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
		}
		packets, err := decodeAll3(body, binary)
		if err != nil {
			return
		}
		again := parser.AppendPayloadV3(nil, binary, packets...)
		if got, err := decodeAll3(again, binary); len(packets) > 0 && (err != nil || !equal(got, packets)) {
			t.Errorf("%q: %v, then %v, %v", body, packets, got, err)
		}
	})
}
