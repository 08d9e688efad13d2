package play_test

import (
	"fmt"
	"testing"

	"github.com/storywire/storywire/internal/play"
	"github.com/storywire/storywire/internal/tale"
)

func rehearsed(t *testing.T, role string, vars map[string]tale.Value, choices ...play.Taken) play.Rehearsal {
	t.Helper()
	d := &tale.Draft{Title: "The well", Start: "a", Vars: map[string]tale.Var{
		"gold": {Type: tale.Int, Scope: tale.Shared}, "clue": {Type: tale.String, Scope: tale.Private},
	}, Passages: []tale.DraftPassage{
		{ID: "a", Name: "A", Tags: []string{"mode:majority"}, Body: "You have $gold.\n[[Down->B]]{if: gold < 2}\n[[Again->A]]{once}\n[[Nowhere]]"},
		{ID: "b", Name: "B", Body: "<<set $gold += 1>><<set $clue = role>>\n[[On->C]]{auto}"},
		{ID: "c", Name: "C", Body: "$clue sees $gold.<<set $gold = gold / (gold - gold)>>\n[[Up->A]]\n[[End->D]]"},
		{ID: "d", Name: "D", Tags: []string{"end"}, Body: "Done."},
		{ID: "loop", Name: "Loop", Body: "[[Loop]]{auto}"},
	}}
	s := d.Sketch()
	var to []tale.PassageID
	for _, c := range choices {
		to = append(to, c.To)
	}
	start := tale.PassageID("a")
	if role == "loop" {
		start = "loop"
	}
	return play.Rehearse(s.Book(start, vars, to...), "ann", role, choices)
}

func words(pieces []tale.Piece) (s string) {
	for _, p := range pieces {
		if p.Mistake != nil {
			s += "!"
		}
		s += p.Text
	}
	return s
}

func TestRehearsal(t *testing.T) {
	down, up, end := play.Taken{Option: "a:0", To: "b"}, play.Taken{Option: "c:0", To: "a"}, play.Taken{Option: "c:1", To: "d"}
	r := rehearsed(t, "thief", nil)
	if got := words(r.Text); got != "You have 0.\n!" || len(r.Round.Options) != 2 || r.Taken != 0 {
		t.Errorf("begins with %q and %v", got, r.Round.Options)
	}
	r = rehearsed(t, "thief", nil, down)
	if got := words(r.Text); got != "thief sees 1." || r.Vars["gold"] != tale.IntValue(1) || len(r.Path) != 3 || len(r.Notes) != 1 {
		t.Errorf("%q, %v, path %v, notes %v", got, r.Vars, r.Path, r.Notes)
	}
	r = rehearsed(t, "", map[string]tale.Value{"gold": tale.IntValue(1)}, down, up)
	if got := fmt.Sprint(r.Round.Options); r.Taken != 2 || len(r.Round.Options) != 1 || r.Round.Options[0].Label != "Again" {
		t.Errorf("with 2 coins there is %s after %d", got, r.Taken)
	}
	r = rehearsed(t, "", nil, down, up, play.Taken{Option: "a:1", To: "a"}, down, end)
	if r.Taken != 5 || !r.Ended || words(r.Text) != "Done." {
		t.Errorf("%d taken, ended %v, %q", r.Taken, r.Ended, words(r.Text))
	}
	if r = rehearsed(t, "", nil, play.Taken{Option: "a:9", To: "b"}); r.Taken != 1 || r.Round.Passage != "c" {
		t.Errorf("an option that has moved was not found: %+v", r.Round)
	}
	if r = rehearsed(t, "", nil, down, play.Taken{Option: "c:1", To: "b"}, end); r.Taken != 1 || r.Round.Passage != "c" {
		t.Errorf("an option that has gone: %d taken, at %s", r.Taken, r.Round.Passage)
	}
	if r = rehearsed(t, "loop", nil); !r.Loops || len(r.Notes) != 0 {
		t.Errorf("a circle: %+v", r)
	}
}
