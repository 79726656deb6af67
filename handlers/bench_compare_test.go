package handlers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// TestCompare measures our answers against plain handlers that do the least, interleaved in one run, and prints a
// table. It measures, so it does not fail; go run ./cmd/dev bench runs it.
func TestCompare(t *testing.T) {
	if os.Getenv("INSIGHTO_BENCH") == "" {
		t.Skip("INSIGHTO_BENCH is not set: go run ./cmd/dev bench sets it")
	}
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		w := newWorld(t, dbtest.Open(t, target, time.Now))
		w.logToNothing()
		secret := w.contacts(10_000)
		key, list := "/api/v1/key?api_key="+secret, "/api/v1/contact?size=50&api_key="+secret
		plain := newPlain(t, target, w.Ada.TeamID)
		same := w.Get("/api/v1/contact?size=50", secret).Body.Bytes()
		bare := echo.New()
		bare.GET("/*", func(c echo.Context) error { return c.Blob(http.StatusOK, "application/json", same) })
		rivals := []*rival{
			{name: "bare net/http, the list's bytes", handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(same)
			}), path: list},
			{name: "bare Echo, the list's bytes", handler: bare, path: list},
			{name: "2a plain: the key", handler: http.HandlerFunc(plain.key), path: key},
			{name: "ours: GET /api/v1/key", handler: w.Handler, path: key},
			{name: "2b plain: the key and 50 contacts", handler: http.HandlerFunc(plain.list), path: list},
			{name: "ours: GET /api/v1/contact?size=50", handler: w.Handler, path: list},
		}
		race(t, rivals, 5, time.Second)
		t.Logf("\n%s\n/key is %.2f × 2a; the list is %.2f × 2b and %.2f × bare Echo; resident memory %d MB",
			table(rivals), rivals[3].rate/rivals[2].rate, rivals[5].rate/rivals[4].rate, rivals[5].rate/rivals[1].rate, resident()>>20)
	})
}

// logToNothing has the log written line by line, as a server does, rather than gathered for a test to read.
func (w *world) logToNothing() {
	w.T.Helper()
	nothing, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { nothing.Close() })
	w.Log.PassOn(nothing)
}

// contacts makes n contacts in Ada's team and gives a key that reads them.
func (w *world) contacts(n int) string {
	w.T.Helper()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for done := 0; done < n; {
		batch := make([]db.ArchivedConversation, 0, 500)
		for ; len(batch) < 500 && done < n; done++ {
			at := start.Add(time.Duration(done) * time.Minute)
			batch = append(batch, db.ArchivedConversation{
				ID: db.NewID(), DeviceType: "desktop", CreatedAt: at, ClosedAt: at.Add(time.Minute),
				Assistant: db.ArchivedAssistant{ID: fmt.Sprintf("11111111-0000-4000-8000-%012d", done%29), Name: "Assistant"},
				Contact: db.ArchivedContact{ID: db.NewID(), FirstName: "Grace", LastName: "Hopper", Email: fmt.Sprintf("grace%d@example.com", done),
					Channels: fmt.Sprintf(`{"email":"grace%d@example.com","telephone":"+1555%07d","national_number":"555%07d","country_code":"1","dial_code":"US"}`, done, done, done)},
				Messages: []db.ArchivedMessage{{SenderType: "user", Text: "Hello", CreatedAt: at}},
			})
		}
		if _, err := w.Store.Import(context.Background(), w.Ada, batch); err != nil {
			w.T.Fatal(err)
		}
	}
	_, secret := w.Key(w.Ada, "full_access")
	return secret
}

// plain does with database/sql and encoding/json what our answers do, and nothing else.
type plain struct {
	keys, contacts *sql.Stmt
	team           string
}

func newPlain(t *testing.T, target, team string) *plain {
	t.Helper()
	driver, address, at := "sqlite3", "file:"+target+"?_journal_mode=WAL&_query_only=true&_stmt_cache_size=64", "?"
	if db.IsPostgres(target) {
		driver, address, at = "pgx", target, "$"
	}
	handle, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { handle.Close() })
	if _, err := dbtest.Handle(t, target).Exec(`ANALYZE`); err != nil { // PostgreSQL would sort all contacts for the plain list
		t.Fatal(err)
	}
	handle.SetMaxIdleConns(16)
	prepare := func(text string) *sql.Stmt {
		statement, err := handle.Prepare(strings.ReplaceAll(text, "$", at))
		if err != nil {
			t.Fatal(err)
		}
		return statement
	}
	return &plain{team: team,
		keys: prepare(`SELECT id, team_id, role, revoked_at FROM keys WHERE digest = $1`),
		contacts: prepare(`SELECT id, first_name, last_name, email, channels, user_attributes, custom_fields, last_seen, last_sent, team_id,
			first_assistant_id, last_assistant_id, first_widget_id, last_widget_id, created_at, updated_at
			FROM contacts WHERE team_id = $1 ORDER BY created_at DESC, id DESC LIMIT 50`)}
}

func (p *plain) admitted(r *http.Request) bool {
	sum := sha256.Sum256([]byte(r.URL.Query().Get("api_key")))
	var id, team, role string
	var revoked sql.NullInt64
	return p.keys.QueryRowContext(r.Context(), sum[:]).Scan(&id, &team, &role, &revoked) == nil && !revoked.Valid
}

func (p *plain) key(w http.ResponseWriter, r *http.Request) {
	if !p.admitted(r) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"data":"ok"}`)
}

type plainContact struct {
	ID               string          `json:"id"`
	FirstName        string          `json:"first_name,omitempty"`
	LastName         string          `json:"last_name,omitempty"`
	Email            string          `json:"email,omitempty"`
	Channels         json.RawMessage `json:"channels"`
	UserAttributes   json.RawMessage `json:"user_attributes"`
	CustomFields     json.RawMessage `json:"custom_fields"`
	LastSeen         time.Time       `json:"last_seen,omitzero"`
	LastSent         time.Time       `json:"last_sent,omitzero"`
	OrgID            string          `json:"org_id"`
	FirstAssistantID string          `json:"first_assistant_id,omitempty"`
	LastAssistantID  string          `json:"last_assistant_id,omitempty"`
	FirstWidgetID    string          `json:"first_widget_id,omitempty"`
	LastWidgetID     string          `json:"last_widget_id,omitempty"`
	CreatedAt        time.Time       `json:"created_at"`
	UpdatedAt        time.Time       `json:"updated_at"`
}

func (p *plain) list(w http.ResponseWriter, r *http.Request) {
	if !p.admitted(r) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	rows, err := p.contacts.QueryContext(r.Context(), p.team)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	defer rows.Close()
	items := make([]plainContact, 0, 50)
	for rows.Next() {
		var c plainContact
		var channels, attributes, fields string
		var seen, sent sql.NullInt64
		var created, updated int64
		if err := rows.Scan(&c.ID, &c.FirstName, &c.LastName, &c.Email, &channels, &attributes, &fields, &seen, &sent, &c.OrgID,
			&c.FirstAssistantID, &c.LastAssistantID, &c.FirstWidgetID, &c.LastWidgetID, &created, &updated); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		c.Channels, c.UserAttributes, c.CustomFields = json.RawMessage(channels), json.RawMessage(attributes), json.RawMessage(fields)
		if seen.Valid {
			c.LastSeen = time.UnixMilli(seen.Int64).UTC()
		}
		c.CreatedAt, c.UpdatedAt = time.UnixMilli(created).UTC(), time.UnixMilli(updated).UTC()
		items = append(items, c)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"message": "", "meta": struct{}{}, "data": map[string]any{"items": items, "page": 1, "size": 50}})
}

// rival is one of the handlers that are compared, and what was measured of it.
type rival struct {
	name    string
	handler http.Handler
	path    string

	rate, cpu float64 // requests a second, and microseconds of processor a request, the client's included
	p50, p99  time.Duration
}

// race lets the rivals run in turn over loopback, round after round, so that a machine that slows down slows all.
func race(t *testing.T, rivals []*rival, rounds int, each time.Duration) {
	t.Helper()
	waits, rates, cpus := map[*rival][]time.Duration{}, map[*rival][]float64{}, map[*rival][]float64{}
	for round := range rounds + 1 {
		for _, r := range rivals {
			server := httptest.NewServer(r.handler)
			before := processor()
			took, elapsed := load(t, server.URL+r.path, each)
			used := processor() - before
			server.Close()
			if round > 0 { // the first only warms up
				waits[r] = append(waits[r], took...)
				rates[r] = append(rates[r], float64(len(took))/elapsed.Seconds())
				cpus[r] = append(cpus[r], float64(used.Microseconds())/float64(len(took)))
			}
		}
	}
	for _, r := range rivals {
		slices.Sort(waits[r])
		slices.Sort(rates[r])
		slices.Sort(cpus[r])
		r.rate, r.cpu = rates[r][len(rates[r])/2], cpus[r][len(cpus[r])/2]
		r.p50, r.p99 = waits[r][len(waits[r])/2], waits[r][len(waits[r])*99/100]
	}
}

// load asks from four clients for a while, and gives how long each request took.
func load(t *testing.T, url string, each time.Duration) (took []time.Duration, elapsed time.Duration) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4, DialContext: (&net.Dialer{}).DialContext}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var all sync.WaitGroup
	start := time.Now()
	for range 4 {
		all.Go(func() {
			var mine []time.Duration
			for begun := time.Now(); begun.Sub(start) < each; begun = time.Now() {
				answer, err := client.Get(url)
				if err != nil {
					t.Error("a request got no answer")
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if answer.StatusCode != http.StatusOK {
					t.Errorf("got %d, want 200", answer.StatusCode)
					return
				}
				mine = append(mine, time.Since(begun))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	all.Wait()
	return took, time.Since(start)
}

// processor is the processor time that this process has used.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is this process's memory in bytes, the clients' included.
func resident() int64 {
	runtime.GC()
	status, _ := os.ReadFile("/proc/self/statm")
	var size, pages int64
	_, _ = fmt.Fscan(bytes.NewReader(status), &size, &pages)
	return pages * int64(os.Getpagesize())
}

func table(rivals []*rival) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %-36s | requests/s | p50 µs | p99 µs | CPU µs a request |\n|---|---|---|---|---|\n", "handler")
	for _, r := range rivals {
		fmt.Fprintf(&b, "| %-36s | %10.0f | %6d | %6d | %16.0f |\n", r.name, r.rate, r.p50.Microseconds(), r.p99.Microseconds(), r.cpu)
	}
	return b.String()
}
