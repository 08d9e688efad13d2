package tale_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/storywire/storywire/internal/tale"
)

func mustImport(t *testing.T, file string) *tale.Tale {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, problems := tale.Import(file, data)
	if got == nil {
		t.Fatalf("Import(%s): %v", file, problems)
	}
	return got
}

// story wraps passages into a Twee file whose first passage is Start.
func story(start string, more ...string) string {
	return ":: StoryTitle\nT\n:: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\"}\n:: Start\n" + start + "\n" + strings.Join(more, "\n")
}

func TestImportTwee(t *testing.T) {
	got := mustImport(t, "testdata/cave.twee")
	mouth := got.Passages[got.Start]
	if got.Title != "The Cave" || mouth.Name != "Mouth" || mouth.TimerSec != 30 || mouth.Mode != tale.ModeRotate {
		t.Errorf("title %q, start %+v", got.Title, mouth)
	}
	if want := (tale.Var{Type: tale.String, Init: tale.StringValue(`nobody "at all"`), Scope: tale.Shared}); got.Vars["name"] != want {
		t.Errorf("$name is %v, want %v", got.Vars["name"], want)
	}
	if got.Vars["clue"].Scope != tale.Private {
		t.Errorf("$clue is %v, want private", got.Vars["clue"])
	}
	var choices []string
	for _, c := range mouth.Choices {
		choices = append(choices, fmt.Sprintf("%s %q %s if %q once %v who %q", c.ID, c.Label, got.Passages[c.To].Name, c.If, c.Once, c.Who))
	}
	want := []string{
		`1:0 "Put it out" Deep if "(!(gold >= 3 and visited(\"Deep\") == 0)) && (torch)" once true who ""`,
		`1:1 "go deeper" Deep if "" once false who ""`,
		`1:2 "leave" Out if "" once false who ""`,
		`1:3 "Ask the thief" Deep if "gold > 1" once false who "role:thief"`,
	}
	if fmt.Sprint(choices) != fmt.Sprint(want) {
		t.Errorf("choices\n got %v\nwant %v", choices, want)
	}
}

func TestTextOfAPassage(t *testing.T) {
	book, err := tale.Open(mustImport(t, "testdata/cave.twee"))
	if err != nil {
		t.Fatal(err)
	}
	start := book.Passages[book.Start]
	for _, test := range []struct {
		gold    int64
		torch   bool
		visited int
		want    string
	}{
		{0, true, 0, "The cave is dark. You have 0 coins, and the price is $5.\n\nYour torch is lit.\nYou can go deeper or leave."},
		{3, true, 0, "The cave is dark. You have 3 coins, and the price is $5.\n\nYou feel rich.\nYou can go deeper or leave."},
		{3, false, 1, "The cave is dark. You have 3 coins, and the price is $5.\n\nIt is black as pitch.\nYou can go deeper or leave."},
	} {
		shared := map[string]tale.Value{"gold": tale.IntValue(test.gold), "torch": tale.BoolValue(test.torch)}
		r := book.Reader(shared, nil, "", func(tale.PassageID) int { return test.visited })
		if got := r.Text(start); got != test.want {
			t.Errorf("gold %d, torch %v:\n got %q\nwant %q", test.gold, test.torch, got, test.want)
		}
	}
	deep := book.Passages["2"]
	thief := book.Reader(nil, map[string]tale.Value{"clue": tale.StringValue("the key")}, "thief", nil)
	knight := book.Reader(nil, nil, "knight", nil)
	if got, want := thief.Text(deep), `nobody "at all"You know: the key.`; got != want {
		t.Errorf("the thief reads %q, want %q", got, want)
	}
	if got, want := knight.Text(deep), `nobody "at all"`; got != want {
		t.Errorf("the knight reads %q, want %q", got, want)
	}
	if !book.PersonalText("2") || book.PersonalText("1") {
		t.Error("only the second passage has a text for one reader alone")
	}
}

func TestLinks(t *testing.T) {
	for _, test := range []struct{ link, label, to string }{
		{"[[Out]]", "Out", "Out"},
		{"[[ Out ]]", "Out", "Out"},
		{"[[go->Out]]", "go", "Out"},
		{"[[a -> b->Out]]", "a -> b", "Out"},
		{"[[Out<-go]]", "go", "Out"},
		{"[[Out<-a <- b]]", "a <- b", "Out"},
		{"[[go|Out]]", "go", "Out"},
		{"[[a|b->Out]]", "a|b", "Out"},
		{"[[abc-def]]", "abc-def", "abc-def"},
		{"[[to abc-def->abc-def]]", "to abc-def", "abc-def"},
		{"[[abc-def<-back - to it]]", "back - to it", "abc-def"},
		{"[[->Out]]", "Out", "Out"},
		{"[[a->b]]", "a->b", "a->b"},
	} {
		got, problems := tale.Import("t.twee", []byte(story(test.link, ":: Out [end]", ":: abc-def [end]", ":: a->b [end]")))
		if got == nil {
			t.Errorf("%s: %v", test.link, problems)
			continue
		}
		c := got.Passages[got.Start].Choices
		if len(c) != 1 || c[0].Label != test.label || got.Passages[c[0].To].Name != test.to {
			t.Errorf("%s leads to %v, want %q to %s", test.link, c, test.label, test.to)
		}
	}
}

// TestProblems has one row for everything that is refused or warned of.
func TestProblems(t *testing.T) {
	out := ":: Out [end]"
	deep := strings.Repeat("<<if true>>\n", 9) + "x\n" + strings.Repeat("<<endif>>\n", 9)
	for _, test := range []struct{ name, file, want string }{
		{"no passages", "", `t.twee: error: The story has no passages. [empty]`},
		{"dead link", story("Hello.\n[[Nowhere]]"), `t.twee:7: error: in "Start": There is no passage "Nowhere". [dead-link]`},
		{"empty link", story("[[]]"), `[dead-link]`},
		{"unreachable", story("[[Out]]", out, ":: Lost [end]"), `t.twee:8: warning: in "Lost": No choice leads here. [unreachable]`},
		{"dead end", story("The end?"), `t.twee:5: warning: in "Start": There is no choice here, and no tag “end”. [dead-end]`},
		{"no start", ":: Other\nx", `[no-start]`},
		{"unknown start", ":: StoryData\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\",\"start\":\"Nope\"}\n:: Other\nx", `The start passage "Nope" does not exist. [unknown-start]`},
		{"duplicate name", story("[[Out]]", out, out), `t.twee:8: error: in "Out": Two passages have this name (the other is at line 7). [duplicate-name]`},
		{"unknown variable", story("<<if $gold>2>>x<<endif>>[[Out]]", out), `there is no variable $gold. [unknown-variable]`},
		{"unused variable", story("[[Out]]", out, ":: StoryInit", "<<set $gold = 1>>"), `$gold is never read. [unused-variable]`},
		{"undeclared variable", story("<<set $gold = 1>>[[Out]]{if: gold}", out), `[undeclared-variable]`},
		{"not a condition", story("<<set $gold = 1>>[[Out]]{if: gold}", out), `[expression]`},
		{"unknown macro", story("<<goto \"Out\">>[[Out]]", out), `The macro <<goto>> is not supported and is shown as it is written. [unsupported-macro]`},
		{"script", story("[[Out]]", out, ":: Code [script]", "alert(1)"), `[script]`},
		{"bad metadata", story("[[Out]]", ":: Out [end] {\"position\":"), `[metadata]`},
		{"bad ifid", ":: StoryData\n{\"ifid\":\"d674c58c-defa-4f70-b7a2-27742230c0fc\"}\n:: Start\n[[Start]]", `[ifid]`},
		{"unclosed if", story("<<if true>>\nx"), `t.twee:6: error: in "Start": This <<if>> has no <<endif>>. [unclosed-if]`},
		{"stray else", story("<<else>>"), `[stray-else]`},
		{"stray endif", story("<<endif>>"), `[stray-endif]`},
		{"too deep", story(deep), `[too-deep]`},
		{"label", story("[[" + strings.Repeat("x", 16<<10) + "->Out]]"), `A label has at most 280 bytes. [label]`},
		{"attribute", story("[[Out]]{fi: true}", out), `[attribute]`},
		{"who", story("[[Out]]{who: me}", out), `[who]`},
		{"unclosed attributes", story("[[Out]]{if: true", out), `[unclosed-attributes]`},
		{"too many choices", story(strings.Repeat("[[Out]]\n", 13), out), `[too-many-choices]`},
		{"too many sets", story(strings.Repeat("<<set $a = 1>>\n", 65), out), `[too-many-sets]`},
		{"auto loop", story("[[Start]]{auto}"), `[auto-loop]`},
		{"private leak", story("<<set $gold = role == \"thief\" ? 1 : 2>>[[Out]]", out), `[private-leak]`},
		{"timer", story("[[Out]]", ":: Out [end timer:1]"), `[timer]`},
		{"mode", story("[[Out]]", ":: Out [end mode:boss]"), `[mode]`},
		{"dead visited", story("[[Out]]{if: visited(\"Nope\") > 1}", out), `[dead-visited]`},
		{"not UTF-8", "\xff\xfe:: Start", `[encoding]`},
		{"zero", ":: Start\nx\x00y", `[encoding]`},
		{"text before", "hello\n" + story("[[Start]]"), `[outside]`},
		{"init", story("$a [[Out]]", out, ":: StoryInit", "<<set $a = b>>"), `[variable]`},
		{"init twice", story("$a [[Out]]", out, ":: StoryInit", "<<set $a = 1>>", "<<set $a = 1>>"), `$a is declared twice. [variable]`},
		{"reserved", story("[[Out]]", out, ":: StoryInit", "<<set $role = 1>>"), `[variable]`},
		{"too long", story(strings.Repeat("word ", 14_000)), `[too-long]`},
		{"twine json", `{"name": 1}`, `[json]`},
	} {
		_, problems := tale.Import("t.twee", []byte(test.file))
		all := make([]string, len(problems))
		found := false
		for i, p := range problems {
			all[i] = p.String()
			found = found || strings.Contains(all[i], test.want)
		}
		if !found {
			t.Errorf("%s: got %q, want %q", test.name, all, test.want)
		}
	}
}

func TestExpressions(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{"1 + 2 * 3", "7"}, {"7 / 2", "3"}, {"-7 % 4", "-3"}, {`"a" + "b"`, "ab"},
		{"1 < 2 and not (2 < 1)", "true"}, {"true ? 4 : 5", "4"}, {"-(3)", "-3"},
		{"1 / 0", "division by zero"}, {"1 % 0", "division by zero"},
		{"9007199254740992 * 2", "too large"}, {"9007199254740992 + 1", "too large"}, {"9007199254740993", "too large"},
		{"3037000500 * 3037000500", "too large"}, {"1.5", "whole numbers"}, {"2 ** 3", "not known"}, {"1..9", "not known"},
		{"[1]", "nothing else"}, {"{a: 1}", "nothing else"}, {"len(\"a\")", ""}, {"nil", "nothing else"}, {`"a" matches "a"`, "not known"},
		{"let x = 1; x", ""}, {"$env", "no variable"}, {"role.x", "nothing else"}, {`visited("a" + "b")`, "only function"}, {"now()", ""},
		{`map([1], # * 2)`, ""}, {strings.Repeat("1+", 60) + "1", ""}, {strings.Repeat("(", 150) + "1" + strings.Repeat(")", 149), ""},
		{"", ""}, {`"` + strings.Repeat("a", 257) + `"`, "256"}, {"b'abc'", ""}, {`"a" ?? "b"`, "not known"},
	} {
		file := story("$v[[Out]]", ":: Out [end]", ":: StoryInit", "<<set $v = "+test.source+">>")
		got, problems := tale.Import("t.twee", []byte(file))
		if got == nil {
			if s := fmt.Sprint(problems); !strings.Contains(s, test.want) {
				t.Errorf("%s: %s, want %q", test.source, s, test.want)
			}
			continue
		}
		if text := got.Vars["v"].Init.Text(); text != test.want {
			t.Errorf("%s = %s, want %q", test.source, text, test.want)
		}
	}
}

func TestAssignmentsAtRunTime(t *testing.T) {
	file := story("<<set $n = $n * 2>><<set $s = $s + $s>>$n$s\n[[Start]]", ":: StoryInit", "<<set $n = 1>>", "<<set $s = \"abc\">>")
	got, problems := tale.Import("t.twee", []byte(file))
	if got == nil {
		t.Fatal(problems)
	}
	book, err := tale.Open(got)
	if err != nil {
		t.Fatal(err)
	}
	r := book.Reader(nil, nil, "", nil)
	failed := 0
	for range 60 {
		for _, a := range book.Passages[book.Start].Set {
			v, ok, err := r.Value(a)
			if err != nil {
				failed++
				continue
			}
			if ok {
				r.Put(a.Var, v)
			}
		}
	}
	if failed == 0 {
		t.Error("values grow without bounds")
	}
	if text := r.Text(book.Passages[book.Start]); len(text) > 300 {
		t.Errorf("the text has %d bytes", len(text))
	}
}

func TestTwineJSON(t *testing.T) {
	for _, start := range []string{`"1"`, `1`, `"Mouth"`} {
		file := `{"name":"The Cave","ifid":"D674C58C-DEFA-4F70-B7A2-27742230C0FC","start":` + start + `,"style":"b{}","passages":[
			{"name":"Other","pid":"2","tags":["end"],"metadata":{"position":"1,2"},"text":"The end."},
			{"name":"Mouth","pid":"1","tags":[],"text":"Dark.\r\n[[Other]]"}]}`
		got, problems := tale.Import("cave.json", []byte(file))
		if got == nil {
			t.Fatal(problems)
		}
		if p := got.Passages[got.Start]; p.Name != "Mouth" || len(p.Choices) != 1 || p.Blocks[0].Text != "Dark." {
			t.Errorf("start %s: %+v", start, p)
		}
		if len(problems) != 1 || problems[0].Code != "script" {
			t.Errorf("problems %v, want one of the style", problems)
		}
	}
}

func TestHeaderEscapes(t *testing.T) {
	file := ":: StoryData\r\n{\"ifid\":\"D674C58C-DEFA-4F70-B7A2-27742230C0FC\",\"start\":\"a [b] {c} \\\\d\"}\r\n" +
		`:: a \[b\] \{c\} \\d [one t\]wo end]` + "\r\nText.\r\n\r\n\r\n"
	got, problems := tale.Import("t.twee", append([]byte("\ufeff"), file...))
	if got == nil {
		t.Fatal(problems)
	}
	p := got.Passages[got.Start]
	if p.Name != `a [b] {c} \d` || fmt.Sprint(p.Tags) != "[one t]wo end]" || p.Blocks[0].Text != "Text." {
		t.Errorf("got %+v", p)
	}
	again, problems := tale.Import("t.twee", got.Draft().Twee())
	if again == nil || !bytes.Equal(again.Encode(), got.Encode()) {
		t.Errorf("written and read again: %v", problems)
	}
}

func TestRoundTrip(t *testing.T) {
	first := mustImport(t, "testdata/cave.twee")
	twee := first.Draft().Twee()
	second, problems := tale.Import("again.twee", twee)
	if second == nil {
		t.Fatalf("%v\n%s", problems, twee)
	}
	if got, want := second.Encode(), first.Encode(); !bytes.Equal(got, want) {
		t.Errorf("read again\n got %s\nwant %s\n%s", got, want, twee)
	}
	decoded, err := tale.Decode(first.Encode())
	if err != nil || !bytes.Equal(decoded.Encode(), first.Encode()) {
		t.Errorf("decode: %v", err)
	}
	for _, bad := range []string{"", "{}", `{"v":2}`, `{"v":1,"passages":{"1":null}}`, `{"v":1,"vars":{"a":{"init":1.5}}}`} {
		if _, err := tale.Decode([]byte(bad)); err == nil {
			t.Errorf("Decode(%s) succeeds", bad)
		}
	}
	// A draft keeps the texts of its authors as they are.
	data, _ := os.ReadFile("testdata/cave.twee")
	draft, _ := tale.ReadTwee("cave.twee", data)
	for format, written := range map[string][]byte{"Twee": draft.Twee(), "Twine": draft.Twine()} {
		again, problems := tale.Read("cave", written)
		if len(problems) > 0 || again.Title != draft.Title || again.IFID != draft.IFID || !maps.Equal(again.Vars, draft.Vars) {
			t.Errorf("%s: %v\n got %v\nwant %v", format, problems, again, draft)
		}
		for i, p := range draft.Passages {
			q := again.Passages[i]
			if (p.ID == draft.Start) != (q.ID == again.Start) {
				t.Errorf("%s: the story begins elsewhere than at %s", format, p.Name)
			}
			q.ID, q.File, q.Line, q.HeaderRow, p.ID, p.File, p.Line, p.HeaderRow = "", "", 0, 0, "", "", 0, 0
			if fmt.Sprint(q) != fmt.Sprint(p) {
				t.Errorf("%s: passage %d\n got %v\nwant %v", format, i, q, p)
			}
		}
	}
}

func TestEqualContentHasOneIFID(t *testing.T) {
	file := []byte(":: Start [end]\nHello.")
	a, _ := tale.Import("a.twee", file)
	b, _ := tale.Import("b.twee", file)
	if a.IFID != b.IFID || len(a.IFID) != 36 {
		t.Errorf("ids %q and %q", a.IFID, b.IFID)
	}
}
