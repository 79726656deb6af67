package handlers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

func TestCounts(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.filled(6) // four on the first of November, two on the second, every six hours from midnight
		counts := func(query string) string {
			rec := w.Get("/api/v1/conversation/counts?"+query, secret)
			_, items, _ := strings.Cut(strings.TrimSpace(rec.Body.String()), `"data":{"items":`)
			return strings.TrimSuffix(items, "}}")
		}
		for query, want := range map[string]string{
			"date_from=2026-11-01&date_to=2026-11-03":                                         `[{"date":"2026-11-01","conversations":4,"closed":2,"messages":8},{"date":"2026-11-02","conversations":2,"closed":1,"messages":4},{"date":"2026-11-03","conversations":0,"closed":0,"messages":0}]`,
			"date_from=2026-11-01T23:00:00-05:00&date_to=2026-11-02T23:00:00%2B05:00":         `[{"date":"2026-11-02","conversations":2,"closed":1,"messages":4}]`,
			"date_from=2026-11-01&date_to=2026-11-01&timezone=America/New_York":               `[{"date":"2026-11-01","conversations":4,"closed":2,"messages":8}]`,
			"date_from=2026-10-31&date_to=2026-10-31&timezone=America/New_York":               `[{"date":"2026-10-31","conversations":1,"closed":1,"messages":2}]`,
			"date_from=2026-11-01T23:00:00Z&date_to=2026-11-01T23:00:00Z&timezone=Asia/Tokyo": `[{"date":"2026-11-02","conversations":3,"closed":1,"messages":6}]`,
			"date_from=2026-10-31&date_to=2026-11-30&interval=month":                          `[{"date":"2026-10-01","conversations":0,"closed":0,"messages":0},{"date":"2026-11-01","conversations":6,"closed":3,"messages":12}]`,
			"date_from=2026-11-02&date_to=2026-11-02&group_by=assistant": `[{"date":"2026-11-02","assistant_id":"` + claims + `","assistant_name":"Claims","conversations":1,"closed":1,"messages":2},` +
				`{"date":"2026-11-02","assistant_id":"` + quotes + `","assistant_name":"Quotes","conversations":1,"closed":0,"messages":2}]`,
			"date_from=2011-12-30&date_to=2011-12-30&timezone=Pacific/Apia": `[{"date":"2011-12-30","conversations":0,"closed":0,"messages":0}]`,
		} {
			if got := counts(query); got != want {
				t.Errorf("%s:\n got %s\nwant %s", query, got, want)
			}
		}

		t.Run("wrong parameters say which", func(t *testing.T) {
			for query, want := range map[string]string{
				"":                     `"loc":["query","date_from"],"msg":"Field required","type":"missing"`,
				"date_from=2026-11-01": `"loc":["query","date_to"],"msg":"Field required"`,
				"date_from=2026-13-01&date_to=2026-11-01":                               `"loc":["query","date_from"]`,
				"date_from=2026-11-02&date_to=2026-11-01":                               `"loc":["query","date_to"]`,
				"date_from=2016-01-01&date_to=2026-11-01":                               `"loc":["query","date_to"]`,
				"date_from=9999-12-31T23:00:00Z&date_to=9999-12-31&timezone=Asia/Tokyo": `"loc":["query","date_from"]`,
				"date_from=0000-01-01&date_to=0000-01-02":                               `"loc":["query","date_from"]`,
				"date_from=2026-11-01&date_to=2026-11-01&timezone=Mars/Base":            `"loc":["query","timezone"]`,
				"date_from=2026-11-01&date_to=2026-11-01&timezone=../etc/passwd":        `"loc":["query","timezone"]`,
				"date_from=2026-11-01&date_to=2026-11-01&group_by=contact":              `"loc":["query","group_by"]`,
				"date_from=2026-11-01&date_to=2026-11-01&interval=week":                 `"loc":["query","interval"]`,
				"date_from=2026-11-01&date_to=2026-11-01&interval=day&interval=day":     `"loc":["query","interval"]`,
			} {
				if rec := w.Get("/api/v1/conversation/counts?"+query, secret); rec.Code != 422 || !strings.Contains(rec.Body.String(), want) {
					t.Errorf("%s: got %d %s, want 422 with %s", query, rec.Code, rec.Body, want)
				}
			}
			if rec := w.Get("/api/v1/conversation/counts?date_from=2016-10-25&date_to=2026-11-01", secret); rec.Code != 200 {
				t.Errorf("3660 days: got %d, want 200", rec.Code)
			}
		})

		t.Run("a role that reads no conversations counts none", func(t *testing.T) {
			_, other := w.Key(w.Ada, "contacts_sync")
			if rec := w.Get("/api/v1/conversation/counts?date_from=2026-11-01&date_to=2026-11-01", other); rec.Code != 403 {
				t.Errorf("got %d, want 403", rec.Code)
			}
		})
	})
}

func TestADayWithoutMidnight(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		skip := time.Date(2018, 11, 4, 3, 0, 0, 0, time.UTC) // São Paulo went from 23:59 to 1:00
		batch := conversations(3)
		for i := range batch {
			batch[i].CreatedAt = skip.Add(time.Duration(i-1) * 30 * time.Minute)
			batch[i].Messages, batch[i].ClosedAt = nil, time.Time{}
		}
		if _, err := w.Store.Import(context.Background(), w.Ada, batch); err != nil {
			t.Fatal(err)
		}
		_, secret := w.Key(w.Ada, "read_only")
		for date, want := range map[string]float64{"2018-11-03": 1, "2018-11-04": 2} {
			query := "date_from=" + date + "&date_to=" + date + "&timezone=America/Sao_Paulo"
			listed := data(t, w.Get("/api/v1/conversation?"+query, secret))["total"]
			counted := data(t, w.Get("/api/v1/conversation/counts?"+query, secret))["items"].([]any)[0].(map[string]any)["conversations"]
			if listed != want || counted != want {
				t.Errorf("%s: listed %v and counted %v, want %v", date, listed, counted, want)
			}
		}
		if page, err := w.Store.Conversations(context.Background(), w.Ada, db.ConversationFilter{}, db.Page{Number: 1, Size: 1}); err != nil || page.Total != 3 {
			t.Errorf("%d conversations (%v), want 3", page.Total, err)
		}
	})
}
