package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// ErrInUse says that another process has the database open.
var ErrInUse = errors.New("another process has this database open; several nodes need Postgres, DATABASE_URL=postgres://")

// readyWait is how long Ready waits for the database.
const readyWait = 2 * time.Second

// Options of a Store. The zero value means the defaults.
type Options struct {
	Logger *slog.Logger // default: discard
	// Readers is how many queries run at once, beside the writer; more wait
	// for their turn. Default: 4 on SQLite, 8 on Postgres.
	Readers int
	// NoMigrate refuses a database with an older schema, with ErrSchema, instead of migrating it.
	NoMigrate bool
	// Stored, when set, is told of every transaction: how many writes shared it, and how long they took
	// to be stored. It is called between transactions and must be quick.
	Stored func(writes int, took time.Duration)
}

// Store is the database. It implements the Store of every feature.
type Store struct {
	db     backend
	reader *reader
	w      *writer
	epoch  string

	closing  sync.Once
	closeErr error
}

// Open opens the database at url: an SQLite file ("storywire.db",
// "sqlite:storywire.db"), which it creates if need be and refuses with ErrInUse
// if another process has it open, or a Postgres database ("postgres://..."),
// which many processes may have open. Both are migrated.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	db, err := newBackend(url, opts)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db}
	if err := s.open(ctx, opts); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, opts Options) error {
	if err := migrate(ctx, s.db, opts.NoMigrate); err != nil {
		return err
	}
	var err error
	if s.reader, err = s.db.reader(); err != nil {
		return err
	}
	se, err := s.db.session(ctx)
	if err != nil {
		return err
	}
	s.w = newWriter(s.db, se, opts)
	s.w.start()
	s.db.start(s.w)
	epoch, err := s.Secret(ctx, "epoch", 8)
	if err != nil {
		return err
	}
	s.epoch = fmt.Sprintf("%x", epoch)
	return nil
}

// Shared reports whether other processes may commit to the same database.
func (s *Store) Shared() bool {
	_, shared := s.db.migrating()
	return shared
}

// Ready returns nil if the database can be read and takes writes.
func (s *Store) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	if err := s.row(ctx, "SELECT count(*) FROM meta").Scan(new(int)); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if s.w.failing.Load() == nil {
		return nil
	}
	// The last write failed: see whether one works again.
	return s.w.do(ctx, "store.Ready", &write{single: true, run: func(se *session) error {
		_, err := se.exec(`INSERT INTO meta (name, value) VALUES ('ready', ?)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, []byte{1})
		return err
	}})
}

// Close finishes the writes that wait and closes the database. It is idempotent.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.db.stop() // before the writer, which it may be waiting for
		if s.w != nil {
			s.w.close()
		}
		var reading error
		if s.reader != nil {
			reading = s.reader.close()
		}
		s.closeErr = errors.Join(reading, s.db.close())
	})
	return s.closeErr
}
