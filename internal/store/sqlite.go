package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteReaders is how many queries run at once unless told otherwise; more wait for their turn.
const sqliteReaders = 4

// cacheKiB is the page cache of the writer: the hot ends of all indexes of some millions of comments.
const cacheKiB = 64 << 10

// sqliteDB is an SQLite file, owned by this process.
type sqliteDB struct {
	path    string
	log     *slog.Logger
	readers int
	lock    *os.File
	writing *sql.DB // two connections: the writer's and the checkpointer's
	conns   []*sql.Conn
	ckpt    *checkpointer
}

var _ backend = (*sqliteDB)(nil)

// newSQLite takes the lock of the file at url ("storywire.db", "sqlite:storywire.db").
func newSQLite(url string, opts Options) (*sqliteDB, error) {
	path := strings.TrimPrefix(strings.TrimPrefix(url, "sqlite:"), "//")
	if path == "" || path == ":memory:" || strings.Contains(path, "://") {
		return nil, fmt.Errorf("the database is to be a path, sqlite:PATH or postgres://..., not %q", url)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", path, err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &sqliteDB{path: path, log: opts.Logger, readers: opts.Readers, lock: lock}
	if s.writing, err = openSQLite(path, 2, false); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

func (s *sqliteDB) text(query string) string { return query }

func (s *sqliteDB) migrating() (*sql.DB, bool) { return s.writing, false }

func (s *sqliteDB) reader() (*reader, error) {
	pool, err := openSQLite(s.path, cmp.Or(s.readers, sqliteReaders), true)
	if err != nil {
		return nil, err
	}
	return &reader{db: s, pool: pool, stmts: make(map[string]*sql.Stmt)}, nil
}

func (s *sqliteDB) session(ctx context.Context) (*session, error) {
	for range 2 {
		conn, err := s.writing.Conn(ctx)
		if err != nil {
			return nil, fmt.Errorf("connect: %w", err)
		}
		s.conns = append(s.conns, conn)
	}
	s.ckpt = newCheckpointer(s.conns[1], s.log)
	se := &session{db: s, conn: s.conns[0], stmts: make(map[string]*sql.Stmt), stories: make(map[string]*storyTail)}
	if err := se.row("SELECT pos FROM feed_head").Scan(&se.pos); err != nil {
		return nil, fmt.Errorf("read the position: %w", err)
	}
	return se, nil
}

func (s *sqliteDB) begin(se *session, _ []*write) error {
	_, err := se.exec("BEGIN IMMEDIATE")
	return err
}

func (s *sqliteDB) commit(se *session, moved bool) error {
	if moved {
		if _, err := se.exec("UPDATE feed_head SET pos = ?", se.pos); err != nil {
			return fmt.Errorf("store the position: %w", err)
		}
	}
	_, err := se.exec("COMMIT")
	return err
}

func (s *sqliteDB) rollback(se *session) {
	if _, err := se.exec("ROLLBACK"); err != nil {
		s.log.Debug("roll back", "error", err) // SQLite may have done it already
	}
}

func (s *sqliteDB) forgiving() bool { return true }

func (s *sqliteDB) start(w *writer) { s.ckpt.start(w) }

func (s *sqliteDB) wrote(writes int) { s.ckpt.wrote(writes) }

func (s *sqliteDB) stop() {
	if s.ckpt != nil {
		s.ckpt.close()
	}
}

func (s *sqliteDB) close() error {
	errList := make([]error, 0, 4)
	for _, c := range s.conns {
		errList = append(errList, c.Close())
	}
	errList = append(errList,
		s.writing.Close(), // the last connection moves the log into the database
		s.lock.Close())    // last: nobody else may come before all is written
	return errors.Join(errList...)
}

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

func (s *sqliteDB) fatal(err error) bool {
	if errors.Is(err, sql.ErrConnDone) {
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
