//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/storywire/storywire/bench/load"
)

// use is one case: so many documents, each with one writer and some readers.
type use struct {
	name    string
	docs    int
	readers int // of each
	updates int // of each writer, measured
	unread  int // updates of each writer that wait for their answers
}

var uses = []use{
	{name: "1 writer", docs: 1, updates: 30_000, unread: 64},
	{name: "1 writer, 9 readers", docs: 1, readers: 9, updates: 15_000, unread: 64},
	{name: "500 documents", docs: 500, updates: 60, unread: 8},
}

// figures are what a case took on one server.
type figures struct {
	perSecond float64
	cpu       float64 // of the server, microseconds for each update
	p99       time.Duration
}

// desk is a document with its people.
type desk struct {
	writer  connection
	readers []connection
	updates [][]byte
	took    []time.Duration
}

// open brings everybody to the documents, with what they will write.
func open(ctx context.Context, s *server, u use, run string) (desks []*desk, err error) {
	defer func() {
		if err != nil {
			closeAll(desks)
		}
	}()
	warm := max(1, u.updates/10)
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
		if d.updates, err = typing(d.writer.state(), warm+u.updates); err != nil {
			return desks, err
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
	warm := max(1, u.updates/10)
	if err := play(desks, u.unread, 0, warm); err != nil {
		return figures{}, err
	}
	before, err := s.cpu()
	if err != nil {
		return figures{}, err
	}
	began := time.Now()
	if err := play(desks, u.unread, warm, warm+u.updates); err != nil {
		return figures{}, err
	}
	elapsed := time.Since(began)
	after, err := s.cpu()
	if err != nil {
		return figures{}, err
	}
	total := float64(u.docs * u.updates)
	var took []time.Duration
	for _, d := range desks {
		took = append(took, d.took...)
	}
	slices.Sort(took)
	return figures{
		perSecond: total / elapsed.Seconds(),
		cpu:       float64((after - before).Microseconds()) / total,
		p99:       took[len(took)*99/100],
	}, nil
}

// play lets all write their updates from one number to another, and ends when
// all are acknowledged and every reader has them.
func play(desks []*desk, unread, from, to int) error {
	var all errgroup.Group
	for _, d := range desks {
		last := make(chan int64, 1+len(d.readers))
		all.Go(func() error {
			number, err := d.write(unread, from, to)
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

// write sends updates as fast as they are answered.
func (d *desk) write(unread, from, to int) (number int64, err error) {
	_ = d.writer.SetReadDeadline(time.Now().Add(patience))
	sent := make([]time.Time, to-from)
	d.took = d.took[:0]
	next := 0
	for answered := 0; answered < len(sent); answered++ {
		for ; next < len(sent) && next-answered < unread; next++ {
			sent[next] = time.Now()
			d.writer.send(d.updates[from+next], from+next)
		}
		if err := d.writer.flush(); err != nil {
			return 0, err
		}
		if number, err = d.writer.answer(); err != nil {
			return 0, err
		}
		d.took = append(d.took, time.Since(sent[answered]))
	}
	return number, nil
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
