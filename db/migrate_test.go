package db_test

import (
	"errors"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func TestADatabaseOfANewerVersionIsRefused(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		handle := dbtest.Handle(t, target)
		store := dbtest.Open(t, target, time.Now)
		ada := member(t, store, "ada@a.example", "A")
		if _, err := handle.Exec(`INSERT INTO goose_db_version (version_id, is_applied) SELECT MAX(version_id) + 1, is_applied FROM goose_db_version GROUP BY is_applied`); err != nil {
			t.Fatal(err)
		}
		opened, err := db.Open(t.Context(), target, time.Now)
		if !errors.Is(err, db.ErrNewer) || opened != nil {
			t.Fatalf("opening it: got %v, %v; want no store and %v", opened, err, db.ErrNewer)
		}
		if user, err := store.User(t.Context(), ada); err != nil || user.Email != "ada@a.example" {
			t.Errorf("its rows: got %+v (%v), want them untouched", user, err)
		}
		if _, err := handle.Exec(`DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`); err != nil {
			t.Fatal(err)
		}
		again, err := db.Open(t.Context(), target, time.Now)
		if err != nil {
			t.Fatalf("opening it with the version that made it: got %v, want no error", err)
		}
		again.Close()
	})
}
