package coedit_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/storywire/storywire/yjs"
)

// attacked is the document that bob, an editor who is client 6000 (f0 2e), attacks: the server (client 1) wrote the root
// story (clocks 0 to 2), the passage (3) with its body (4) and other fields, and "Once" (9 to 12). Client 5000 (88 27)
// is ada's.
func attacked(d *desk) *writer {
	d.t.Helper()
	ada, bob := d.open("a", "ada", 5000), d.open("b", "bob", 6000)
	expect(d.t, "ada", ada.push(ada.typed("!")), "2")
	d.heard()
	return bob
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Updates that are well-formed and have no place in a story, or that harm those who apply them. What yjs itself must
// refuse is in its own table of attacks.
func TestAttacks(t *testing.T) {
	const (
		bob      = "01 01 f0 2e 00 " // an update of one struct of bob's
		two      = "01 02 f0 2e 00 "
		stories  = "01 05 73746f7279 "       // in the root story
		passages = "01 08 7061737361676573 " // in the root passages
		vars     = "01 04 76617273 "
		inside   = "00 01 03 "                                                 // in the passage
		ulid     = "1a 3031425835 5a5a4b424b41435441563957455647454d4d56525a " // 01BX5ZZKBKACTAV9WEVGEMMVRZ
		name     = "04 6e616d65 "
		body     = "04 626f6479 "
		atEnd    = "01 0c " // after "Once"
	)
	for _, attack := range []struct{ name, update, want string }{
		// 1: bytes
		{"trailing bytes", "00 00 00", "MALFORMED_UPDATE"},
		{"a struct cut short", bob + "84 01 0c 04 41", "MALFORMED_UPDATE"},
		{"not UTF-8", bob + "84 01 0c 02 c328 00", "MALFORMED_UPDATE"},
		// 2: amounts
		{"a billion structs", "01 80 94 eb dc 03 f0 2e 00 00 01 00", "MALFORMED_UPDATE"},
		{"tags nested 17 deep", bob + "28 " + inside + "04 74616773 01 " + strings.Repeat("75 01 ", 17) + "7e 00", "PAYLOAD_TOO_LARGE"},
		// 3: holes
		{"after what nobody has", bob + "84 88 27 09 01 78 00", "GAP"},
		{"a hole", two + "0a 03 00 01 00", "GAP"},
		// 4: deletes
		{"what client 7 will type", "00 01 07 01 00 c0 84 3d", "FUTURE_DELETE"},
		{"what ada will type", "00 01 88 27 01 01 c0 84 3d", "FUTURE_DELETE"},
		// 5: client ids
		{"with ada's client id", "01 01 88 27 01 84 01 0c 01 78 00", "CLIENT_ID"},
		{"with the server's client id", "01 01 01 0d 84 01 0c 01 78 00", "CLIENT_ID"},
		{"with a reserved client id", "01 01 ff 07 00 84 01 0c 01 78 00", "CLIENT_ID"},
		// 6: clocks
		{"a clock that jumps", bob + "00 81 80 40 00", "PAYLOAD_TOO_LARGE"},
		// 7: places and kinds
		{"another root", bob + "04 01 05 6174746963 01 78 00", "SCHEMA"},
		{"text in the root story", bob + "04 " + stories + "01 78 00", "SCHEMA"},
		{"a list in the root passages", bob + "07 " + passages + "01 00", "SCHEMA"},
		{"a field that a story has not", bob + "28 " + stories + "04 6576696c 01 7d 01 00", "SCHEMA"},
		{"the schema of tomorrow", bob + "28 " + stories + "06 736368656d61 01 7d 02 00", "SCHEMA"},
		{"a title that is an object", bob + "28 " + stories + "05 7469746c65 01 76 00 00", "SCHEMA"},
		{"a start that is no passage id", bob + "28 " + stories + "05 7374617274 01 77 03 2e2e2f 00", "SCHEMA"},
		{"a passage id that is none", bob + "27 " + passages + "01 70 01 00", "SCHEMA"},
		{"the passage __proto__", bob + "27 " + passages + "09 5f5f70726f746f5f5f 01 00", "SCHEMA"},
		{"the passage constructor", bob + "27 " + passages + "0b 636f6e7374727563746f72 01 00", "SCHEMA"},
		{"a passage that is a text", bob + "27 " + passages + ulid + "02 00", "SCHEMA"},
		{"a passage that is a number", bob + "28 " + passages + ulid + "01 7d 01 00", "SCHEMA"},
		{"a field that a passage has not", bob + "28 " + inside + "04 6576696c 01 7d 01 00", "SCHEMA"},
		{"a name that is a number", bob + "28 " + inside + name + "01 7d 01 00", "SCHEMA"},
		{"a name that is two values", bob + "28 " + inside + name + "02 77 01 61 77 01 62 00", "SCHEMA"},
		{"a name that is a map", bob + "27 " + inside + name + "01 00", "SCHEMA"},
		{"a name that is old JSON", bob + "22 " + inside + name + "01 03 227822 00", "SCHEMA"},
		{"a name that is bytes", bob + "23 " + inside + name + "01 00 00", "SCHEMA"},
		{"a name that is a subdocument", bob + "29 " + inside + name + "01 64 76 00 00", "SCHEMA"},
		{"a position that is not a number", bob + "28 " + inside + "03 706f73 01 75 02 7b 7ff8000000000000 7d 00 00", "SCHEMA"},
		{"a time of trashing before 1970", bob + "28 " + inside + "09 747261736865644174 01 7d 41 00", "SCHEMA"},
		{"__proto__ inside of a value", bob + "28 " + stories + "09 746167436f6c6f7273 01 76 01 09 5f5f70726f746f5f5f 77 01 78 00", "SCHEMA"},
		{"a body that is a value", bob + "28 " + inside + body + "01 7d 01 00", "SCHEMA"},
		{"a body that is a map", bob + "27 " + inside + body + "01 00", "SCHEMA"},
		{"a body that is an XML fragment", bob + "27 " + inside + body + "04 00", "SCHEMA"},
		{"a format in a body", bob + "86 " + atEnd + "04 626f6c64 04 74727565 00", "SCHEMA"},
		{"an embed in a body", bob + "85 " + atEnd + "02 7b7d 00", "SCHEMA"},
		{"bytes in a body", bob + "83 " + atEnd + "01 00 00", "SCHEMA"},
		{"a value in a body", bob + "88 " + atEnd + "01 7d 01 00", "SCHEMA"},
		{"a map in a body", bob + "87 " + atEnd + "01 00", "SCHEMA"},
		{"a key in a body", bob + "24 00 01 04 01 6b 01 78 00", "SCHEMA"},
		{"a variable that is no word", bob + "27 " + vars + "03 612d62 01 00", "SCHEMA"},
		{"a variable of another type", two + "27 " + vars + "01 61 01 28 00 f0 2e 00 04 74797065 01 77 05 666c6f6174 00", "SCHEMA"},
		// 8: parents
		{"under a string", bob + "08 00 01 09 01 7d 01 00", "MALFORMED_UPDATE"},
		{"between a text and another list", bob + "c4 01 09 01 05 01 78 00", "MALFORMED_UPDATE"},
	} {
		t.Run(attack.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, d *desk) {
				w := attacked(d)
				before := string(d.state(t))
				expect(t, attack.update, w.push(unhex(t, attack.update)), attack.want)
				if string(d.state(t)) != before {
					t.Error("the document has changed")
				}
				told, kept := "", 0
				if attack.want != "GAP" && attack.want != "PAYLOAD_TOO_LARGE" { // these an honest client may come to
					told, kept = "b resets: "+attack.want, 1
				}
				expect(t, "told", d.heard(), told)
				if len(d.log.refused) != kept || kept == 1 && d.log.refused[0].Code != attack.want {
					t.Errorf("kept %+v", d.log.refused)
				}
				expect(t, "afterwards", w.push(w.typed("?")), "3")
			})
		})
	}
}

// What an honest client does at the same places is taken.
func TestAttacksAreNotOverdone(t *testing.T) {
	for name, update := range map[string]string{
		"a name":                                "01 01 f0 2e 00 28 00 01 03 04 6e616d65 01 77 01 78 00",
		"text at the end":                       "01 01 f0 2e 00 84 01 0c 01 78 00",
		"text that was deleted before it came":  "01 01 f0 2e 00 81 01 0c 01 01 f0 2e 01 00 01",
		"a field that was overwritten since":    "01 01 f0 2e 00 21 00 01 03 04 6e616d65 01 01 f0 2e 01 00 01",
		"what ada has typed, deleted":           "00 01 88 27 01 00 01",
		"what was typed into something deleted": "01 01 f0 2e 00 00 03 00",
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, d *desk) {
				expect(t, update, attacked(d).push(unhex(t, update)), "3")
			})
		})
	}
}

// Two people who use a client id that nobody has used, in one group: one of them is refused.
func TestOneClientIDTwoUsersAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		ada, bob := d.open("a", "ada", 5000), d.open("b", "bob", 6000)
		ada.n, bob.n = 9000, 9000
		first, second := ada.send(ada.typed("A")), bob.send(bob.typed("BB"))
		got := fmt.Sprint(<-first, " ", <-second)
		if got != "2 CLIENT_ID" {
			t.Errorf("answers: %s", got)
		}
		doc := yjs.New()
		if err := doc.Apply(d.state(t)); err != nil {
			t.Fatal(err)
		}
		if text := d.text(); text != "OnceA" || doc.Clock(9000) != 1 {
			t.Errorf("text is %q, client 9000 is at %d", text, doc.Clock(9000))
		}
	})
}
