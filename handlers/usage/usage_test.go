package usage_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers/usage"
)

// someRequests are answered requests of some keys, from three programs that flush when they like.
func someRequests(t *rapid.T, keys []db.Principal) []db.Request {
	start := time.Date(2026, 10, 31, 21, 0, 0, 0, time.UTC)
	all := make([]db.Request, rapid.IntRange(1, 120).Draw(t, "requests"))
	for i := range all {
		key := rapid.SampledFrom(keys).Draw(t, "key")
		all[i] = db.Request{
			ID: db.NewID(), TeamID: key.TeamID, KeyID: key.KeyID, At: start.Add(time.Duration(rapid.Int64Range(0, 6*3600*1000).Draw(t, "ms")) * time.Millisecond),
			Method: rapid.SampledFrom([]string{"GET", "POST"}).Draw(t, "method"), Route: rapid.SampledFrom([]string{"/api/v1/contact", "/api/v1/key"}).Draw(t, "route"),
			Status: rapid.SampledFrom([]int{200, 204, 304, 400, 401, 403, 404, 422, 429, 500, 503}).Draw(t, "status"),
			Bytes:  rapid.Int64Range(0, 5000).Draw(t, "bytes"), Took: time.Duration(rapid.IntRange(0, 9000).Draw(t, "micros")) * time.Microsecond,
			Address: "192.0.2.1", UserAgent: "test/1",
		}
	}
	return all
}

func TestUsageEqualsTheLog(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		store, handle := dbtest.Open(t, target, time.Now), dbtest.Handle(t, target)
		rapid.Check(t, func(rt *rapid.T) {
			var keys []db.Principal
			for range 2 {
				team := db.NewID()
				keys = append(keys, db.Principal{TeamID: team, KeyID: db.NewID()}, db.Principal{TeamID: team, KeyID: db.NewID()})
			}
			programs := []*usage.Recorder{newRecorder(store), newRecorder(store), newRecorder(store)}
			for _, r := range someRequests(rt, keys) {
				program := rapid.SampledFrom(programs).Draw(rt, "program")
				program.Count(db.Principal{TeamID: r.TeamID, KeyID: r.KeyID}, r, r.Status != 401 && r.Status != 403)
				if rapid.IntRange(0, 9).Draw(rt, "flush") == 0 {
					flush(rt, program)
				}
			}
			for _, program := range programs {
				flush(rt, program)
			}
			for _, p := range []db.Principal{keys[0], keys[2]} {
				compareUsage(rt, handle, p.TeamID)
				comparePages(rt, store, p)
			}
		})
	})
}

// compareUsage adds up one team's rows: the log by hour, key, route and outcome is what each of the tables must say.
func compareUsage(t rapid.TB, handle *sql.DB, team string) {
	t.Helper()
	const (
		outcome = `CASE WHEN status IN (401, 403) THEN 'denied' WHEN status = 429 THEN 'limited' WHEN status >= 500 THEN 'server' WHEN status >= 400 THEN 'client' ELSE 'ok' END`
		hour    = `(at / 3600000 * 3600000)`
		day     = `(at / 86400000 * 86400000)`
		month   = `CASE WHEN at < 1793491200000 THEN 1790812800000 ELSE 1793491200000 END`
		numbers = `CAST(SUM(weight) AS BIGINT) || ' ' || CAST(SUM(bytes) AS BIGINT) || ' ' || CAST(SUM(micros) AS BIGINT)`
		each    = `ok || ' ' || denied || ' ' || limited || ' ' || client || ' ' || server || ' ' || bytes || ' ' || micros`
		sums    = `SUM(CASE WHEN status < 400 THEN 1 ELSE 0 END) || ' ' || SUM(CASE WHEN status IN (401, 403) THEN 1 ELSE 0 END) || ' ' || SUM(CASE WHEN status = 429 THEN 1 ELSE 0 END)
			|| ' ' || SUM(CASE WHEN status IN (400, 404, 422) THEN 1 ELSE 0 END) || ' ' || SUM(CASE WHEN status >= 500 THEN 1 ELSE 0 END) || ' ' || CAST(SUM(bytes) AS BIGINT) || ' ' || CAST(SUM(micros) AS BIGINT)`
	)
	for _, c := range []struct{ name, kept, log string }{
		{"hours", `SELECT hour || ' ' || key_id || ' ' || route || ' ' || outcome, requests || ' ' || bytes || ' ' || micros FROM usage_hours WHERE team_id = $1`,
			`SELECT ` + hour + ` || ' ' || key_id || ' ' || method || ' ' || route || ' ' || ` + outcome + `, ` + numbers + ` FROM requests WHERE team_id = $1 GROUP BY 1`},
		{"sums of the team", `SELECT CAST(at AS TEXT), ` + each + ` FROM usage_sums WHERE team_id = $1 AND kind = 'team'`,
			`SELECT CAST(` + day + ` AS TEXT), ` + sums + ` FROM requests WHERE team_id = $1 GROUP BY 1`},
		{"sums of keys", `SELECT at || ' ' || name, ` + each + ` FROM usage_sums WHERE team_id = $1 AND kind = 'key'`,
			`SELECT ` + month + ` || ' ' || key_id, ` + sums + ` FROM requests WHERE team_id = $1 GROUP BY 1`},
		{"sums of routes", `SELECT at || ' ' || name, ` + each + ` FROM usage_sums WHERE team_id = $1 AND kind = 'route'`,
			`SELECT ` + month + ` || ' ' || method || ' ' || route, ` + sums + ` FROM requests WHERE team_id = $1 GROUP BY 1`},
		{"months", `SELECT month, CAST(requests AS TEXT) FROM usage_months WHERE team_id = $1`,
			`SELECT CASE WHEN at < 1793491200000 THEN '2026-10' ELSE '2026-11' END, CAST(COUNT(*) AS TEXT) FROM requests WHERE team_id = $1 AND status NOT IN (401, 403, 429) GROUP BY 1`},
	} {
		kept, log := pairs(t, handle, c.kept, team), pairs(t, handle, c.log, team)
		if fmt.Sprint(kept) != fmt.Sprint(log) {
			t.Errorf("%s: kept\n%v\nthe log says\n%v", c.name, kept, log)
		}
	}
}

// comparePages holds what pages show of some days to what the API counts of them, hour by hour.
func comparePages(t *rapid.T, store *db.Store, p db.Principal) {
	t.Helper()
	zone, err := time.LoadLocation(rapid.SampledFrom(dbtest.Zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 10, 31, rapid.IntRange(-24, 24).Draw(t, "from"), 0, 0, 0, zone)
	q := db.UsageQuery{From: from, Until: from.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "hours")) * time.Hour), Zone: zone, Interval: db.Daily}
	if err := dbtest.PageEqualsCount(context.Background(), store, p, q); err != nil {
		t.Error(err)
	}
}

// pairs reads two columns of text.
func pairs(t rapid.TB, handle *sql.DB, text string, args ...any) map[string]string {
	t.Helper()
	rows, err := handle.Query(text, args...)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			t.Fatal(err)
		}
		all[name] = value
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
