package db

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"
)

// statementTimeout is how long one statement or transaction of a request may take before it answers Unavailable. It leaves
// a second to hash a password first, and to say so, within three.
const statementTimeout = 2 * time.Second

// Store keeps everything, on SQLite or PostgreSQL. It is safe for use by many goroutines.
type Store struct {
	read    *sql.DB
	write   *sql.DB
	finder  finder
	tx      *transaction // set inside atomically and snapshot
	dialect dialect
	texts   *sync.Map // a statement as written → as the engine wants it
	now     func() time.Time
	timeout time.Duration
	hasher  hasher
	due     bell // see Due
}

// dialect holds what differs between the engines; everything else is one text.
type dialect struct {
	name string
	// positional turns $n into the engine's numbered parameter: SQLite takes $n for a name.
	positional func(text string) string
	// unavailable tells errors that pass when the database is well again.
	unavailable func(error) bool
	// taken tells a broken uniqueness rule.
	taken func(error) bool
	// forUpdate locks the rows of a SELECT inside a transaction: PostgreSQL needs it said, SQLite has one writer.
	forUpdate string
	// snapshot makes the statements of a reading transaction see one moment, which SQLite's do by themselves.
	snapshot *sql.TxOptions
	// contains is the function that finds a text in another: no LIKE, whose rules for case differ.
	contains string
	// shared tells that copies of the program on other machines use the database too.
	shared bool
	// arrays tells that a column of many rows goes into one argument. PostgreSQL plans a list of a thousand arguments
	// anew each time; SQLite knows no arrays.
	arrays bool
	// skipLocked locks the rows of a SELECT and passes over those that others hold; SQLite has one writer.
	skipLocked string
}

// Open opens the database at target, a path or a postgres:// URL, and brings its tables up to date. now is the clock.
func Open(ctx context.Context, target string, now func() time.Time) (*Store, error) {
	s, err := Connect(ctx, target, now)
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Connect opens the database as it is, without touching its tables.
func Connect(ctx context.Context, target string, now func() time.Time) (*Store, error) {
	open := openSQLite
	if IsPostgres(target) {
		open = openPostgres
	}
	s, err := open(ctx, target)
	if err != nil {
		return nil, err
	}
	s.now = func() time.Time { return now().UTC().Truncate(time.Millisecond) }
	s.texts, s.timeout, s.hasher, s.due = &sync.Map{}, statementTimeout, newHasher(), newBell()
	return s, nil
}

// Close gives up the database.
func (s *Store) Close() error {
	if s.read != s.write {
		_ = s.read.Close()
	}
	defer s.finder.close()
	return s.write.Close()
}

// scanner reads the columns of the row at hand.
type scanner func(dest ...any) error

// each calls f for every row of a query.
func (s *Store) each(ctx context.Context, f func(scan scanner) error, text string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.eachWithin(ctx, f, text, args...)
}

func (s *Store) eachWithin(ctx context.Context, f func(scan scanner) error, text string, args ...any) error {
	rows, err := s.query(ctx, text, args...)
	if err != nil {
		return s.explainError(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return s.explainError(err)
		}
	}
	return s.explainError(rows.Err())
}

func (s *Store) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if s.tx != nil {
		return s.tx.QueryContext(ctx, s.text(text), args...)
	}
	return s.read.QueryContext(ctx, s.text(text), args...)
}

// first calls f for the first row of a query and tells whether there was one. What comes after it is not read.
func (s *Store) first(ctx context.Context, f func(scan scanner) error, text string, args ...any) (found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	rows, err := s.query(ctx, text, args...)
	if err != nil {
		return false, s.explainError(err)
	}
	defer rows.Close()
	if !rows.Next() {
		return false, s.explainError(rows.Err())
	}
	return true, s.explainError(f(rows.Scan))
}

// one reads the first row into dest and tells whether there was one.
func (s *Store) one(ctx context.Context, dest []any, text string, args ...any) (found bool, err error) {
	return s.first(ctx, func(scan scanner) error { return scan(dest...) }, text, args...)
}

// single reads the one row that a statement finds, or gives a NotFound error that names the noun.
func single[T any](ctx context.Context, s *Store, noun string, row func(scan scanner) (T, error), text string, args ...any) (item T, err error) {
	found, err := s.first(ctx, func(scan scanner) (err error) {
		item, err = row(scan)
		return err
	}, text, args...)
	if err == nil && !found {
		err = notFound(noun)
	}
	return item, err
}

// text gives the statement as the engine wants it, worked out once.
func (s *Store) text(text string) string {
	if s.dialect.positional == nil {
		return text
	}
	if known, ok := s.texts.Load(text); ok {
		return known.(string)
	}
	made := s.dialect.positional(text)
	s.texts.Store(text, made)
	return made
}

// explainError gives the driver's error the kind that callers act on; the cause stays inside, for the log.
func (s *Store) explainError(err error) error {
	switch {
	case err == nil:
		return nil
	case s.dialect.taken(err):
		return &Error{Kind: Conflict, Code: "conflict", Text: "That exists already.", cause: err}
	case s.dialect.unavailable(err):
		return unavailable(err)
	}
	return err
}

// ms reads a column of milliseconds since 1970 into t; NULL gives the zero time.
func ms(t *time.Time) *millis { return (*millis)(t) }

type millis time.Time

// Scan implements sql.Scanner.
func (m *millis) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*m = millis{}
	case int64:
		*m = millis(time.UnixMilli(v).UTC())
	default:
		return fmt.Errorf("a time is kept as milliseconds, not as %T", src)
	}
	return nil
}

// orNull gives the milliseconds of t, or nil for the zero time.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// bit gives 1 for yes and 0 for no, as both engines keep it.
func bit(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// Pool are the figures of a pool of connections.
type Pool struct {
	Name string // read, write, or all where one pool does both
	sql.DBStats
}

// Pools gives the figures of the pools that there are.
func (s *Store) Pools() []Pool {
	if s.read == s.write {
		return []Pool{{"all", s.write.Stats()}}
	}
	return []Pool{{"read", s.read.Stats()}, {"write", s.write.Stats()}}
}
