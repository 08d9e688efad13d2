package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// backend is what differs between the databases. The features' queries are
// written once, for both, in these words:
//
//   - parameters are ? or ?1, ?2, never inside of text in quotes
//   - IN (SELECT value FROM json_each(?)) takes a JSON list of texts
//   - columns are named with their table in ON CONFLICT ... DO UPDATE
//   - numbers, times (in milliseconds) and yes or no (1 or 0) are int64
//
// Only the writer's goroutine calls begin, commit and rollback.
type backend interface {
	// text returns a query in the database's own words.
	text(query string) string
	// reader returns what the queries run on that change nothing.
	reader() (*reader, error)
	// migrating returns the pool to migrate with; shared says that other
	// processes may do so at the same time.
	migrating() (pool *sql.DB, shared bool)
	// session returns what the writer works with.
	session(ctx context.Context) (*session, error)
	// begin opens a transaction for batch that no other one can write beside,
	// in this or any other process, and makes se's memory true.
	begin(se *session, batch []*write) error
	// commit returns nil only if the transaction is stored, and an error only
	// if it is not or if that cannot be found out. moved: se.pos has risen.
	commit(se *session, moved bool) error
	// rollback ends the transaction, whatever state it is in.
	rollback(se *session)
	// forgiving: a statement that failed has left nothing, and its transaction goes on.
	forgiving() bool
	// fatal reports whether err may have ended the transaction it happened in:
	// the disk, the server or the connection is at fault, not the statement.
	fatal(err error) bool
	// start starts what works beside the writer; wrote tells it of each group.
	start(w *writer)
	wrote(writes int)
	// stop ends it. It comes before the end of the writer, close after it.
	stop()
	close() error
}

// newBackend returns the database at url, which is not yet opened.
func newBackend(url string, opts Options) (backend, error) {
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return newPostgres(url, opts)
	}
	return newSQLite(url, opts)
}

// dollars rewrites a query of ours for Postgres: ? and ?2 become $1 and $2.
func dollars(query string) string {
	query = strings.ReplaceAll(query, "json_each(?)", "json_array_elements_text(?::json)")
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('$')
		if after == "" || after[0] < '1' || after[0] > '9' {
			b.WriteString(strconv.Itoa(n))
		}
		query = after
	}
}
