package db_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// openedIn opens a target in each of some months of 2026.
func openedIn(t *testing.T, target string, months ...time.Month) (stores []*db.Store) {
	for _, month := range months {
		stores = append(stores, dbtest.Open(t, target, func() time.Time { return time.Date(2026, month, 20, 0, 0, 0, 0, time.UTC) }))
	}
	return stores
}

func TestBundledMonthsEqualTheirHours(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		stores := openedIn(t, target, time.March, time.July, time.December+1)
		handle := dbtest.Handle(t, target)
		rapid.Check(t, func(rt *rapid.T) {
			team := db.NewID()
			sent := 0
			for range rapid.IntRange(1, 5).Draw(rt, "times") {
				var requests []db.Request
				for range rapid.IntRange(0, 30).Draw(rt, "requests") {
					at := time.Date(2026, time.Month(rapid.IntRange(1, 12).Draw(rt, "month")), rapid.IntRange(1, 28).Draw(rt, "day"), rapid.IntRange(0, 23).Draw(rt, "hour"), 0, 0, 0, time.UTC)
					r := answered(at, rapid.SampledFrom([]int{200, 401, 404, 429, 500}).Draw(rt, "status"))
					r.Route = rapid.SampledFrom([]string{"/api/v1/key", "/api/v1/contact"}).Draw(rt, "route")
					r.TeamID, r.KeyID = team, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "key")
					requests = append(requests, r)
				}
				sent += len(requests)
				if err := addUsage(stores[0], requests...); err != nil {
					rt.Fatal(err)
				}
				if err := rapid.SampledFrom(stores).Draw(rt, "bundled in").BundleUsage(context.Background()); err != nil {
					rt.Fatal(err)
				}
				zone, err := time.LoadLocation(rapid.SampledFrom(dbtest.Zones).Draw(rt, "zone"))
				if err != nil {
					rt.Fatal(err)
				}
				from := time.Date(2025, 12, 20, rapid.IntRange(0, 366*24).Draw(rt, "from"), 0, 0, 0, zone)
				q := db.UsageQuery{From: from, Until: from.Add(time.Duration(rapid.IntRange(0, 366*24).Draw(rt, "hours")) * time.Hour), Zone: zone, Interval: db.Daily}
				if err := dbtest.PageEqualsCount(context.Background(), stores[2], db.Principal{TeamID: team}, q); err != nil {
					rt.Error(err)
				}
			}
			for _, kind := range []string{"team", "key", "route"} {
				var n int64
				if err := handle.QueryRow(`SELECT COALESCE(CAST(SUM(ok + denied + limited + client + server) AS BIGINT), 0) FROM usage_sums WHERE team_id = $1 AND kind IN ($2, $3)`, team, kind, kind+"-days").Scan(&n); err != nil || n != int64(sent) {
					rt.Errorf("the sums of kind %s are %d (%v), want %d", kind, n, err, sent)
				}
			}
		})
	})
}

func TestMonthsAreBundledOnceWhoeverDoesIt(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		stores := openedIn(t, target, time.December, time.December, time.December)
		p := db.Principal{TeamID: db.NewID(), UserID: db.NewID()}
		const keys, rounds, months = 150, 3, 3
		ctx := context.Background()
		var all sync.WaitGroup
		for _, store := range stores {
			all.Go(func() {
				for range rounds {
					var requests []db.Request
					for key := range keys {
						for month := range months {
							r := answered(time.Date(2026, time.Month(3+month), 1, 0, 0, 0, 0, time.UTC), 200)
							r.TeamID, r.KeyID = p.TeamID, fmt.Sprint(key)
							requests = append(requests, r)
						}
					}
					if err := addUsage(store, requests...); err != nil {
						t.Error(err)
					}
				}
			})
			all.Go(func() {
				for range rounds {
					if err := store.BundleUsage(ctx); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if err := stores[0].BundleUsage(ctx); err != nil {
			t.Fatal(err)
		}
		q := db.UsageQuery{From: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Zone: time.UTC, Interval: db.Daily}
		_, byKey, byRoute, err := stores[0].TeamUsage(ctx, p, q)
		if want := int64(len(stores) * keys * rounds * months); err != nil || len(byKey) != 1 || len(byRoute) != 1 || byKey[0].Fine != want || byRoute[0].Fine != want {
			t.Errorf("got %+v and %+v (%v), want %d requests of each", byKey, byRoute, err, want)
		}
		if n := number(t, target, `SELECT COUNT(*) FROM usage_sums WHERE team_id = $1 AND kind IN ('key', 'route')`, p.TeamID); n != 0 {
			t.Errorf("%d months are in no bundle, want none", n)
		}
	})
}

func TestTheWeekOfAKeyOutlivesItsMonth(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		now := time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC)
		store := dbtest.Open(t, target, func() time.Time { return now })
		ada := member(t, store, "ada@a.example", "A")
		k, _ := newKey(t, store, ada, "read_only")
		for days := range 10 {
			now = time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC).AddDate(0, 0, days)
			r := answered(now, 200)
			r.TeamID, r.KeyID = k.TeamID, k.ID
			if err := addUsage(store, r); err != nil {
				t.Fatal(err)
			}
			if err := store.BundleUsage(context.Background()); err != nil {
				t.Fatal(err)
			}
			weeks, err := store.Weeks(context.Background(), ada, []db.Key{k})
			if err != nil {
				t.Fatal(err)
			}
			for back := range db.WeekLong {
				if got, want := weeks[k.ID][db.WeekLong-1-back], bitOf(back <= days); got != want {
					t.Errorf("on %s, %d days before: got %d, want %d", now.Format(time.DateOnly), back, got, want)
				}
			}
		}
		if n := number(t, target, `SELECT COUNT(*) FROM usage_sums WHERE team_id = $1 AND kind = 'key-days'`, ada.TeamID); n != 1 {
			t.Errorf("%d bundles, want October's: nothing else was tested", n)
		}
	})
}

func bitOf(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
