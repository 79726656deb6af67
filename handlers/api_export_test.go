package handlers_test

import (
	"net/http/httptest"
	"strings"
	"testing"
)

const novemberDays = "date_from=2026-11-01&date_to=2026-11-30"

// exported gives the whole lines of an export.
func (w *world) exported(secret, query string) []string {
	w.t.Helper()
	return wholeLines(w.t, w.get("/api/v1/conversation/export?"+query, secret))
}

func wholeLines(t testing.TB, rec *httptest.ResponseRecorder) []string {
	t.Helper()
	if rec.Code != 200 {
		t.Fatalf("got %d: %s", rec.Code, rec.Body)
	}
	return strings.SplitAfter(strings.TrimSuffix(rec.Body.String(), "\n"), "\n")
}

func TestExport(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		secret := w.filled(12)
		for _, l := range w.exported(secret, novemberDays+"&include=messages") {
			t.Log(l)
		}
		for _, l := range w.exported(secret, novemberDays+"&format=csv&include=messages") {
			t.Log(l)
		}
	})
}
