package db_test

import (
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func TestQuota(t *testing.T) {
	now := time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)
	dbtest.EachAt(t, func() time.Time { return now }, func(t *testing.T, store *db.Store) {
		ada, bob := member(t, store, "ada@a.example", "A"), member(t, store, "bob@b.example", "B")
		if err := store.SetQuota(t.Context(), ada, 5); err != nil {
			t.Fatal(err)
		}
		for _, nonsense := range []int64{-1, db.QuotaMax + 1} {
			if err := store.SetQuota(t.Context(), ada, nonsense); !db.Invalid.Is(err) {
				t.Errorf("a quota of %d: got %v, want it refused", nonsense, err)
			}
		}
		if err := store.SetQuota(t.Context(), db.Operator(db.NewID()), 5); !db.NotFound.Is(err) {
			t.Errorf("the quota of no team: got %v, want NotFound", err)
		}
		for _, p := range []db.Principal{ada, bob} {
			hour := db.UsageHour{Hour: db.HourOf(now), Method: "GET", Route: "/api/v1/key", Outcome: db.Fine, Requests: 3}
			if err := store.AddUsage(t.Context(), db.NewID(), db.UsageBatch{Number: 1, Hours: map[db.KeyRef][]db.UsageHour{{TeamID: p.TeamID}: {hour}}}); err != nil {
				t.Fatal(err)
			}
		}
		for month, used := range map[time.Time]int64{now: 3, now.Add(time.Hour): 0} {
			all, err := store.Quotas(t.Context(), month)
			if want := (db.Quota{Most: 5, Used: used}); err != nil || len(all) != 1 || all[ada.TeamID] != want {
				t.Errorf("%s: got %+v (%v), want %+v of one team", month.Format(time.DateTime), all, err, want)
			}
		}
		if err := store.SetQuota(t.Context(), ada, 0); err != nil {
			t.Fatal(err)
		}
		if all, err := store.Quotas(t.Context(), now); err != nil || len(all) != 0 {
			t.Errorf("without a quota: got %+v (%v), want none", all, err)
		}
	})
}
