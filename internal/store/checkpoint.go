package store

import (
	"context"
	"database/sql"
	"log/slog"
	"sync/atomic"
)

const (
	// checkpointWrites is after how many writes the log is moved into the
	// database: some tens of megabytes when writes are scattered.
	checkpointWrites = 8192
	// restartPages is how long the log may grow before the writer waits for
	// its end to be moved, so that it starts over: 64 MiB.
	restartPages = 16384
	// passes before the writer is asked to wait: each leaves only what was
	// written during the one before.
	checkpointPasses = 3
)

// checkpointer moves the write-ahead log into the database beside the writer,
// so that no write waits for it, except for a short end of a long log.
type checkpointer struct {
	conn    *sql.Conn
	w       *writer
	log     *slog.Logger
	pending atomic.Int64
	wake    chan struct{}
	stop    context.CancelFunc
	done    chan struct{}
}

func newCheckpointer(conn *sql.Conn, log *slog.Logger) *checkpointer {
	return &checkpointer{conn: conn, log: log, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// wrote is told how many writes were committed.
func (c *checkpointer) wrote(n int) {
	if c.pending.Add(int64(n)) < checkpointWrites {
		return
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *checkpointer) start(w *writer) {
	c.w = w
	ctx, cancel := context.WithCancel(context.Background())
	c.stop = cancel
	go c.run(ctx)
}

// close waits for the goroutine, should it run; the log is moved when the database closes.
func (c *checkpointer) close() {
	if c.stop == nil {
		return
	}
	c.stop()
	<-c.done
}

func (c *checkpointer) run(ctx context.Context) {
	defer close(c.done)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		c.pending.Store(0)
		if err := c.checkpoint(ctx); err != nil && ctx.Err() == nil {
			c.log.Warn("checkpoint", "error", err)
		}
	}
}

func (c *checkpointer) checkpoint(ctx context.Context) error {
	for range checkpointPasses {
		logged, moved, err := passiveCheckpoint(ctx, c.conn)
		if err != nil {
			return err
		}
		if logged < restartPages {
			return nil
		}
		if logged-moved < restartPages/8 {
			break
		}
	}
	return c.w.do(ctx, "store.checkpoint", &write{outside: func(se *session) error {
		_, _, err := passiveCheckpoint(context.Background(), se.conn)
		return err
	}})
}
