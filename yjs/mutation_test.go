package yjs_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/storywire/storywire/yjs"
)

// victimDoc is a state of a document, and an update that came to it.
type victimDoc struct{ state, update []byte }

// mutate damages an update in one to three places.
func mutate(rnd *rand.Rand, update, other []byte) []byte {
	m := bytes.Clone(update)
	for n := 1 + rnd.IntN(3); n > 0 && len(m) > 0; n-- {
		at := rnd.IntN(len(m))
		switch rnd.IntN(8) {
		case 0:
			m[at] ^= 1 << rnd.IntN(8)
		case 1:
			m[at] = byte(rnd.IntN(256))
		case 2:
			m = append(m[:at], m[at+1:]...)
		case 3:
			m = append(m[:at], append([]byte{byte(rnd.IntN(256))}, m[at:]...)...)
		case 4:
			m = m[:at]
		case 5:
			from := rnd.IntN(len(m))
			m = append(m[:at], append(bytes.Clone(m[min(at, from):max(at, from)]), m[at:]...)...)
		case 6:
			from := rnd.IntN(len(other))
			m = append(m[:at], other[from:]...)
		case 7:
			m[at] += byte(rnd.IntN(5)) - 2
		}
	}
	return m
}

// TestMutations damages updates that were good. Nothing may panic, take long, or change a document that refuses it; and
// what is accepted yjs must accept too, with the same outcome.
func TestMutations(t *testing.T) {
	p := newPeer(t)
	var victims []victimDoc
	for seed := 1; len(victims) < 1000; seed++ {
		r := ask[round](t, p, request{"op": "round", "seed": seed, "outOfOrder": false, "tear": true, "states": true})
		for i := 1; i < len(r.Pushes); i++ {
			victims = append(victims, victimDoc{r.Pushes[i-1].State, r.Pushes[i].Update})
		}
	}
	rnd := rand.New(rand.NewPCG(uint64(*firstSeed), 1))
	accepted, slowest := 0, time.Duration(0)
	for range *mutants {
		v := victims[rnd.IntN(len(victims))]
		m := mutate(rnd, v.update, victims[rnd.IntN(len(victims))].update)
		d := apply(t, v.state)
		before := d.EncodeState(nil)
		slowest = max(slowest, duration(t, v.state, m))
		plan, err := check(d, m)
		if got := d.EncodeState(nil); !bytes.Equal(got, before) {
			t.Fatalf("Check of %x changed %x to %x", m, before, got)
		}
		if err != nil {
			continue
		}
		accepted++
		sent := plan.Accepted()
		d.Commit(plan)
		compareAccepted(t, p, d, before, m, sent)
	}
	if slowest > 50*time.Millisecond {
		t.Errorf("slowest took %v", slowest)
	}
	t.Logf("%d mutants, %d accepted, slowest %v", *mutants, accepted, slowest)
}

// duration is how long it takes to check and commit an update, the best of three when it is long: a machine that is
// busy with other things must not look like an attack.
func duration(t *testing.T, state, update []byte) time.Duration {
	t.Helper()
	best := time.Hour
	for range 3 {
		d := apply(t, state)
		start := time.Now()
		if plan, err := check(d, update); err == nil {
			d.Commit(plan)
		}
		if best = min(best, time.Since(start)); best < 5*time.Millisecond {
			break
		}
	}
	return best
}

func check(d *yjs.Doc, data []byte) (*yjs.Plan, error) {
	u, err := yjs.Decode(data)
	if err != nil {
		return nil, err
	}
	return d.Check(u, yjs.Policy{})
}

type applied struct {
	Error         string
	State, Vector []byte
	Pending       bool
	Content       content
}

// compareAccepted compares d, to which m was committed, with what yjs makes of what is sent on. States are compared as
// yjs reads them: it writes values anew that a mutant may have encoded in a way of its own.
func compareAccepted(t *testing.T, p *peer, d *yjs.Doc, before, m, sent []byte) {
	t.Helper()
	want := ask[applied](t, p, request{"op": "apply", "updates": [][]byte{before, sent}})
	if want.Error != "" || want.Pending {
		t.Errorf("yjs does not take %x, sent for %x on %x: %s, pending %v", sent, m, before, want.Error, want.Pending)
		return
	}
	got := d.EncodeState(nil)
	if !bytes.Equal(got, want.State) {
		again := ask[applied](t, p, request{"op": "apply", "updates": [][]byte{got}})
		loaded := ask[applied](t, p, request{"op": "apply", "updates": [][]byte{want.State}})
		if !bytes.Equal(again.State, loaded.State) || !reflect.DeepEqual(again.Content, want.Content) {
			t.Errorf("mutant %x on %x:\n got %x\nwant %x", m, before, got, want.State)
		}
	}
	if got := d.StateVector().Encode(); !bytes.Equal(got, want.Vector) {
		t.Errorf("mutant %x on %x: state vector %x, want %x", m, before, got, want.Vector)
	}
}
