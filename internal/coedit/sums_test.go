package coedit_test

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/storywire/storywire/internal/coedit"
)

// wireTap is a bus of two nodes on which messages can be changed.
type wireTap struct {
	mu     sync.Mutex
	hear   []func([]byte)
	change func([]byte) []byte
}

func (w *wireTap) Publish(_ string, message []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, hear := range w.hear { // also the own one, which the service drops
		hear(w.change(bytes.Clone(message)))
	}
}

func (w *wireTap) Subscribe(_ string, hear func([]byte)) (cancel func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hear = append(w.hear, hear)
	return func() {}
}

// tally counts what a service does.
type tally struct {
	open, bytes, batches, refused, diverged atomic.Int64
}

func (c *tally) DocOpened()         { c.open.Add(1) }
func (c *tally) DocClosed()         { c.open.Add(-1) }
func (c *tally) DocsGrew(bytes int) { c.bytes.Add(int64(bytes)) }
func (c *tally) DocStored(n, _ int) { c.batches.Add(int64(n)) }
func (c *tally) DocRefused(string)  { c.refused.Add(1) }
func (c *tally) DocDiverged()       { c.diverged.Add(1) }

// restart starts the desk again with other options, and counts.
func (d *desk) restart(opts coedit.Options) *tally {
	d.stop()
	counts := &tally{}
	opts.Observer = counts
	d.run(nil, opts)
	return counts
}

// beside makes the desk one of several nodes of a log.
func (d *desk) beside(bus coedit.Bus, name string, log *memory) *tally {
	d.stop()
	counts := &tally{}
	d.log = log
	d.run(bus, coedit.Options{Node: name, Observer: counts})
	return counts
}

// What a damaged message does to the replica of one node is noticed, and ends with the log.
func TestReplicasThatDifferAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, damaged := range []bool{false, true} {
			log, bus := newMemory(), &wireTap{}
			bus.change = func(m []byte) []byte { return m }
			here, there := newDesk(t), newDesk(t)
			counts := []*tally{here.beside(bus, "here", log), there.beside(bus, "there", log)}
			ada := here.open("a", "ada", 5000)
			there.open("b", "bob", 6000)
			synctest.Wait()
			if damaged {
				bus.change = func(m []byte) []byte { return bytes.Replace(m, []byte("IG1vcm"), []byte("IG5vcm"), 1) } // " more" in base64
			}
			for seq := int64(0); seq < 256; {
				ada.push(ada.typed(" more"))
				seq = log.head()
			}
			time.Sleep(6 * time.Second) // a claim may come before what it is about
			for i, d := range []*desk{here, there} {
				if got := counts[i].diverged.Load(); got != 0 != damaged {
					t.Errorf("node %d, damaged %t: %d alarms", i, damaged, got)
				}
				if got := bytes.Contains([]byte(d.heard()), []byte("closed")); got != damaged {
					t.Errorf("node %d, damaged %t: closed %t", i, damaged, got)
				}
			}
			if a, b := here.state(t), there.state(t); !bytes.Equal(a, b) {
				t.Errorf("damaged %t: they still differ", damaged)
			}
			for i, d := range []*desk{here, there} {
				d.stop()
				if open, held := counts[i].open.Load(), counts[i].bytes.Load(); open != 0 || held != 0 {
					t.Errorf("node %d ends with %d documents of %d bytes", i, open, held)
				}
			}
			if got := counts[0].batches.Load(); got != 255 {
				t.Errorf("%d batches were stored", got)
			}
		}
	})
}
