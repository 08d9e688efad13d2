package coedit_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storywire/storywire/internal/coedit"
	"github.com/storywire/storywire/yjs"
)

const day = 24 * time.Hour

// Documents that nobody opens any more are looked after once a day.
func TestSweep(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.restart(coedit.Options{Poll: time.Hour})
		ada := d.open("a", "ada", 5000)
		expect(t, "ada", ada.push(ada.typed(" upon")), "2")
		expect(t, "into the trash", ada.push(ada.set("trashedAt", float64(time.Now().UnixMilli()))), "3")
		expect(t, "rubbish", ada.push([]byte{9}), "MALFORMED_UPDATE")
		d.Disconnected("a")
		d.heard()
		for i := range 50 { // one each half hour
			v := coedit.Version{ID: fmt.Sprint("old", i), Seq: int64(100 + i), Kind: coedit.AutoVersion, CreatedAt: time.Now()}
			if _, err := d.log.InsertVersion(t.Context(), lighthouse, v, nil); err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Minute)
		}
		// What a node has stored that died before it saved.
		if _, err := d.log.Append(t.Context(), lighthouse, coedit.Entry{Data: ada.typed("!"), After: 3, At: time.Now()}); err != nil {
			t.Fatal(err)
		}

		time.Sleep(day + time.Hour)
		after := d.kept()
		if after.saved != 4 || after.versions < 20 || after.versions > 40 || after.refused != 1 {
			t.Errorf("after a day: %+v", after)
		}
		time.Sleep(8 * day)
		if after := d.kept(); after.refused != 0 || after.versions > 4 || after.passages != 1 {
			t.Errorf("after nine days: %+v", after)
		}
		time.Sleep(24 * day)
		if after := d.kept(); after.passages != 0 {
			t.Errorf("after a month: %+v", after)
		}
		time.Sleep(90 * day)
		if after := d.kept(); after.versions != 0 {
			t.Errorf("after four months: %+v", after)
		}
	})
}

// kept is what the database holds of a document.
type kept struct {
	saved                       int64 // seq of the state
	passages, versions, refused int
}

func (d *desk) kept() kept {
	d.t.Helper()
	d.heard()
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	doc, err := yjs.Load(d.log.state)
	if err != nil {
		d.t.Fatal(err)
	}
	return kept{d.log.stateSeq, len(doc.Root("passages", yjs.Map).Keys()), len(d.log.versions), len(d.log.refused)}
}

// Who opens a document while it is being unloaded finds it there, and everything goes on.
func TestOpenedWhileUnloading(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		counts := d.restart(coedit.Options{})
		ada := d.open("a", "ada", 5000)
		d.Disconnected("a")
		d.heard()
		d.saving = make(chan struct{})
		if _, err := d.Upload(t.Context(), "ada", lighthouse, ada.typed(" upon")); err != nil {
			t.Fatal(err)
		}
		<-d.saving // half a minute later
		opened := make(chan *writer)
		go func() { opened <- d.open("b", "bob", 6000) }()
		synctest.Wait()
		d.saving <- struct{}{}
		var bob *writer
		select {
		case bob = <-opened:
		case <-time.After(time.Minute):
			t.Fatal("bob gets no answer")
		}
		expect(t, "bob finds", bob.body().String(), "Once upon")
		if open := counts.open.Load(); open != 1 {
			t.Errorf("%d rooms are open", open)
		}
		expect(t, "bob writes", bob.push(bob.typed("!")), "3")
		d.saving = nil
	})
}

// Documents in memory are bounded: idle ones go first, and where there is none a new one is refused.
func TestMemoryIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		counts := d.restart(coedit.Options{Memory: 1})
		expect(t, "the first", d.tryOpen("one", "ada", 5000, lighthouse), "")
		expect(t, "a second while somebody is in the first", d.tryOpen("two", "ada", 5001, "another"), "UNAVAILABLE")
		expect(t, "again into the first", d.tryOpen("three", "ada", 5002, lighthouse), "")
		d.Disconnected("one")
		d.Disconnected("three")
		d.heard()
		if counts.bytes.Load() == 0 {
			t.Error("the first takes no memory")
		}
		expect(t, "a second after that", d.tryOpen("two", "ada", 5001, "another"), "")
		d.heard()
		d.Disconnected("two")
		time.Sleep(time.Minute)
		d.heard()
		if open, bytes := counts.open.Load(), counts.bytes.Load(); open != 0 || bytes != 0 {
			t.Errorf("after a minute %d documents of %d bytes are open", open, bytes)
		}
	})
}
