package db

import (
	"context"
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
	ctx, cancel := context.WithTimeout(ctx, patience)
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
	conn   driver.Conn // nil until it is needed
	texts  map[string]driver.StmtQueryContext
	closed bool // for good
}

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

// find gives io.EOF where there is no row.
func (r *sqliteReader) find(address, text string, digest []byte) (string, error) {
	statement, err := r.prepared(address, text)
	if err != nil {
		return "", err
	}
	rows, err := statement.QueryContext(context.Background(), []driver.NamedValue{{Ordinal: 1, Value: digest}})
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var columns [1]driver.Value
	if err := rows.Next(columns[:]); err != nil {
		return "", err
	}
	row, _ := columns[0].(string)
	return row, nil
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
		r.conn, r.texts = conn, map[string]driver.StmtQueryContext{}
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
