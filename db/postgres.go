package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// IsPostgres tells whether a database target is a PostgreSQL URL rather than a path.
func IsPostgres(target string) bool {
	return strings.HasPrefix(target, "postgres://") || strings.HasPrefix(target, "postgresql://")
}

// openPostgres opens a pool to the server. Errors never carry the URL, whose password is a secret.
func openPostgres(ctx context.Context, target string) (*Store, error) {
	config, err := pgxpool.ParseConfig(target)
	if err != nil {
		return nil, errors.New("the PostgreSQL address cannot be read; it looks like postgres://user:password@host:5432/database")
	}
	config.ConnConfig.ConnectTimeout = 2 * time.Second
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		// A server or role may have the first off. The others cost more than our statements, which read a few thousand
		// rows, can gain: starting a worker, or compiling, takes longer than all of one.
		_, err := conn.Exec(ctx, `SET synchronous_commit = on; SET max_parallel_workers_per_gather = 0; SET jit = off`)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, errors.New("the PostgreSQL pool cannot be made; look at the address's parameters")
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("PostgreSQL at %s:%d does not let us in: %s", config.ConnConfig.Host, config.ConnConfig.Port, sayPostgres(err))
	}
	handle := stdlib.OpenDBFromPool(pool)
	return &Store{read: handle, write: handle, finder: postgresFinder{pool}, dialect: postgresDialect}, nil
}

// sayPostgres gives the part of an error that holds no user, host or password.
func sayPostgres(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Message
	}
	return "no answer"
}

var postgresDialect = dialect{
	name:      "postgres",
	forUpdate: "FOR NO KEY UPDATE", // FOR UPDATE would also stop whoever adds a row that refers to it
	snapshot:  &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	unavailable: func(err error) bool {
		var connErr *pgconn.ConnectError // also when the server itself says why it lets nobody in
		if errors.As(err, &connErr) {
			return true
		}
		var e *pgconn.PgError
		if errors.As(err, &e) {
			switch e.Code[:2] {
			case "08", "53", "57", "58", "40", "25": // connection, resources, operator, system, serialization, read-only
				return true
			}
			return e.Code == "55P03" // lock_not_available
		}
		var netErr net.Error
		return errors.As(err, &netErr) || errors.Is(err, context.DeadlineExceeded) ||
			errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, driver.ErrBadConn) ||
			errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) || pgconn.SafeToRetry(err)
	},
	taken: func(err error) bool {
		var e *pgconn.PgError
		return errors.As(err, &e) && e.Code == "23505"
	},
	contains:   "strpos",
	shared:     true,
	arrays:     true,
	skipLocked: "FOR NO KEY UPDATE SKIP LOCKED",
}
