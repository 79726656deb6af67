// Package dbtest gives tests a fresh store on every engine.
package dbtest

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

// Each runs f twice: on a fresh SQLite file and on a fresh PostgreSQL database. PostgreSQL is the server that
// INSIGHTO_TEST_POSTGRES names; without one its half is skipped, but in CI that is a failure.
func Each(t *testing.T, f func(t *testing.T, store *db.Store)) {
	t.Helper()
	EachAt(t, time.Now, f)
}

// EachAt is Each with a clock.
func EachAt(t *testing.T, now func() time.Time, f func(t *testing.T, store *db.Store)) {
	t.Helper()
	EachTarget(t, func(t *testing.T, target string) { f(t, Open(t, target, now)) })
}

// EachTarget is Each for tests that open the database themselves, perhaps more than once.
func EachTarget(t *testing.T, f func(t *testing.T, target string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, filepath.Join(t.TempDir(), "test.db")) })
	t.Run("postgres", func(t *testing.T) { f(t, Postgres(t)) })
}

// Open opens a target until the test ends.
func Open(t testing.TB, target string, now func() time.Time) *db.Store {
	t.Helper()
	store, err := db.Open(context.Background(), target, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// Postgres gives the URL of a fresh database on the test server, or skips the test.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("INSIGHTO_TEST_POSTGRES")
	if server == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("INSIGHTO_TEST_POSTGRES is not set; the test command in the README starts a server and sets it")
		}
		t.Skip("INSIGHTO_TEST_POSTGRES is not set: go run ./cmd/dev test starts a server and sets it")
	}
	name := "test_" + strings.ReplaceAll(db.NewID(), "-", "")
	admin(t, server, `CREATE DATABASE `+name+` TEMPLATE `+template(t, server))
	t.Cleanup(func() { admin(t, server, `DROP DATABASE `+name+` WITH (FORCE)`) })
	return withDatabase(t, server, name)
}

var (
	templateOnce sync.Once
	templateName string
)

// template is a migrated database that fresh ones are copied from, made once in a run.
func template(t testing.TB, server string) string {
	templateOnce.Do(func() {
		name := "template_" + strings.ReplaceAll(db.NewID(), "-", "")
		admin(t, server, `CREATE DATABASE `+name)
		store, err := db.Open(context.Background(), withDatabase(t, server, name), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		store.Close()
		templateName = name
	})
	if templateName == "" {
		t.Fatal("the template database could not be made; see the first failure")
	}
	return templateName
}

func admin(t testing.TB, server, text string) {
	t.Helper()
	handle, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	if _, err := handle.Exec(text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func withDatabase(t testing.TB, server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("INSIGHTO_TEST_POSTGRES is no URL")
	}
	u.Path = "/" + name
	return u.String()
}

// Handle gives a plain handle on a target until the test ends, for what the store would not do.
func Handle(t testing.TB, target string) *sql.DB {
	t.Helper()
	driver := "sqlite3"
	if db.IsPostgres(target) {
		driver = "pgx"
	}
	handle, err := sql.Open(driver, target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { handle.Close() })
	return handle
}
