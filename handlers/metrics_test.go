package handlers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers"
)

// scrape gives what Prometheus gets.
func scrape(t testing.TB, m *handlers.Metrics) string {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("got %d %s", rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// measured gives a copy of the program that counts what it answers.
func (w *world) measured() *handlers.Metrics {
	w.T.Helper()
	metrics := handlers.NewMetrics(w.Store, w.Usage)
	w.Handler = w.Program(func(c *handlers.Config) { c.Metrics = metrics })
	return metrics
}

func TestMetrics(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		metrics := w.measured()
		w.filled(2)
		_, secret := w.Key(w.Ada, "full_access")
		cookie := w.SignIn("ada@a.example")
		w.Get("/api/v1/key", secret)
		w.Get("/api/v1/key", secret)
		w.Do(http.MethodHead, "/api/v1/key?api_key="+secret, "")
		w.Get("/api/v1/key", "")
		w.Get("/api/v1/contact/"+zoe, secret)
		w.Get("/api/v1/contact/"+missing, secret)
		w.Page("/settings/api-keys/"+missing, cookie)
		w.Get("/api/v1/nothing", secret)
		w.Do("POST", "/api/v1/key?api_key="+secret, "")
		w.Do("BREW", "/api/v1/key?api_key="+secret, "")
		w.Page("/ada@a.example", cookie)
		text := scrape(t, metrics)
		for _, want := range []string{
			`insighto_http_requests_total{method="GET",route="/api/v1/key",status="2xx"} 3`,
			`insighto_http_requests_total{method="GET",route="/api/v1/key",status="4xx"} 1`,
			`insighto_http_requests_total{method="GET",route="/api/v1/contact/{contact_id}",status="2xx"} 1`,
			`insighto_http_requests_total{method="GET",route="/api/v1/contact/{contact_id}",status="4xx"} 1`,
			`insighto_http_requests_total{method="GET",route="/settings/api-keys/{id}",status="4xx"} 1`,
			`insighto_http_requests_total{method="POST",route="/login",status="3xx"} 1`,
			`insighto_http_requests_total{method="",route="",status="4xx"} 4`,
			`insighto_http_request_seconds_count{method="GET",route="/api/v1/key"} 4`,
			`insighto_http_requests_in_flight 0`,
			`insighto_flushes_total{result="failed"} 0`,
			`go_goroutines `,
		} {
			if !strings.Contains(text, "\n"+want) {
				t.Errorf("%s is missing", want)
			}
		}
		if strings.Contains(text, "\ninsighto_flush_pending 0") {
			t.Error("nothing waits to be written, want what the keys did")
		}
		if !strings.Contains(text, `insighto_db_connections{pool="write",state="idle"} 1`) && !strings.Contains(text, `insighto_db_connections{pool="all",state="idle"}`) {
			t.Error("the connections are missing")
		}
		for _, secretive := range []string{secret, secret[3:], secret[:11], "a.example", "Ada", zoe, missing, w.Ada.TeamID, w.Ada.UserID, "BREW", "nothing"} {
			if strings.Contains(text, secretive) {
				t.Errorf("%.11s is in the metrics", secretive)
			}
		}
	})
}

func TestStrangersAddNoSeries(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, t.TempDir()+"/test.db", time.Now))
	metrics := w.measured()
	before := strings.Count(scrape(t, metrics), "\ninsighto_")
	for i := range 200 {
		w.Do(fmt.Sprintf("M%d", i), fmt.Sprintf("/x%d?y=%d", i, i), "")
		w.Get(fmt.Sprintf("/api/v1/contact/%d", i), "in-wrong")
	}
	if after := strings.Count(scrape(t, metrics), "\ninsighto_"); after != before || before < 100 {
		t.Errorf("%d series became %d", before, after)
	}
}
