package db_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// busyYear ends on this day: in it a team of a thousand keys has used each of them every day, and some every hour.
var busyYear = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

const (
	yearDays = 365
	manyKeys = 1000
)

// fillUsage gives a team keys and a year of usage, past the store so that it takes seconds.
func fillUsage(t testing.TB, target string, p db.Principal) {
	t.Helper()
	end := busyYear.UnixMilli()
	bulk(t, target, `
		INSERT INTO keys (team_id, id, user_id, digest, prefix, name, role, description, created_at) `+numbers+`
		SELECT $2, 'key-' || i, $3, RANDOM, 'in-filling0', 'filling', 'read_only', 'one of many', i FROM n`, manyKeys, p.TeamID, p.UserID)
	for month := range 13 {
		at := time.Date(2025, time.Month(11+month), 1, 0, 0, 0, 0, time.UTC).UnixMilli()
		for _, sum := range []struct {
			kind, name string
			n          int
		}{{"key", "key-", manyKeys}, {"route", "GET /api/v1/route/", 40}} {
			bulk(t, target, `
				INSERT INTO usage_sums (team_id, kind, at, name, ok, denied, limited, client, server, bytes, micros, parts) `+numbers+`
				SELECT $2, CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS TEXT) || i, 270, 0, 0, 30, 0, 30000, 60000, $6 FROM n`, sum.n, p.TeamID, sum.kind, at, sum.name, packedParts(30))
		}
	}
	bulk(t, target, `
		INSERT INTO usage_sums (team_id, kind, at, name, ok, denied, limited, client, server, bytes, micros, parts) `+numbers+`
		SELECT $2, 'team', $3 - i * CAST(86400000 AS BIGINT), '', 9000, 0, 0, 1000, 0, 1000000, 1000000, $4 FROM n`, yearDays, p.TeamID, end, packedParts(24))
	bulk(t, target, `
		INSERT INTO usage_hours (team_id, hour, key_id, route, outcome, requests, bytes, micros) `+numbers+`
		SELECT $2, $3 - (i / 50) * CAST(3600000 AS BIGINT), 'key-' || ((i / 2 * 7) % 1000), 'GET /api/v1/route/' || (i % 40), CASE WHEN i % 2 = 0 THEN 'ok' ELSE 'client' END, 8, 800, 800 FROM n`, yearDays*24*50, p.TeamID, end)
	bulk(t, target, `
		INSERT INTO usage_hours (team_id, hour, key_id, route, outcome, requests, bytes, micros) `+numbers+`
		SELECT $2, $3 - (i / 4) * CAST(3600000 AS BIGINT), 'key-often', 'GET /api/v1/route/' || (i % 2), CASE WHEN i % 4 < 2 THEN 'ok' ELSE 'server' END, 8, 800, 800 FROM n`, yearDays*24*4, p.TeamID, end)
	bulk(t, target, `
		INSERT INTO keys (team_id, id, user_id, digest, prefix, name, role, description, created_at) `+numbers+`
		SELECT $2, 'key-often', $3, RANDOM, 'in-filling0', 'filling', 'read_only', 'one of many', i FROM n`, 1, p.TeamID, p.UserID)
	bulk(t, target, `
		INSERT INTO requests (team_id, id, at, key_id, method, route, status, micros, bytes, address, agent, weight) `+numbers+`
		SELECT $2, 'request-' || i, $3 - i * CAST(1000 AS BIGINT), CASE WHEN i % 2 = 0 THEN 'key-often' ELSE 'key-' || (i % 1000) END, 'GET', '/api/v1/route/1', 200, 1000, 100, '192.0.2.1', 'test/1', 1 FROM n`, 100_000, p.TeamID, end)
	if err := dbtest.Open(t, target, func() time.Time { return busyYear }).BundleUsage(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := dbtest.Handle(t, target).Exec(`ANALYZE`); err != nil {
		t.Fatal(err)
	}
}

// packedParts are so many parts of nine answered requests and one wrong one.
func packedParts(n int) (packed []byte) {
	for part := range n {
		for _, v := range []int{part, 9, 0, 0, 1, 0, 1000, 2000} {
			packed = binary.AppendUvarint(packed, uint64(v))
		}
	}
	return packed
}

// usagePages are what a page of usage asks the store, besides the session.
func usagePages(p db.Principal) map[string]func(*db.Store) error {
	ctx := context.Background()
	kolkata, _ := time.LoadLocation("Asia/Kolkata")
	page := func(days int, zone *time.Location) func(*db.Store) error {
		until := time.Date(2026, 11, 21, 0, 0, 0, 0, zone)
		q := db.UsageQuery{From: until.AddDate(0, 0, -days), Until: until, Zone: zone, Interval: db.Daily}
		return func(s *db.Store) error {
			if _, _, _, err := s.TeamUsage(ctx, p, q); err != nil {
				return err
			}
			_, err := s.UsageFacts(ctx, p)
			return err
		}
	}
	return map[string]func(*db.Store) error{
		"30 days": page(30, time.UTC), "30 days in Kolkata": page(30, kolkata), "a year": page(yearDays, time.UTC),
		"a key's 30 days": func(s *db.Store) error {
			if _, err := s.Key(ctx, p, "key-often"); err != nil {
				return err
			}
			q := db.UsageQuery{From: busyYear.AddDate(0, 0, -29), Until: busyYear.AddDate(0, 0, 1), Zone: time.UTC, Interval: db.Daily}
			if _, _, err := s.KeyUsage(ctx, p, "key-often", q); err != nil {
				return err
			}
			_, err := s.KeyRequests(ctx, p, "key-often", q.From, 1000)
			return err
		},
	}
}

// However many requests a year had, a page reads a few rows for each key, and sums of the rest.
func TestAPageOfUsageAsksThreeTimesAndReadsSums(t *testing.T) {
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		store := dbtest.Open(t, target, time.Now)
		ada := member(t, store, "ada@a.example", "A")
		fillUsage(t, target, ada)
		for name, ask := range usagePages(ada) {
			t.Run(name, func(t *testing.T) {
				sent, read := 0, 0
				watched := store.WatchRows(func(string, []any) { sent++ }, func() { read++ })
				defer watched.Unwatch()
				if err := ask(watched); err != nil {
					t.Fatal(err)
				}
				if sent != 3 { // the session is a fourth
					t.Errorf("got %d statements, want 3", sent)
				}
				if most := 2 * manyKeys; read == 0 || read > most {
					t.Errorf("read %d rows of a million, want %d at most", read, most)
				}
			})
		}
	})
}

// BenchmarkUsagePage measures what the pages of usage of a busy team ask the store, one after the other.
func BenchmarkUsagePage(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			target := b.TempDir() + "/bench.db"
			if engine == "postgres" {
				target = dbtest.Postgres(b)
			}
			store := dbtest.Open(b, target, time.Now)
			ada := member(b, store, "ada@a.example", "A")
			fillUsage(b, target, ada)
			for name, ask := range usagePages(ada) {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if err := ask(store); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
