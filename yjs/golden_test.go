package yjs_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/storywire/storywire/yjs"
)

// vector is one entry of testdata/golden.json, which difftest/golden.mjs writes with npm's yjs.
type vector struct {
	Name    string
	Updates []hexBytes
	Merged  hexBytes
	State   hexBytes
	Vector  hexBytes
	Roots   map[string]string
	Content map[string]any
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// unhex reads bytes as they stand in a specification: "00 01 07".
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func golden(t testing.TB) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	return vectors
}

var kinds = map[string]yjs.TypeKind{"Map": yjs.Map, "Array": yjs.Array, "Text": yjs.Text, "XMLFragment": yjs.XMLFragment}

// apply returns a document with the updates, which must be good.
func apply(t testing.TB, updates ...[]byte) *yjs.Doc {
	t.Helper()
	d := yjs.New()
	for _, u := range updates {
		if err := d.Apply(u); err != nil {
			t.Fatalf("Apply(%x): %v", u, err)
		}
	}
	return d
}

func TestGolden(t *testing.T) {
	for _, v := range golden(t) {
		t.Run(v.Name, func(t *testing.T) {
			d := yjs.New()
			for _, u := range v.Updates {
				if err := d.Apply(u); err != nil {
					t.Fatalf("Apply(%x): %v", u, err)
				}
			}
			if got := d.EncodeState(nil); !bytes.Equal(got, v.State) {
				t.Errorf("state:\n got %x\nwant %x", got, v.State)
			}
			if got := d.StateVector().Encode(); !bytes.Equal(got, v.Vector) {
				t.Errorf("state vector: got %x, want %x", got, v.Vector)
			}
			updates := make([][]byte, len(v.Updates))
			for i, u := range v.Updates {
				updates[i] = u
			}
			if got, err := yjs.MergeUpdates(updates...); err != nil || !bytes.Equal(got, v.Merged) {
				t.Errorf("merged: %v\n got %x\nwant %x", err, got, v.Merged)
			}
			for root, kind := range v.Roots {
				if kind == "XMLFragment" {
					continue
				}
				if got := canon(d.Root(root, kinds[kind]).Plain()); !reflect.DeepEqual(got, v.Content[root]) {
					t.Errorf("root %q: got %v, want %v", root, got, v.Content[root])
				}
			}
			if again := apply(t, d.EncodeState(nil)); !bytes.Equal(again.EncodeState(nil), v.State) {
				t.Errorf("state of the state: %x", again.EncodeState(nil))
			}
		})
	}
}
