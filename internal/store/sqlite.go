package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// cacheKiB is the page cache of the writer: the hot ends of all indexes of some millions of comments.
const cacheKiB = 64 << 10

// openSQLite opens a pool on the file at path. Readers cannot write, whatever they execute.
func openSQLite(path string, conns int, readOnly bool) (*sql.DB, error) {
	pragmas := []string{
		"busy_timeout(5000)",
		"journal_mode(wal)",
		"synchronous(full)", // a commit is on the disk before it is answered
		"foreign_keys(1)",
		"temp_store(memory)",
	}
	if readOnly {
		pragmas = append(pragmas, "cache_size(-8192)", "query_only(1)")
	} else {
		// The checkpointer moves the log into the database, see checkpoint.go.
		pragmas = append(pragmas, fmt.Sprintf("cache_size(-%d)", cacheKiB), "wal_autocheckpoint(0)")
	}
	escape := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")
	dsn := "file:" + escape.Replace(path) + "?" + url.Values{"_pragma": pragmas}.Encode()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// fatal reports whether err may have ended the transaction it happened in:
// the disk, the file or the connection is at fault, not the statement.
func fatal(err error) bool {
	if errors.Is(err, errFatal) || errors.Is(err, sql.ErrConnDone) {
		return true
	}
	se, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch se.Code() & 0xff { // the primary code of an extended one
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT,
		sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_MISUSE:
		return true
	}
	return false
}

// passiveCheckpoint moves what it can of the log into the database without
// making anybody wait. It returns how many pages the log holds and how many of them are moved.
func passiveCheckpoint(ctx context.Context, conn *sql.Conn) (logged, moved int, err error) {
	var busy int
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &logged, &moved)
	return logged, moved, err
}
