package yjs_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/storywire/storywire/yjs"
)

// The numbers that conflict searches give to items start anew long before they run out.
func TestConflictSearchesCountAnew(t *testing.T) {
	for _, v := range golden(t) {
		d := yjs.New()
		for _, u := range v.Updates {
			d.AgeSearches(1<<31 + 5)
			if err := d.Apply(u); err != nil {
				t.Fatal(err)
			}
		}
		if got := d.EncodeState(nil); !bytes.Equal(got, v.State) {
			t.Errorf("%s: got %x, want %x", v.Name, got, v.State)
		}
	}
}

func TestXMLIsReadAsWhatItIs(t *testing.T) {
	for _, v := range golden(t) {
		if v.Name != "xml" {
			continue
		}
		children := apply(t, v.State).Root("x", yjs.XMLFragment).Values()
		if len(children) != 2 {
			t.Fatalf("%d children, want 2", len(children))
		}
		p, hook := children[0].(*yjs.Type), children[1].(*yjs.Type)
		class, _ := p.Get("class")
		if got, want := fmt.Sprintf("%d %s %v %v %d %d %s", p.Kind(), p.Name(), p.Keys(), class, p.Len(), hook.Kind(), hook.Name()), "3 p [class] a 1 5 hook"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestRefusedInputLeavesNoTrace(t *testing.T) {
	for _, data := range []string{"", "00", "00 00 00", "01 02 02 00 00 ff ff ff ff 0f 00 01 00"} {
		var e *yjs.Error
		if _, err := yjs.Load(unhex(data)); !errors.As(err, &e) {
			t.Errorf("Load(%s): got %v, want an *Error", data, err)
		}
		d := apply(t, unhex(victim))
		if err := d.Apply(unhex(data)); !errors.As(err, &e) {
			t.Errorf("Apply(%s): got %v, want an *Error", data, err)
		}
		if got := d.EncodeState(nil); !bytes.Equal(got, unhex(victim)) {
			t.Errorf("Apply(%s) left %x", data, got)
		}
		if _, err := yjs.MergeUpdates(unhex(victim), unhex(data)); data != "01 02 02 00 00 ff ff ff ff 0f 00 01 00" && !errors.As(err, &e) {
			t.Errorf("MergeUpdates(%s): got %v, want an *Error", data, err)
		}
	}
}

// A type that is deleted reads as empty, and a root that nobody has written to too.
func TestReadingWhatIsNotThere(t *testing.T) {
	d := apply(t, unhex(victim))
	v, _ := d.Root("m", yjs.Map).Get("k")
	nested := v.(*yjs.Type)
	later := d.Root("later", yjs.Text)
	if later.Len() != 0 || later.String() != "" || len(d.Roots()) != 3 {
		t.Errorf("asking for a root made it: %v", d.Roots())
	}
	edit(t, d, func(tx *yjs.Txn) error {
		return errors.Join(tx.Set(nested, "a", 1), tx.Unset(d.Root("m", yjs.Map), "k"), tx.InsertText(later, 0, "now"))
	})
	if later.String() != "now" {
		t.Errorf("a root that came to be reads as %q", later.String())
	}
	if len(nested.Keys()) != 0 || nested.Len() != 0 {
		t.Errorf("deleted map has keys %v", nested.Keys())
	}
}

func TestEncodeStateForSomebodyAhead(t *testing.T) {
	d := apply(t, unhex(victim))
	if got, want := d.EncodeState(yjs.StateVector{1: 100, 5: 1, 77: 3}), []byte{0, 0}; !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
	if got, want := d.EncodeState(yjs.StateVector{1: 6, 5: 1}), unhex("01 01 01 06 84 01 05 02 4242 00"); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestDecodeStateVectorRefuses(t *testing.T) {
	for _, data := range []string{"", "01", "01 01", "00 00", "80 94 eb dc 03 01 01", "01 01 ff ff ff ff ff ff ff 1f"} {
		if sv, err := yjs.DecodeStateVector(unhex(data)); err == nil {
			t.Errorf("DecodeStateVector(%s) = %v, want an error", data, sv)
		}
	}
}
