package db_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// answered is one request that was answered with a status at a moment.
func answered(at time.Time, status int) db.Request {
	return db.Request{ID: db.NewID(), At: at, Method: "GET", Route: "/api/v1/key", Status: status, Bytes: 10, Took: time.Millisecond, Address: "192.0.2.1", UserAgent: "test/1"}
}

// addUsage counts requests, and keeps those in the log that have a weight.
func addUsage(store *db.Store, requests ...db.Request) error {
	b := db.UsageBatch{Number: 1, Hours: map[db.KeyRef][]db.UsageHour{}}
	for _, r := range requests {
		ref, hour := db.KeyRef{TeamID: r.TeamID, KeyID: r.KeyID}, db.UsageHour{Hour: db.HourOf(r.At), Method: r.Method, Route: r.Route, Outcome: db.OutcomeOf(r.Status)}
		i := slices.IndexFunc(b.Hours[ref], func(h db.UsageHour) bool {
			return h.Hour == hour.Hour && h.Method == hour.Method && h.Route == hour.Route && h.Outcome == hour.Outcome
		})
		if i < 0 {
			i = len(b.Hours[ref])
			b.Hours[ref] = append(b.Hours[ref], hour)
		}
		h := &b.Hours[ref][i]
		h.Requests, h.Bytes, h.Micros = h.Requests+1, h.Bytes+r.Bytes, h.Micros+r.Took.Microseconds()
		if r.Weight > 0 {
			b.Requests = append(b.Requests, r)
		}
	}
	return store.AddUsage(context.Background(), db.NewID(), b)
}

// number reads the one number that a query gives.
func number(t testing.TB, target, text string, args ...any) (n int64) {
	t.Helper()
	if err := dbtest.Handle(t, target).QueryRow(text, args...).Scan(&n); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return n
}

func TestTheLogForgets(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		store := dbtest.Open(t, target, func() time.Time { return now })
		kept, team := now.Add(-7*24*time.Hour), db.NewID()
		requests := []db.Request{answered(kept, 200)}
		for range 1203 { // more than two batches
			requests = append(requests, answered(kept.Add(-time.Millisecond), 200))
		}
		for i := range requests {
			requests[i].TeamID, requests[i].Weight = team, 1
		}
		if err := addUsage(store, requests...); err != nil {
			t.Fatal(err)
		}
		if err := store.ForgetOldRequests(context.Background(), 7*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		if n := number(t, target, `SELECT COUNT(*) FROM requests`); n != 1 {
			t.Errorf("%d rows are left, want the one that is seven days old", n)
		}
		if n := number(t, target, `SELECT CAST(SUM(requests) AS BIGINT) FROM usage_hours WHERE team_id = $1`, team); n != 1204 {
			t.Errorf("%d are counted, want 1204: counts stay", n)
		}
	})
}

func TestARequestIsFoundByItsHolderAlone(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ada, bob, eve := member(t, store, "ada@a.example", "A"), member(t, store, "bob@a.example", "A"), member(t, store, "eve@b.example", "B")
		k, _ := newKey(t, store, ada, "read_only")
		r := answered(time.Now().UTC().Truncate(time.Millisecond), 404)
		r.TeamID, r.KeyID, r.Weight = k.TeamID, k.ID, 1
		if err := addUsage(store, r); err != nil {
			t.Fatal(err)
		}
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
		r := answered(time.Now(), 200)
		r.TeamID, r.KeyID, r.Weight = k.TeamID, k.ID, 1
		r.UserAgent, r.Address = "te\x1fst/\x001\xff", "192.0.2.1\x1f"
		if err := addUsage(store, r); err != nil {
			t.Fatal(err)
		}
		list, err := store.KeyRequests(context.Background(), ada, k.ID, time.Time{}, 10)
		if err != nil || len(list) != 1 || list[0].UserAgent != "test/1" || list[0].Address != "192.0.2.1" {
			t.Errorf("got %+v (%v), want one from test/1 at 192.0.2.1", list, err)
		}
	})
}
