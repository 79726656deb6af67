// Package handlertest gives tests a server on a real store with one person in it.
package handlertest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers"
	"github.com/insighto/insighto/handlers/usage"
	"github.com/insighto/insighto/handlers/webhook"
)

const (
	// Passphrase is what everybody signs in with.
	Passphrase = "a long enough pass phrase"
	// UserAgent is what every request calls itself.
	UserAgent = "test/1"
)

// World is a server on a real store, of which nothing is made up but the names that webhooks look up.
type World struct {
	T       testing.TB
	Store   *db.Store
	Usage   *usage.Recorder
	Handler http.Handler
	Log     *Log
	Ada     db.Principal
}

// New gives a world with one person, Ada, who owns the team A.
func New(t testing.TB, store *db.Store) *World {
	t.Helper()
	w := Empty(t, store)
	w.Ada = w.Person("ada@a.example", "A")
	return w
}

// Empty gives a world with nobody in it.
func Empty(t testing.TB, store *db.Store) *World {
	t.Helper()
	w := &World{T: t, Store: store, Log: &Log{}}
	w.Handler, w.Usage = w.Copy(store)
	return w
}

// Copy gives one more copy of the program on a store.
func (w *World) Copy(store *db.Store) (http.Handler, *usage.Recorder) {
	w.T.Helper()
	recorder := usage.NewRecorder(store, w.Logger(), time.Now)
	return w.Program(func(c *handlers.Config) { c.Store, c.Usage = store, recorder }), recorder
}

// Program puts one more copy of the program together, but for what change wants otherwise.
func (w *World) Program(change func(*handlers.Config)) http.Handler {
	w.T.Helper()
	config := handlers.Config{Store: w.Store, Usage: w.Usage, Log: w.Logger(), BaseURL: "http://localhost:8080", CheckEndpoint: Outside().Check, Now: time.Now}
	change(&config)
	handler, err := handlers.New(config)
	if err != nil {
		w.T.Fatal(err)
	}
	return handler
}

// Logger writes into the world's log.
func (w *World) Logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(w.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Outside is the guard of webhooks, where few names are known.
func Outside() *webhook.Guard {
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

// Person adds an owner to a team, which is made if it is not there.
func (w *World) Person(email, team string) db.Principal {
	w.T.Helper()
	user, made, err := w.Store.AddUser(context.Background(), db.Operator(""), db.NewUser{Email: email, Name: "Ada Lovelace", Team: team, Member: "owner", Password: Passphrase})
	if err != nil {
		w.T.Fatal(err)
	}
	return db.Principal{TeamID: made.ID, UserID: user.ID, Member: db.Owner}
}

// Key makes a key, and gives its secret too.
func (w *World) Key(p db.Principal, role string) (db.Key, string) {
	w.T.Helper()
	key, secret, err := w.Store.CreateKey(context.Background(), p, db.NewKey{Name: "laptop", Role: role, Description: "for a test"})
	if err != nil {
		w.T.Fatal(err)
	}
	return key, secret
}

// Used counts n requests of a key at a moment.
func (w *World) Used(k db.Key, at time.Time, n int, route string, status int) {
	w.T.Helper()
	for range n {
		w.Usage.Count(db.Principal{TeamID: k.TeamID, KeyID: k.ID}, db.Request{ID: db.NewID(), At: at, Method: "GET", Route: route, Status: status,
			Bytes: 100, Took: 1500 * time.Microsecond, Address: "192.0.2.1", UserAgent: UserAgent}, status < 400)
	}
	if err := w.Usage.Flush(context.Background()); err != nil {
		w.T.Fatal(err)
	}
}

// Do sends a request; headers come in pairs.
func (w *World) Do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	w.T.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("User-Agent", UserAgent)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.Handler.ServeHTTP(rec, r)
	return rec
}

// Get asks the API, with a key when secret is not empty.
func (w *World) Get(path, secret string) *httptest.ResponseRecorder {
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
func (w *World) SignIn(email string) string {
	w.T.Helper()
	rec := w.Post("/login", "", url.Values{"email": {email}, "password": {Passphrase}})
	if rec.Code != http.StatusSeeOther || len(rec.Result().Cookies()) != 1 {
		w.T.Fatalf("sign in: got %d, %v", rec.Code, rec.Result().Cookies())
	}
	c := rec.Result().Cookies()[0]
	return c.Name + "=" + c.Value
}

// Post sends a form as a browser on the same site does.
func (w *World) Post(path, cookie string, form url.Values) *httptest.ResponseRecorder {
	w.T.Helper()
	headers := []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"}
	if cookie != "" {
		headers = append(headers, "Cookie", cookie)
	}
	return w.Do(http.MethodPost, path, form.Encode(), headers...)
}

// Page asks for a page with a session's cookie.
func (w *World) Page(path, cookie string) *httptest.ResponseRecorder {
	w.T.Helper()
	return w.Do(http.MethodGet, path, "", "Cookie", cookie)
}
