package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func firstOwner(i int) db.NewUser {
	return db.NewUser{Email: fmt.Sprintf("owner%d@a.example", i), Name: "Ada", Team: fmt.Sprintf("Team %d", i), Password: "a long enough pass phrase", Member: "member"}
}

func setupCode(t *testing.T, store *db.Store) string {
	t.Helper()
	code, err := store.NewSetupCode(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestSetUp(t *testing.T) {
	ctx := context.Background()

	t.Run("a wrong code makes nobody, and everything that is wrong is told at once", func(t *testing.T) {
		dbtest.Each(t, func(t *testing.T, store *db.Store) {
			one, other := setupCode(t, store), setupCode(t, store)
			for _, wrong := range []string{"", "x", one + other, "\x00", "\xff"} {
				if _, _, err := store.SetUp(ctx, wrong, firstOwner(1)); !db.Invalid.Is(err) {
					t.Errorf("%q: got %v, want invalid", wrong, err)
				}
			}
			_, _, err := store.SetUp(ctx, "x", db.NewUser{})
			var problems db.Problems
			if !errors.As(err, &problems) || len(problems) != 5 {
				t.Errorf("nothing filled in: got %v, want e-mail, name, team, password and code", err)
			}
			if taken, err := store.HasUsers(ctx); taken || err != nil {
				t.Errorf("got people %v (%v), want nobody", taken, err)
			}
		})
	})

	t.Run("the code makes an owner, whatever role the form claims, and only one", func(t *testing.T) {
		dbtest.Each(t, func(t *testing.T, store *db.Store) {
			one, other := setupCode(t, store), setupCode(t, store)
			user, team, err := store.SetUp(ctx, "  "+one+"\n", firstOwner(1))
			if err != nil {
				t.Fatal(err)
			}
			p, err := store.SignIn(ctx, "owner1@a.example", "a long enough pass phrase", db.Client{})
			if err != nil || p.UserID != user.ID || p.TeamID != team.ID || p.Member != db.Owner {
				t.Errorf("got %+v (%v), want the owner of %s", p, err, team.ID)
			}
			for name, code := range map[string]string{"the same code": one, "another one": other, "one made since": setupCode(t, store)} {
				if _, _, err := store.SetUp(ctx, code, firstOwner(2)); err == nil {
					t.Errorf("%s: got a second owner, want an error", name)
				}
			}
		})
	})
}

func TestOfSeveralSetUpsAtOnceOneMakesTheOwner(t *testing.T) {
	ctx := context.Background()
	for name, same := range map[string]bool{"with one code": true, "with a code each": false} {
		t.Run(name, func(t *testing.T) {
			dbtest.EachTarget(t, func(t *testing.T, target string) {
				a, b := dbtest.Open(t, target, time.Now), dbtest.Open(t, target, time.Now)
				codes := []string{setupCode(t, a), setupCode(t, b)}
				if same {
					codes[1] = codes[0]
				}
				errs := make([]error, 6)
				var wg sync.WaitGroup
				for i := range errs {
					store := []*db.Store{a, b}[i%2]
					wg.Go(func() { _, _, errs[i] = store.SetUp(ctx, codes[i%2], firstOwner(i)) })
				}
				wg.Wait()
				owners := 0
				for _, err := range errs {
					if err == nil {
						owners++
					} else if !db.Conflict.Is(err) && !db.Invalid.Is(err) {
						t.Errorf("got %v, want a conflict or a code that is gone", err)
					}
				}
				if owners != 1 {
					t.Errorf("got %d owners, want 1", owners)
				}
			})
		})
	}
}
