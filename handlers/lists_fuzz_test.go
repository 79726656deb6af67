package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db/dbtest"
)

// fuzzWorld is a world on SQLite with some conversations.
func fuzzWorld(f *testing.F) (*world, string) {
	f.Helper()
	w := newWorld(f, dbtest.Open(f, filepath.Join(f.TempDir(), "fuzz.db"), time.Now))
	if _, err := w.Store.Import(f.Context(), w.Ada, conversations(7)); err != nil {
		f.Fatal(err)
	}
	_, secret := w.Key(w.Ada, "full_access")
	return w, secret
}

// asked sends a query as it is, which httptest.NewRequest would refuse to.
func (w *world) asked(path, raw, cookie string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.URL.RawQuery, r.RequestURI = raw, path+"?"+raw
	r.Header.Set("Cookie", cookie)
	rec := httptest.NewRecorder()
	w.Handler.ServeHTTP(rec, r)
	return rec
}

var (
	fuzzedLists = []string{"/api/v1/conversation", "/api/v1/contact", "/api/v1/conversation/counts", "/api/v1/assistant"}
	fuzzedPages = []string{"/conversations", "/contacts", "/assistants", "/contacts/" + dev, "/conversations/" + conversationID(1)}
)

// FuzzRawQuery sends a page and a list any query, readable or not: the answer is rows or a 4xx that says why, never our
// fault.
func FuzzRawQuery(f *testing.F) {
	days := "date_from=2026-11-01&date_to=2026-11-30"
	for _, raw := range []string{
		"", days, days + "&page=0", days + "&page=9223372036854775807&size=100", days + "&size=1e2", days + "&size=%2B5", days + "&size=٣", days + "&page=1&page=2",
		days + "&timezone=Local", days + "&timezone=../../etc/passwd", days + "&timezone=Asia/Kathmandu", days + "&after=AAAA", days + "&assistant_id={0}", days + "&status=OPEN",
		"date_from=2026-02-30&date_to=0000-00-00", "date_from=-0001-01-01&date_to=9999-12-31", "date_from=2026-11-20T24:00:00Z&date_to=2026-11-20t08:00:00+23:59", "search=%00", "search=\xff",
		"%zz", "a;b", days + "&group_by=assistant&interval=month", "date_from=0001-01-01&date_to=9999-12-31&interval=month", days + "&includes_voice=maybe", "created_since=now", "search=" + strings.Repeat("%F0%9F%98%80", 300),
	} {
		f.Add(raw)
	}
	for _, raw := range []string{"from=&to=", "from=2026-11-01&to=2026-10-01", "from=9999-12-31&to=9999-12-31", "from=0000-01-01", "to=-1", "assistant=" + quotes + "&status=open", "before=" + strings.Repeat("A", 32), "search=%F0%9F", "page=-1"} {
		f.Add(raw)
	}
	w, secret := fuzzWorld(f)
	cookie := w.SignIn("ada@a.example")
	f.Fuzz(func(t *testing.T, raw string) {
		for _, path := range fuzzedPages {
			w.Log.Reset()
			rec := w.asked(path, raw, cookie+"; zone="+strings.Map(func(r rune) rune { return max(min(r, 'z'), '+') }, raw[:min(len(raw), 20)]))
			if page := rec.Body.String(); !slices.Contains([]int{200, 400, 422}, rec.Code) || strings.Count(page, "<h1") != 1 || !strings.HasSuffix(page, "</html>") || strings.Contains(w.Log.String(), `"level":"ERROR"`) {
				t.Fatalf("%s?%s: got %d %s %s", path, raw, rec.Code, page, w.Log)
			}
		}
		if strings.ContainsAny(raw, "#") || strings.Contains(raw, "api_key") {
			t.Skip()
		}
		for _, path := range fuzzedLists {
			w.Log.Reset()
			rec := w.asked(path, raw+"&api_key="+secret, "")
			answer := decode(t, rec)
			if !slices.Contains([]int{200, 400, 422}, rec.Code) || strings.Contains(rec.Body.String(), secret) || strings.Contains(w.Log.String(), `"level":"ERROR"`) {
				t.Fatalf("%s?%s: got %d %s", path, raw, rec.Code, rec.Body)
			}
			if rec.Code == 422 && !aboutQuery(answer["detail"]) || rec.Code != 200 && answer["code"] == "" {
				t.Fatalf("%s?%s: got %s, want it to name the parameter", path, raw, rec.Body)
			}
		}
	})
}

func aboutQuery(detail any) bool {
	list, _ := detail.([]any)
	for _, d := range list {
		loc, _ := d.(map[string]any)["loc"].([]any)
		if len(loc) < 2 || loc[0] != "query" {
			return false
		}
	}
	return len(list) > 0
}

// FuzzPaging holds page, size and days to what the contract says of them: whoever keeps to it gets a page of that size,
// and all others a 422.
func FuzzPaging(f *testing.F) {
	for _, c := range [][4]string{
		{"1", "50", "2026-11-01", "2026-11-30"}, {"0", "1", "2026-11-01", "2026-11-01"}, {"-1", "101", "2026-11-30", "2026-11-01"}, {"01", "007", "2026-1-1", "20261101"},
		{"+1", " 1", "2026-11-01 ", "2026-11-31"}, {"1.0", "1e1", "0001-01-01", "9999-12-31"}, {"90000000000000001", "100", "0000-01-01", "10000-01-01"}, {"", "", "", ""}, {"0x1", "1_0", "２026-11-01", "2026-11-01T"},
	} {
		f.Add(c[0], c[1], c[2], c[3])
	}
	w, secret := fuzzWorld(f)
	f.Fuzz(func(t *testing.T, page, size, from, to string) {
		if strings.ContainsAny(from+to, "Tt") || page == "" || size == "" {
			t.Skip() // a moment, or the default
		}
		in := func(text string, most int64) bool {
			n, err := strconv.ParseInt(text, 10, 64)
			return err == nil && n >= 1 && n <= most
		}
		day := func(text string) bool {
			_, err := time.Parse("2006-01-02", text)
			return err == nil
		}
		want := 200
		if !in(page, 90_000_000_000_000_000) || !in(size, 100) || !day(from) || !day(to) || to < from {
			want = 422
		}
		query := url.Values{"page": {page}, "size": {size}, "date_from": {from}, "date_to": {to}, "api_key": {secret}}.Encode()
		rec := w.asked("/api/v1/conversation", query, "")
		if rec.Code != want {
			t.Fatalf("page %q, size %q, days %q to %q: got %d %s, want %d", page, size, from, to, rec.Code, rec.Body, want)
		}
		if want != 200 {
			return
		}
		data := decode(t, rec)["data"].(map[string]any)
		rows, total, n, each := float64(len(data["items"].([]any))), data["total"].(float64), data["page"].(float64), data["size"].(float64)
		if left := total - (n-1)*each; rows != max(0, min(each, left)) {
			t.Fatalf("%s: %v rows on page %v of %v, with %v in all", query, rows, n, each, total)
		}
	})
}
