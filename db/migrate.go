package db

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewer tells that a newer version of this program has migrated the database.
var ErrNewer = errors.New("the database was made by a newer version of insighto: start that version, or restore the backup made before it")

// Migrate brings the tables up to date. Several copies may start at once: one migrates, the others wait.
func (s *Store) Migrate(ctx context.Context) error {
	provider, err := s.migrator()
	if err != nil {
		return err
	}
	for range 3 { // on SQLite another process may migrate between our look and our turn
		var now, target int64
		now, target, err = provider.GetVersions(ctx)
		switch {
		case err == nil && now > target:
			return ErrNewer
		case err == nil && now == target:
			return nil
		case err == nil:
			_, err = provider.Up(ctx)
		}
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("migrate the database: %w", err)
}

// Migrated gives nil when the database answers and its tables are up to date.
func (s *Store) Migrated(ctx context.Context) error {
	provider, err := s.migrator()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	pending, err := provider.HasPending(ctx)
	if err == nil && pending {
		return unavailable(errors.New("migrations are pending"))
	}
	return s.explainError(err)
}

func (s *Store) migrator() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if s.dialect.name == sqliteDialect.name {
		return goose.NewProvider(goose.DialectSQLite3, s.write, files)
	}
	locker, err := lock.NewPostgresTableLocker(lock.WithTableLockTimeout(time.Second, 300))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, s.write, files, goose.WithLocker(locker))
}
