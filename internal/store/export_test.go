package store

import (
	"context"
	"fmt"
)

// LimitPages makes the database full at n pages, as a full disk does.
func (s *Store) LimitPages(ctx context.Context, n int) error {
	return s.w.do(ctx, "test", &write{outside: func(se *session) error {
		return se.row(fmt.Sprintf("PRAGMA max_page_count = %d", n)).Scan(&n)
	}})
}

// Checkpoint moves the log as the checkpointer does when it has grown.
func (s *Store) Checkpoint(ctx context.Context) error {
	return s.w.do(ctx, "test", &write{outside: func(se *session) error {
		_, _, err := passiveCheckpoint(ctx, se.conn)
		return err
	}})
}
