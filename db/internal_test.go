package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// Watch gives a copy of the store, for one goroutine, that tells seen each statement on its way to the engine.
func (s *Store) Watch(seen func(text string, args []any)) *Store {
	return s.WatchRows(seen, func() {})
}

// WatchRows is Watch that tells row of each row on its way back, too.
func (s *Store) WatchRows(seen func(text string, args []any), row func()) *Store {
	watched := *s
	watched.finder = nil
	watched.read, watched.write = watch(s.read, seen, row), watch(s.write, seen, row)
	return &watched
}

// Unwatch gives the connections back.
func (s *Store) Unwatch() error { return errors.Join(s.read.Close(), s.write.Close()) }

// Handles gives the pools of readers and of the writer, which on PostgreSQL are one.
func (s *Store) Handles() (read, write *sql.DB) { return s.read, s.write }

func watch(handle *sql.DB, seen func(text string, args []any), row func()) *sql.DB {
	watched := sql.OpenDB(connector{handle, seen, row})
	watched.SetMaxOpenConns(1)
	return watched
}

type connector struct {
	handle *sql.DB
	seen   func(text string, args []any)
	row    func()
}

func (c connector) Driver() driver.Driver { return c.handle.Driver() }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	held, err := c.handle.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := watchedConn{held: held, seen: c.seen, row: c.row}
	err = held.Raw(func(conn any) error {
		w.Conn = conn.(driver.Conn)
		return nil
	})
	return w, err
}

// watchedConn is a connection of the real pool, held for itself.
type watchedConn struct {
	driver.Conn
	held *sql.Conn
	seen func(text string, args []any)
	row  func()
}

func (w watchedConn) Close() error { return w.held.Close() }

func (w watchedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	w.seen(text, plain(args))
	rows, err := w.Conn.(driver.QueryerContext).QueryContext(ctx, text, args)
	return watchedRows{rows, w.row}, err
}

func (w watchedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	w.seen(text, plain(args))
	return w.Conn.(driver.ExecerContext).ExecContext(ctx, text, args)
}

func (w watchedConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	return w.Conn.(driver.ConnBeginTx).BeginTx(ctx, options)
}

func (w watchedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := w.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type watchedRows struct {
	driver.Rows
	row func()
}

func (w watchedRows) Next(dest []driver.Value) error {
	err := w.Rows.Next(dest)
	if err == nil {
		w.row()
	}
	return err
}

func plain(args []driver.NamedValue) []any {
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a.Value
	}
	return values
}

// Narrow lets an export begin with pages of so few conversations.
func (e *Export) Narrow(window int64) *Export {
	e.window = window
	return e
}
