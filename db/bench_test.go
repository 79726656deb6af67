package db_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

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
	_, secret := newKey(b, store, member(b, store, "ada@a.example", "A"), "read_only")
	fill(b, target, n)
	ctx, cancel := context.WithCancel(context.Background()) // as a request's: it can end
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := store.Authenticate(ctx, secret); err != nil {
			b.Fatal(err)
		}
	}
}
