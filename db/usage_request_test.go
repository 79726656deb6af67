package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func TestTheLogForgets(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		store := dbtest.Open(t, target, func() time.Time { return now })
		p, uses := db.Principal{TeamID: db.NewID(), KeyID: db.NewID()}, db.NewKeyUses(store, nil)
		uses.LogRate = 2000
		kept := now.Add(-7 * 24 * time.Hour)
		for range 1203 { // more than two batches
			uses.Count(p, answered(kept.Add(-time.Millisecond), 200), true)
		}
		uses.Count(p, answered(kept, 200), true)
		flush(t, uses)
		if err := store.ForgetOldRequests(context.Background(), 7*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		if n := number(t, target, `SELECT COUNT(*) FROM requests`); n != 1 {
			t.Errorf("%d rows are left, want the one that is seven days old", n)
		}
		if n := number(t, target, countedOf, p.TeamID); n != 1204 {
			t.Errorf("%d are counted, want 1204: counts stay", n)
		}
	})
}

func TestARequestIsFoundByItsHolderAlone(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ada, bob, eve := member(t, store, "ada@a.example", "A"), member(t, store, "bob@a.example", "A"), member(t, store, "eve@b.example", "B")
		k, _ := newKey(t, store, ada, "read_only")
		uses, r := db.NewKeyUses(store, nil), answered(time.Now().UTC().Truncate(time.Millisecond), 404)
		uses.Count(db.Principal{TeamID: k.TeamID, KeyID: k.ID}, r, true)
		flush(t, uses)
		r.TeamID, r.KeyID, r.Weight = k.TeamID, k.ID, 1
		look := func(name string, deleted bool) {
			t.Helper()
			found, err := store.Request(ctx, ada, r.ID)
			if err != nil || found.Request != r || found.KeyName != k.Name || found.KeyPrefix != k.Prefix || found.Deleted != deleted {
				t.Errorf("%s: got %+v (%v), want %+v of %s", name, found, err, r, k.Name)
			}
			for _, other := range []db.Principal{bob, eve, {TeamID: eve.TeamID, UserID: ada.UserID}} {
				if found, err := store.Request(ctx, other, r.ID); !db.NotFound.Is(err) {
					t.Errorf("%s: somebody else gets %+v (%v)", name, found, err)
				}
				if list, err := store.KeyRequests(ctx, other, k.ID, time.Time{}, 10); err != nil || len(list) > 0 {
					t.Errorf("%s: somebody else gets %+v (%v)", name, list, err)
				}
			}
		}
		look("a key", false)
		if list, err := store.KeyRequests(ctx, ada, k.ID, r.At, 10); err != nil || len(list) != 1 || list[0] != r {
			t.Errorf("the log of the key: %+v (%v)", list, err)
		}
		if err := store.DeleteKey(ctx, ada, k.ID); err != nil {
			t.Fatal(err)
		}
		look("a deleted key", true)
	})
}

func TestTheLogKeepsNothingThatBreaksItsRows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ada := member(t, store, "ada@a.example", "A")
		k, _ := newKey(t, store, ada, "read_only")
		uses, r := db.NewKeyUses(store, nil), answered(time.Now(), 200)
		r.UserAgent, r.Address = "te\x1fst/\x001\xff", "192.0.2.1\x1f"
		uses.Count(db.Principal{TeamID: k.TeamID, KeyID: k.ID}, r, true)
		flush(t, uses)
		list, err := store.KeyRequests(context.Background(), ada, k.ID, time.Time{}, 10)
		if err != nil || len(list) != 1 || list[0].UserAgent != "test/1" || list[0].Address != "192.0.2.1" {
			t.Errorf("got %+v (%v), want one from test/1 at 192.0.2.1", list, err)
		}
	})
}
