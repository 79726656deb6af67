package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// namesContact is work that makes a contact, so that what is done can be counted.
func namesContact(p db.Principal, name string, fails error) func(*db.Store) (db.Answer, error) {
	return func(tx *db.Store) (db.Answer, error) {
		c, err := tx.CreateContact(context.Background(), p, db.ContactChange{FirstName: &name})
		return db.Answer{Status: 200, Body: c.ID}, errors.Join(err, fails)
	}
}

func contactsOf(t *testing.T, store *db.Store, p db.Principal) int64 {
	t.Helper()
	list, err := store.Contacts(context.Background(), p, db.ContactFilter{}, everything)
	if err != nil {
		t.Fatal(err)
	}
	return list.Total
}

func TestOnce(t *testing.T) {
	ctx := context.Background()
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		ada, bob, eve := member(t, store, "ada@a.example", "A"), member(t, store, "bob@a.example", "A"), member(t, store, "eve@b.example", "B")

		t.Run("a repeated request gets the first answer, and nothing is done again", func(t *testing.T) {
			before, ask := contactsOf(t, store, ada), db.Repeat{Key: "repeated", Asked: []byte("one")}
			if a, found, err := store.KeptAnswer(ctx, ada, ask); err != nil || found || a != (db.Answer{}) {
				t.Errorf("before it: got %+v, %t (%v), want no answer", a, found, err)
			}
			first, err := store.Once(ctx, ada, ask, namesContact(ada, "Zoë", nil))
			if err != nil || first.Status != 200 || !db.IsID(first.Body) {
				t.Fatalf("got %+v (%v), want the work's answer", first, err)
			}
			again, err := store.Once(ctx, ada, ask, namesContact(ada, "Zoë", nil))
			if err != nil || again != first {
				t.Errorf("again: got %+v (%v), want %+v", again, err, first)
			}
			if kept, found, err := store.KeptAnswer(ctx, ada, ask); err != nil || !found || kept != first {
				t.Errorf("kept: got %+v, %t (%v), want %+v", kept, found, err, first)
			}
			if n := contactsOf(t, store, ada) - before; n != 1 {
				t.Errorf("it was done %d times, want once", n)
			}
		})

		t.Run("another request under the same key is refused", func(t *testing.T) {
			if _, err := store.Once(ctx, ada, db.Repeat{Key: "taken", Asked: []byte("one")}, namesContact(ada, "Zoë", nil)); err != nil {
				t.Fatal(err)
			}
			before, other := contactsOf(t, store, ada), db.Repeat{Key: "taken", Asked: []byte("two")}
			if a, found, err := store.KeptAnswer(ctx, ada, other); code(err) != "idempotency_mismatch" || found {
				t.Errorf("asked for: got %+v, %t (%v), want idempotency_mismatch", a, found, err)
			}
			if _, err := store.Once(ctx, ada, other, namesContact(ada, "Dev", nil)); code(err) != "idempotency_mismatch" || !db.Invalid.Is(err) {
				t.Errorf("done: got %v, want idempotency_mismatch", err)
			}
			if n := contactsOf(t, store, ada); n != before {
				t.Errorf("%d contacts became %d, want no change", before, n)
			}
		})

		t.Run("the key of another person, or of one in another team, is another key", func(t *testing.T) {
			ask, seen := db.Repeat{Key: "shared", Asked: []byte("one")}, map[string]bool{}
			for _, p := range []db.Principal{ada, bob, eve} {
				a, err := store.Once(ctx, p, ask, namesContact(p, "Zoë", nil))
				if err != nil || seen[a.Body] {
					t.Errorf("%s: got %+v (%v), want an answer of its own", p.UserID, a, err)
				}
				seen[a.Body] = true
			}
		})

		t.Run("work that fails keeps nothing, and the next one works anew", func(t *testing.T) {
			before, ask, broken := contactsOf(t, store, ada), db.Repeat{Key: "failed", Asked: []byte("one")}, errors.New("it broke")
			if _, err := store.Once(ctx, ada, ask, namesContact(ada, "Zoë", broken)); !errors.Is(err, broken) {
				t.Errorf("got %v, want %v", err, broken)
			}
			if _, found, err := store.KeptAnswer(ctx, ada, ask); err != nil || found || contactsOf(t, store, ada) != before {
				t.Errorf("an answer is kept: %t (%v); %d contacts became %d", found, err, before, contactsOf(t, store, ada))
			}
			if _, err := store.Once(ctx, ada, db.Repeat{Key: "failed", Asked: []byte("two")}, namesContact(ada, "Zoë", nil)); err != nil || contactsOf(t, store, ada) != before+1 {
				t.Errorf("the next one: %v; %d contacts became %d, want one more", err, before, contactsOf(t, store, ada))
			}
		})

		t.Run("an answer is given again for 24 hours", func(t *testing.T) {
			ask := db.Repeat{Key: "old", Asked: []byte("one")}
			first, err := store.Once(ctx, ada, ask, namesContact(ada, "Zoë", nil))
			if err != nil {
				t.Fatal(err)
			}
			clock.Pass(24*time.Hour - time.Millisecond)
			if again, err := store.Once(ctx, ada, ask, namesContact(ada, "Zoë", nil)); err != nil || again != first {
				t.Errorf("within them: got %+v (%v), want %+v", again, err, first)
			}
			clock.Pass(time.Millisecond)
			other := db.Repeat{Key: "old", Asked: []byte("two")}
			if again, err := store.Once(ctx, ada, other, namesContact(ada, "Zoë", nil)); err != nil || again == first {
				t.Errorf("after them: got %+v (%v), want an answer of its own", again, err)
			}
		})
	})
}

func TestOfManyRepeatsAtOnceOneIsDone(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		stores := []*db.Store{dbtest.Open(t, target, time.Now), dbtest.Open(t, target, time.Now)}
		ada := member(t, stores[0], "ada@a.example", "A")
		for _, name := range []string{"all succeed", "the first fails"} {
			t.Run(name, func(t *testing.T) {
				ask, before := db.Repeat{Key: name, Asked: []byte("one")}, contactsOf(t, stores[0], ada)
				var fails, failed atomic.Int64
				if name == "the first fails" {
					fails.Store(1)
				}
				answers := make([]db.Answer, 12)
				var all sync.WaitGroup
				for i := range answers {
					all.Go(func() {
						var err error
						answers[i], err = stores[i%2].Once(t.Context(), ada, ask, func(tx *db.Store) (db.Answer, error) {
							var broken error
							if fails.Add(-1) >= 0 {
								broken = errors.New("it broke")
							}
							return namesContact(ada, fmt.Sprint("N", i), broken)(tx)
						})
						if err != nil {
							failed.Add(1)
							answers[i] = db.Answer{}
						}
					})
				}
				all.Wait()
				kept, found, err := stores[0].KeptAnswer(t.Context(), ada, ask)
				if err != nil || !found {
					t.Fatalf("kept: got %+v, %t (%v), want an answer", kept, found, err)
				}
				for i, a := range answers {
					if a != kept && a != (db.Answer{}) {
						t.Errorf("request %d got %+v, want %+v", i, a, kept)
					}
				}
				if n := contactsOf(t, stores[0], ada) - before; n != 1 {
					t.Errorf("it was done %d times, want once", n)
				}
				if want := int64(map[bool]int{true: 1}[name == "the first fails"]); failed.Load() != want {
					t.Errorf("%d failed, want %d", failed.Load(), want)
				}
			})
		}
	})
}
