package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// wait gives how long a TooMany error asks to wait, or zero.
func wait(err error) time.Duration {
	var e *db.Error
	if errors.As(err, &e) && e.Kind == db.TooMany {
		return e.Wait
	}
	return 0
}

func TestGuessingIsSlowed(t *testing.T) {
	ctx := context.Background()
	const right = "a long enough pass phrase"
	try := func(store *db.Store, email, password string, address int) error {
		_, err := store.SignIn(ctx, email, password, db.Client{Address: fmt.Sprintf("192.0.2.%d", address)})
		return err
	}

	t.Run("an account has ten tries in fifteen minutes, from wherever", func(t *testing.T) {
		dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
			member(t, store, "ada@a.example", "A")
			for i := range 10 {
				if err := try(store, "ada@a.example", "wrong", i); code(err) != "sign_in_failed" {
					t.Errorf("try %d: got %v, want sign_in_failed", i+1, err)
				}
				clock.Pass(time.Second)
			}
			if err := try(store, "Ada@a.example", right, 99); wait(err) != 15*time.Minute-10*time.Second {
				t.Errorf("eleventh, though right: got %v, want to wait for the rest of 15 minutes", err)
			}
			clock.Pass(15*time.Minute - 10*time.Second)
			if err := try(store, "ada@a.example", right, 99); err != nil {
				t.Errorf("after the wait: got %v, want in", err)
			}
		})
	})

	t.Run("signing in forgives the tries of the account", func(t *testing.T) {
		dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
			member(t, store, "ada@a.example", "A")
			for range 2 {
				for range 9 {
					_ = try(store, "ada@a.example", "wrong", 1)
				}
				if err := try(store, "ada@a.example", right, 1); err != nil {
					t.Errorf("tenth try, right: got %v, want in", err)
				}
			}
		})
	})

	t.Run("an unknown account is slowed like a known one", func(t *testing.T) {
		dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
			for range 10 {
				_ = try(store, "nobody@a.example", "wrong", 1)
			}
			if err := try(store, "nobody@a.example", "wrong", 1); wait(err) == 0 {
				t.Errorf("eleventh: got %v, want too many", err)
			}
		})
	})

	t.Run("the set-up form has fifty visits a minute from one address", func(t *testing.T) {
		dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
			for i := range 50 {
				if err := store.MaySetUp(ctx, db.Client{Address: "192.0.2.1"}); err != nil {
					t.Errorf("visit %d: got %v", i+1, err)
				}
			}
			if err := store.MaySetUp(ctx, db.Client{Address: "192.0.2.1"}); wait(err) != time.Minute {
				t.Errorf("visit 51: got %v, want to wait a minute", err)
			}
			if err := store.MaySetUp(ctx, db.Client{Address: "192.0.2.2"}); err != nil {
				t.Errorf("another address: got %v", err)
			}
			clock.Pass(time.Minute)
			if err := store.MaySetUp(ctx, db.Client{Address: "192.0.2.1"}); err != nil {
				t.Errorf("a minute later: got %v", err)
			}
		})
	})

	t.Run("old tries are removed, and those that still count stay", func(t *testing.T) {
		dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
			for range 10 {
				_ = try(store, "nobody@a.example", "wrong", 1)
			}
			if err := store.ForgetOldTries(ctx); err != nil {
				t.Fatal(err)
			}
			if err := try(store, "nobody@a.example", "wrong", 1); wait(err) == 0 {
				t.Errorf("got %v, want too many", err)
			}
		})
	})
}
