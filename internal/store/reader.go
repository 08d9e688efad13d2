package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// reader runs the queries that change nothing, on connections of their own.
type reader struct {
	db   backend
	pool *sql.DB

	mu    sync.Mutex           // guards stmts
	stmts map[string]*sql.Stmt // nil: the driver keeps prepared statements itself
}

// prepared returns the statement of a query, prepared on first use. Only
// databases in this process come here: nobody waits for a network under mu.
func (r *reader) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if st, ok := r.stmts[query]; ok {
		return st, nil
	}
	st, err := r.pool.PrepareContext(ctx, r.db.text(query))
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	r.stmts[query] = st
	return st, nil
}

func (r *reader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errList []error
	for _, st := range r.stmts {
		errList = append(errList, st.Close())
	}
	return errors.Join(append(errList, r.pool.Close())...)
}

// row runs a reading query of at most one row.
func (s *Store) row(ctx context.Context, query string, args ...any) scanner {
	r := s.reader
	if r.stmts == nil {
		return checkedRow{r.db, r.pool.QueryRowContext(ctx, r.db.text(query), args...)}
	}
	st, err := r.prepared(ctx, query)
	if err != nil {
		return failedRow{err}
	}
	return st.QueryRowContext(ctx, args...)
}

// read calls scan for each row of a query.
func (s *Store) read(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	r := s.reader
	if r.stmts == nil {
		rows, err := r.pool.QueryContext(ctx, r.db.text(query), args...)
		return checked(r.db, eachRow(rows, err, scan))
	}
	st, err := r.prepared(ctx, query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	return eachRow(rows, err, scan)
}

// checkedRow is a row whose error says so if the database is out of reach.
type checkedRow struct {
	db  backend
	row *sql.Row
}

func (r checkedRow) Scan(dest ...any) error { return checked(r.db, r.row.Scan(dest...)) }

func checked(db backend, err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) || errors.Is(err, context.Canceled) || !db.fatal(err) {
		return err
	}
	return unavailable("store.read", err)
}
