package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/storywire/storywire/internal/errs"
	"github.com/storywire/storywire/internal/story"
)

const (
	// maxQueue writes may wait; more wait outside, each under its own context.
	maxQueue = 1024
	// maxBatch writes share a transaction: enough that the fsync is nothing
	// for each, few enough that the first of them does not wait for long.
	maxBatch = 512
	// maxAnnounced batches may be committed but not yet answered.
	maxAnnounced = 4
)

var (
	errClosed = errors.New("the store is closed")
	// errFatal marks an error after which the transaction is worth nothing.
	errFatal = errors.New("transaction lost")
	// errAgain marks the error of a write that has made the transaction useless for the others.
	errAgain = errors.New("transaction spoiled")
	// errUnlike says that a statement did not do what it was believed to do.
	errUnlike = errors.New("another number of rows")
)

// write is one unit that is stored wholly or not at all.
type write struct {
	// run executes the statements, on the writer's goroutine. It may be called
	// again after its transaction was undone, so it sets anew what it returns.
	run func(*session) error
	// committed is called after the commit, in commit order, never two at a time.
	committed func()
	// single promises that run, should it fail, has changed nothing, as it is
	// with a single statement: it needs no savepoint.
	single bool
	// story is one whose tail run will ask for; over a network those of a group are looked up at once.
	story story.ID
	// outside is executed after the commit, outside of any transaction, with
	// no other write going on. It has no run.
	outside func(*session) error
	err     error
	done    chan struct{}
}

// writer is the only one that changes the database. It commits in groups: what
// waits becomes one transaction and one fsync; then all of it is answered in
// order by a second goroutine, while the next group is being written.
type writer struct {
	db      backend
	se      *session
	log     *slog.Logger
	stored  func(writes int, took time.Duration) // may be nil
	queue   chan *write
	batches chan []*write
	done    chan struct{} // closed when both goroutines are gone

	failing atomic.Pointer[error] // why the last group failed; nil if it did not

	mu     sync.RWMutex // guards closed; held for reading while queueing
	closed bool
}

func newWriter(db backend, se *session, opts Options) *writer {
	return &writer{
		db:      db,
		se:      se,
		log:     opts.Logger,
		stored:  opts.Stored,
		queue:   make(chan *write, maxQueue),
		batches: make(chan []*write, maxAnnounced),
		done:    make(chan struct{}),
	}
}

func (w *writer) start() {
	var wg sync.WaitGroup
	wg.Go(w.writeAll)
	wg.Go(w.announceAll)
	go func() { wg.Wait(); close(w.done) }()
}

// do queues wr and waits until it is stored and told. ctx counts only until wr
// is queued: from then on wr is carried out, and the answer is the true one.
func (w *writer) do(ctx context.Context, op string, wr *write) error {
	wr.done = make(chan struct{})
	if err := w.enqueue(ctx, wr); err != nil {
		return unavailable(op, err)
	}
	<-wr.done
	if wr.err == nil {
		return nil
	}
	if _, coded := errors.AsType[*errs.Error](wr.err); coded {
		return wr.err
	}
	return unavailable(op, wr.err)
}

func unavailable(op string, err error) error {
	return &errs.Error{
		Op: op, Code: errs.Unavailable, Message: "This cannot be stored right now. Please try again.",
		RetryAfter: time.Second, Err: err,
	}
}

func (w *writer) enqueue(ctx context.Context, wr *write) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case w.queue <- wr:
		return nil
	default:
	}
	select {
	case w.queue <- wr:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close carries out what is queued and waits for both goroutines.
func (w *writer) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.done
}

func (w *writer) writeAll() {
	defer close(w.batches)
	for first := range w.queue {
		batch := append(make([]*write, 0, 1+len(w.queue)), first)
		for len(batch) < maxBatch {
			more, ok := w.poll()
			if !ok {
				break
			}
			batch = append(batch, more)
		}
		start := time.Now()
		if err := w.commit(batch); err != nil {
			w.fail(batch, err)
		} else {
			w.failing.Store(nil)
			if w.stored != nil {
				w.stored(len(batch), time.Since(start))
			}
		}
		w.batches <- batch
		w.db.wrote(len(batch))
	}
}

func (w *writer) poll() (*write, bool) {
	select {
	case wr, ok := <-w.queue:
		return wr, ok
	default:
		return nil, false
	}
}

// How a group is carried out. A database that forgives needs but the first.
const (
	ahead   = iota // statements are sent together and believed to work
	inTurn         // one by one, after one that did something else
	guarded        // and each write with a savepoint, after one that failed
)

// commit stores batch in one transaction. A write that fails has its error
// set and leaves no trace; an error of commit means that nothing is stored.
func (w *writer) commit(batch []*write) error {
	err := w.attempt(batch, ahead)
	if errors.Is(err, errUnlike) {
		w.rollback()
		err = w.attempt(batch, inTurn)
	}
	if errors.Is(err, errAgain) {
		w.rollback()
		err = w.attempt(batch, guarded)
	}
	if err != nil {
		return err
	}
	for _, wr := range batch {
		if wr.outside != nil {
			wr.err = wr.outside(w.se)
		}
	}
	return nil
}

// attempt carries out the transaction.
func (w *writer) attempt(batch []*write, mode int) (err error) {
	w.se.touched = w.se.touched[:0]
	w.se.ahead = mode == ahead && w.se.send != nil
	if err := w.db.begin(w.se, batch); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	start := w.se.pos
	defer func() {
		if err != nil {
			w.se.pos = start
		}
	}()
	for _, wr := range batch {
		if wr.outside != nil {
			continue
		}
		if wr.err = w.apply(wr, mode); wr.err != nil && w.fatal(wr.err) {
			return wr.err
		}
	}
	if err := w.se.flush(); err != nil {
		return w.spoiled(err, mode)
	}
	if err := w.db.commit(w.se, w.se.pos != start); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (w *writer) fatal(err error) bool {
	return errors.Is(err, errFatal) || errors.Is(err, errAgain) || w.db.fatal(err)
}

// spoiled marks an error after which all is to be done again, with more care.
func (w *writer) spoiled(err error, mode int) error {
	if mode == guarded || w.db.forgiving() || w.fatal(err) {
		return err
	}
	return errors.Join(errAgain, err)
}

// apply runs wr. If that fails, its changes and positions are undone.
func (w *writer) apply(wr *write, mode int) error {
	start := w.se.pos
	err := w.run(wr, mode == guarded || w.db.forgiving() && !wr.single)
	if err != nil {
		w.se.pos = start
		return w.spoiled(err, mode)
	}
	return nil
}

func (w *writer) run(wr *write, savepoint bool) error {
	if !savepoint {
		return wr.run(w.se)
	}
	if _, err := w.se.exec("SAVEPOINT one"); err != nil {
		return fmt.Errorf("savepoint: %w", errors.Join(errFatal, err))
	}
	runErr := wr.run(w.se)
	if runErr != nil && !w.fatal(runErr) {
		if _, err := w.se.exec("ROLLBACK TO one"); err != nil {
			return fmt.Errorf("roll back to savepoint: %w", errors.Join(errFatal, err))
		}
	}
	if _, err := w.se.exec("RELEASE one"); err != nil {
		return fmt.Errorf("release savepoint: %w", errors.Join(errFatal, err))
	}
	return runErr
}

func (w *writer) rollback() {
	w.se.forget()
	w.db.rollback(w.se)
}

// fail undoes the transaction and answers all of batch with err.
func (w *writer) fail(batch []*write, err error) {
	w.rollback()
	for _, wr := range batch {
		wr.err = err
	}
	w.failing.Store(&err)
	w.log.Error("write to the database", "writes", len(batch), "error", err)
}

func (w *writer) announceAll() {
	for batch := range w.batches {
		for _, wr := range batch {
			if wr.err == nil && wr.committed != nil {
				wr.committed()
			}
			close(wr.done)
		}
	}
}
