package parser_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/storywire/storywire/engineio/parser"
)

// golden holds the vectors of testdata/packets.json, which the JavaScript
// parser satisfies too.
type golden struct {
	Packets []struct {
		Encoded string
		Type    string
		Text    string
		Bytes   []int
	}
	Payloads []struct {
		Encoded string
		Packets []string
	}
	Invalid []string
}

var typeNames = map[string]parser.Type{
	"open": parser.Open, "close": parser.Close, "ping": parser.Ping, "pong": parser.Pong,
	"message": parser.Message, "upgrade": parser.Upgrade, "noop": parser.Noop,
}

func readGolden(t testing.TB) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/packets.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestPacketsMatchGolden(t *testing.T) {
	for _, v := range readGolden(t).Packets {
		want := parser.Packet{Type: typeNames[v.Type], Data: []byte(v.Text)}
		if v.Bytes != nil {
			want.Binary, want.Data = true, nil
			for _, b := range v.Bytes {
				want.Data = append(want.Data, byte(b))
			}
		}
		got, err := parser.DecodePacket([]byte(v.Encoded))
		if err != nil {
			t.Errorf("DecodePacket(%q): %v", v.Encoded, err)
			continue
		}
		if got.Type != want.Type || got.Binary != want.Binary || !bytes.Equal(got.Data, want.Data) {
			t.Errorf("DecodePacket(%q) = %v, want %v", v.Encoded, got, want)
		}
		if enc := parser.AppendPacket(nil, want); string(enc) != v.Encoded {
			t.Errorf("AppendPacket(%v) = %q, want %q", want, enc, v.Encoded)
		}
	}
}

func TestPayloadsMatchGolden(t *testing.T) {
	for _, v := range readGolden(t).Payloads {
		packets, err := decodeAll([]byte(v.Encoded))
		if err != nil || len(packets) != len(v.Packets) {
			t.Errorf("DecodePayload(%q) = %v, %v", v.Encoded, packets, err)
			continue
		}
		for i, p := range packets {
			if got := string(parser.AppendPacket(nil, p)); got != v.Packets[i] {
				t.Errorf("DecodePayload(%q)[%d] = %q, want %q", v.Encoded, i, got, v.Packets[i])
			}
		}
		if enc := parser.AppendPayload(nil, packets...); string(enc) != v.Encoded {
			t.Errorf("AppendPayload(%q) = %q", v.Encoded, enc)
		}
	}
}

func TestInvalidPayloadsAreRefused(t *testing.T) {
	for _, in := range readGolden(t).Invalid {
		if packets, err := decodeAll([]byte(in)); !errors.Is(err, parser.ErrUnknownType) {
			t.Errorf("DecodePayload(%q) = %v, %v, want ErrUnknownType", in, packets, err)
		}
	}
}

func TestBase64(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want string
		err  error
	}{
		{"bAQIDBA==", "\x01\x02\x03\x04", nil},
		{"bAQIDBA", "\x01\x02\x03\x04", nil},
		{"bAQI", "\x01\x02", nil},
		{"bA", "", parser.ErrBase64},
		{"b====", "", parser.ErrBase64},
		{"bAQID*A==", "", parser.ErrBase64},
		{"b\x00\x01", "", parser.ErrBase64},
	} {
		got, err := parser.DecodePacket([]byte(tt.in))
		if !errors.Is(err, tt.err) || string(got.Data) != tt.want {
			t.Errorf("DecodePacket(%q) = %q, %v, want %q, %v", tt.in, got.Data, err, tt.want, tt.err)
		}
	}
}

func TestDecodePayloadStopsAtTheCallersError(t *testing.T) {
	stop := errors.New("stop")
	n := 0
	err := parser.DecodePayload([]byte("4a\x1e4b\x1e4c"), func(parser.Packet) error {
		if n++; n == 2 {
			return stop
		}
		return nil
	})
	if err != stop || n != 2 {
		t.Errorf("got %v after %d packets, want %v after 2", err, n, stop)
	}
}

func decodeAll(body []byte) (packets []parser.Packet, err error) {
	err = parser.DecodePayload(body, func(p parser.Packet) error {
		packets = append(packets, p)
		return nil
	})
	return packets, err
}

// FuzzDecodePayload: what decodes encodes again to something that decodes to
// the same.
func FuzzDecodePayload(f *testing.F) {
	g := readGolden(f)
	for _, v := range g.Packets {
		f.Add([]byte(v.Encoded))
	}
	for _, v := range g.Payloads {
		f.Add([]byte(v.Encoded))
	}
	for _, v := range g.Invalid {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		packets, err := decodeAll(body)
		if err != nil {
			return
		}
		again, err := decodeAll(parser.AppendPayload(nil, packets...))
		if err != nil || len(again) != len(packets) {
			t.Fatalf("%q: decoded again: %v, %v", body, again, err)
		}
		for i := range again {
			a, b := again[i], packets[i]
			if a.Type != b.Type || a.Binary != b.Binary || !bytes.Equal(a.Data, b.Data) {
				t.Errorf("%q: packet %d is %v, then %v", body, i, b, a)
			}
		}
	})
}
