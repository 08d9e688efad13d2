package yjs_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/storywire/storywire/yjs"
)

func FuzzDecode(f *testing.F) {
	for _, v := range golden(f) {
		f.Add([]byte(v.State))
		for _, u := range v.Updates {
			f.Add([]byte(u))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// A diff against nothing is the update itself, written in our way; written twice it stays.
		once, err := yjs.DiffUpdate(data, nil)
		if err != nil {
			var e *yjs.Error
			if !errors.As(err, &e) || e.Code != yjs.Malformed {
				t.Fatalf("DiffUpdate: %v", err)
			}
			return
		}
		twice, err := yjs.DiffUpdate(once, nil)
		if err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%x, written as %x, then as %x: %v", data, once, twice, err)
		}
		if _, err := yjs.MergeUpdates(data, once); err != nil {
			t.Errorf("MergeUpdates(%x, %x): %v", data, once, err)
		}
	})
}

func FuzzCheckAndCommit(f *testing.F) {
	for _, v := range golden(f) {
		for i, u := range v.Updates {
			f.Add([]byte(v.Updates[max(0, i-1)]), []byte(u))
			f.Add([]byte(v.State), []byte(u))
		}
	}
	f.Fuzz(func(t *testing.T, state, update []byte) {
		d := yjs.New()
		if d.Apply(state) != nil {
			return
		}
		before := d.EncodeState(nil)
		plan, err := check(d, update)
		if got := d.EncodeState(nil); !bytes.Equal(got, before) {
			t.Fatalf("Check(%x) changed %x to %x", update, before, got)
		}
		if err != nil {
			return
		}
		sent := plan.Accepted()
		d.Commit(plan)
		if plan, err := check(d, sent); err != nil || !plan.Empty() {
			t.Errorf("%x, sent for %x, is not known after it: %v", sent, update, err)
		}
		loaded := yjs.New()
		if err := loaded.Apply(d.EncodeState(nil)); err != nil {
			t.Errorf("state after %x does not load: %v", update, err)
		}
	})
}

// FuzzApply gives a document updates in two orders, which must end in the same state vector; what is pending included.
func FuzzApply(f *testing.F) {
	for _, v := range golden(f) {
		for i := range v.Updates {
			f.Add([]byte(v.Updates[i]), []byte(v.Updates[len(v.Updates)-1-i]))
		}
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		ab, ba := yjs.New(), yjs.New()
		if ab.Apply(a) != nil || ab.Apply(b) != nil || ba.Apply(b) != nil || ba.Apply(a) != nil {
			return
		}
		for _, d := range []*yjs.Doc{ab, ba} {
			d.Root("m", yjs.Map).Plain()
			d.Root("a", yjs.Array).Plain()
			if err := yjs.New().Apply(d.EncodeState(nil)); err != nil {
				t.Errorf("state after %x and %x does not load: %v", a, b, err)
			}
		}
	})
}

func FuzzDecodeStateVector(f *testing.F) {
	for _, v := range golden(f) {
		f.Add([]byte(v.Vector))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sv, err := yjs.DecodeStateVector(data)
		if err != nil {
			return
		}
		again, err := yjs.DecodeStateVector(sv.Encode())
		if err != nil || len(again) != len(sv) {
			t.Errorf("DecodeStateVector(%x) = %v, written and read again %v, %v", data, sv, again, err)
		}
	})
}

func FuzzDecodeAwareness(f *testing.F) {
	f.Add(yjs.EncodeAwareness(yjs.Presence{Client: 1, Clock: 2, State: []byte(`{"user":{"name":"Ann"}}`)}, yjs.Presence{Client: 3}))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := yjs.DecodeAwareness(data)
		if err != nil {
			return
		}
		again, err := yjs.DecodeAwareness(yjs.EncodeAwareness(list...))
		if err != nil || len(again) != len(list) {
			t.Errorf("DecodeAwareness(%x) = %v, written and read again %v, %v", data, list, again, err)
		}
		var a yjs.Awareness
		a.Apply(time.Time{}, list...)
		a.Expire(time.Time{}.Add(time.Hour))
	})
}
