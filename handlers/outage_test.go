package handlers_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

var shownKey = regexp.MustCompile(`in-[0-9A-Za-z]{43}`)

// makeKey creates a key on its page.
func (w *world) makeKey(cookie string) (status int, secret string) {
	w.T.Helper()
	rec := w.Post("/settings/api-keys", cookie, url.Values{"name": {"laptop"}, "role": {"read_only"}, "description": {"for a test"}})
	return rec.Code, shownKey.FindString(rec.Body.String())
}

func TestAFullDiskStopsWritesOnly(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("none", disk, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	store, err := db.Open(t.Context(), filepath.Join(disk, "test.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	w := newWorld(t, store)
	cookie := w.SignIn("ada@a.example")
	_, secret := w.Key(w.Ada, "read_only")

	filler := filepath.Join(disk, "filler")
	fillUp(t, filler)
	acknowledged := []string{secret}
	status := http.StatusOK
	for range 200 { // what the log file has room for still goes through
		if status, secret = w.makeKey(cookie); status != http.StatusOK {
			break
		}
		acknowledged = append(acknowledged, secret)
		fillUp(t, filler)
	}
	if status != http.StatusServiceUnavailable {
		t.Fatalf("create a key on a full disk: got %d, want 503", status)
	}
	for range 3 {
		start := time.Now()
		if status, _ := w.makeKey(cookie); status != http.StatusServiceUnavailable || time.Since(start) > 3*time.Second {
			t.Errorf("create a key again: got %d after %v, want 503 within 3 s", status, time.Since(start))
		}
		if rec := w.Page("/settings/api-keys", cookie); rec.Code != http.StatusOK {
			t.Errorf("the list of keys: got %d, want 200", rec.Code)
		}
		for _, secret := range acknowledged {
			if rec := w.Get("/api/v1/key", secret); rec.Code != http.StatusOK {
				t.Errorf("an acknowledged key: got %d, want 200", rec.Code)
			}
		}
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	status, secret = w.makeKey(cookie)
	if status != http.StatusOK || w.Get("/api/v1/key", secret).Code != http.StatusOK {
		t.Errorf("create a key once there is room: got %d, want 200 and a key that works", status)
	}
}

// fillUp leaves no block free.
func fillUp(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// asked is one request of a load, and how it was answered.
type asked struct {
	what  string
	start time.Time
	took  time.Duration
	code  int
	retry string
}

// load keeps asking with several clients at once until stop is called, which gives all answers.
func (w *world) load() (stop func() []asked) {
	cookie := w.SignIn("ada@a.example")
	_, secret := w.Key(w.Ada, "read_only")
	requests := map[string]func() *httptest.ResponseRecorder{
		"a key's look-up": func() *httptest.ResponseRecorder { return w.Get("/api/v1/key", secret) },
		"a list":          func() *httptest.ResponseRecorder { return w.Get("/api/v1/contact", secret) },
		"a page":          func() *httptest.ResponseRecorder { return w.Page("/settings/api-keys", cookie) },
		"a sign-in": func() *httptest.ResponseRecorder {
			return w.Post("/login", "", url.Values{"email": {"ada@a.example"}, "password": {passphrase}})
		},
		"readiness": func() *httptest.ResponseRecorder { return w.Do(http.MethodGet, "/readyz", "") },
		"a write": func() *httptest.ResponseRecorder {
			return w.Post("/settings/security/sessions/"+db.NewID()+"/end", cookie, nil)
		},
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var answers []asked
	over := make(chan struct{})
	for what, request := range requests {
		for range 3 {
			wg.Go(func() {
				for {
					select {
					case <-over:
						return
					case <-time.After(5 * time.Millisecond): // a load, not a race for the processor
					}
					start := time.Now()
					rec := request()
					mu.Lock()
					answers = append(answers, asked{what, start, time.Since(start), rec.Code, rec.Header().Get("Retry-After")})
					mu.Unlock()
				}
			})
		}
	}
	return func() []asked {
		close(over)
		wg.Wait()
		return answers
	}
}

// healthy tells whether the answer is the one of a database that is well.
func (a asked) healthy() bool {
	return a.code == http.StatusOK || a.code == http.StatusSeeOther || a.what == "a write" && a.code == http.StatusNotFound
}

func TestAPostgresThatStopsAnswering(t *testing.T) {
	if testing.Short() {
		t.Skip("takes twelve seconds of waiting for a real server")
	}
	server := dbtest.NewServer(t)
	for _, outage := range []struct {
		name       string
		begin, end func()
		lasts      time.Duration
	}{
		{"frozen", server.Freeze, server.Thaw, 4 * time.Second},
		{"restarted", server.Stop, server.Start, time.Second},
	} {
		t.Run(outage.name, func(t *testing.T) {
			store, err := db.Open(t.Context(), server.URL(), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			w := emptyWorld(t, store)
			w.Ada = w.Person("ada@a.example", "Team "+outage.name)

			stop := w.load()
			<-time.After(300 * time.Millisecond)
			began := time.Now()
			outage.begin()
			<-time.After(outage.lasts)
			outage.end()
			ended := time.Now()
			<-time.After(2500 * time.Millisecond)
			check(t, stop(), began, ended)
		})
	}
}

// check holds every answer to the promise: 503 within three seconds while the database is away, good two seconds
// after it is back.
func check(t *testing.T, answers []asked, began, ended time.Time) {
	t.Helper()
	before, during, after := 0, 0, 0
	for _, a := range answers {
		switch at := fmt.Sprintf("%s asked %v after the end", a.what, a.start.Sub(ended).Round(time.Millisecond)); {
		case a.took > 3*time.Second:
			t.Errorf("%s: took %v, want 3 s at most", at, a.took)
		case a.start.Add(a.took).Before(began):
			before++
			if !a.healthy() {
				t.Errorf("%s, before the outage: got %d", at, a.code)
			}
		case a.start.After(ended.Add(2 * time.Second)):
			after++
			if !a.healthy() {
				t.Errorf("%s: got %d, want it good again", at, a.code)
			}
		case a.code == http.StatusServiceUnavailable:
			during++
			if a.retry == "" && a.what != "readiness" {
				t.Errorf("%s: got 503 without Retry-After", at)
			}
		case !a.healthy():
			t.Errorf("%s: got %d, want 503 or a good answer", at, a.code)
		}
	}
	if before == 0 || during == 0 || after == 0 {
		t.Errorf("got %d answers before, %d times 503, %d answers after; want some of each", before, during, after)
	}
	t.Logf("%d answers: %d before, %d times 503, %d after", len(answers), before, during, after)
}

func TestTwoCopiesOnOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	w := newWorld(t, dbtest.Open(t, path, time.Now))
	other := *w
	other.Store = dbtest.Open(t, path, time.Now)
	other.Handler, other.Usage = w.Copy(other.Store)

	cookie := w.SignIn("ada@a.example")
	const clients, each = 8, 20
	secrets := make([]string, clients*each)
	var wg sync.WaitGroup
	for i := range clients {
		copy := []*world{w, &other}[i%2]
		wg.Go(func() {
			for j := range each {
				status, secret := copy.makeKey(cookie)
				if status != http.StatusOK || secret == "" {
					t.Errorf("client %d, key %d: got %d, want 200 and a key", i, j, status)
				}
				secrets[i*each+j] = secret
			}
		})
	}
	wg.Wait()
	for i, secret := range secrets {
		for name, copy := range map[string]*world{"one": w, "the other": &other} {
			if rec := copy.Get("/api/v1/key", secret); rec.Code != http.StatusOK {
				t.Errorf("key %d at %s copy: got %d, want 200", i, name, rec.Code)
			}
		}
	}
	list, err := other.Store.Keys(t.Context(), w.Ada, db.Page{Number: 1, Size: 1})
	if err != nil || list.Total != clients*each {
		t.Errorf("got %d keys (%v), want %d", list.Total, err, clients*each)
	}
}
