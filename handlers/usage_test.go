package handlers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db/dbtest"
)

func TestEveryAnswerIsCounted(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		w := newWorld(t, dbtest.Open(t, target, time.Now))
		key, secret := w.Key(w.Ada, "read_only")
		stopped, stoppedSecret := w.Key(w.Ada, "read_only")
		if _, err := w.Store.RevokeKey(context.Background(), w.Ada, stopped.ID); err != nil {
			t.Fatal(err)
		}
		handle := dbtest.Handle(t, target)
		for _, c := range []struct {
			name         string
			method, path string
			secret       string
			status       int
			row          string // key, route and outcome; empty when nothing may be counted
		}{
			{"a success", "GET", "/api/v1/key", secret, 200, key.ID + " GET /api/v1/key ok"},
			{"a HEAD", "HEAD", "/api/v1/key", secret, 200, key.ID + " HEAD /api/v1/key ok"},
			{"a row that is not there", "GET", "/api/v1/contact/" + missing, secret, 404, key.ID + " GET /api/v1/contact/{contact_id} client"},
			{"bad input", "GET", "/api/v1/contact?size=0", secret, 422, key.ID + " GET /api/v1/contact client"},
			{"a parameter twice", "GET", "/api/v1/contact?size=1&size=1", secret, 422, key.ID + " GET /api/v1/contact client"},
			{"a role that forbids", "DELETE", "/api/v1/contact/" + missing, secret, 403, key.ID + " DELETE /api/v1/contact/{contact_id} denied"},
			{"a revoked key", "GET", "/api/v1/key", stoppedSecret, 401, stopped.ID + " GET /api/v1/key denied"},
			{"nobody's key", "GET", "/api/v1/key", "in-" + strings.Repeat("A", 43), 401, ""},
			{"no key", "GET", "/api/v1/key", "", 401, ""},
			{"no such route", "GET", "/api/v1/nothing", secret, 404, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				mark := "?"
				if strings.Contains(c.path, "?") {
					mark = "&"
				}
				before := rowsOf(t, w, target)
				rec := w.Do(c.method, c.path+mark+"api_key="+c.secret, "")
				if rec.Code != c.status {
					t.Fatalf("got %d, want %d: %s", rec.Code, c.status, rec.Body)
				}
				after := rowsOf(t, w, target)
				for row, n := range before {
					after[row] -= n
				}
				for row, n := range after {
					if n != 0 && row != c.row || row == c.row && n != 1 {
						t.Errorf("counted %d of %q, want 1 of %q", n, row, c.row)
					}
				}
				if c.row != "" && after[c.row] != 1 {
					t.Errorf("%q is not counted", c.row)
				}
				var route, address, agent string
				var bytes int64
				err := handle.QueryRow(`SELECT method || ' ' || route, address, agent, bytes FROM requests WHERE id = $1`, rec.Header().Get("X-Request-Id")).Scan(&route, &address, &agent, &bytes)
				if logged := err == nil; logged != (c.row != "") {
					t.Errorf("in the log: %v (%v)", logged, err)
				} else if logged && (!strings.Contains(c.row, route) || address != "192.0.2.1" || agent != "test/1" || bytes != int64(rec.Body.Len())) {
					t.Errorf("the log has %q from %s, %s, %d bytes; want the template, %d bytes", route, address, agent, bytes, rec.Body.Len())
				}
			})
		}
		if used, err := w.Store.Key(context.Background(), w.Ada, stopped.ID); err != nil || !used.LastUsed.At.IsZero() {
			t.Errorf("a refused request is the last use: %+v (%v)", used.LastUsed, err)
		}
	})
}

// rowsOf is what is counted of each key, route and outcome.
func rowsOf(t *testing.T, w *world, target string) map[string]int64 {
	t.Helper()
	if err := w.Usage.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	rows, err := dbtest.Handle(t, target).Query(`SELECT key_id || ' ' || route || ' ' || outcome, requests FROM usage_hours WHERE team_id = $1`, w.Ada.TeamID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]int64{}
	for rows.Next() {
		var row string
		var n int64
		if err := rows.Scan(&row, &n); err != nil {
			t.Fatal(err)
		}
		all[row] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
