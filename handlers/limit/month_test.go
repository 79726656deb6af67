package limit_test

import (
	"errors"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers/limit"
)

func TestQuota(t *testing.T) {
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		clock.Pass(7*24*time.Hour + 12*time.Hour - time.Hour) // 30 November, 23:00
		_, team, err := store.AddUser(t.Context(), db.Operator(""), db.NewUser{Email: "ada@example.com", Name: "Ada", Team: "A", Member: "owner", Password: "three short calm words"})
		if err != nil {
			t.Fatal(err)
		}
		p := db.Principal{TeamID: team.ID, UserID: db.NewID(), KeyID: db.NewID()}
		l := newLimiter(store, 0, clock.Now)
		spend := func(requests int64, status int) {
			t.Helper()
			hour := db.UsageHour{Hour: db.HourOf(clock.Now()), Method: "GET", Route: "/api/v1/key", Outcome: db.OutcomeOf(status), Requests: requests}
			if err := store.AddUsage(t.Context(), db.NewID(), db.UsageBatch{Number: 1, Hours: map[db.KeyRef][]db.UsageHour{{TeamID: p.TeamID, KeyID: p.KeyID}: {hour}}}); err != nil {
				t.Fatal(err)
			}
			if err := l.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		spend(3, 200)
		if s, err := l.Take(t.Context(), p); err != nil || s != (limit.Standing{}) {
			t.Errorf("without a quota: got %+v, %v", s, err)
		}
		if err := store.SetQuota(t.Context(), db.Operator(team.ID), 5); err != nil {
			t.Fatal(err)
		}
		spend(1, 404)
		spend(9, 429) // what was not let in is not used
		spend(9, 401)
		want := limit.MonthStanding{Most: 5, Left: 1, Long: 30 * 24 * time.Hour, Ends: time.Hour}
		if s, err := l.Take(t.Context(), p); err != nil || s.Month != want {
			t.Errorf("below it: got %+v, %v; want %+v", s.Month, err, want)
		}
		spend(1, 200)
		want.Left = 0
		s, err := l.Take(t.Context(), p)
		var e *db.Error
		if !errors.As(err, &e) || e.Kind != db.TooMany || s.Month != want {
			t.Errorf("used up: got %+v, %v; want %+v", s.Month, err, want)
		} else if e.Code != "quota_exceeded" || e.Wait != time.Hour {
			t.Errorf("used up: got %s for %v, want quota_exceeded for an hour", e.Code, e.Wait)
		}
		other := p
		other.TeamID = db.NewID()
		if _, err := l.Take(t.Context(), other); err != nil {
			t.Errorf("another team: %v", err)
		}
		clock.Pass(time.Hour)
		want = limit.MonthStanding{Most: 5, Left: 5, Long: 31 * 24 * time.Hour, Ends: 31 * 24 * time.Hour}
		for _, when := range []string{"as soon as the month begins", "a second later"} {
			if s, err := l.Take(t.Context(), p); err != nil || s.Month != want {
				t.Errorf("%s: got %+v, %v; want %+v", when, s.Month, err, want)
			}
			if err := l.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
