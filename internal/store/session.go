package store

import (
	"context"
	"database/sql"
	"fmt"
)

// session is what a write works with: the one writing connection. Queries are
// written once, in the words that all databases share; see [backend].
type session struct {
	db      backend
	conn    *sql.Conn
	stmts   map[string]*sql.Stmt  // nil: the driver keeps prepared statements itself
	stories map[string]*storyTail // by story id; see comments.go
	touched []string              // stories whose tail moved in this transaction
	pos     int64                 // the last position given to a durable event
	send    func([]queued) error  // carries out many statements at once; nil: the database has no use for that
	ahead   bool                  // what need not be answered now waits in queue
	queue   []queued
}

// queued is a statement that is carried out later, before the next one that is answered and before the commit.
type queued struct {
	query string
	args  []any
	dest  []any // nil: the statement changes one row, or the transaction is of no use
}

// one runs a statement that changes one row, and reports whether it did. Over a
// network it is believed to at first, and sent later together with others:
// nothing may depend on a row that was not changed but what the false tells.
func (se *session) one(query string, args ...any) (bool, error) {
	if se.ahead {
		se.queue = append(se.queue, queued{query: query, args: args})
		return true, nil
	}
	n, err := se.changed(query, args...)
	return n == 1, err
}

// later runs a query of one row and scans it into dest by the time of the
// commit: the write itself must not look there.
func (se *session) later(query string, args []any, dest ...any) error {
	if se.ahead {
		se.queue = append(se.queue, queued{query: query, args: args, dest: dest})
		return nil
	}
	return se.row(query, args...).Scan(dest...)
}

// flush carries out what is queued.
func (se *session) flush() error {
	if len(se.queue) == 0 {
		return nil
	}
	err := se.send(se.queue)
	clear(se.queue)
	se.queue = se.queue[:0]
	return err
}

// forget drops what memory knows of the stories whose tail moved in a
// transaction that came to nothing; they are read again when needed.
func (se *session) forget() {
	for _, id := range se.touched {
		delete(se.stories, id)
	}
	clear(se.queue)
	se.queue = se.queue[:0]
}

// next gives a durable event its position: they rise by one, over all
// processes, in the order of the commits.
func (se *session) next() int64 {
	se.pos++
	return se.pos
}

// exec runs a statement that is prepared on first use and kept.
func (se *session) exec(query string, args ...any) (sql.Result, error) {
	if se.stmts == nil {
		if err := se.flush(); err != nil {
			return nil, err
		}
		return se.conn.ExecContext(context.Background(), se.db.text(query), args...)
	}
	st, err := se.prepare(query)
	if err != nil {
		return nil, err
	}
	return st.Exec(args...)
}

// changed is exec, with the number of changed rows.
func (se *session) changed(query string, args ...any) (int64, error) {
	res, err := se.exec(query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// row is exec for a query of at most one row.
func (se *session) row(query string, args ...any) scanner {
	if se.stmts == nil {
		if err := se.flush(); err != nil {
			return failedRow{err}
		}
		return se.conn.QueryRowContext(context.Background(), se.db.text(query), args...)
	}
	st, err := se.prepare(query)
	if err != nil {
		return failedRow{err}
	}
	return st.QueryRow(args...)
}

func (se *session) prepare(query string) (*sql.Stmt, error) {
	if st, ok := se.stmts[query]; ok {
		return st, nil
	}
	st, err := se.conn.PrepareContext(context.Background(), se.db.text(query))
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	se.stmts[query] = st
	return st, nil
}

// scanner is a row: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

func eachRow(rows *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
