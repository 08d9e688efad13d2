package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// ErrSchema says that the database has not been migrated to this program's version.
var ErrSchema = errors.New("the database has an older schema than this program needs: run storywire migrate")

// migrationLock is the number of Postgres's advisory lock that one node takes
// to migrate while others wait.
const migrationLock = 7_377_291_905

// Migrate brings the database at url to the newest version and says from which to which.
func Migrate(ctx context.Context, url string) (from, to int64, err error) {
	db, err := newBackend(url, Options{})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	p, err := migrator(db)
	if err != nil {
		return 0, 0, err
	}
	if from, to, err = p.GetVersions(ctx); err != nil {
		return 0, 0, fmt.Errorf("read the schema's version: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return 0, 0, fmt.Errorf("migrate: %w", err)
	}
	return from, max(from, to), nil
}

// migrate brings the schema to the newest version, or only looks whether it is there.
func migrate(ctx context.Context, db backend, only bool) error {
	p, err := migrator(db)
	if err != nil {
		return err
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if !pending {
		return nil
	}
	if only {
		return ErrSchema
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func migrator(db backend) (*goose.Provider, error) {
	pool, shared := db.migrating()
	if !shared {
		return newMigrator(goose.DialectSQLite3, pool, "sqlite")
	}
	// Nodes that start at once go one after the other: asked every second, for ten minutes.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(migrationLock), lock.WithLockTimeout(1, 600))
	if err != nil {
		return nil, fmt.Errorf("make the migration lock: %w", err)
	}
	return newMigrator(goose.DialectPostgres, pool, "postgres", goose.WithSessionLocker(locker))
}

func newMigrator(dialect goose.Dialect, pool *sql.DB, folder string, opts ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return nil, fmt.Errorf("embedded migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, pool, files, opts...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}
