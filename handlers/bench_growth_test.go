package handlers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// TestGrowth measures answers over a small and a large table, interleaved, and prints how much longer the large one
// takes. It measures, so it does not fail; go run ./cmd/dev bench runs it. INSIGHTO_BENCH_ROWS says how large.
func TestGrowth(t *testing.T) {
	if os.Getenv("INSIGHTO_BENCH") == "" {
		t.Skip("INSIGHTO_BENCH is not set: go run ./cmd/dev bench sets it")
	}
	large := 1_000_000
	if n, err := strconv.Atoi(os.Getenv("INSIGHTO_BENCH_ROWS")); err == nil {
		large = n
	}
	rows := []int{10_000, large}
	for engine, target := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(t.TempDir(), "grown.db") },
		"postgres": func() string { return dbtest.Postgres(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			worlds := make([]*world, len(rows))
			secrets := make([]string, len(rows))
			for i, n := range rows {
				worlds[i] = newWorld(t, dbtest.Open(t, target(), time.Now))
				start := time.Now()
				secrets[i] = worlds[i].year(n)
				worlds[i].cookie = worlds[i].SignIn("ada@a.example")
				t.Logf("%d contacts and conversations imported, %.0f a second", n, float64(n)/time.Since(start).Seconds())
			}
			report := "| answer | median µs at " + strconv.Itoa(rows[0]) + " | at " + strconv.Itoa(rows[1]) + " | ratio |\n|---|---|---|---|\n"
			for _, q := range questions {
				var small, big []time.Duration
				for n := range 301 {
					small = append(small, worlds[0].answer(t, q, secrets[0], n))
					big = append(big, worlds[1].answer(t, q, secrets[1], n))
				}
				a, b := median(small[1:]), median(big[1:])
				report += fmt.Sprintf("| %s | %d | %d | %.2f |\n", q.name, a.Microseconds(), b.Microseconds(), float64(b)/float64(a))
			}
			t.Log("\n" + report)
		})
	}
}

type question struct {
	name, method, path string
	page               bool // a person's page instead of the API
}

// questions hold %d where each request has to differ, AFTER for the cursor of the thousandth page of ten, and MIDDLE for one
// between the rows of the year.
var questions = []question{
	{"50 contacts with their total", "GET", "/api/v1/contact?size=50", false},
	{"one contact", "GET", "/api/v1/contact/" + grownContact, false},
	{"upsert of a known contact", "POST", "/api/v1/contact/upsert?email=grace7@example.com&first_name=G%d", false},
	{"50 conversations of a month", "GET", "/api/v1/conversation?size=50&date_from=2026-03-01&date_to=2026-03-31", false},
	{"50 closed ones of a year, in Kolkata", "GET", "/api/v1/conversation?size=50&date_from=2026-01-01&date_to=2026-12-31&status=closed&timezone=Asia/Kolkata", false},
	{"counts a day over a year", "GET", "/api/v1/conversation/counts?date_from=2026-01-01&date_to=2026-12-31", false},
	{"counts a day and assistant over a year", "GET", "/api/v1/conversation/counts?date_from=2026-01-01&date_to=2026-12-31&group_by=assistant", false},
	{"the same in New York", "GET", "/api/v1/conversation/counts?date_from=2026-01-01&date_to=2026-12-31&group_by=assistant&timezone=America/New_York", false},
	{"the first page of ten by cursor", "GET", "/api/v1/contact?size=10", false},
	{"the thousandth page of ten by cursor", "GET", "/api/v1/contact?size=10&after=AFTER", false},
	{"the page of keys", "GET", "/settings/api-keys", true},
	{"the overview", "GET", "/", true},
	{"the page of conversations", "GET", "/conversations?from=2026-03-01&to=2026-03-30", true},
	{"its open ones of a year", "GET", "/conversations?from=2026-01-01&to=2026-12-31&status=open", true},
	{"an assistant's of a year", "GET", "/conversations?from=2026-01-01&to=2026-12-31&assistant=11111111-0000-4000-8000-000000000007&status=closed", true},
	{"a page from the middle of all, newer", "GET", "/conversations?from=&to=&before=MIDDLE", true},
	{"a transcript", "GET", "/conversations/44444444-0000-4000-8000-000000000007", true},
	{"the page of contacts", "GET", "/contacts", true},
	{"a contact", "GET", "/contacts/" + grownContact, true},
	{"the page of assistants", "GET", "/assistants", true},
}

const grownContact = "55555555-0000-4000-8000-000000000007"

// year imports n contacts with a conversation each, spread over 2026.
func (w *world) year(n int) string {
	w.T.Helper()
	start, step := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 365*24*time.Hour/time.Duration(n)
	for from := 0; from < n; from += 1000 {
		var batch []db.ArchivedConversation
		for i := from; i < min(from+1000, n); i++ {
			at := start.Add(time.Duration(i) * step)
			c := db.ArchivedConversation{
				ID: fmt.Sprintf("44444444-0000-4000-8000-%012d", i), DeviceType: "desktop", CreatedAt: at,
				Assistant: db.ArchivedAssistant{ID: fmt.Sprintf("11111111-0000-4000-8000-%012d", i%29), Name: "Assistant"},
				Contact:   db.ArchivedContact{ID: fmt.Sprintf("55555555-0000-4000-8000-%012d", i), FirstName: "Grace", LastName: "Hopper", Email: fmt.Sprintf("grace%d@example.com", i)},
				Messages:  []db.ArchivedMessage{{SenderType: "user", Text: "Hello", CreatedAt: at}},
			}
			if i%10 > 0 {
				c.ClosedAt = at.Add(time.Minute)
			}
			batch = append(batch, c)
		}
		if _, err := w.Store.Import(w.T.Context(), w.Ada, batch); err != nil {
			w.T.Fatal(err)
		}
	}
	_, secret := w.Key(w.Ada, "full_access")
	return secret
}

func (w *world) answer(t *testing.T, q question, secret string, n int) time.Duration {
	t.Helper()
	path := strings.ReplaceAll(q.path, "%d", strconv.Itoa(n))
	if strings.Contains(path, "AFTER") {
		path = strings.ReplaceAll(path, "AFTER", w.cursorOf(10_000-10))
	}
	path = strings.ReplaceAll(path, "MIDDLE", db.Cursor{At: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), ID: grownContact}.String())
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	r := httptest.NewRequest(q.method, path+mark+"api_key="+secret, nil)
	if q.page {
		r = httptest.NewRequest(q.method, path, nil)
		r.Header.Set("Cookie", w.cookie)
	}
	rec := httptest.NewRecorder()
	start := time.Now()
	w.Handler.ServeHTTP(rec, r)
	took := time.Since(start)
	if rec.Code != http.StatusOK {
		t.Fatalf("%s: got %d: %s", q.name, rec.Code, rec.Body)
	}
	w.Log.Reset()
	return took
}

// cursorOf is the place after the contact that stands n rows from the newest.
func (w *world) cursorOf(n int) string {
	facts, err := w.Store.Facts(w.T.Context(), w.Ada)
	if err != nil {
		w.T.Fatal(err)
	}
	id := fmt.Sprintf("55555555-0000-4000-8000-%012d", facts.Contacts-int64(n)-1)
	c, err := w.Store.Contact(w.T.Context(), w.Ada, id)
	if err != nil {
		w.T.Fatal(err)
	}
	return c.Cursor().String()
}

func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}
