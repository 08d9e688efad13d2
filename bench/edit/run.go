//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/storywire/storywire/bench/load"
)

// use is one case: so many documents, each with one writer and some readers.
// First the writers write as fast as they are answered, then at a pace.
type use struct {
	name    string
	docs    int
	readers int // of each
	updates int // of each writer, as fast as they are answered
	unread  int // updates of each writer that wait for their answers
	paced   int // updates of each writer, at the pace
	pace    int // of each writer, updates a second
}

var uses = []use{
	{name: "1 writer", docs: 1, updates: 30_000, unread: 256, paced: 2_000, pace: 1_000},
	{name: "1 writer, 64 unanswered", docs: 1, updates: 30_000, unread: 64, paced: 2_000, pace: 1_000},
	{name: "1 writer, 9 readers", docs: 1, readers: 9, updates: 15_000, unread: 64, paced: 2_000, pace: 1_000},
	{name: "500 documents", docs: 500, updates: 120, unread: 8, paced: 20, pace: 10},
}

// warm is how many updates of each writer come before all that is measured.
func (u use) warm() int { return max(1, u.updates/10) }

// figures are what a case took on one server.
type figures struct {
	perSecond float64
	cpu       float64       // of the server, microseconds for each update
	generator float64       // of this program, likewise
	p99       time.Duration // of the answers, as fast as they come
	paced     time.Duration // likewise at the pace
}

// desk is a document with its people.
type desk struct {
	writer  connection
	readers []connection
	frames  [][]byte // of all updates
	took    []time.Duration
}

// open brings everybody to the documents, with what they will write.
func open(ctx context.Context, s *server, u use, run string) (desks []*desk, err error) {
	defer func() {
		if err != nil {
			closeAll(desks)
		}
	}()
	for i := range u.docs {
		d := &desk{}
		desks = append(desks, d)
		for who := range 1 + u.readers {
			c, err := connect(ctx, s, fmt.Sprintf("%s-%d", run, i), who)
			if err != nil {
				return desks, err
			}
			if who == 0 {
				d.writer = c
			} else {
				d.readers = append(d.readers, c)
			}
		}
		updates, err := typing(d.writer.state(), u.warm()+u.updates+u.paced)
		if err != nil {
			return desks, err
		}
		for n, update := range updates {
			d.frames = append(d.frames, d.writer.frames(update, n))
		}
	}
	return desks, nil
}

// stories are those that were made, by the name of the document.
var stories = map[string]string{}

func connect(ctx context.Context, s *server, name string, who int) (connection, error) {
	if s.name == "hocuspocus" {
		return openHocuspocus(s.addr, name, base())
	}
	author := load.Token([]byte(secret), "author-"+name)
	id := s.addr + name
	if stories[id] == "" {
		var made struct{ ID string }
		if err := request(ctx, http.MethodPost, s.addr, "/v1/stories", author, map[string]string{"title": name}, &made); err != nil {
			return nil, err
		}
		stories[id] = made.ID
	}
	token, clientID := author, client
	if who > 0 {
		token, clientID = load.Token([]byte(secret), fmt.Sprintf("reader-%d-%s", who, name)), client+who
	}
	return openStorywire(s.addr, token, stories[id], clientID)
}

func closeAll(desks []*desk) {
	for _, d := range desks {
		for _, c := range append(d.readers, d.writer) {
			if c != nil {
				_ = c.Close()
			}
		}
	}
}

// measure plays a case on a server.
func measure(ctx context.Context, s *server, u use, run string) (figures, error) {
	desks, err := open(ctx, s, u, run)
	if err != nil {
		return figures{}, err
	}
	defer closeAll(desks)
	fast := func(d *desk, frames [][]byte) (int64, error) { return d.writeFast(u.unread, frames) }
	paced := func(d *desk, frames [][]byte) (int64, error) { return d.writePaced(u.pace, frames) }
	warm, full := u.warm(), u.warm()+u.updates
	if err := play(desks, 0, warm, fast); err != nil {
		return figures{}, err
	}
	runtime.GC() // of what was prepared, not while it counts
	before, own, err := used(s)
	if err != nil {
		return figures{}, err
	}
	began := time.Now()
	if err := play(desks, warm, full, fast); err != nil {
		return figures{}, err
	}
	elapsed := time.Since(began)
	after, ownAfter, err := used(s)
	if err != nil {
		return figures{}, err
	}
	p99 := slowest(desks)
	if err := play(desks, full, full+u.paced, paced); err != nil {
		return figures{}, err
	}
	total := float64(u.docs * u.updates)
	return figures{
		perSecond: total / elapsed.Seconds(),
		cpu:       float64((after - before).Microseconds()) / total,
		generator: float64((ownAfter - own).Microseconds()) / total,
		p99:       p99,
		paced:     slowest(desks),
	}, nil
}

// used returns the processor time of the server and of this program.
func used(s *server) (theirs, own time.Duration, err error) {
	if theirs, err = s.cpu(); err == nil {
		own, err = load.Process{PID: os.Getpid()}.CPU()
	}
	return theirs, own, err
}

// slowest is what 99 of 100 answers took at most.
func slowest(desks []*desk) time.Duration {
	var took []time.Duration
	for _, d := range desks {
		took = append(took, d.took...)
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// play lets all write their updates from one number to another, and ends when
// all are acknowledged and every reader has them.
func play(desks []*desk, from, to int, write func(*desk, [][]byte) (last int64, err error)) error {
	var all errgroup.Group
	for _, d := range desks {
		last := make(chan int64, 1+len(d.readers))
		all.Go(func() error {
			d.took = d.took[:0]
			_ = d.writer.SetReadDeadline(time.Now().Add(patience))
			number, err := write(d, d.frames[from:to])
			for range d.readers {
				last <- number
			}
			return err
		})
		for _, r := range d.readers {
			all.Go(func() error { return follow(r, last) })
		}
	}
	return all.Wait()
}

// writeFast sends updates as fast as they are answered: so many are on their way
// at most, and what was answered together is followed together.
func (d *desk) writeFast(unread int, frames [][]byte) (number int64, err error) {
	sent := make([]time.Time, len(frames))
	var out []byte
	for answered, next := 0, 0; answered < len(frames); {
		now := time.Now()
		for out = out[:0]; next < len(frames) && next-answered < unread; next++ {
			sent[next], out = now, append(out, frames[next]...)
		}
		if len(out) > 0 {
			if _, err := d.writer.Write(out); err != nil {
				return 0, err
			}
		}
		for more := true; more; more = answered < next && d.writer.buffered() {
			if number, err = d.writer.answer(); err != nil {
				return 0, err
			}
			d.took = append(d.took, time.Since(sent[answered]))
			answered++
		}
	}
	return number, nil
}

// writePaced sends updates at a pace, however fast they are answered: what an answer
// took counts from when its update was due.
func (d *desk) writePaced(pace int, frames [][]byte) (number int64, err error) {
	each := time.Second / time.Duration(pace)
	start := time.Now().Add(rand.N(each)) // the writers do not all type at once
	due := func(i int) time.Time { return start.Add(time.Duration(i) * each) }
	var sending errgroup.Group
	sending.Go(func() error {
		for i, f := range frames {
			time.Sleep(time.Until(due(i)))
			if _, err := d.writer.Write(f); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range frames {
		if number, err = d.writer.answer(); err != nil {
			break
		}
		d.took = append(d.took, time.Since(due(i)))
	}
	return number, errors.Join(err, sending.Wait())
}

// follow reads until the reader has what was written last.
func follow(r connection, last <-chan int64) error {
	want, at := int64(-1), int64(0)
	for {
		if want < 0 { // each reader takes one word of it
			select {
			case want = <-last:
			default:
			}
		}
		if want >= 0 && at >= want {
			return nil
		}
		// Not for long: perhaps all is here, and only its number is not known yet.
		ready, err := r.waiting(20 * time.Millisecond)
		if err != nil {
			return err
		}
		if !ready {
			continue
		}
		number, err := r.read()
		if err != nil {
			return err
		}
		at = max(at, number)
	}
}
