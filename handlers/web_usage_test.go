package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

var tableRow = regexp.MustCompile(`(?s)<tr>.*?</tr>`)
var markup = regexp.MustCompile(`<[^>]*>`)

// figuresOn gives the rows of a section's table as their words, each with blanks between.
func figuresOn(page, section string) []string {
	_, from, _ := strings.Cut(page, `id="`+section+`"`)
	part, _, _ := strings.Cut(from, `</section>`)
	var rows []string
	for _, row := range tableRow.FindAllString(part, -1) {
		rows = append(rows, strings.Join(strings.Fields(markup.ReplaceAllString(row, " ")), " "))
	}
	return rows
}

func TestUsagePageTellsOfTheQuota(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		key, _ := w.Key(w.Ada, "read_only")
		cookie := w.SignIn("ada@a.example")
		w.Used(key, time.Now(), 8, "/api/v1/contact", 200)
		for quota, want := range map[int64]string{0: "no monthly limit", 8: "is used up", 10: "More than 80 %", 100: "8 of 100 requests"} {
			if err := w.Store.SetQuota(t.Context(), db.Operator(w.Ada.TeamID), quota); err != nil {
				t.Fatal(err)
			}
			if page := w.Page("/settings/usage", cookie).Body.String(); !strings.Contains(page, want) {
				t.Errorf("a quota of %d: %q is not on the page", quota, want)
			}
		}
	})
}

func TestUsagePage(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		bob := w.colleague("bob@a.example", "Bob", db.Member)
		mine, _ := w.Key(w.Ada, "read_only")
		gone, _ := w.Key(w.Ada, "read_only")
		his, _ := w.Key(bob, "full_access")
		foreign, _ := w.Key(w.Person("eve@b.example", "B"), "read_only")
		day := time.Date(2026, 10, 1, 0, 30, 0, 0, time.UTC)
		w.Used(mine, day, 3, "/api/v1/contact", 200)
		w.Used(mine, day.Add(24*time.Hour), 2, "/api/v1/key", 404)
		w.Used(gone, day.Add(24*time.Hour), 1, "/api/v1/key", 401)
		w.Used(his, day, 4, "/api/v1/contact", 500)
		w.Used(foreign, day, 9, "/api/v1/contact", 200)
		if err := w.Store.DeleteKey(context.Background(), w.Ada, gone.ID); err != nil {
			t.Fatal(err)
		}
		ada, bobs := w.SignIn("ada@a.example"), w.SignIn("bob@a.example")
		const october = "/settings/usage?from=2026-10-01&to=2026-10-02"
		for _, c := range []struct {
			name, cookie, section string
			want                  []string
		}{
			{"the days", ada, "days", []string{"1 Oct 2026 7 3 0 0 0 4 700 B 1.5 ms", "2 Oct 2026 3 0 1 0 2 0 300 B 1.5 ms"}},
			{"the days where they begin earlier", ada + "; zone=America/New_York", "days", []string{"1 Oct 2026 3 0 1 0 2 0 300 B 1.5 ms", "2 Oct 2026 0 0 0 0 0 0 0 B –"}},
			{"the days where a zone makes no sense", ada + "; zone=../etc", "days", []string{"1 Oct 2026 7 3 0 0 0 4 700 B 1.5 ms", "2 Oct 2026 3 0 1 0 2 0 300 B 1.5 ms"}},
			{"the keys, as an owner", ada, "keys", []string{"laptop 5 3 0 0 2 0 500 B 1.5 ms", "Bob all their keys 4 0 0 0 0 4 400 B 1.5 ms", "laptop deleted 1 0 1 0 0 0 100 B 1.5 ms"}},
			{"the keys where days begin earlier", ada + "; zone=America/New_York", "keys", []string{"laptop 2 0 0 0 2 0 200 B 1.5 ms", "laptop deleted 1 0 1 0 0 0 100 B 1.5 ms"}},
			{"the keys, as a member", bobs, "keys", []string{"All others 6 3 1 0 2 0 600 B 1.5 ms", "laptop 4 0 0 0 0 4 400 B 1.5 ms"}},
			{"the routes", ada, "routes", []string{"GET /api/v1/contact 7 3 0 0 0 4 700 B 1.5 ms", "GET /api/v1/key 3 0 1 0 2 0 300 B 1.5 ms"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				rec := w.Page(october, c.cookie)
				if got := figuresOn(rec.Body.String(), c.section); rec.Code != 200 || fmt.Sprint(got[1:]) != fmt.Sprint(c.want) {
					t.Errorf("got %d\n%s\nwant\n%s", rec.Code, strings.Join(got[1:], "\n"), strings.Join(c.want, "\n"))
				}
			})
		}
		t.Run("others' keys are nowhere", func(t *testing.T) {
			if body := w.Page(october, ada).Body.String(); strings.Contains(body, his.ID) || strings.Contains(body, foreign.ID) {
				t.Error("the page has the id of somebody else's key")
			}
		})
		t.Run("each table is there as CSV", func(t *testing.T) {
			for table, want := range map[string]string{
				"days.csv":   "day,requests,ok,denied,limited,client,server,bytes,milliseconds\n2026-10-01,7,3,0,0,0,4,700,10\n2026-10-02,3,0,1,0,2,0,300,4\n",
				"keys.csv":   "key_id,key_name,deleted,user_id,user_name,requests,ok,denied,limited,client,server,bytes,milliseconds\n" + mine.ID + ",laptop,false,,,5,3,0,0,2,0,500,7\n,,false," + bob.UserID + ",Bob,4,0,0,0,0,4,400,6\n" + gone.ID + ",laptop,true,,,1,0,1,0,0,0,100,1\n",
				"routes.csv": "route,requests,ok,denied,limited,client,server,bytes,milliseconds\nGET /api/v1/contact,7,3,0,0,0,4,700,10\nGET /api/v1/key,3,0,1,0,2,0,300,4\n",
			} {
				rec := w.Page("/settings/usage/"+table+"?from=2026-10-01&to=2026-10-02", ada)
				if rec.Code != 200 || rec.Body.String() != want || rec.Header().Get("Content-Type") != "text/csv; charset=utf-8" || rec.Header().Get("Content-Disposition") != `attachment; filename="`+table+`"` {
					t.Errorf("%s: got %d %v\n%s\nwant\n%s", table, rec.Code, rec.Header(), rec.Body, want)
				}
			}
			for _, path := range []string{"/settings/usage/none.csv", "/settings/usage/days.csv?from=x&to=y", "/settings/api-keys/" + mine.ID + "/usage/none.csv", "/settings/api-keys/" + his.ID + "/usage/times.csv", "/settings/api-keys/" + gone.ID + "/usage/requests.csv"} {
				if rec := w.Page(path, ada); rec.Code != 404 {
					t.Errorf("%s: got %d, want 404", path, rec.Code)
				}
			}
		})
		t.Run("days that make no sense are said beside their field", func(t *testing.T) {
			for query, want := range map[string]string{
				"from=2026-13-01&to=2026-10-02": `id="from-wrong">Write a day like`, "from=2026-10-01": `id="to-wrong">Write a day like`, "from=0001-01-01&to=2026-10-02": `id="from-wrong">Write`,
				"from=2026-10-02&to=2026-10-01": `id="to-wrong">That lies before`, "from=2025-10-01&to=2026-10-02": `id="to-wrong">That is more than 366 days`,
				"from=in-" + strings.Repeat("A", 43) + "&to=%3Cb%3E": `value="in-[redacted]"`,
			} {
				if rec := w.Page("/settings/usage?"+query, ada); rec.Code != 422 || !strings.Contains(rec.Body.String(), want) {
					t.Errorf("%s: got %d, want 422 with %s", query, rec.Code, want)
				}
			}
			for _, query := range []string{"", "days=7", "days=366", "days=0", "days=99999999999999999999", "days=-1", "days=x"} {
				if rec := w.Page("/settings/usage?"+query, ada); rec.Code != 200 {
					t.Errorf("%s: got %d, want 200", query, rec.Code)
				}
			}
		})
	})
}

func TestKeyUsagePage(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		mine, secret := w.Key(w.Ada, "read_only")
		other, otherSecret := w.Key(w.Ada, "contacts_sync")
		for range 3 {
			w.Get("/api/v1/contact", secret)
		}
		w.Get("/api/v1/assistant", otherSecret)
		w.Used(mine, time.Now().Add(-20*24*time.Hour), 2, "/api/v1/user", 404)
		cookie := w.SignIn("ada@a.example")
		at := "/settings/api-keys/" + mine.ID
		for span, want := range map[string][]string{"24h": {"GET /api/v1/contact 3 3"}, "7d": {"GET /api/v1/contact 3 3"}, "30d": {"GET /api/v1/contact 3 3", "GET /api/v1/user 2 0"}, "nonsense": {"GET /api/v1/contact 3 3"}} {
			page := w.Page(at+"?span="+span, cookie).Body.String()
			rows := figuresOn(page, "routes")[1:]
			if len(rows) != len(want) {
				t.Fatalf("%s: got %q, want %q", span, rows, want)
			}
			for i := range want {
				if !strings.HasPrefix(rows[i], want[i]) {
					t.Errorf("%s: got %q, want %q", span, rows[i], want[i])
				}
			}
			if bars := figuresOn(page, "did"); len(bars)-1 != map[string]int{"24h": 24, "7d": 7, "30d": 30, "nonsense": 7}[span] {
				t.Errorf("%s: got %d bars", span, len(bars)-1)
			}
		}
		page := w.Page(at, cookie).Body.String()
		if got := figuresOn(page, "addresses"); len(got) != 2 || !strings.HasPrefix(got[1], "192.0.2.1 3 ") {
			t.Errorf("addresses: got %q", got)
		}
		if got := figuresOn(page, "requests"); len(got) != 4 || !strings.Contains(got[1], "GET /api/v1/contact 200") || !strings.Contains(got[1], "test/1") {
			t.Errorf("requests: got %q", got)
		}
		if got := figuresOn(w.Page("/settings/api-keys/"+other.ID, cookie).Body.String(), "requests"); len(got) != 2 || !strings.Contains(got[1], "GET /api/v1/assistant 403") {
			t.Errorf("the other key's requests: got %q", got)
		}
		if list := w.Page("/settings/api-keys", cookie).Body.String(); !strings.Contains(list, "3 in 7 days") || !strings.Contains(list, "1 in 7 days") {
			t.Error("the list does not tell of the last week")
		}
		for table, rows := range map[string]int{"times.csv": 8, "routes.csv": 2, "addresses.csv": 2, "requests.csv": 4} {
			rec := w.Page(at+"/usage/"+table+"?span=7d", cookie)
			if n := strings.Count(rec.Body.String(), "\n"); rec.Code != 200 || n != rows {
				t.Errorf("%s: got %d with %d rows, want %d\n%s", table, rec.Code, n, rows, rec.Body)
			}
		}
	})
}

func TestARequestIdLeadsToItsKey(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.colleague("bob@a.example", "Bob", db.Admin)
		key, secret := w.Key(w.Ada, "read_only")
		id := w.Get("/api/v1/contact/"+missing, secret).Header().Get("X-Request-Id")
		if err := w.Usage.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		cookie, bob := w.SignIn("ada@a.example"), w.SignIn("bob@a.example")
		at := "/settings/usage/requests/" + id
		search := func(typed, cookie string) (int, string, string) {
			rec := w.Page("/settings/usage/requests?id="+url.QueryEscape(typed), cookie)
			return rec.Code, rec.Header().Get("Location"), rec.Body.String()
		}
		for _, typed := range []string{id, " " + id + "\n", strings.ToUpper(id)} {
			if code, to, _ := search(typed, cookie); code != http.StatusSeeOther || to != at {
				t.Errorf("%q: got %d to %s, want 303 to %s", typed, code, to, at)
			}
		}
		page := w.Page(at, cookie).Body.String()
		for _, want := range []string{`href="/settings/api-keys/` + key.ID + `"`, "GET /api/v1/contact/{contact_id}", "404", id} {
			if !strings.Contains(page, want) {
				t.Errorf("the request's page has no %s", want)
			}
		}
		for typed, want := range map[string]string{"": "That is no request id", "x": "That is no request id", secret: "That is no request id", missing: "No request of your keys"} {
			if code, _, body := search(typed, cookie); code != 422 || !strings.Contains(body, want) || strings.Contains(body, secret) {
				t.Errorf("%.5q: got %d, want 422 with %s and no key", typed, code, want)
			}
		}
		if code, _, _ := search(id, bob); code != 422 {
			t.Errorf("an admin finds another person's request: %d", code)
		}
		if rec := w.Page(at, bob); rec.Code != 404 {
			t.Errorf("an admin sees another person's request: %d", rec.Code)
		}
		if err := w.Store.DeleteKey(context.Background(), w.Ada, key.ID); err != nil {
			t.Fatal(err)
		}
		if page := w.Page(at, cookie).Body.String(); !strings.Contains(page, "deleted") || !strings.Contains(page, "laptop") || strings.Contains(page, "/settings/api-keys/"+key.ID) {
			t.Error("the page of a deleted key's request does not name the key, or links to it")
		}
	})
}
