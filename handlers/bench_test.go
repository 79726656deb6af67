package handlers_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// manyKeys is a world in which Ada holds as many keys as one person may, each used once.
func manyKeys(t testing.TB) (w *world, cookie, secret string) {
	t.Helper()
	w = newWorld(t, dbtest.Open(t, filepath.Join(t.TempDir(), "test.db"), time.Now))
	for range db.KeysMax {
		var key db.Key
		key, secret = w.Key(w.Ada, "full_access")
		w.Usage.Count(db.Principal{TeamID: key.TeamID, KeyID: key.ID}, db.Request{ID: db.NewID(), At: time.Now(), Method: http.MethodGet,
			Route: "/api/v1/contact/{contact_id}", Status: http.StatusOK, Address: "192.0.2.1", UserAgent: agent}, true)
	}
	if err := w.Usage.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, w.SignIn("ada@a.example"), secret
}

var asset = regexp.MustCompile(`(?:href|src)="(/static/[^"]+\.(?:css|js))"`)

func TestThePageOfAThousandKeysIsLight(t *testing.T) {
	w, cookie, _ := manyKeys(t)
	rec := w.Do(http.MethodGet, "/settings/api-keys", "", "Cookie", cookie, "Accept-Encoding", "gzip")
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("got %d, %q; want 200, compressed", rec.Code, rec.Header().Get("Content-Encoding"))
	}
	total := rec.Body.Len()
	page := w.Page("/settings/api-keys", cookie).Body.String()
	if rows := len(regexp.MustCompile(`in-[0-9A-Za-z]{8}`).FindAllString(page, -1)); rows < 50 {
		t.Errorf("got %d prefixes on the page, want 50 keys", rows)
	}
	parts := fmt.Sprintf("page %d", total)
	for _, m := range asset.FindAllStringSubmatch(page, -1) {
		size := packed(t, w.Do(http.MethodGet, m[1], "").Body.Bytes())
		parts += fmt.Sprintf(", %s %d", m[1], size)
		total += size
	}
	t.Logf("%d bytes: %s", total, parts)
	if total >= 60_000 {
		t.Errorf("got %d bytes compressed (%s), want under 60,000", total, parts)
	}
}

// packed is how many bytes gzip makes of a body.
func packed(t *testing.T, body []byte) int {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// BenchmarkKeysPage draws the page of 50 keys out of 1,000; it must stay under 5 ms.
func BenchmarkKeysPage(b *testing.B) {
	w, cookie, _ := manyKeys(b)
	w.bench(b, "/settings/api-keys", "Cookie", cookie)
}

// BenchmarkAPIKey is the shortest way through the API: the key's own look-up.
func BenchmarkAPIKey(b *testing.B) {
	w, _, secret := manyKeys(b)
	w.bench(b, "/api/v1/key?api_key="+secret)
}

// BenchmarkAPIKeyLimited is BenchmarkAPIKey with limits; BenchmarkAPIKeyMeasured is that with metrics.
func BenchmarkAPIKeyLimited(b *testing.B) {
	w, _, secret := manyKeys(b)
	w.Handler, _ = w.limited(w.Store, 1<<30, time.Now)
	w.bench(b, "/api/v1/key?api_key="+secret)
}

func BenchmarkAPIKeyMeasured(b *testing.B) {
	w, _, secret := manyKeys(b)
	w.measured()
	w.bench(b, "/api/v1/key?api_key="+secret)
}

// BenchmarkContacts is a list of 50 contacts out of 2,000.
func BenchmarkContacts(b *testing.B) {
	w, _, secret := manyKeys(b)
	assistant, batch := db.NewID(), []db.ArchivedConversation{}
	for i := range 2000 {
		batch = append(batch, db.ArchivedConversation{
			ID: db.NewID(), DeviceType: "desktop", CreatedAt: time.Date(2026, 11, 1, 0, i, 0, 0, time.UTC),
			Assistant: db.ArchivedAssistant{ID: assistant, Name: "Ava"},
			Contact:   db.ArchivedContact{ID: db.NewID(), FirstName: "Grace", LastName: "Hopper", Email: fmt.Sprintf("grace%d@example.com", i)},
			Messages:  []db.ArchivedMessage{{SenderType: "user", Text: "Hello", CreatedAt: time.Date(2026, 11, 1, 0, i, 0, 0, time.UTC)}},
		})
	}
	if _, err := w.Store.Import(b.Context(), w.Ada, batch); err != nil {
		b.Fatal(err)
	}
	w.bench(b, "/api/v1/contact?api_key="+secret)
}

// bench sends one request over and over.
func (w *world) bench(b *testing.B, target string, headers ...string) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.Header.Set("User-Agent", agent)
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		rec := httptest.NewRecorder()
		w.Handler.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK {
			b.Fatalf("got %d, want 200", rec.Code)
		}
		w.Log.Reset()
	}
}
