package views

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/insighto/insighto/db"
)

var now = time.Date(2026, 11, 23, 14, 3, 0, 0, time.UTC)

const nasty = `<img src=x onerror=alert(1)>"'`

func signedIn() Page {
	return Page{Title: "API Keys", Path: "/settings/api-keys", Now: now, Visitor: &db.Visitor{
		User: db.User{Name: nasty, Email: "a@b.example"}, Team: db.Team{Name: nasty}, Session: db.Session{ID: "here"},
	}}
}

func someKey() db.Key {
	return db.Key{ID: "0199aa00-0000-7000-8000-000000000001", Name: "laptop " + nasty, Prefix: "in-4fG7kQ2x", Role: db.Roles[0], Description: nasty, CreatedAt: now.Add(-time.Hour),
		LastUsed: db.KeyUse{At: now.Add(-3 * time.Minute), Method: "GET", Route: "/api/v1/contact", Status: 200, Address: "203.0.113.7", UserAgent: nasty}}
}

func listed(n int) db.List[db.Key] {
	keys := make([]db.Key, n)
	for i := range keys {
		keys[i] = someKey()
		keys[i].ID = db.NewID()
	}
	return db.List[db.Key]{Items: keys, Total: int64(n) * 20, Page: db.Page{Number: 2, Size: 50}}
}

func drawn(t testing.TB, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var nastyRequest = db.Request{ID: nasty, KeyID: nasty, At: now, Method: nasty, Route: nasty, Address: nasty, UserAgent: nasty, Weight: 100}

func someUse() KeyUsage {
	return KeyUsage{Span: "24h", Zone: time.UTC, Bars: []db.UsageBar{{Start: "2026-11-20T08:00:00Z", UsageCounts: db.UsageCounts{Fine: 9, ServerFault: 1}}}, Routes: []db.UsageShare{{UsageSubject: db.UsageSubject{Route: nasty}}},
		Addresses: []Address{{Address: nasty, Requests: 3, Last: now}}, Requests: []db.Request{nastyRequest}}
}

func someUsage(f Form, quota int64) UsageShown {
	return UsageShown{Zone: time.UTC, Query: nasty, Bars: []db.UsageBar{{Start: "2026-11-20", UsageCounts: db.UsageCounts{Denied: 1}}}, Routes: []db.UsageShare{{UsageSubject: db.UsageSubject{Route: nasty}}},
		Keys: []db.UsageShare{{UsageSubject: db.UsageSubject{KeyID: nasty, KeyName: nasty}}, {UsageSubject: db.UsageSubject{KeyID: "x", KeyName: nasty, Deleted: true}},
			{UsageSubject: db.UsageSubject{UserID: nasty, UserName: nasty}}, {}},
		Facts: db.UsageFacts{Month: "2026-11", Requests: 80, Quota: quota}, Form: f}
}

func TestKeys(t *testing.T) {
	p := signedIn()
	t.Run("a revoked key can only be deleted", func(t *testing.T) {
		list := listed(1)
		list.Items[0].RevokedAt = now
		html := drawn(t, Keys(p, list, nil))
		if strings.Contains(html, "/revocation") || !strings.Contains(html, "/deletion") {
			t.Error("got a way to revoke, or none to delete")
		}
	})
	t.Run("an action says which key", func(t *testing.T) {
		list := listed(1)
		list.Items[0].Name = "laptop key"
		html := drawn(t, Keys(p, list, nil))
		for _, want := range []string{`aria-label="Revoke laptop key"`, `aria-label="Delete laptop key"`} {
			if !strings.Contains(html, want) {
				t.Errorf("got no %s", want)
			}
		}
	})
	t.Run("a page of 50 weighs less than 25 KB compressed", func(t *testing.T) {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(drawn(t, Keys(p, listed(50), nil))))
		_ = w.Close()
		if b.Len() >= 25<<10 {
			t.Errorf("got %d bytes, want fewer than %d", b.Len(), 25<<10)
		}
	})
}

func TestMadeKey(t *testing.T) {
	t.Run("the key stands in its field and the two texts, nowhere else", func(t *testing.T) {
		html := drawn(t, MadeKey(signedIn(), Made{Key: someKey(), Secret: "in-SECRET", Curl: "curl in-SECRET", Env: "K=in-SECRET"}))
		if got := strings.Count(html, "in-SECRET"); got != 3 {
			t.Errorf("got it %d times, want 3", got)
		}
		if !strings.Contains(html, `value="in-SECRET"`) {
			t.Error("got no field with it")
		}
	})
}

func TestSince(t *testing.T) {
	for ago, want := range map[time.Duration]string{
		-time.Second: "just now", 9 * time.Second: "just now", 59 * time.Second: "59 seconds ago", time.Minute: "1 minute ago",
		3 * time.Minute: "3 minutes ago", 23 * time.Hour: "23 hours ago", 24 * time.Hour: "1 day ago", 31 * 24 * time.Hour: "",
	} {
		if got := since(now.Add(-ago), now); got != want {
			t.Errorf("%s: got %q, want %q", ago, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 2628: "2,628", 1020003: "1,020,003"} {
		if got := number(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func BenchmarkKeys(b *testing.B) {
	p, list := signedIn(), listed(50)
	var size int
	for b.Loop() {
		size = len(drawn(b, Keys(p, list, nil)))
	}
	b.ReportMetric(float64(size), "bytes/page")
}

func TestClip(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " \n ": "", "a\n\tb  c": "a b c", strings.Repeat("ä", 10): strings.Repeat("ä", 10), strings.Repeat("ä", 11): strings.Repeat("ä", 10) + "…",
		strings.Repeat("王", 1_000_000): strings.Repeat("王", 10) + "…", strings.Repeat(" ", 1000) + "late": "",
	} {
		if got := clip(text, 10); got != want {
			t.Errorf("%.40q: got %q, want %q", text, got, want)
		}
	}
}
