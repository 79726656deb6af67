package db_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// BenchmarkAuthenticate is the way of a key. Its time on SQLite must stay under 10 µs and must not grow with the table.
func BenchmarkAuthenticate(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprintf("sqlite/keys=%d", n), func(b *testing.B) {
			benchAuthenticate(b, filepath.Join(b.TempDir(), "bench.db"), n)
		})
	}
	b.Run("postgres/keys=10000", func(b *testing.B) { benchAuthenticate(b, dbtest.Postgres(b), 10_000) })
}

func benchAuthenticate(b *testing.B, target string, n int) {
	store := dbtest.Open(b, target, time.Now)
	ada := member(b, store, "ada@a.example", "A")
	fill(b, target, ada, n)
	_, secret := newKey(b, store, ada, "read_only")
	ctx, cancel := context.WithCancel(context.Background()) // as a request's: it can end
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := store.Authenticate(ctx, secret); err != nil {
			b.Fatal(err)
		}
	}
}

// fill puts n keys of a person into the table, past the store: a million of them in seconds.
func fill(t testing.TB, target string, p db.Principal, n int) {
	t.Helper()
	handle := dbtest.Handle(t, target)
	tx, err := handle.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	insert, err := tx.Prepare(`
		INSERT INTO keys (team_id, id, user_id, digest, prefix, name, role, description, created_at)
		VALUES ($1, $2, $3, $4, 'in-filling0', 'filling', 'read_only', 'one of many', $5)`)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		digest := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
		if _, err := insert.Exec(p.TeamID, db.NewID(), p.UserID, digest[:], int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	analyze(t, handle)
}

// analyze lets PostgreSQL's planner see how large the tables are.
func analyze(t testing.TB, handle *sql.DB) {
	t.Helper()
	if _, err := handle.Exec(`ANALYZE`); err != nil {
		t.Fatal(err)
	}
}
