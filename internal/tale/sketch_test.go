package tale_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/storywire/storywire/internal/tale"
)

func sketch(bodies ...string) *tale.Sketch {
	d := &tale.Draft{Title: "T", Start: "p0", Vars: map[string]tale.Var{
		"gold": {Type: tale.Int, Init: tale.IntValue(1), Scope: tale.Shared},
		"clue": {Type: tale.String, Scope: tale.Private},
	}}
	for i, body := range bodies {
		id := fmt.Sprintf("p%d", i)
		d.Passages = append(d.Passages, tale.DraftPassage{ID: tale.PassageID(id), Name: strings.ToUpper(id), Body: body})
	}
	return d.Sketch()
}

// shown returns a text with its mistakes in their places.
func shown(r *tale.Reader, p *tale.Passage) string {
	var b strings.Builder
	for _, piece := range r.Pieces(p) {
		if piece.Mistake != nil {
			fmt.Fprintf(&b, "{%s:%d}", piece.Mistake.Code, piece.Mistake.Line)
		}
		b.WriteString(piece.Text)
	}
	return b.String()
}

func TestMistakesStayInPlace(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"none", "You have $gold.", "You have 1."},
		{"a link to nothing", "Go\n[[Nowhere]]\nor stay", "Go\n{dead-link:2}or stay"},
		{"in running text", "Go [[there->Nowhere]] now", "Go {dead-link:1}there now"},
		{"a condition that cannot be read", "a\n<<if gold >>>b<<else>>c<<endif>>", "a\n{expression:2}c"},
		{"the same one twice", "<<if nix>>a<<endif>>b\n<<if nix>>c<<endif>>d", "{unknown-variable:1}b\n{unknown-variable:2}d"},
		{"a condition without end", "a\n<<if gold == 1>>b", "a\nb\n{unclosed-if:2}"},
		{"an assignment", "a <<set $gold = \"x\">>b", "a {expression:1}b"},
		{"an else of nothing", "a<<else>>b<<endif>>", "a{stray-else:1}b{stray-endif:1}"},
		{"a secret told", "<<set $gold = visited(\"P0\")>>ok<<set $gold = role == \"x\" ? 1 : 2>>", "ok{private-leak:1}"},
		{"too long a link", "[[" + strings.Repeat("x", 300) + "->P0]] end", "{label:1} end"},
	} {
		t.Run(test.name, func(t *testing.T) {
			book := sketch(test.body).Book("p0", nil)
			got := strings.TrimRight(shown(book.Reader(nil, nil, "", nil), book.Passages["p0"]), "\n")
			if got != test.want {
				t.Errorf("shown %q, want %q", got, test.want)
			}
		})
	}
}

func TestSketchCompilesWhatIsAskedFor(t *testing.T) {
	s := sketch("[[P1]]{auto}\n[[P3]]", "[[P2]]{auto}", "[[P0]]", "[[P0]]", "never looked at [[")
	book := s.Book("p0", map[string]tale.Value{"gold": tale.IntValue(7), "clue": tale.IntValue(7), "nix": tale.IntValue(7)}, "p3", "gone")
	var ids []string
	for id := range book.Passages {
		ids = append(ids, string(id))
	}
	slices.Sort(ids)
	if fmt.Sprint(ids) != "[p0 p1 p2 p3]" {
		t.Errorf("compiled %v", ids)
	}
	if got := book.Initial(tale.Shared)["gold"]; got != tale.IntValue(7) {
		t.Errorf("$gold starts as %v", got)
	}
	if got := book.Initial(tale.Private)["clue"]; got != tale.StringValue("") {
		t.Errorf("$clue starts as %v, of another type", got)
	}
	// A passage that is not compiled is known all the same.
	if p := book.Passages["p0"]; len(p.Choices) != 2 || p.Choices[1].To != "p3" {
		t.Errorf("choices %+v", p.Choices)
	}
}

func TestSketchEndsChainsThatGoOnByThemselves(t *testing.T) {
	bodies := make([]string, 400)
	for i := range bodies {
		bodies[i] = fmt.Sprintf("[[P%d]]{auto}", (i+1)%len(bodies))
	}
	book := sketch(bodies...).Book("p0", nil)
	if len(book.Passages) != 256 {
		t.Errorf("%d passages", len(book.Passages))
	}
	for id, p := range book.Passages {
		if c := p.Choices[0]; c.Auto && book.Passages[c.To] == nil {
			t.Errorf("%s leads on by itself to what is not there", id)
		}
	}
}

func TestSketchTellsWhatHasNoPlace(t *testing.T) {
	d := &tale.Draft{Title: "T", Start: "a", Vars: map[string]tale.Var{"in": {Type: tale.Int}}, Passages: []tale.DraftPassage{
		{ID: "a", Name: "Same", Body: "Coins: $silver. [[Nowhere]]"},
		{ID: "b", Name: "Same", Tags: []string{"timer:1"}, Body: strings.Repeat("x", tale.MaxText+1)},
	}}
	s := d.Sketch()
	codes := func(id tale.PassageID) (list []string) {
		s.Book(id, nil)
		for _, p := range s.Problems(id) {
			list = append(list, p.Code)
		}
		return list
	}
	if got := fmt.Sprint(codes("a")); got != "[variable unknown-variable]" {
		t.Errorf("of the first %s", got)
	}
	if got := fmt.Sprint(codes("b")); got != "[duplicate-name variable timer too-long]" {
		t.Errorf("of the second %s", got)
	}
	if s.Has("c") || !s.Has("b") {
		t.Error("Has is wrong")
	}
}

func TestRolesOfASketch(t *testing.T) {
	if got := fmt.Sprint(sketch("[[P0]]{who: role:thief}", "[[P0]]{once; who:role:ada; if: gold > 1}\n[[P0]]{who: host}").Roles()); got != "[ada thief]" {
		t.Errorf("roles %s", got)
	}
}

// TestAConditionTooLongIsRefused keeps the promise that what was compiled can be opened.
func TestAConditionTooLongIsRefused(t *testing.T) {
	long := "gold == 1" + strings.Repeat(" && gold == 1", 20)
	deep := strings.Repeat("<<if "+long+">>", 6) + "<<set $clue = \"x\">>" + strings.Repeat("<<endif>>", 6)
	d := &tale.Draft{Title: "T", Start: "a", Vars: map[string]tale.Var{
		"gold": {Type: tale.Int}, "clue": {Type: tale.String, Scope: tale.Private},
	}, Passages: []tale.DraftPassage{{ID: "a", Name: "A", Body: deep}}}
	compiled, problems := d.Compile()
	if compiled != nil || problems[0].Code != "expression" {
		t.Fatalf("compiled %v with %v", compiled != nil, problems)
	}
	if got := len(problems); got != 1 {
		t.Errorf("%d problems: %v", got, problems)
	}
}
