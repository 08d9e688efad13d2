package yjs_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storywire/storywire/yjs"
)

// victim is the document under attack: client 1 wrote "AAAA" into the text t and "BBBB" into the text u, and client 5 a
// map into the key k of the root m.
const victim = "02 01 05 00 27 01 01 6d 01 6b 01 02 01 00 04 01 01 74 04 41414141 04 01 01 75 04 42424242 00"

func TestAttacks(t *testing.T) {
	deep := "01 01 02 00 28 01 01 6d 01 61 01" + strings.Repeat("75 01", 17) + "7e 00"
	for _, attack := range []struct {
		name, update string
		want         yjs.Code
	}{
		// 1: yjs takes trailing bytes, and throws midway with a part applied
		{"trailing bytes", "00 00 00", yjs.Malformed},
		{"truncated", "01 01 02 00 04 01 01 74 04 41 41", yjs.Malformed},
		{"nothing", "", yjs.Malformed},
		{"invalid UTF-8", "01 01 02 00 04 01 01 74 02 c3 28 00", yjs.Malformed},
		{"surrogate in UTF-8", "01 01 02 00 04 01 01 74 03 ed a0 80 00", yjs.Malformed},
		{"number above 2^53-1", "01 01 ff ff ff ff ff ff ff 1f 00 00 01 00", yjs.Malformed},
		{"endless number", "01 01 80 80 80 80 80 80 80 80 80 80 01 00 00 01 00", yjs.Malformed},
		{"unknown content", "01 01 02 00 0b 01 01 74 00", yjs.Malformed},
		{"unknown shared type", "01 01 02 00 07 01 01 74 07 00", yjs.Malformed},
		{"unknown value tag", "01 01 02 00 08 01 01 74 01 10 00", yjs.Malformed},
		{"not JSON", "01 01 02 00 05 01 01 74 02 7b 5d 00", yjs.Malformed},
		{"struct of no length", "01 01 02 00 00 00 00", yjs.Malformed},
		{"empty string", "01 01 02 00 04 01 01 74 00 00", yjs.Malformed},
		{"client listed twice", "02 01 02 00 00 01 01 02 01 00 01 00", yjs.Malformed},
		{"collected struct with origins", "01 01 02 00 80 01 00", yjs.Malformed},
		// 2: yjs allocates what is announced
		{"a billion structs", "01 80 94 eb dc 03 02 00 00 01 00", yjs.Malformed},
		{"a billion clients", "80 94 eb dc 03 00", yjs.Malformed},
		{"a billion values", "01 01 02 00 08 01 01 74 80 94 eb dc 03 7e 00", yjs.Malformed},
		{"a string of a gigabyte", "01 01 02 00 04 01 01 74 80 94 eb dc 03 41 00", yjs.Malformed},
		{"a billion delete ranges", "00 01 01 80 94 eb dc 03 00 01", yjs.Malformed},
		{"value nested 17 deep", deep, yjs.TooLarge},
		// 3: yjs keeps pending structs for ever and gives them to every joiner
		{"first clock above the state", "01 01 01 09 84 01 03 01 43 00", yjs.Gap},
		{"unknown client from clock 1", "01 01 02 01 00 01 00", yjs.Gap},
		{"a hole", "01 02 02 00 0a 03 00 01 00", yjs.Gap},
		{"origin that nobody has", "01 01 02 00 84 03 00 01 58 00", yjs.Gap},
		{"right origin that nobody has", "01 01 02 00 44 03 00 01 58 00", yjs.Gap},
		{"parent that nobody has", "01 01 02 00 08 00 03 00 01 7e 00", yjs.Gap},
		{"two that wait for each other", "02 01 03 00 84 02 00 01 58 01 02 00 84 03 00 01 59 00", yjs.Gap},
		{"origin in its own future", "01 01 02 00 84 02 00 01 58 00", yjs.Malformed},
		{"parent in its own future", "01 01 02 00 07 00 02 00 01 00", yjs.Malformed},
		// 4: everything that client 7 will type vanishes at every peer
		{"future delete", "00 01 07 01 00 c0 84 3d", yjs.FutureDelete},
		{"delete beyond the state", "00 01 01 01 07 02", yjs.FutureDelete},
		{"delete of no length", "00 01 01 01 03 00", yjs.Malformed},
		// 5: the same ids with two contents diverge for ever
		{"another user's client id", "01 01 01 08 84 01 07 04 58585858 00", yjs.ForeignID},
		// 6: one struct burns the ids of a victim
		{"collected struct of 2^53-2 units", "01 01 02 00 00 fe ff ff ff ff ff ff 0f 00", yjs.TooLarge},
		{"clock above 2^53-1", "01 02 02 00 00 ff ff ff ff ff ff ff 0f 00 01 00", yjs.Malformed},
		{"advance above 1 Mi", "01 01 02 00 00 81 80 40 00", yjs.TooLarge},
		// 7: __proto__ changes the prototype of what toJSON returns
		{"root that is not in the schema", "01 01 02 00 04 01 01 7a 01 58 00", yjs.SchemaBroken},
		{"content that is not in the schema", "01 01 02 00 05 01 01 74 02 7b 7d 00", yjs.SchemaBroken},
		{"subdocument", "01 01 02 00 29 01 01 6d 01 61 01 64 76 00 00", yjs.SchemaBroken},
		{"key __proto__", "01 01 02 00 28 01 01 6d 09 5f5f70726f746f5f5f 01 7e 00", yjs.SchemaBroken},
		{"key constructor", "01 01 02 00 28 01 01 6d 0b 636f6e7374727563746f72 01 7e 00", yjs.SchemaBroken},
		{"__proto__ inside of a value", "01 01 02 00 28 01 01 6d 01 61 01 76 01 09 5f5f70726f746f5f5f 7e 00", yjs.SchemaBroken},
		// 8: yjs stores an item under a string, and one between two lists
		{"parent that is a string", "01 01 02 00 08 00 01 00 01 7d 01 00", yjs.Malformed},
		{"neighbours in two lists", "01 01 02 00 c4 01 03 01 04 01 78 00", yjs.Malformed},
	} {
		t.Run(attack.name, func(t *testing.T) {
			d := apply(t, unhex(victim))
			if code := refused(t, d, unhex(attack.update)); code != attack.want {
				t.Errorf("%s: got %q, want %q", attack.update, code, attack.want)
			}
			if got := d.EncodeState(nil); !bytes.Equal(got, unhex(victim)) {
				t.Errorf("%s: changed the document to %x", attack.update, got)
			}
		})
	}
}

// guard is a policy like that of an editing server: client 1 belongs to somebody else, roots t, u and m exist, content is
// text, values and shared types.
func guard() yjs.Policy {
	return yjs.Policy{
		Client: func(client uint64) error {
			if client == 1 {
				return errors.New("bound to another user")
			}
			return nil
		},
		Schema: func(c *yjs.Change) error {
			switch {
			case !slices.Contains([]string{"t", "u", "m"}, c.Root):
				return fmt.Errorf("root %q", c.Root)
			case c.Content == yjs.ContentEmbed || c.Content == yjs.ContentSubdoc:
				return fmt.Errorf("content %d", c.Content)
			}
			return nil
		},
	}
}

// refused returns the code with which an update is refused, or "".
func refused(t *testing.T, d *yjs.Doc, data []byte) yjs.Code {
	t.Helper()
	u, err := yjs.Decode(data)
	if err == nil {
		_, err = d.Check(u, guard())
	}
	var e *yjs.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("error is a %T: %v", err, err)
	}
	if e == nil {
		return ""
	}
	return e.Code
}

func TestMessageOverTheLimitIsRefused(t *testing.T) {
	d := yjs.New()
	_, err := yjs.New().Edit(2, func(tx *yjs.Txn) error {
		return tx.InsertText(d.Root("t", yjs.Text), 0, strings.Repeat("x", 1<<20))
	})
	if err == nil {
		t.Fatal("type of another document was edited")
	}
	other := yjs.New()
	update, err := other.Edit(2, func(tx *yjs.Txn) error {
		return tx.InsertText(other.Root("t", yjs.Text), 0, strings.Repeat("x", 1<<20))
	})
	if err != nil {
		t.Fatal(err)
	}
	if code := refused(t, d, update); code != yjs.TooLarge {
		t.Errorf("1 MiB of text: got %q, want %q", code, yjs.TooLarge)
	}
}

func TestValueOverTheLimitIsRefused(t *testing.T) {
	other := yjs.New()
	update, err := other.Edit(2, func(tx *yjs.Txn) error {
		return tx.Set(other.Root("m", yjs.Map), "a", strings.Repeat("x", 64<<10))
	})
	if err != nil {
		t.Fatal(err)
	}
	if code := refused(t, yjs.New(), update); code != yjs.TooLarge {
		t.Errorf("64 KiB value: got %q, want %q", code, yjs.TooLarge)
	}
}

// What counts is what is new: somebody who sends a long history again is not refused for its length.
func TestStructsOverTheLimitAreRefused(t *testing.T) {
	update := []byte{1, 100, 2, 0}
	for range 100 {
		update = append(update, 0, 1) // a collected unit
	}
	update = append(update, 0)
	u, err := yjs.Decode(update)
	if err != nil {
		t.Fatal(err)
	}
	d := yjs.New()
	var e *yjs.Error
	if _, err := d.Check(u, yjs.Policy{MaxStructs: 99}); !errors.As(err, &e) || e.Code != yjs.TooLarge {
		t.Errorf("100 new structs of 99: got %v, want %s", err, yjs.TooLarge)
	}
	plan, err := d.Check(u, yjs.Policy{MaxStructs: 100})
	if err != nil {
		t.Fatal(err)
	}
	d.Commit(plan)
	if _, err := d.Check(u, yjs.Policy{MaxStructs: 1}); err != nil {
		t.Errorf("100 known structs of 1: %v", err)
	}
}

// The state of a client never reaches 2^31, however many updates it takes to get there.
func TestClockIsBounded(t *testing.T) {
	d := apply(t, unhex("01 01 02 00 00 fe ff ff ff 07 00")) // 2^31-2 units
	u, err := yjs.Decode(unhex("01 01 02 fe ff ff ff 07 00 02 00"))
	if err != nil {
		t.Fatal(err)
	}
	var e *yjs.Error
	if _, err := d.Check(u, yjs.Policy{}); !errors.As(err, &e) || e.Code != yjs.TooLarge {
		t.Errorf("2 more units: got %v, want %s", err, yjs.TooLarge)
	}
}

func TestTypesNestedTooDeepAreRefused(t *testing.T) {
	d := yjs.New()
	var err error
	if _, err = d.Edit(2, func(tx *yjs.Txn) error {
		m := d.Root("m", yjs.Map)
		for range 300 {
			if m, err = tx.SetType(m, "k", yjs.Map); err != nil {
				return err
			}
		}
		return nil
	}); !errors.Is(err, yjs.ErrEdit) {
		t.Errorf("300 maps in each other: got %v, want %v", err, yjs.ErrEdit)
	}
	// The same over the wire: each map is in the one before it.
	update := unhex("01 ac 02 02 00 27 01 01 6d 01 6b 01")
	for i := range 299 {
		parent := []byte{byte(i)}
		if i >= 0x80 {
			parent = []byte{byte(i) | 0x80, byte(i >> 7)}
		}
		update = append(append(append(update, 0x27, 0, 2), parent...), 1, 'k', 1)
	}
	if code := refused(t, yjs.New(), append(update, 0)); code != yjs.TooLarge {
		t.Errorf("300 maps in each other: got %q, want %q", code, yjs.TooLarge)
	}
}

// crowd is an update of n structs of one character, each before another letter of the text that client 300 wrote, but
// without anything to its left: every search for a place passes all that came before.
func crowd(client byte, n int) []byte {
	update := append([]byte{1}, byte(n)|0x80, byte(n>>7), client, 0)
	for i := range n {
		update = append(update, 0x44, 0xac, 2, byte(i)|0x80, byte(i>>7), 1, 'x')
	}
	return append(update, 0)
}

// Updates that are expensive to integrate are refused before they are, and none takes long.
func TestCrowdedGapIsRefused(t *testing.T) {
	d := yjs.New()
	if _, err := d.Edit(300, func(tx *yjs.Txn) error {
		return tx.InsertText(d.Root("t", yjs.Text), 0, strings.Repeat("a", 1<<14))
	}); err != nil {
		t.Fatal(err)
	}
	if code := refused(t, d, crowd(20, 9000)); code != yjs.TooLarge {
		t.Errorf("9,000 structs at once: got %q, want %q", code, yjs.TooLarge)
	}
	slowest := time.Duration(0)
	for client := byte(20); ; client++ {
		u, err := yjs.Decode(crowd(client, 2000))
		if err != nil {
			t.Fatal(err)
		}
		start := cpuTime()
		plan, err := d.Check(u, yjs.Policy{})
		if err == nil {
			d.Commit(plan)
		}
		if slowest = max(slowest, cpuTime()-start); err == nil {
			continue
		}
		var e *yjs.Error
		if !errors.As(err, &e) || e.Code != yjs.TooLarge {
			t.Errorf("client %d: %v", client, err)
		}
		if client > 24 {
			t.Errorf("%d structs in one gap were accepted", int(client-20)*2000)
		}
		t.Logf("slowest %v of processor time", slowest)
		return
	}
}

// What an honest client does offline must pass: text written and deleted before it came, below something deleted.
func TestDeletedContentIsAccepted(t *testing.T) {
	for _, update := range []string{
		"01 01 02 00 01 01 01 74 03 01 02 01 00 03",       // inserted and deleted
		"01 01 02 00 00 03 01 02 01 00 03",                // written into something deleted since
		"01 01 02 00 28 00 05 00 01 61 01 7d 05 00",       // into the nested map
		"01 01 02 00 84 01 03 02 f0 9f 00",                // not UTF-8: the control
		"01 01 02 00 c4 01 01 01 02 01 78 01 01 01 01 02", // between two units of one item, and a deletion across them
	} {
		want := yjs.Code("")
		if strings.Contains(update, "f0 9f 00") {
			want = yjs.Malformed
		}
		if code := refused(t, apply(t, unhex(victim)), unhex(update)); code != want {
			t.Errorf("%s: got %q, want %q", update, code, want)
		}
	}
}

// Who may only read may say what everybody knows.
func TestUpdateWithNothingNewIsEmpty(t *testing.T) {
	d := apply(t, unhex(victim))
	for _, row := range []struct {
		update string
		empty  bool
	}{
		{victim, true},
		{"00 00", true},
		{"00 01 01 01 00 01", false},
		{"01 01 02 00 00 01 00", false},
	} {
		u, err := yjs.Decode(unhex(row.update))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := d.Check(u, yjs.Policy{})
		if err != nil || plan.Empty() != row.empty {
			t.Errorf("%s: empty %v, %v; want %v", row.update, err == nil && plan.Empty(), err, row.empty)
		}
	}
}
