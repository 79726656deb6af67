package handlers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

// colleague adds a person to Ada's team.
func (w *world) colleague(email, name string, role db.MemberRole) db.Principal {
	w.T.Helper()
	user, team, err := w.Store.AddUser(context.Background(), db.Operator(""), db.NewUser{Email: email, Name: name, Team: "A", Member: string(role), Password: passphrase})
	if err != nil {
		w.T.Fatal(err)
	}
	return db.Principal{TeamID: team.ID, UserID: user.ID, Member: role}
}

func TestUsage(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		bob := w.colleague("bob@a.example", "Bob", db.Member)
		mine, secret := w.Key(w.Ada, "read_only")
		gone, _ := w.Key(w.Ada, "read_only")
		his, hisSecret := w.Key(bob, "full_access")
		foreign, _ := w.Key(w.Person("eve@b.example", "B"), "read_only")
		day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		w.Used(mine, day.Add(30*time.Minute), 3, "/api/v1/contact", 200)
		w.Used(mine, day.Add(25*time.Hour), 2, "/api/v1/key", 404)
		w.Used(gone, day.Add(26*time.Hour), 1, "/api/v1/key", 401)
		w.Used(his, day.Add(25*time.Hour), 4, "/api/v1/contact", 200)
		w.Used(foreign, day, 9, "/api/v1/contact", 200)
		if err := w.Store.DeleteKey(context.Background(), w.Ada, gone.ID); err != nil {
			t.Fatal(err)
		}
		const two = "date_from=2026-11-01&date_to=2026-11-02"
		row := func(text string, n string) string {
			return `{` + text + `,"requests":` + n + `,"bytes":` + n + `00,"milliseconds":` + map[string]string{"0": "0", "1": "1", "2": "3", "3": "4", "4": "6", "7": "10"}[n] + `}`
		}
		zero := func(text string) string {
			return `{` + text + `,"requests":0,"bytes":0,"milliseconds":0}`
		}
		all := func(rows ...string) string { return `[` + strings.Join(rows, ",") + `]` }
		first, second := `"date":"2026-11-01"`, `"date":"2026-11-02"`
		adas, bobs, lost := `,"key_id":"`+mine.ID+`","key_name":"laptop"`, `,"user_id":"`+bob.UserID+`","user_name":"Bob"`, `,"key_id":"`+gone.ID+`","key_name":"laptop"`
		for _, c := range []struct{ name, secret, query, want string }{
			{"a day", secret, two, all(row(first, "3"), row(second, "7"))},
			{"a day elsewhere", secret, two + "&timezone=America/New_York", all(row(first, "7"), zero(second))},
			{"a month", secret, "date_from=2026-10-31&date_to=2026-11-30&interval=month", all(zero(`"date":"2026-10-01"`), `{"date":"2026-11-01","requests":10,"bytes":1000,"milliseconds":15}`)},
			{"an hour", secret, "date_from=2026-11-01T23:30:00Z&date_to=2026-11-02T02:00:00Z&interval=hour",
				all(zero(`"date":"2026-11-02T00:00:00Z"`), `{"date":"2026-11-02T01:00:00Z","requests":6,"bytes":600,"milliseconds":9}`, row(`"date":"2026-11-02T02:00:00Z"`, "1"))},
			{"routes", secret, two + "&group_by=route", all(row(first+`,"route":"GET /api/v1/contact"`, "3"), zero(first+`,"route":"GET /api/v1/key"`), row(second+`,"route":"GET /api/v1/contact"`, "4"), row(second+`,"route":"GET /api/v1/key"`, "3"))},
			{"outcomes", secret, "date_from=2026-11-02&date_to=2026-11-02&group_by=outcome", all(row(second+`,"outcome":"ok"`, "4"), row(second+`,"outcome":"denied"`, "1"), zero(second+`,"outcome":"limited"`), row(second+`,"outcome":"client"`, "2"), zero(second+`,"outcome":"server"`))},
			{"keys, as a member", hisSecret, "date_from=2026-11-02&date_to=2026-11-02&group_by=key", all(row(second+`,"key_id":"`+his.ID+`","key_name":"laptop"`, "4"), row(second, "3"))},
			{"nothing", secret, "date_from=2026-12-01&date_to=2026-12-01&group_by=key", `[]`},
			{"no whole hour", secret, "date_from=2026-11-01T00:10:00Z&date_to=2026-11-01T00:50:00Z", `[]`},
		} {
			t.Run(c.name, func(t *testing.T) {
				rec := w.Get("/api/v1/usage?"+c.query, c.secret)
				_, items, _ := strings.Cut(strings.TrimSpace(rec.Body.String()), `"data":{"items":`)
				if got := strings.TrimSuffix(items, "}}"); got != c.want {
					t.Errorf("\n got %d %s\nwant %s", rec.Code, got, c.want)
				}
			})
		}
		t.Run("keys, as an owner", func(t *testing.T) {
			body := w.Get("/api/v1/usage?date_from=2026-11-02&date_to=2026-11-02&group_by=key", secret).Body.String()
			for _, want := range []string{row(second+adas, "2"), row(second+bobs, "4"), row(second+lost, "1")} {
				if !strings.Contains(body, want) {
					t.Errorf("got %s, want %s in it", body, want)
				}
			}
			if strings.Contains(body, his.ID) {
				t.Errorf("an owner sees which key of Bob's it was: %s", body)
			}
		})
		t.Run("without dates it is the last 30 days", func(t *testing.T) {
			items := data(t, w.Get("/api/v1/usage", secret))["items"].([]any)
			if today := items[len(items)-1].(map[string]any)["date"]; len(items) != 30 || today != time.Now().UTC().Format(time.DateOnly) {
				t.Errorf("got %d days up to %v, want 30 up to today", len(items), today)
			}
		})
		t.Run("a role that reads no usage gets none", func(t *testing.T) {
			_, other := w.Key(w.Ada, "contacts_sync")
			if rec := w.Get("/api/v1/usage?"+two, other); rec.Code != 403 {
				t.Errorf("got %d, want 403", rec.Code)
			}
		})
		t.Run("wrong parameters say which", func(t *testing.T) {
			for query, want := range map[string]string{
				"date_from=2026-11-02&date_to=2026-11-01":                                `"loc":["query","date_to"]`,
				"date_from=2016-01-01&date_to=2026-11-01":                                `"loc":["query","date_to"]`,
				"date_from=2017-01-01&date_to=2026-11-01&interval=hour&group_by=outcome": `"loc":["query","date_to"]`,
				two + "&timezone=Mars/Base":                                              `"loc":["query","timezone"]`,
				two + "&group_by=assistant":                                              `"loc":["query","group_by"]`,
				two + "&interval=week":                                                   `"loc":["query","interval"]`,
			} {
				if rec := w.Get("/api/v1/usage?"+query, secret); rec.Code != 422 || !strings.Contains(rec.Body.String(), want) {
					t.Errorf("%s: got %d %s, want 422 with %s", query, rec.Code, rec.Body, want)
				}
			}
		})
	})
}
