package tale_test

import (
	"fmt"
	"testing"

	"github.com/storywire/storywire/internal/tale"
)

func TestLayers(t *testing.T) {
	passage := func(id, body string) tale.DraftPassage {
		return tale.DraftPassage{ID: tale.PassageID(id), Name: "N" + id, Body: body}
	}
	for _, test := range []struct {
		name     string
		start    tale.PassageID
		passages []tale.DraftPassage
		want     string
	}{
		{"none", "", nil, "[]"},
		{"by distance, in the order of links", "a", []tale.DraftPassage{
			passage("d", ""), passage("b", "[[Nd]]"), passage("c", "[[Nd]] and [[Na]]"), passage("a", "[[go->Nc]]\n[[Nb]]{once}\n[[Nowhere]]"),
		}, "[[a] [c b] [d]]"},
		{"what nothing leads to comes last", "a", []tale.DraftPassage{
			passage("x", "[[Ny]]"), passage("a", "[[Na]]"), passage("y", "[[Na]] [[open"),
		}, "[[a] [x y]]"},
		{"without a start", "", []tale.DraftPassage{passage("a", "[[Nb]]"), passage("b", "")}, "[[a] [b]]"},
	} {
		d := tale.Draft{Start: test.start, Passages: test.passages}
		if got := fmt.Sprint(d.Layers()); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
