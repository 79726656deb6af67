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
	T       testing.TB
	Store   *db.Store
	Usage   *usage.Recorder
	Handler http.Handler
	Log     *logBuffer
	Ada     db.Principal
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
	w.Ada = w.Person("ada@a.example", "A")
	return w
}

// emptyWorld has nobody in it.
func emptyWorld(t testing.TB, store *db.Store) *world {
	t.Helper()
	w := &world{T: t, Store: store, Log: &logBuffer{}}
	w.Handler, w.Usage = w.Copy(store)
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

// Copy gives one more Copy of the program on a store.
func (w *world) Copy(store *db.Store) (http.Handler, *usage.Recorder) {
	w.T.Helper()
	uses := usage.NewRecorder(store, w.Logger(), time.Now)
	return w.Program(func(c *handlers.Config) { c.Store, c.Usage = store, uses }), uses
}

// Program puts one more copy of the Program together, but for what change wants otherwise.
func (w *world) Program(change func(*handlers.Config)) http.Handler {
	w.T.Helper()
	config := handlers.Config{Store: w.Store, Usage: w.Usage, Log: w.Logger(), BaseURL: "http://localhost:8080", CheckEndpoint: outside().Check, Now: time.Now}
	change(&config)
	handler, err := handlers.New(config)
	if err != nil {
		w.T.Fatal(err)
	}
	return handler
}

// Logger writes into the world's log.
func (w *world) Logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(w.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (w *world) Person(email, team string) db.Principal {
	w.T.Helper()
	user, made, err := w.Store.AddUser(context.Background(), db.Operator(""), db.NewUser{Email: email, Name: "Ada Lovelace", Team: team, Member: "owner", Password: passphrase})
	if err != nil {
		w.T.Fatal(err)
	}
	return db.Principal{TeamID: made.ID, UserID: user.ID, Member: db.Owner}
}

func (w *world) Key(p db.Principal, role string) (db.Key, string) {
	w.T.Helper()
	key, secret, err := w.Store.CreateKey(context.Background(), p, db.NewKey{Name: "laptop", Role: role, Description: "for a test"})
	if err != nil {
		w.T.Fatal(err)
	}
	return key, secret
}

// Do sends a request; headers come in pairs.
func (w *world) Do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	w.T.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("User-Agent", agent)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.Handler.ServeHTTP(rec, r)
	return rec
}

// Get asks the API, with a key when secret is not empty.
func (w *world) Get(path, secret string) *httptest.ResponseRecorder {
	w.T.Helper()
	if secret != "" {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		path += mark + "api_key=" + secret
	}
	return w.Do(http.MethodGet, path, "")
}

// SignIn gives the cookie of a fresh session.
func (w *world) SignIn(email string) string {
	w.T.Helper()
	rec := w.Post("/login", "", url.Values{"email": {email}, "password": {passphrase}})
	if rec.Code != http.StatusSeeOther || len(rec.Result().Cookies()) != 1 {
		w.T.Fatalf("sign in: got %d, %v", rec.Code, rec.Result().Cookies())
	}
	c := rec.Result().Cookies()[0]
	return c.Name + "=" + c.Value
}

// Post sends a form as a browser on the same site does.
func (w *world) Post(path, cookie string, form url.Values) *httptest.ResponseRecorder {
	w.T.Helper()
	headers := []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"}
	if cookie != "" {
		headers = append(headers, "Cookie", cookie)
	}
	return w.Do(http.MethodPost, path, form.Encode(), headers...)
}

// Page asks for a Page with a session's cookie.
func (w *world) Page(path, cookie string) *httptest.ResponseRecorder {
	w.T.Helper()
	return w.Do(http.MethodGet, path, "", "Cookie", cookie)
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
