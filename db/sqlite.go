package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"github.com/mattn/go-sqlite3"
)

// pragmas stand in the address, so that every pooled connection has them. FULL is what keeps an acknowledged write
// through a power cut; the driver's own default in WAL mode does not. A connection needs no mutex of its own, because
// database/sql gives it to one goroutine at a time.
const pragmas = "_journal_mode=WAL&_synchronous=FULL&_busy_timeout=2000&_foreign_keys=on&_mutex=no&_stmt_cache_size=64"

// openSQLite opens the file, made when it is missing: one writer, and readers that cannot write.
func openSQLite(ctx context.Context, path string) (*Store, error) {
	if err := ready(path); err != nil {
		return nil, err
	}
	address := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String()
	write, err := sql.Open("sqlite3", address+"?"+pragmas+"&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil {
		write.Close()
		return nil, fmt.Errorf("%s cannot be opened as a SQLite database: %w", path, err)
	}
	reading := address + "?" + pragmas + "&_query_only=true"
	read, err := sql.Open("sqlite3", reading)
	if err != nil {
		return nil, err
	}
	readers := max(4, 2*runtime.NumCPU())
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &Store{read: read, write: write, finder: newSQLiteFinder(reading, readers), dialect: sqliteDialect}, nil
}

// ready makes the file when it is missing, readable by its owner only, and syncs its folder, so that a power cut
// cannot lose the file itself.
func ready(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the database file cannot be made: %w", err)
	}
	f.Close()
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

var numbered = regexp.MustCompile(`\$(\d+)`)

var sqliteDialect = dialect{
	name: "sqlite3",
	// The plus does nothing, and that is its use: SQLite plans a statement anew, for ten times its cost, whenever it gets
	// a value for a bare ?n that it compares or limits by, since the value might make another plan better.
	positional: func(text string) string { return numbered.ReplaceAllString(text, "+?$1") },
	unavailable: func(err error) bool {
		var e sqlite3.Error
		if errors.As(err, &e) {
			switch e.Code {
			case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrInterrupt, sqlite3.ErrNomem:
				return true
			}
		}
		return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone)
	},
	taken: func(err error) bool {
		var e sqlite3.Error
		return errors.As(err, &e) && (e.ExtendedCode == sqlite3.ErrConstraintUnique || e.ExtendedCode == sqlite3.ErrConstraintPrimaryKey)
	},
	contains: "instr",
}

// Check reads the whole file for damage, which SQLite itself would only notice when it comes across it. The time
// grows with the file; ctx ends it early. PostgreSQL looks after itself.
func (s *Store) Check(ctx context.Context) error {
	if s.dialect.name != sqliteDialect.name {
		return nil
	}
	var verdict string
	err := s.eachWithin(ctx, func(scan scanner) error { return scan(&verdict) }, `PRAGMA quick_check(1)`)
	var e sqlite3.Error
	if errors.As(err, &e) && (e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB) || err == nil && verdict != "ok" {
		return errors.New("the database file is damaged: restore the last backup, or recover it with the sqlite3 program's .recover")
	}
	return err
}

// Backup writes a consistent copy of a SQLite database to a new file, while others read and write.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.dialect.name != sqliteDialect.name {
		return errors.New("a PostgreSQL database is backed up with its own tool: pg_dump --format=custom")
	}
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s exists already; a backup never overwrites a file", path)
	}
	if err := ready(path); err != nil { // made first, so that nobody else can read it
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	if _, err := s.write.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil { // the readers may not write anywhere
		_ = os.Remove(path)
		return fmt.Errorf("back up to %s: %w", path, err)
	}
	return nil
}
