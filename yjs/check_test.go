package yjs_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/storywire/storywire/yjs"
)

// TestSchemaSeesEveryStruct shows a schema the story of the edit test as it comes from its first writer.
func TestSchemaSeesEveryStruct(t *testing.T) {
	update := story(t, yjs.New())
	u, err := yjs.Decode(update)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	plan, err := yjs.New().Check(u, yjs.Policy{Schema: func(c *yjs.Change) error {
		seen = append(seen, fmt.Sprintf("%s%v %d %q %v %d/%d %d %v %q", c.Root, c.Path, c.Parent, c.Key, c.InMap, c.Content, c.Type, c.Len, c.Values(), c.Text()))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`passages[] 255 "p1" true 7/1 1 [] ""`,
		`passages[p1] 1 "body" true 7/2 1 [] ""`,
		`story[] 255 "title" true 8/0 1 [Der Wald 😀] ""`,
		`passages[p1] 1 "name" true 8/0 1 [Start] ""`,
		`passages[p1] 1 "tags" true 8/0 1 [[a b]] ""`,
		`passages[p1] 1 "pos" true 8/0 1 [[1 2.5]] ""`,
		`passages[p1 body] 2 "" false 1/0 6 [] ""`,
		`passages[p1 body] 2 "" false 4/0 2 [] "😀"`,
		`passages[p1 body] 2 "" false 4/0 6 [] " world"`,
		`passages[p1 body] 2 "" false 4/0 1 [] ","`,
	}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
	}
	if items, units := plan.Added(); items != 10 || units != 9 {
		t.Errorf("Added() = %d items, %d units, want 10, 9", items, units)
	}
	if got := plan.Clients(); !reflect.DeepEqual(got, []uint64{900}) {
		t.Errorf("Clients() = %v, want [900]", got)
	}
}

func TestSchemaSeesWhatIsThere(t *testing.T) {
	d := yjs.New()
	story(t, d)
	other := apply(t, d.EncodeState(nil))
	passage, _ := other.Root("passages", yjs.Map).Get("p1")
	body, _ := passage.(*yjs.Type).Get("body")
	update, err := other.Edit(7, func(tx *yjs.Txn) error { return tx.InsertText(body.(*yjs.Type), 2, "!!") })
	if err != nil {
		t.Fatal(err)
	}
	u, err := yjs.Decode(update)
	if err != nil {
		t.Fatal(err)
	}
	refusal := errors.New("too long")
	_, err = d.Check(u, yjs.Policy{Schema: func(c *yjs.Change) error {
		if got, want := fmt.Sprint(c.Root, c.Path, c.Parent, c.ParentLen, c.Client, c.Clock), "passages[p1 body] 2 9 7 0"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return refusal
	}})
	if !errors.Is(err, refusal) {
		t.Errorf("got %v, want %v", err, refusal)
	}
	if got, want := fmt.Sprint(err), "yjs: SCHEMA: policy: too long"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStalePlanPanics(t *testing.T) {
	d := yjs.New()
	plan, err := check(d, unhex(victim))
	if err != nil {
		t.Fatal(err)
	}
	d.Commit(plan)
	defer func() {
		if recover() == nil {
			t.Error("a plan was committed twice")
		}
	}()
	d.Commit(plan)
}

// Clocks that are known already are cut off, and only the rest is sent on.
func TestAcceptedIsTrimmed(t *testing.T) {
	d := apply(t, unhex(victim))
	known := "01 01 01 00 04 01 01 74 06 414141414343 01 01 02 00 01 02 01" // units 0 to 5, whatever it says they are
	plan, err := check(d, unhex(known))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := plan.Accepted(), unhex("00 01 01 02 00 01 02 01"); string(got) != string(want) {
		t.Errorf("Accepted() = %x, want %x", got, want)
	}
	more := "01 01 01 06 84 01 05 04 42424343 01 01 02 00 01 02 01" // units 6 to 9, of which 6 and 7 are known
	if plan, err = check(d, unhex(more)); err != nil {
		t.Fatal(err)
	}
	if got, want := plan.Accepted(), unhex("01 01 01 08 84 01 07 02 4343 01 01 02 00 01 02 01"); string(got) != string(want) {
		t.Errorf("Accepted() = %x, want %x", got, want)
	}
	d.Commit(plan)
	if got := d.Root("u", yjs.Text).String(); got != "BBBBCC" {
		t.Errorf("text is %q", got)
	}
}

func TestRunsTellWhoWrote(t *testing.T) {
	d := apply(t, unhex(victim), unhex("01 01 02 00 c4 01 01 01 02 02 7878 00"))
	var got []string
	for client, text := range d.Root("t", yjs.Text).Runs() {
		got = append(got, fmt.Sprint(client, text))
	}
	if want := []string{"1AA", "2xx", "1AA"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestStats(t *testing.T) {
	got := apply(t, unhex(victim)).Stats()
	if got.Clients != 2 || got.Structs != 3 || got.Units != 9 || got.Bytes < 500 || got.Bytes > 2000 {
		t.Errorf("Stats() = %+v", got)
	}
}
