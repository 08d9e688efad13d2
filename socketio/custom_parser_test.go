package socketio_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/storywire/storywire/socketio"
	"github.com/storywire/storywire/socketio/parser"
)

// jsonParser sends packets as JSON objects, without attachments; it cannot say
// some things.
type jsonParser struct{}

type jsonPacket struct {
	Type parser.Type
	NSP  string          `json:",omitempty"`
	Data json.RawMessage `json:",omitempty"`
}

var errUnsayable = errors.New("unsayable")

func (jsonParser) Append(dst []byte, p parser.Packet, attachments [][]byte) ([]byte, bool, error) {
	if len(attachments) > 0 || bytes.Contains(p.Data, []byte("unsayable")) {
		return nil, false, errUnsayable
	}
	raw, err := json.Marshal(jsonPacket{p.Type, string(p.Namespace), p.Data})
	return append(dst, raw...), false, err
}

func (jsonParser) Decode(msg []byte, _ bool, _ parser.Limits) (parser.Packet, [][]byte, error) {
	var in jsonPacket
	if err := json.Unmarshal(msg, &in); err != nil {
		return parser.Packet{}, nil, err
	}
	p := parser.Packet{Type: in.Type, Namespace: []byte(in.NSP), Data: in.Data}
	if in.NSP == "many" {
		return parser.Packet{Type: parser.Event, Data: []byte(`["a"]`)}, make([][]byte, 11), nil
	}
	if in.NSP == "large" {
		return parser.Packet{Type: parser.Event, Data: []byte(`["a"]`)}, [][]byte{make([]byte, 1<<20+1)}, nil
	}
	return p, nil, nil
}

func TestCustomParser(t *testing.T) {
	f := serve(t, socketio.Options{Parser: jsonParser{}, Logger: quiet})
	ns := f.io.Of("/")
	ns.On("say", func(_ context.Context, s *socketio.Socket, call *socketio.Call) error {
		return s.Emit("said", call.Raw(0))
	})
	f.io.Of("/refusing").Use(func(context.Context, *socketio.Socket) error {
		return &socketio.ConnectError{Message: "unsayable"}
	})
	connected := func(t *testing.T) func(messages ...any) {
		c := f.dial()
		c.Send(`{"Type":0}`)
		if m := c.Next(); !strings.HasPrefix(m.Text, `{"Type":0,"NSP":"/","Data":{"sid":"`) {
			t.Fatal(m)
		}
		return func(messages ...any) {
			for _, m := range messages[1:] {
				c.Send(m)
			}
			if want := messages[0]; want != "" {
				c.Expect(want.(string))
			} else {
				c.ExpectClosed()
			}
		}
	}
	t.Run("events", func(t *testing.T) {
		connected(t)(`{"Type":2,"NSP":"/","Data":["said",{"a":1}]}`, `{"Type":2,"Data":["say",{"a":1}]}`)
	})
	if err := ns.Emit("unsayable"); !errors.Is(err, errUnsayable) {
		t.Errorf("Emit: %v, want the parser's error", err)
	}
	if err := ns.Emit("bytes", []byte{1}); !errors.Is(err, errUnsayable) {
		t.Errorf("Emit: %v, want the parser's error", err)
	}
	for name, packet := range map[string]string{
		"what it cannot decode":              `no`,
		"a payload of the wrong shape":       `{"Type":2,"Data":{}}`,
		"a reserved event":                   `{"Type":2,"Data":["disconnect"]}`,
		"an unknown type":                    `{"Type":9,"Data":["a"]}`,
		"too many attachments":               `{"NSP":"many"}`,
		"attachments too large":              `{"NSP":"large"}`,
		"a refusal that it cannot say":       `{"Type":0,"NSP":"/refusing"}`,
		"an event of a namespace not joined": `{"Type":2,"NSP":"/refusing","Data":["a"]}`,
	} {
		t.Run(name+" closes the connection", func(t *testing.T) { connected(t)("", packet) })
	}
}
