package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// served is a running `insighto serve`.
type served struct {
	t        *testing.T
	url      string
	notices  []string // what it said until it was ready
	stopping context.CancelFunc
	code     chan int
}

var ready = regexp.MustCompile(`^Insighto is at (https?://\S+)$`)

// serve returns when the server takes connections; what it logs is JSON, line by line.
func (x *terminal) serve(args ...string) *served {
	x.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s := &served{t: x.t, stopping: stop, code: make(chan int, 1)}
	logs, stderr := io.Pipe()
	args = append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)
	go func() {
		s.code <- run(ctx, args, func(name string) string { return x.env[name] }, strings.NewReader(""), io.Discard, stderr)
		stderr.Close()
	}()
	x.t.Cleanup(stop)
	scanner := bufio.NewScanner(logs)
	for s.url == "" && scanner.Scan() {
		var line struct{ Msg string }
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			x.t.Fatalf("the log has a line that is no JSON: %s", scanner.Text())
		}
		if at := ready.FindStringSubmatch(line.Msg); at != nil {
			s.url = at[1]
		} else {
			s.notices = append(s.notices, line.Msg)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, logs) }()
	if s.url == "" {
		x.t.Fatalf("serve ended with %d: %q", <-s.code, s.notices)
	}
	return s
}

// stop asks it to stop, and checks that it ends well.
func (s *served) stop() {
	s.t.Helper()
	s.stopping()
	if code := <-s.code; code != exitDone {
		s.t.Errorf("exit code after a stop: got %d, want %d", code, exitDone)
	}
}

func (s *served) get(path string) (int, string) {
	s.t.Helper()
	res, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestServe(t *testing.T) {
	x := withAda(t)
	secret := strings.TrimSpace(x.createKey().out)
	s := x.serve()
	if !strings.HasPrefix(s.url, "http://localhost:") {
		t.Errorf("address: got %s, want one on localhost", s.url)
	}
	for _, path := range []string{"/healthz", "/readyz", "/login", "/api/v1/key?api_key=" + secret} {
		if status, body := s.get(path); status != http.StatusOK {
			t.Errorf("GET %.20s: got %d: %s", path, status, body)
		}
	}

	t.Run("a second one on the same database works too", func(t *testing.T) {
		second := x.serve()
		x.ok("key", "revoke", x.keys()[0].ID)
		for _, server := range []*served{s, second} {
			if status, _ := server.get("/api/v1/key?api_key=" + secret); status != http.StatusUnauthorized {
				t.Errorf("a revoked key: got %d, want 401", status)
			}
		}
		second.stop()
	})

	t.Run("a port in use is said", func(t *testing.T) {
		x.run("serve", "--listen", strings.TrimPrefix(s.url, "http://")).want(t, exitFailed, "already", "--listen")
	})

	t.Run("the last use of a key survives a stop", func(t *testing.T) {
		s.stop()
		if used := x.keys()[0].LastUsedAt; used == nil {
			t.Error("last use: got none")
		}
	})
}

func TestMetricsHaveAListenerOfTheirOwn(t *testing.T) {
	x := withAda(t)
	s := x.serve("--metrics-listen", "127.0.0.1:0")
	at := regexp.MustCompile(`http://(\S+)/metrics`).FindStringSubmatch(strings.Join(s.notices, "\n"))
	if at == nil {
		t.Fatalf("got %q, want the metrics' address", s.notices)
	}
	if status, _ := s.get("/metrics"); status != http.StatusNotFound {
		t.Errorf("on the pages' listener: got %d, want 404", status)
	}
	metrics := &served{t: t, url: "http://" + at[1]}
	if status, body := metrics.get("/metrics"); status != http.StatusOK || !strings.Contains(body, `insighto_http_requests_total{method="",route="",status="4xx"} 1`) {
		t.Errorf("got %d %.300s", status, body)
	}
	if status, _ := metrics.get("/login"); status != http.StatusNotFound {
		t.Errorf("a page on the metrics' listener: got %d, want 404", status)
	}
	x.run("serve", "--listen", "127.0.0.1:0", "--metrics-listen", at[1]).want(t, exitFailed, "already", "--metrics-listen")
	s.stop()
	if conn, err := net.Dial("tcp", at[1]); err == nil {
		conn.Close()
		t.Error("the metrics' listener is open after a stop")
	}
}

func TestServeOfAnEmptyDatabase(t *testing.T) {
	x := newTerminal(t)
	s := x.serve("--base-url", "https://insighto.example.com", "--log-level", "error")
	defer s.stop()
	code := regexp.MustCompile(`^Open https://insighto\.example\.com/setup and enter this one-time code: (\S+)$`).FindStringSubmatch(strings.Join(s.notices, "\n"))
	if code == nil {
		t.Fatalf("got %q, want a one-time code", s.notices)
	}
	_, _, err := dbtest.Open(t, x.database, time.Now).SetUp(t.Context(), code[1],
		db.NewUser{Email: "ada@example.com", Name: "Ada", Team: "Lovelace", Password: "three short calm words"})
	if err != nil {
		t.Errorf("the code: %v", err)
	}
}

func TestDemo(t *testing.T) {
	x := newTerminal(t)
	for range 2 { // the second time it just serves, and says the same
		s := x.serve("--demo")
		notices := strings.Join(s.notices, "\n")
		for _, want := range []string{s.url, "ada@example.com", demoPassword} {
			if !strings.Contains(notices, want) {
				t.Errorf("got %q, want %s in it", notices, want)
			}
		}
		s.stop()
		x.wantTotal(demoConversations)
	}
	if !x.signsIn(demoEmail, demoPassword) {
		t.Error("the password does not sign in")
	}

	store, p := x.look()
	all := db.Page{Number: 1, Size: 1000}
	conversations, err := store.Conversations(t.Context(), p, db.ConversationFilter{}, all)
	if err != nil {
		t.Fatal(err)
	}
	open := 0
	for _, c := range conversations.Items {
		if c.UpdatedAt.After(time.Now()) || c.CreatedAt.Before(time.Now().Add(-demoWeeks*8*24*time.Hour)) {
			t.Errorf("conversation %s from %v to %v lies outside the weeks before now", c.ID, c.CreatedAt, c.UpdatedAt)
		}
		if c.AssistantName == "" || c.WidgetType == "" || c.ContactLastName == "" || strings.ContainsAny(c.FirstMessage, "{}") {
			t.Errorf("conversation %s has a gap: %+v", c.ID, c)
		}
		if c.Status() == "open" {
			open++
		}
	}
	if open == 0 || open == len(conversations.Items) {
		t.Errorf("%d of %d are open, want some", open, len(conversations.Items))
	}
	contacts, err := store.Contacts(t.Context(), p, db.ContactFilter{}, all)
	if err != nil || contacts.Total != demoContacts {
		t.Errorf("contacts: got %d, %v; want %d", contacts.Total, err, demoContacts)
	}
	x.ok("import", "--team", demoTeam, x.file(lines(0, 3)))
}

func TestDemoLeavesOtherDatabasesAlone(t *testing.T) {
	x := withAda(t) // the demo's address, but not its team
	s := x.serve("--demo")
	s.stop()
	if len(s.notices) != 1 || !strings.Contains(s.notices[0], "--demo did nothing") {
		t.Errorf("got %q, want that it did nothing", s.notices)
	}
	x.wantTotal(0)
}

func TestServeRefusesADamagedFile(t *testing.T) {
	x := withAda(t)
	x.ok("import", "--team", "Lovelace", x.file(lines(0, 450)))
	f, err := os.OpenFile(x.database, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for page := info.Size() / 4096 / 2; page < info.Size()/4096; page++ {
		if _, err := f.WriteAt([]byte(strings.Repeat("\xff", 4096)), page*4096); err != nil {
			t.Fatal(err)
		}
	}
	x.run("serve", "--listen", "127.0.0.1:0").want(t, exitFailed, "restore the last backup")
}

func TestBaseOf(t *testing.T) {
	for listening, want := range map[string]string{
		"127.0.0.1:8080":   "http://localhost:8080",
		"[::1]:80":         "http://localhost:80",
		"0.0.0.0:8080":     "http://localhost:8080",
		"[::]:8080":        "http://localhost:8080",
		"192.0.2.7:8080":   "http://192.0.2.7:8080",
		"[2001:db8::1]:80": "http://[2001:db8::1]:80",
	} {
		if got := baseOf(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(listening))); got != want {
			t.Errorf("%s: got %s, want %s", listening, got, want)
		}
	}
}
