package browsertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

// busy gives two keys some weeks of requests of every outcome.
func (b *tab) busy() (busy, calm db.Key) {
	b.t.Helper()
	keys := [2]db.Key{}
	for i, name := range []string{"nightly", strings.Repeat("Wide", 16)} {
		var err error
		if keys[i], _, err = b.Store.CreateKey(b.ctx, b.Ada, db.NewKey{Name: name, Role: "full_access", Description: "For a test"}); err != nil {
			b.t.Fatal(err)
		}
	}
	now := time.Now()
	for day := range 28 {
		at := now.AddDate(0, 0, -day)
		b.Used(keys[0], at, 40-day, "/api/v1/conversation/{conversation_id}/transcript", 200)
		b.Used(keys[0], at, day%5, "/api/v1/contact", 404)
		b.Used(keys[0], at, day%3, "/api/v1/contact", 500)
		b.Used(keys[1], at, day%4, "/api/v1/contact", 429)
	}
	b.Usage.Count(db.Principal{TeamID: keys[1].TeamID, KeyID: keys[1].ID}, db.Request{ID: db.NewID(), At: now, Method: "GET", Route: "/api/v1/contact", Status: 403,
		Address: "2001:db8:1234:5678:9abc:def0:1234:5678", UserAgent: strings.Repeat("agent", 40)}, false)
	if err := b.Usage.Flush(b.ctx); err != nil {
		b.t.Fatal(err)
	}
	return keys[0], keys[1]
}

func usageStates(t *testing.T, b *tab) {
	b.enter()
	var busy, calm db.Key
	b.walkStates([]state{
		{"usage, none", func(b *tab) { b.open("/settings/usage") }},
		{"usage", func(b *tab) { busy, calm = b.busy(); b.open("/settings/usage") }},
		{"usage, numbers", func(b *tab) { b.click("#days summary"); b.until(`document.querySelector("#days details").open`) }},
		{"usage of a year", func(b *tab) { b.open("/settings/usage?days=365") }},
		{"usage, wrong days", func(b *tab) { b.open("/settings/usage?from=2026-11-02&to=2026-11-01") }},
		{"usage, no such request", func(b *tab) { b.open("/settings/usage/requests?id=x") }},
		{"a key's usage", func(b *tab) { b.open("/settings/api-keys/" + busy.ID + "?span=30d") }},
		{"a key's usage, numbers", func(b *tab) { b.click("#did summary"); b.until(`document.querySelector("#did details").open`) }},
		{"a key's hours", func(b *tab) { b.open("/settings/api-keys/" + calm.ID + "?span=24h") }},
		{"keys with their weeks", func(b *tab) { b.open("/settings/api-keys"); b.reads("#keys", "in 7 days") }},
		{"a request", func(b *tab) {
			b.open("/settings/api-keys/" + calm.ID)
			b.click("#requests tbody a")
			b.until(`document.querySelector("h1").innerText === "Request"`)
		}},
	})
}

// usageNumbers looks at the tables in a browser whose zone the server learns, and at what the store has.
func usageNumbers(t *testing.T, b *tab) {
	b.enter()
	busy, _ := b.busy()
	b.open("/settings/usage") // tells the zone
	b.open("/settings/usage")
	zone, err := time.LoadLocation(ask[string](b, `Intl.DateTimeFormat().resolvedOptions().timeZone`))
	if err != nil {
		t.Fatal(err)
	}
	b.reads("#days .hint", "Days begin at midnight in "+zone.String())
	today, _ := time.Parse(time.DateOnly, time.Now().In(zone).Format(time.DateOnly))
	from, until := time.Date(today.Year(), today.Month(), today.Day()-29, 0, 0, 0, 0, zone), time.Date(today.Year(), today.Month(), today.Day()+1, 0, 0, 0, 0, zone)
	compare := func(table, by string) {
		t.Helper()
		usage, err := b.Store.Usage(b.ctx, b.Ada, db.UsageQuery{From: from, Until: until, Zone: zone, Interval: db.Daily, GroupBy: by})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int64{}
		for _, u := range usage {
			switch by {
			case db.ByNothing:
				day, _ := time.Parse(time.DateOnly, u.Start)
				want[day.Format("2 Jan 2006")] += u.Requests
			case db.ByRoute:
				want[u.Route] += u.Requests
			case db.ByKey:
				want[u.KeyName] += u.Requests
			}
		}
		got := ask[map[string]int64](b, `Object.fromEntries([...document.querySelectorAll("`+table+` tbody tr")].map((row) => [row.cells[0].textContent.trim(), Number(row.cells[1].textContent.replaceAll(",", ""))]))`)
		if fmt.Sprint(got) != fmt.Sprint(want) || len(got) == 0 {
			t.Errorf("%s: the page says %v, the database %v", table, got, want)
		}
	}
	compare("#days", db.ByNothing)
	compare("#keys", db.ByKey)
	compare("#routes", db.ByRoute)
	legend := ask[[]string](b, `[...document.querySelectorAll("#days .legend strong")].map((e) => e.textContent)`)
	sums := ask[[]string](b, `[2, 3, 4, 5, 6].map((column) => String([...document.querySelectorAll("#days tbody tr")].reduce((sum, row) => sum + Number(row.cells[column].textContent), 0)))`)
	if fmt.Sprint(legend) != fmt.Sprint(sums) {
		t.Errorf("the legend says %v, the columns add up to %v", legend, sums)
	}
	b.open("/settings/api-keys/" + busy.ID + "?span=30d")
	b.click("#did summary")
	if n := ask[int](b, `document.querySelectorAll("#did tbody tr").length`); n != 30 {
		t.Errorf("the key's table has %d days, want 30", n)
	}
}
