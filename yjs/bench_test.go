package yjs_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/storywire/storywire/yjs"
)

// traceEdits is the length of the real trace.
const traceEdits = 259_778

// editing is a session of writing one text, as single updates, and what yjs makes of it.
type editing struct {
	updates [][]byte
	state   []byte
	Name    string // of its file, or "generated"
	Updates int
	State   int
	Text    int
	Structs int
}

// editingTrace lets yjs play a session. STORYWIRE_EDITING_TRACE names the file automerge-paper.json.gz of
// github.com/josephg/editing-traces, the session of which Martin Kleppmann wrote a paper; without it a session of the
// same shape is made up.
func editingTrace(t testing.TB, edits int) *editing {
	t.Helper()
	p := newPeer(t)
	file := os.Getenv("STORYWIRE_EDITING_TRACE")
	out := filepath.Join(t.TempDir(), "trace")
	e := ask[editing](t, p, request{"op": "trace", "file": file, "out": out, "edits": edits})
	if e.Name = "generated"; file != "" {
		e.Name = filepath.Base(file)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for len(data) > 0 {
		n := 4 + binary.LittleEndian.Uint32(data)
		e.updates = append(e.updates, data[4:n:n])
		data = data[n:]
	}
	if e.state, err = os.ReadFile(out + ".state"); err != nil {
		t.Fatal(err)
	}
	return &e
}

func (e *editing) play(t testing.TB) *yjs.Doc {
	d := yjs.New()
	for _, data := range e.updates {
		u, err := yjs.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := d.Check(u, yjs.Policy{})
		if err != nil {
			t.Fatal(err)
		}
		d.Commit(plan)
	}
	return d
}

func TestEditingTrace(t *testing.T) {
	e := editingTrace(t, 30_000)
	d := e.play(t)
	if got := d.EncodeState(nil); !bytes.Equal(got, e.state) {
		t.Errorf("state of %d bytes is not that of yjs, of %d", len(got), len(e.state))
	}
	if got := d.Stats(); got.Structs != e.Structs {
		t.Errorf("%d structs, yjs has %d", got.Structs, e.Structs)
	}
	t.Logf("%d updates: %d bytes, %d structs, %d units of text, as in yjs", e.Updates, e.State, e.Structs, e.Text)
}

func BenchmarkTrace(b *testing.B) {
	e := editingTrace(b, traceEdits)
	b.Logf("%s trace: %d updates; state of yjs: %d bytes, %d structs, %d units of text", e.Name, e.Updates, e.State, e.Structs, e.Text)
	run := func(name string, ops int, f func(b *testing.B)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			start := cpuTime()
			for range b.N {
				f(b)
			}
			n := float64(b.N * ops)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/op")
			b.ReportMetric(float64(cpuTime()-start)/n, "cpu-ns/op")
		})
	}
	run("update/check+commit", len(e.updates), func(b *testing.B) { e.play(b) })
	run("update/apply", len(e.updates), func(b *testing.B) {
		d := yjs.New()
		for _, u := range e.updates {
			if err := d.Apply(u); err != nil {
				b.Fatal(err)
			}
		}
	})
	run("load", 1, func(b *testing.B) {
		if _, err := yjs.Load(e.state); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(e.state)), "yjs-state-bytes")
	})
	if got := e.play(b).EncodeState(nil); !bytes.Equal(got, e.state) {
		b.Errorf("state of %d bytes is not that of yjs, of %d", len(got), len(e.state))
	}
	d := apply(b, e.state)
	run("encode", 1, func(b *testing.B) { d.EncodeState(nil) })
	sv := d.StateVector()
	for client := range sv {
		sv[client] -= 315
	}
	run("diff", 1, func(b *testing.B) { d.EncodeState(sv) })
	run("merge-200", 1, func(b *testing.B) {
		if _, err := yjs.MergeUpdates(e.updates[:200]...); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("memory", func(b *testing.B) {
		for range b.N {
			b.ReportMetric(heapOf(func() any { return apply(b, e.state) }), "heap-bytes")
		}
	})
}

// heapOf returns by how much the heap is larger while what f makes is alive.
func heapOf(f func() any) float64 {
	heap := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := heap()
	kept := f()
	after := heap()
	runtime.KeepAlive(kept)
	return after - before
}
