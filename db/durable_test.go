package db_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/db/dbtest/syncs"
)

func TestEveryConnectionKeepsWhatItAcknowledges(t *testing.T) {
	store := dbtest.Open(t, filepath.Join(t.TempDir(), "test.db"), time.Now)
	read, write := store.Handles()
	want := map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "2000"}
	for _, pool := range []struct {
		name      string
		handle    *sql.DB
		size      int
		queryOnly string
	}{{"reader", read, read.Stats().MaxOpenConnections, "1"}, {"writer", write, 1, "0"}} {
		if pool.handle.Stats().MaxOpenConnections != pool.size {
			t.Errorf("%s: got room for %d connections, want %d", pool.name, pool.handle.Stats().MaxOpenConnections, pool.size)
		}
		want["query_only"] = pool.queryOnly
		for i, conn := range held(t, pool.handle, pool.size) {
			for pragma, value := range want {
				var got string
				if err := conn.QueryRowContext(t.Context(), `PRAGMA `+pragma).Scan(&got); err != nil || got != value {
					t.Errorf("%s %d: PRAGMA %s: got %q (%v), want %q", pool.name, i, pragma, got, err, value)
				}
			}
		}
	}
}

func TestEveryPostgresSessionKeepsWhatItAcknowledges(t *testing.T) {
	target := dbtest.Postgres(t)
	admin := dbtest.Handle(t, target)
	var name string
	if err := admin.QueryRow(`SELECT current_database()`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(`ALTER DATABASE ` + name + ` SET synchronous_commit = off`); err != nil {
		t.Fatal(err)
	}
	_, write := dbtest.Open(t, target, time.Now).Handles()
	for i, conn := range held(t, write, 4) {
		var got string
		if err := conn.QueryRowContext(t.Context(), `SHOW synchronous_commit`).Scan(&got); err != nil || got != "on" {
			t.Errorf("connection %d: got synchronous_commit = %q (%v), want on, whatever the database's default is", i, got, err)
		}
	}
}

// held gives n connections of a pool, all of them held at once until the test ends.
func held(t *testing.T, handle *sql.DB, n int) []*sql.Conn {
	t.Helper()
	conns := make([]*sql.Conn, n)
	for i := range conns {
		conn, err := handle.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conns[i] = conn
	}
	return conns
}

func TestAnAcknowledgedWriteIsSyncedAndAReadIsNot(t *testing.T) {
	ctx := context.Background()
	store := dbtest.Open(t, filepath.Join(t.TempDir(), "test.db"), time.Now)
	ada := member(t, store, "ada@a.example", "A")
	keys, secrets := make([]db.Key, 20), make([]string, 20)
	for i := range keys {
		keys[i], secrets[i] = newKey(t, store, ada, "read_only")
	}
	for _, c := range []struct {
		name   string
		do     func(i int) error
		writes bool
	}{
		{"create a key", func(int) error { newKey(t, store, ada, "read_only"); return nil }, true},
		{"look a key up", func(i int) error { _, err := store.Authenticate(ctx, secrets[i]); return err }, false},
		{"list keys", func(int) error { _, err := store.Keys(ctx, ada, db.Page{Number: 1, Size: 50}); return err }, false},
		{"revoke a key", func(i int) error { _, err := store.RevokeKey(ctx, ada, keys[i].ID); return err }, true},
		{"delete a key", func(i int) error { return store.DeleteKey(ctx, ada, keys[i].ID) }, true},
		{"open a session", func(int) error { _, err := store.OpenSession(ctx, ada, db.Client{}); return err }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range keys {
				before := syncs.Made()
				if err := c.do(i); err != nil {
					t.Fatal(err)
				}
				switch made := syncs.Made() - before; {
				case c.writes && made < 1:
					t.Errorf("call %d: got no sync, want one before it is acknowledged", i)
				case !c.writes && made > 0:
					t.Errorf("call %d: got %d syncs, want none", i, made)
				}
			}
		})
	}
}
