package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// ErrInUse says that another process has the database open.
var ErrInUse = errors.New("the database is in use by another process")

// readers is how many queries run at once; more wait for their turn.
const readers = 4

// Options of a Store. The zero value means the defaults.
type Options struct {
	Logger *slog.Logger // default: discard
}

// Store is the database. It implements the Store of every feature.
type Store struct {
	lock    *os.File
	writing *sql.DB // two connections: the writer's and the checkpointer's
	reading *sql.DB
	conns   []*sql.Conn
	w       *writer
	ckpt    *checkpointer
	epoch   string

	closing  sync.Once
	closeErr error

	mu    sync.Mutex // guards stmts
	stmts map[string]*sql.Stmt
}

// Open opens the database at url ("storywire.db", "sqlite:storywire.db"),
// creates or migrates it, and refuses with ErrInUse one that another process has open.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	path, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &Store{lock: lock, stmts: make(map[string]*sql.Stmt)}
	if err := s.open(ctx, path, opts.Logger); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), s.Close())
	}
	return s, nil
}

func parseURL(url string) (path string, err error) {
	path = strings.TrimPrefix(strings.TrimPrefix(url, "sqlite:"), "//")
	if path == "" || path == ":memory:" || strings.Contains(path, "://") {
		return "", fmt.Errorf("database url %q: want a path or sqlite:PATH", url)
	}
	return filepath.Abs(path)
}

func (s *Store) open(ctx context.Context, path string, log *slog.Logger) (err error) {
	if s.writing, err = openSQLite(path, 2, false); err != nil {
		return err
	}
	if err := migrate(ctx, s.writing); err != nil {
		return err
	}
	if s.reading, err = openSQLite(path, readers, true); err != nil {
		return err
	}
	for range 2 {
		conn, err := s.writing.Conn(ctx)
		if err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		s.conns = append(s.conns, conn)
	}
	s.ckpt = newCheckpointer(s.conns[1], log)
	s.w = newWriter(s.conns[0], log, s.ckpt.wrote)
	s.w.start()
	s.ckpt.start(s.w)
	epoch, err := s.Secret(ctx, "epoch", 8)
	if err != nil {
		return err
	}
	s.epoch = fmt.Sprintf("%x", epoch)
	return nil
}

// Ready returns nil if the database can be read and takes writes.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.row(ctx, "SELECT count(*) FROM meta").Scan(new(int)); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if s.w.failing.Load() == nil {
		return nil
	}
	// The last write failed: see whether one works again.
	return s.w.do(ctx, "store.Ready", &write{single: true, run: func(se *session) error {
		_, err := se.exec("INSERT INTO meta (name, value) VALUES ('ready', 1) ON CONFLICT (name) DO UPDATE SET value = 1 - value")
		return err
	}})
}

// Close finishes the writes that wait and closes the database. It is idempotent.
func (s *Store) Close() error {
	s.closing.Do(func() {
		var errList []error
		if s.ckpt != nil {
			s.ckpt.close() // before the writer, which it may be waiting for
			s.w.close()
		}
		for _, st := range s.stmts {
			errList = append(errList, st.Close())
		}
		if s.reading != nil {
			errList = append(errList, s.reading.Close())
		}
		for _, c := range s.conns {
			errList = append(errList, c.Close())
		}
		if s.writing != nil {
			errList = append(errList, s.writing.Close()) // the last connection moves the log into the database
		}
		errList = append(errList, s.lock.Close()) // last: nobody else may come before all is written
		s.closeErr = errors.Join(errList...)
	})
	return s.closeErr
}

// prepared returns the statement of a reading query, prepared on first use.
func (s *Store) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st, ok := s.stmts[query]; ok {
		return st, nil
	}
	st, err := s.reading.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	s.stmts[query] = st
	return st, nil
}

// row runs a reading query of at most one row.
func (s *Store) row(ctx context.Context, query string, args ...any) scanner {
	st, err := s.prepared(ctx, query)
	if err != nil {
		return failedRow{err}
	}
	return st.QueryRowContext(ctx, args...)
}

// read calls scan for each row of a query.
func (s *Store) read(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	st, err := s.prepared(ctx, query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
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
