package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/mattn/go-sqlite3"
)

// finder finds the one packed row of a statement by a digest. Each API request waits for that, so it goes past
// database/sql, whose pool and scanning would be a fifth of the time.
type finder interface {
	find(ctx context.Context, text string, digest []byte) (row string, found bool, err error)
	close()
}

// find asks the finder; in a store without one, it asks as everything else does.
func (s *Store) find(ctx context.Context, text string, digest []byte) (row string, found bool, err error) {
	if s.finder == nil {
		found, err = s.one(ctx, []any{&row}, text, digest)
		return row, found, err
	}
	row, found, err = s.finder.find(ctx, s.text(text), digest)
	return row, found, s.explainError(err)
}

// postgresFinder asks the pool that database/sql uses too.
type postgresFinder struct{ *pgxpool.Pool }

func (f postgresFinder) find(ctx context.Context, text string, digest []byte) (row string, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	err = f.QueryRow(ctx, text, digest).Scan(&row)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, nil
	}
	return row, err == nil, err
}

func (f postgresFinder) close() { f.Close() }

// sqliteFinder has readers of its own, with their statements prepared. There is no timeout: a reader of SQLite waits for
// nobody, and a timer would cost a tenth.
type sqliteFinder struct {
	address string
	idle    chan *sqliteReader
}

type sqliteReader struct {
	conn    driver.Conn // nil until it is needed
	texts   map[string]driver.StmtQueryContext
	version driver.Value // of the data, when found was right
	found   map[sought]string
	closed  bool // for good
}

type sought struct {
	text   string
	digest [sha256.Size]byte
}

// foundMax is how many rows a reader keeps, of some 300 bytes.
const foundMax = 1000

func newSQLiteFinder(address string, readers int) sqliteFinder {
	f := sqliteFinder{address, make(chan *sqliteReader, readers)}
	for range readers {
		f.idle <- &sqliteReader{}
	}
	return f
}

func (f sqliteFinder) find(_ context.Context, text string, digest []byte) (row string, found bool, err error) {
	reader := <-f.idle
	defer func() { f.idle <- reader }()
	row, err = reader.find(f.address, text, digest)
	if errors.Is(err, io.EOF) {
		return "", false, nil
	}
	if err != nil {
		reader.close() // the next one who asks opens it anew
	}
	return row, err == nil, err
}

func (f sqliteFinder) close() {
	readers := make([]*sqliteReader, cap(f.idle))
	for i := range readers {
		readers[i] = <-f.idle
	}
	for _, reader := range readers {
		reader.close()
		reader.closed = true
		f.idle <- reader
	}
}

// find gives io.EOF where there is no row. What it found before is right until anybody commits anything, be it another
// process: SQLite tells so (PRAGMA data_version) for less than half of what finding the row again would cost.
func (r *sqliteReader) find(address, text string, digest []byte) (string, error) {
	version, err := r.value(address, `PRAGMA data_version`)
	if err != nil {
		return "", err
	}
	if version != r.version || len(r.found) >= foundMax {
		clear(r.found)
		r.version = version
	}
	key := sought{text, [sha256.Size]byte(digest)}
	if row, known := r.found[key]; known {
		return row, nil
	}
	value, err := r.value(address, text, driver.NamedValue{Ordinal: 1, Value: digest})
	if err != nil {
		return "", err
	}
	row, _ := value.(string)
	r.found[key] = row
	return row, nil
}

// value gives the one value that a statement selects.
func (r *sqliteReader) value(address, text string, args ...driver.NamedValue) (driver.Value, error) {
	statement, err := r.prepared(address, text)
	if err != nil {
		return nil, err
	}
	rows, err := statement.QueryContext(context.Background(), args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns [1]driver.Value
	err = rows.Next(columns[:])
	return columns[0], err
}

func (r *sqliteReader) prepared(address, text string) (driver.StmtQueryContext, error) {
	if known := r.texts[text]; known != nil {
		return known, nil
	}
	if r.closed {
		return nil, sql.ErrConnDone
	}
	if r.conn == nil {
		conn, err := (&sqlite3.SQLiteDriver{}).Open(address)
		if err != nil {
			return nil, err
		}
		r.conn, r.texts, r.found = conn, map[string]driver.StmtQueryContext{}, map[sought]string{}
	}
	made, err := r.conn.Prepare(text)
	if err != nil {
		return nil, err
	}
	r.texts[text] = made.(driver.StmtQueryContext)
	return r.texts[text], nil
}

func (r *sqliteReader) close() {
	for _, statement := range r.texts {
		_ = statement.(driver.Stmt).Close()
	}
	if r.conn != nil {
		_ = r.conn.Close()
	}
	*r = sqliteReader{closed: r.closed}
}
