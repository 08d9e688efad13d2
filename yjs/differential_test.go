package yjs_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"testing"

	"github.com/storywire/storywire/yjs"
)

// content is what a document of the rounds holds, as difftest/canon.mjs tells it.
type content struct {
	M, A   any
	T      string
	Vector map[string]uint64
}

// canon turns a value into what canon in canon.mjs turns it into.
func canon(v any) any {
	switch v := v.(type) {
	case yjs.Undefined:
		return map[string]any{"$undefined": true}
	case float64:
		switch {
		case v == 0 && math.Signbit(v):
			return map[string]any{"$negativeZero": true}
		case math.IsNaN(v) || math.IsInf(v, 0):
			return map[string]any{"$number": fmt.Sprint(v)}
		}
	case int64:
		return map[string]any{"$bigint": strconv.FormatInt(v, 10)}
	case []byte:
		return map[string]any{"$bytes": base64.StdEncoding.EncodeToString(v)}
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = canon(v[i])
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for k := range v {
			m[k] = canon(v[k])
		}
		return m
	}
	return v
}

func read(d *yjs.Doc) content {
	c := content{
		M: canon(d.Root("m", yjs.Map).Plain()), A: canon(d.Root("a", yjs.Array).Plain()), T: d.Root("t", yjs.Text).String(),
		Vector: map[string]uint64{},
	}
	for client, clock := range d.StateVector() {
		c.Vector[strconv.FormatUint(client, 10)] = clock
	}
	return c
}

type push struct {
	Mode   string
	Client uint64
	Update []byte
	Sum    []byte // SHA-256 of the state after it
	State  []byte // only if asked for
}

type round struct {
	Pushes        []push
	State, Vector []byte
	Pending       bool
	Content       content
	Clients       [][]byte
	Diffs         [][]byte
	Merged        []byte
	Cut           [][]byte // from merged, per client
}

// differentialPeers play rounds side by side: while one thinks the other is checked.
const differentialPeers = 2

func TestDifferential(t *testing.T) {
	for first := range differentialPeers {
		t.Run(fmt.Sprint("peer ", first), func(t *testing.T) {
			t.Parallel()
			playRounds(t, first)
		})
	}
}

func playRounds(t *testing.T, first int) {
	p := newPeer(t)
	played, pushes := 0, 0
	for i := range *rounds {
		seed := *firstSeed + i
		if seed/4%differentialPeers != first { // by fours: every kind of round to each
			continue
		}
		played, pushes = played+1, pushes+playSeed(t, p, seed)
	}
	t.Logf("%d rounds, %d pushes: equal", played, pushes)
}

// playSeed plays one round and returns how many pushes it had.
func playSeed(t *testing.T, p *peer, seed int) int {
	t.Helper()
	r := ask[round](t, p, request{"op": "round", "seed": seed, "outOfOrder": outOfOrder(seed), "tear": tears(seed), "long": seed%50 == 1})
	playRound(t, p, seed, r)
	if t.Failed() {
		t.Fatalf("seed %d: go test ./yjs -run TestDifferential -rounds 1 -seed %d", seed, seed)
	}
	return len(r.Pushes)
}

// TestKnownStructs plays rounds in which yjs merges more because an update repeats what it has: to look at that, it
// splits items, and joins the halves with more than they were.
func TestKnownStructs(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	for _, seed := range []int{21101, 51751} {
		playSeed(t, p, seed)
	}
}

// outOfOrder says whether the pushes of a round lack what they depend on, so that documents hold them pending.
func outOfOrder(seed int) bool { return seed%4 == 3 }

// tears says whether the clients of a round edit inside of surrogate pairs.
func tears(seed int) bool { return seed%5 == 0 }

// servers says whether a round is also played as a server does it, update by
// update with everything compared, which takes most of the time.
func servers(seed int) bool { return !outOfOrder(seed) && seed%4 == 1 }

func playRound(t *testing.T, p *peer, seed int, r round) {
	doc, again, checked, reloaded := yjs.New(), yjs.New(), yjs.New(), yjs.New()
	for i, push := range r.Pushes {
		if err := doc.Apply(push.Update); err != nil {
			t.Errorf("push %d: %v", i, err)
			return
		}
		if sum := sha256.Sum256(doc.EncodeState(nil)); !bytes.Equal(sum[:], push.Sum) {
			t.Errorf("push %d (%s of %d, %x): other state than yjs", i, push.Mode, push.Client, push.Update)
			return
		}
		if err := again.Apply(push.Update); err != nil {
			t.Error(err)
		}
		if (seed+i)%3 == 0 {
			reloaded = reload(t, reloaded)
		}
		if err := reloaded.Apply(push.Update); err != nil {
			t.Error(err)
		}
		if servers(seed) {
			commitChecked(t, checked, push.Update)
		}
	}
	compareRound(t, r, doc)
	if !bytes.Equal(again.EncodeState(nil), r.State) {
		t.Error("the same updates gave other bytes the second time")
	}
	if !outOfOrder(seed) && !bytes.Equal(reloaded.EncodeState(nil), r.State) {
		t.Error("a document that was stored and loaded in between has other bytes")
	}
	if servers(seed) && !bytes.Equal(checked.EncodeState(nil), r.State) {
		t.Errorf("Check and Commit: got state %x, want %x", checked.EncodeState(nil), r.State)
	}
	syncClients(t, p, r, doc, tears(seed) || outOfOrder(seed))
	compareMerge(t, p, r)
}

// reload stores a document and loads it again.
func reload(t *testing.T, d *yjs.Doc) *yjs.Doc {
	t.Helper()
	state := d.EncodeState(nil)
	loaded, err := yjs.Load(state)
	if err != nil {
		t.Fatal(err)
	}
	if got := loaded.EncodeState(nil); !d.Pending() && !bytes.Equal(got, state) {
		t.Errorf("loaded %x, which is now %x", state, got)
	}
	return loaded
}

// commitChecked commits an update the way a server does, and sees to it that what is relayed says the same.
func commitChecked(t *testing.T, d *yjs.Doc, update []byte) {
	t.Helper()
	u, err := yjs.Decode(update)
	if err != nil {
		t.Fatal(err)
	}
	before := d.EncodeState(nil)
	plan, err := d.Check(u, yjs.Policy{})
	if err != nil {
		t.Fatalf("Check(%x): %v", update, err)
	}
	accepted := plan.Accepted()
	if !bytes.Equal(d.EncodeState(nil), before) {
		t.Errorf("Check(%x) changed the document", update)
	}
	d.Commit(plan)
	if !bytes.Equal(plan.Accepted(), accepted) {
		t.Errorf("Accepted(%x) differs after Commit", update)
	}
	follower, err := yjs.Load(before)
	if err != nil {
		t.Fatal(err)
	}
	if err := follower.Apply(accepted); err != nil {
		t.Errorf("accepted %x: %v", accepted, err)
	}
	if !bytes.Equal(follower.EncodeState(nil), d.EncodeState(nil)) {
		t.Errorf("what was accepted of %x, %x, gives another document", update, accepted)
	}
	if u, err = yjs.Decode(accepted); err != nil {
		t.Fatal(err)
	}
	if plan, err = d.Check(u, yjs.Policy{}); err != nil || !plan.Empty() {
		t.Errorf("accepted twice: %v, empty %v", err, err == nil && plan.Empty())
	}
}

func compareRound(t *testing.T, r round, doc *yjs.Doc) {
	t.Helper()
	if got := doc.EncodeState(nil); !bytes.Equal(got, r.State) {
		t.Errorf("state: got %x, want %x", got, r.State)
	}
	if got := doc.StateVector().Encode(); !bytes.Equal(got, r.Vector) {
		t.Errorf("state vector: got %x, want %x", got, r.Vector)
	}
	if doc.Pending() != r.Pending {
		t.Errorf("pending: got %v, want %v", doc.Pending(), r.Pending)
	}
	if r.Pending {
		return // a copy of it reads as something else
	}
	if got := read(doc); !reflect.DeepEqual(got, r.Content) {
		got, _ := json.Marshal(got)
		want, _ := json.Marshal(r.Content)
		t.Errorf("content:\n got %s\nwant %s", got, want)
	}
}

func syncClients(t *testing.T, p *peer, r round, doc *yjs.Doc, bytesOnly bool) {
	t.Helper()
	diffs := make([][]byte, len(r.Clients))
	for i, data := range r.Clients {
		sv, err := yjs.DecodeStateVector(data)
		if err != nil {
			t.Fatal(err)
		}
		if diffs[i] = doc.EncodeState(sv); !bytes.Equal(diffs[i], r.Diffs[i]) {
			t.Errorf("diff for %v: got %x, want %x", sv, diffs[i], r.Diffs[i])
		}
		if got, err := yjs.DiffUpdate(r.Merged, sv); err != nil || !bytes.Equal(got, r.Cut[i]) {
			t.Errorf("DiffUpdate(%x, %v): %v\n got %x\nwant %x", r.Merged, sv, err, got, r.Cut[i])
		}
	}
	if r.Pending || bytesOnly {
		return
	}
	for i, equal := range ask[struct{ Equal []bool }](t, p, request{"op": "sync", "diffs": diffs}).Equal {
		if !equal {
			t.Errorf("client %d has other content after the diff", i)
		}
	}
}

// compareMerge compares bytes, and where they differ the documents: when updates hold the same structs, some still with
// what was deleted since, which of them stays depends on how a JavaScript engine sorts what it is told to be unequal
// both ways.
func compareMerge(t *testing.T, p *peer, r round) {
	t.Helper()
	var updates [][]byte
	for _, p := range r.Pushes {
		updates = append(updates, p.Update)
	}
	got, err := yjs.MergeUpdates(updates...)
	if err != nil {
		t.Errorf("MergeUpdates: %v", err)
	}
	if bytes.Equal(got, r.Merged) {
		return
	}
	want := ask[applied](t, p, request{"op": "apply", "updates": [][]byte{r.Merged}})
	if have := ask[applied](t, p, request{"op": "apply", "updates": [][]byte{got}}); !reflect.DeepEqual(have, want) {
		t.Errorf("MergeUpdates:\n got %x\nwant %x", got, r.Merged)
	}
}
