package handlers_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers"
	"github.com/insighto/insighto/handlers/limit"
	"github.com/insighto/insighto/handlers/usage"
)

// eachLimited runs f on every engine in a world in which keys may make so many requests a minute.
func eachLimited(t *testing.T, rate int64, f func(t *testing.T, w *world, clock *dbtest.Clock)) {
	t.Helper()
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		w := newWorld(t, store)
		w.Handler, w.limits = w.limited(store, rate, clock.Now)
		f(t, w, clock)
	})
}

// limited gives one more copy of the program, which keeps keys within their limits.
func (w *world) limited(store *db.Store, rate int64, now func() time.Time) (http.Handler, *limit.Limiter) {
	w.T.Helper()
	limits := limit.NewLimiter(store, w.Logger(), rate, now)
	w.Usage = usage.NewRecorder(store, w.Logger(), now)
	return w.Program(func(c *handlers.Config) { c.Store, c.Limits, c.Now = store, limits, now }), limits
}

var leftNow = regexp.MustCompile(`^"default";r=(\d+);t=(\d+)$`)

// left reads the RateLimit header: how many requests are left, and for how many seconds that holds.
func left(t *testing.T, h http.Header) (requests, seconds int) {
	t.Helper()
	m := leftNow.FindStringSubmatch(h.Get("RateLimit"))
	if m == nil {
		t.Fatalf("RateLimit: got %q", h.Get("RateLimit"))
	}
	requests, _ = strconv.Atoi(m[1])
	seconds, _ = strconv.Atoi(m[2])
	return requests, seconds
}

func TestEveryAnswerOfAKnownKeyTellsWhatIsLeft(t *testing.T) {
	eachLimited(t, 100, func(t *testing.T, w *world, _ *dbtest.Clock) {
		w.filled(4)
		_, secret := w.Key(w.Ada, "full_access")
		_, narrow := w.Key(w.Ada, "contacts_sync")
		key, days := "api_key="+secret, "date_from=2026-11-01&date_to=2026-11-30&"
		tag := w.Get("/api/v1/contact", secret).Header().Get("ETag")
		want := 99
		for _, c := range []struct {
			status       int
			method, path string
			body         string
			headers      []string
			counts       bool
		}{
			{200, "GET", "/api/v1/key?" + key, "", nil, true},
			{200, "HEAD", "/api/v1/key?" + key, "", nil, true},
			{200, "HEAD", "/api/v1/contact?" + key, "", nil, true},
			{304, "GET", "/api/v1/contact?" + key, "", []string{"If-None-Match", tag}, false},
			{304, "HEAD", "/api/v1/contact?" + key, "", []string{"If-None-Match", tag}, false},
			{200, "GET", "/api/v1/conversation/export?" + days + key, "", nil, true},
			{200, "GET", "/api/v1/conversation/export?format=csv&include=messages&" + days + key, "", nil, true},
			{404, "GET", "/api/v1/contact/" + missing + "?" + key, "", nil, true},
			{422, "GET", "/api/v1/conversation?" + key, "", nil, true},
			{422, "GET", "/api/v1/contact?page=1&page=2&" + key, "", nil, true},
			{422, "POST", "/api/v1/contact?" + key, "[]", []string{"Content-Type", "application/json"}, true},
			{415, "POST", "/api/v1/contact?" + key, "{}", []string{"Content-Type", "text/plain"}, true},
			{413, "POST", "/api/v1/contact?" + key, strings.Repeat("x", 2<<20), []string{"Content-Type", "application/json"}, true},
			{200, "POST", "/api/v1/contact?" + key, `{"email":"x@example.com"}`, []string{"Content-Type", "application/json", "Idempotency-Key", "a"}, true},
			{200, "POST", "/api/v1/contact?" + key, `{"email":"x@example.com"}`, []string{"Content-Type", "application/json", "Idempotency-Key", "a"}, true},
		} {
			rec := w.Do(c.method, c.path, c.body, c.headers...)
			what := c.method + " " + strings.ReplaceAll(c.path, secret, "KEY")
			if c.counts {
				want--
			}
			if got, seconds := left(t, rec.Header()); rec.Code != c.status || got != want || seconds < 1 || seconds > 60 {
				t.Errorf("%s: got %d, %d left for %d s; want %d, %d left", what, rec.Code, got, seconds, c.status, want)
			}
			if got := rec.Header().Get("RateLimit-Policy"); got != `"default";q=100;w=60` {
				t.Errorf("%s: RateLimit-Policy: got %q", what, got)
			}
		}
		if rec := w.Get("/api/v1/assistant", narrow); rec.Code != 403 {
			t.Errorf("a role that forbids: got %d, want 403", rec.Code)
		} else if got, _ := left(t, rec.Header()); got != 99 {
			t.Errorf("a role that forbids: got %d left, want 99", got)
		}
	})
}

func TestWhatHasNoKnownKeyIsToldNothing(t *testing.T) {
	eachLimited(t, 100, func(t *testing.T, w *world, _ *dbtest.Clock) {
		key, secret := w.Key(w.Ada, "full_access")
		_, revoked := w.Key(w.Ada, "full_access")
		keys, err := w.Store.Keys(t.Context(), w.Ada, db.Page{Number: 1, Size: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys.Items {
			if k.ID != key.ID {
				if _, err := w.Store.RevokeKey(t.Context(), w.Ada, k.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, c := range []struct {
			status       int
			method, path string
		}{
			{401, "GET", "/api/v1/key"},
			{401, "GET", "/api/v1/key?api_key=" + revoked},
			{401, "GET", "/api/v1/key?api_key=in-" + strings.Repeat("A", 43)},
			{400, "GET", "/api/v1/key?api_key=" + secret + "&api_key=" + secret},
			{404, "GET", "/api/v1/nothing?api_key=" + secret},
			{204, "OPTIONS", "/api/v1/key?api_key=" + secret},
			{405, "POST", "/api/v1/key?api_key=" + secret},
			{200, "GET", "/login?api_key=" + secret},
		} {
			rec := w.Do(c.method, c.path, "")
			if h := rec.Header(); rec.Code != c.status || h.Get("RateLimit") != "" || h.Get("RateLimit-Policy") != "" {
				t.Errorf("%s %.30s: got %d, %q; want %d and nothing", c.method, c.path, rec.Code, h.Get("RateLimit"), c.status)
			}
		}
		if got, _ := left(t, w.Get("/api/v1/key", secret).Header()); got != 99 {
			t.Errorf("got %d left, want 99", got)
		}
	})
}

func TestAKeyOverItsLimitIsToldWhenToComeBack(t *testing.T) {
	eachLimited(t, 5, func(t *testing.T, w *world, clock *dbtest.Clock) {
		_, secret := w.Key(w.Ada, "read_only")
		for range 5 {
			if rec := w.Get("/api/v1/key", secret); rec.Code != 200 {
				t.Fatalf("got %d %s, want 200", rec.Code, rec.Body)
			}
		}
		for range 3 {
			rec := w.Get("/api/v1/contact", secret)
			wait, err := strconv.Atoi(rec.Header().Get("Retry-After"))
			n, seconds := left(t, rec.Header())
			if rec.Code != 429 || decode(t, rec)["code"] != "rate_limited" || err != nil || wait != seconds || n != 0 || wait < 1 || wait > 60 {
				t.Fatalf("got %d %v %s, want 429", rec.Code, rec.Header(), rec.Body)
			}
			if text, _ := decode(t, rec)["detail"].(string); !strings.Contains(text, "5 requests a minute") {
				t.Errorf("got %q, want it to tell the limit", text)
			}
		}
		t.Run("another key goes on", func(t *testing.T) {
			_, other := w.Key(w.Ada, "read_only")
			if rec := w.Get("/api/v1/key", other); rec.Code != 200 {
				t.Errorf("got %d, want 200", rec.Code)
			}
		})
		wait, _ := strconv.Atoi(w.Get("/api/v1/key", secret).Header().Get("Retry-After"))
		clock.Pass(time.Duration(wait) * time.Second)
		if rec := w.Get("/api/v1/key", secret); rec.Code != 200 {
			t.Errorf("after Retry-After: got %d, want 200", rec.Code)
		}
	})
}

// A client may begin without a pause. Once it goes by what it is told, it is not refused again: it spreads what is left
// over the seconds it holds for, and waits when nothing is left.
func TestAClientThatObeysTheHeadersGetsNoFurther429(t *testing.T) {
	eachLimited(t, 30, func(t *testing.T, w *world, clock *dbtest.Clock) {
		_, secret := w.Key(w.Ada, "read_only")
		refused, served, begun := 0, 0, clock.Now()
		for served < 5*30 {
			rec := w.Get("/api/v1/key", secret)
			n, seconds := left(t, rec.Header())
			switch {
			case rec.Code == 429:
				refused++
				wait, _ := strconv.Atoi(rec.Header().Get("Retry-After"))
				clock.Pass(time.Duration(wait) * time.Second)
			case refused == 0: // not yet obedient
			case n == 0:
				clock.Pass(time.Duration(seconds) * time.Second)
			case served%2 == 0:
				clock.Pass(time.Duration(seconds) * time.Second / time.Duration(n))
			}
			if rec.Code == 200 {
				served++
			}
		}
		most := 5*time.Minute + 5*time.Second // the seconds that it is told are whole ones, so each minute may cost one
		if took := clock.Now().Sub(begun); refused != 1 || took > most {
			t.Errorf("%d refused, and %d served in %v; want 1, and no more than %v", refused, served, took, most)
		}
	})
}

func TestATeamOverItsQuotaIsToldWhenTheMonthEnds(t *testing.T) {
	eachLimited(t, 50, func(t *testing.T, w *world, clock *dbtest.Clock) {
		_, secret := w.Key(w.Ada, "read_only")
		if err := w.Store.SetQuota(t.Context(), db.Operator(w.Ada.TeamID), 3); err != nil {
			t.Fatal(err)
		}
		second := func() {
			t.Helper()
			if err := w.Usage.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := w.limits.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for want := 3; want >= 1; want-- {
			second()
			rec := w.Get("/api/v1/key", secret)
			if policy := rec.Header().Get("RateLimit-Policy"); rec.Code != 200 || policy != `"default";q=50;w=60, "month";q=3;w=2592000` {
				t.Errorf("got %d, %q", rec.Code, policy)
			}
			if left, want := rec.Header().Get("RateLimit"), fmt.Sprintf(`, "month";r=%d;t=648000`, want); !strings.Contains(left, want) {
				t.Errorf("got %q, want %q in it", left, want)
			}
		}
		second()
		for range 3 {
			rec := w.Get("/api/v1/contact", secret)
			if left := rec.Header().Get("RateLimit"); !regexp.MustCompile(`^"default";r=47;t=\d+, "month";r=0;t=648000$`).MatchString(left) {
				t.Errorf("got %q", left)
			}
			if wait := rec.Header().Get("Retry-After"); rec.Code != 429 || decode(t, rec)["code"] != "quota_exceeded" || wait != "648000" {
				t.Errorf("got %d %s after %q, want 429 quota_exceeded", rec.Code, rec.Body, wait)
			}
			second()
		}
		if err := w.Store.SetQuota(t.Context(), db.Operator(w.Ada.TeamID), 4); err != nil {
			t.Fatal(err)
		}
		second()
		if rec := w.Get("/api/v1/key", secret); rec.Code != 200 {
			t.Errorf("with a larger quota: got %d, want 200", rec.Code)
		}
		second()
		if rec := w.Get("/api/v1/key", secret); rec.Code != 429 {
			t.Errorf("that used up: got %d, want 429", rec.Code)
		}
		clock.Pass(648000 * time.Second)
		if rec := w.Get("/api/v1/key", secret); rec.Code != 200 {
			t.Errorf("in the next month: got %d, want 200", rec.Code)
		}
	})
}

func TestARevokedKeyIsToldSoEachTime(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		key, secret := w.Key(w.Ada, "read_only")
		if _, err := w.Store.RevokeKey(t.Context(), w.Ada, key.ID); err != nil {
			t.Fatal(err)
		}
		for i := range 1100 {
			if rec := w.Get("/api/v1/key", secret); rec.Code != 401 || !strings.Contains(rec.Body.String(), "key_revoked") {
				t.Fatalf("request %d: got %d %s, want 401 key_revoked", i, rec.Code, rec.Body)
			}
		}
	})
}

func TestWrongKeysOfANetworkAreOneStrangers(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, t.TempDir()+"/test.db", time.Now))
	from := func(address string) int {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/key?api_key=wrong", nil)
		r.RemoteAddr = address
		rec := httptest.NewRecorder()
		w.Handler.ServeHTTP(rec, r)
		return rec.Code
	}
	for i := range 1000 {
		from(fmt.Sprintf("[2001:db8::%x]:1", i))
		from("192.0.2.1:1")
	}
	for address, want := range map[string]int{"[2001:db8::ffff]:1": 429, "192.0.2.1:2": 429, "[2001:db8:0:1::1]:1": 401, "192.0.2.2:1": 401} {
		if got := from(address); got != want {
			t.Errorf("a wrong key from %s: got %d, want %d", address, got, want)
		}
	}
}

// Several copies of the program, each with clients of its own, never let in more than the limit together.
func TestCopiesOfTheProgramShareALimit(t *testing.T) {
	const rate = 120
	clock := dbtest.NewClock()
	target := dbtest.Postgres(t)
	w := newWorld(t, dbtest.Open(t, target, clock.Now))
	_, secret := w.Key(w.Ada, "read_only")
	var copies []string
	for range 2 {
		handler, _ := w.limited(dbtest.Open(t, target, clock.Now), rate, clock.Now)
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		copies = append(copies, server.URL)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 20}}
	defer client.CloseIdleConnections()
	for round := range 3 {
		var in [2]atomic.Int64
		var running sync.WaitGroup
		for c := range 20 {
			running.Go(func() {
				for i := range 20 {
					at := (c + i) % len(copies)
					res, err := client.Get(copies[at] + "/api/v1/key?api_key=" + secret)
					if err != nil {
						t.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, res.Body)
					res.Body.Close()
					if res.StatusCode == 200 {
						in[at].Add(1)
					} else if res.StatusCode != 429 {
						t.Errorf("got %s", res.Status)
					}
				}
			})
		}
		running.Wait()
		if a, b := in[0].Load(), in[1].Load(); a == 0 || b == 0 || a+b > rate || a+b < rate*9/10 {
			t.Errorf("minute %d: %d and %d let in, want %d together and some at each", round, a, b, rate)
		}
		clock.Pass(time.Minute)
	}
}
