package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers"
	"github.com/insighto/insighto/handlers/limit"
	"github.com/insighto/insighto/handlers/usage"
	"github.com/insighto/insighto/handlers/webhook"
)

const (
	passphrase = "a long enough pass phrase"
	agent      = "test/1"
)

// world is a server on a real store with one person, Ada, who owns the team A.
type world struct {
	t       testing.TB
	store   *db.Store
	uses    *usage.Recorder
	handler http.Handler
	log     *logBuffer
	ada     db.Principal
	cookie  string         // of a session that was opened before a measurement
	limits  *limit.Limiter // nil without any
}

// logBuffer keeps what the server logs, or writes it to a file where one is set.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
	to *os.File
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.to != nil {
		return l.to.Write(p)
	}
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// eachWorld runs f in a fresh world on every engine.
func eachWorld(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, store *db.Store) { f(t, newWorld(t, store)) })
}

func newWorld(t testing.TB, store *db.Store) *world {
	t.Helper()
	w := emptyWorld(t, store)
	w.ada = w.person("ada@a.example", "A")
	return w
}

// emptyWorld has nobody in it.
func emptyWorld(t testing.TB, store *db.Store) *world {
	t.Helper()
	w := &world{t: t, store: store, log: &logBuffer{}}
	w.handler, w.uses = w.copy(store)
	return w
}

// outside is the guard of webhooks, in a world with few names.
func outside() *webhook.Guard {
	g := webhook.NewGuard(nil, "localhost:8080")
	g.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
		switch host {
		case "example.com", "xn--exmple-4nf.com":
			return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
		case "mixed.test":
			return []netip.Addr{netip.MustParseAddr("93.184.216.34"), netip.MustParseAddr("10.0.0.1")}, nil
		case "localhost":
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return g
}

// copy gives one more copy of the program on a store.
func (w *world) copy(store *db.Store) (http.Handler, *usage.Recorder) {
	w.t.Helper()
	uses := usage.NewRecorder(store, w.logger(), time.Now)
	return w.program(func(c *handlers.Config) { c.Store, c.Usage = store, uses }), uses
}

// program puts one more copy of the program together, but for what change wants otherwise.
func (w *world) program(change func(*handlers.Config)) http.Handler {
	w.t.Helper()
	config := handlers.Config{Store: w.store, Usage: w.uses, Log: w.logger(), BaseURL: "http://localhost:8080", CheckEndpoint: outside().Check, Now: time.Now}
	change(&config)
	handler, err := handlers.New(config)
	if err != nil {
		w.t.Fatal(err)
	}
	return handler
}

// logger writes into the world's log.
func (w *world) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (w *world) person(email, team string) db.Principal {
	w.t.Helper()
	user, made, err := w.store.AddUser(context.Background(), db.Operator(""), db.NewUser{Email: email, Name: "Ada Lovelace", Team: team, Member: "owner", Password: passphrase})
	if err != nil {
		w.t.Fatal(err)
	}
	return db.Principal{TeamID: made.ID, UserID: user.ID, Member: db.Owner}
}

func (w *world) key(p db.Principal, role string) (db.Key, string) {
	w.t.Helper()
	key, secret, err := w.store.CreateKey(context.Background(), p, db.NewKey{Name: "laptop", Role: role, Description: "for a test"})
	if err != nil {
		w.t.Fatal(err)
	}
	return key, secret
}

// do sends a request; headers come in pairs.
func (w *world) do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("User-Agent", agent)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// get asks the API, with a key when secret is not empty.
func (w *world) get(path, secret string) *httptest.ResponseRecorder {
	w.t.Helper()
	if secret != "" {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		path += mark + "api_key=" + secret
	}
	return w.do(http.MethodGet, path, "")
}

// signIn gives the cookie of a fresh session.
func (w *world) signIn(email string) string {
	w.t.Helper()
	rec := w.post("/login", "", url.Values{"email": {email}, "password": {passphrase}})
	if rec.Code != http.StatusSeeOther || len(rec.Result().Cookies()) != 1 {
		w.t.Fatalf("sign in: got %d, %v", rec.Code, rec.Result().Cookies())
	}
	c := rec.Result().Cookies()[0]
	return c.Name + "=" + c.Value
}

// post sends a form as a browser on the same site does.
func (w *world) post(path, cookie string, form url.Values) *httptest.ResponseRecorder {
	w.t.Helper()
	headers := []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"}
	if cookie != "" {
		headers = append(headers, "Cookie", cookie)
	}
	return w.do(http.MethodPost, path, form.Encode(), headers...)
}

// page asks for a page with a session's cookie.
func (w *world) page(path, cookie string) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.do(http.MethodGet, path, "", "Cookie", cookie)
}

// decode reads a JSON answer.
func decode(t testing.TB, rec *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.NewDecoder(io.NopCloser(bytes.NewReader(rec.Body.Bytes()))).Decode(&v); err != nil {
		t.Fatalf("no JSON: %v in %s", err, rec.Body)
	}
	return v
}

// eachWorldAt is eachWorld on a clock that the test moves.
func eachWorldAt(t *testing.T, f func(t *testing.T, w *world, clock *dbtest.Clock)) {
	t.Helper()
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) { f(t, newWorld(t, store), clock) })
}
