package db

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// transaction is one that is under way: who asked for it, and what hangs on its end.
type transaction struct {
	*sql.Tx
	asker   Principal // nobody for one that only reads
	endings []ending
}

// ending is what a family of rows has to do once for a whole transaction, whatever happened in it.
type ending interface {
	// settle runs in the transaction after everything else, so that what it locks is held briefly.
	settle(ctx context.Context, tx *Store) error
	// committed runs once all of it is kept.
	committed(s *Store)
}

// endingOf gives this transaction's ending of a type, hung on it by the first who asks.
func endingOf[T any, E interface {
	*T
	ending
}](s *Store) E {
	for _, e := range s.tx.endings {
		if known, is := e.(E); is {
			return known
		}
	}
	made := E(new(T))
	s.tx.endings = append(s.tx.endings, made)
	return made
}

var (
	errNobodyAsks    = errors.New("a write needs to know who asks for it")
	errNoTransaction = errors.New("a write belongs into a transaction")
)

// atomically runs f in one transaction of the asker's: all of it is kept, or none. Inside, only tx may be used: s would
// wait for itself on SQLite and write outside the transaction on PostgreSQL. Within another it is a part of that.
func (s *Store) atomically(ctx context.Context, p Principal, f func(tx *Store) error) error {
	if p.Actor() == "" {
		return errNobodyAsks
	}
	if s.tx != nil {
		return f(s)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.explainError(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it says so, and otherwise the first error counts
	inner := *s
	inner.tx = &transaction{Tx: tx, asker: p}
	if err := f(&inner); err != nil {
		return err
	}
	for _, e := range inner.tx.endings {
		if err := e.settle(ctx, &inner); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return s.explainError(err)
	}
	for _, e := range inner.tx.endings {
		e.committed(s)
	}
	return nil
}

// change runs one statement of the asker's that changes rows, as a transaction of its own, and says how many.
func (s *Store) change(ctx context.Context, p Principal, text string, args ...any) (n int64, err error) {
	err = s.atomically(ctx, p, func(tx *Store) error {
		n, err = tx.exec(ctx, text, args...)
		return err
	})
	return n, err
}

// within gives the store with another time for what it is asked: for what no request waits for.
func (s *Store) within(timeout time.Duration) *Store {
	slow := *s
	slow.timeout = timeout
	return &slow
}

// exec runs a statement that changes rows, inside a transaction, and says how many.
func (s *Store) exec(ctx context.Context, text string, args ...any) (int64, error) {
	if s.tx == nil {
		return 0, errNoTransaction
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	result, err := s.tx.ExecContext(ctx, s.text(text), args...)
	if err != nil {
		return 0, s.explainError(err)
	}
	n, err := result.RowsAffected()
	return n, s.explainError(err)
}

// returning runs a statement that changes one row, inside a transaction, and reads what it returns into dest.
func (s *Store) returning(ctx context.Context, dest []any, text string, args ...any) error {
	if s.tx == nil {
		return errNoTransaction
	}
	return s.explainError(s.tx.QueryRowContext(ctx, s.text(text), args...).Scan(dest...))
}

// snapshot runs f on one moment of the database: whatever is written meanwhile, its statements do not see it.
func (s *Store) snapshot(ctx context.Context, f func(tx *Store) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	tx, err := s.read.BeginTx(ctx, s.dialect.snapshot)
	if err != nil {
		return s.explainError(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	inner := *s
	inner.tx = &transaction{Tx: tx}
	return f(&inner)
}
