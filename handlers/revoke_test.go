package handlers_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

const (
	clients    = 50
	usesBefore = 200 // requests let in before the key is stopped
	usesAfter  = 5   // requests of each client that start after it was
)

// TestStop stops a key while 50 clients use it, through every copy of the program there is.
func TestStop(t *testing.T) {
	cases := []struct {
		name   string
		copies int
		verb   string
		code   string
	}{
		{"a revoked key stops at once", 1, "revoke", "key_revoked"},
		{"a deleted key stops at once", 1, "delete", "key_unknown"},
		{"a revoked key stops at once on another copy of the program", 2, "revoke", "key_revoked"},
		{"a deleted key stops at once on another copy of the program", 2, "delete", "key_unknown"},
	}
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		w := newWorld(t, dbtest.Open(t, target, time.Now))
		stores := []*db.Store{w.Store, dbtest.Open(t, target, time.Now)}
		cookie := w.SignIn("ada@a.example")
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				key, secret := w.Key(w.Ada, "read_only")
				h := &hammer{query: "/api/v1/key?api_key=" + secret, warm: make(chan struct{}), served: make([]atomic.Int64, c.copies)}
				for _, store := range stores[:c.copies] {
					handler, _ := w.Copy(store)
					server := httptest.NewServer(handler)
					t.Cleanup(server.Close)
					h.copies = append(h.copies, server.URL)
				}
				h.strike(t, func() {
					post(t, h.copies[0]+"/settings/api-keys/"+key.ID+"/"+c.verb, cookie)
				})
				if late := h.late.Load(); late != 0 {
					t.Errorf("%d requests that started after the answer were let in, want 0", late)
				}
				if strange := h.strange.Load(); strange != nil {
					t.Errorf("a client got %s", *strange)
				}
				for i := range h.served {
					if h.served[i].Load() == 0 {
						t.Errorf("copy %d let nobody in before: nothing is proved", i)
					}
				}
				if rec := w.Get("/api/v1/key", secret); rec.Code != 401 || decode(t, rec)["code"] != c.code {
					t.Errorf("afterwards: got %d %s, want 401 %s", rec.Code, rec.Body, c.code)
				}
			})
		}
	})
}

// hammer is many clients that use one key as fast as they can.
type hammer struct {
	copies  []string
	query   string
	warm    chan struct{} // closed when the key has been used enough
	stopped atomic.Bool   // set when the answer that stops the key has arrived
	served  []atomic.Int64
	all     atomic.Int64
	late    atomic.Int64
	strange atomic.Pointer[string]
}

// strike lets the clients loose, stops the key in the middle, and returns when each client has asked often enough
// after that.
func (h *hammer) strike(t *testing.T, stop func()) {
	t.Helper()
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	var running sync.WaitGroup
	for i := range clients {
		running.Go(func() {
			for after := 0; after < usesAfter; {
				stopped := h.stopped.Load() // before the request starts
				if !h.use(client, i%len(h.copies), stopped) {
					return
				}
				if stopped {
					after++
				}
			}
		})
	}
	select {
	case <-h.warm:
	case <-time.After(10 * time.Second):
		t.Error("the key was not used enough within 10 s")
	}
	stop()
	h.stopped.Store(true)
	running.Wait()
}

// use makes one request of a copy, and is false when its client may stop.
func (h *hammer) use(client *http.Client, copy int, stopped bool) bool {
	response, err := client.Get(h.copies[copy] + h.query)
	if err != nil {
		return h.odd(err.Error())
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	switch {
	case err != nil:
		return h.odd(err.Error())
	case response.StatusCode == http.StatusOK && stopped:
		h.late.Add(1)
	case response.StatusCode == http.StatusOK:
		h.served[copy].Add(1)
		if h.all.Add(1) == usesBefore {
			close(h.warm)
		}
	case response.StatusCode != http.StatusUnauthorized && response.StatusCode != http.StatusTooManyRequests:
		return h.odd(response.Status + " " + string(body))
	}
	return true
}

func (h *hammer) odd(what string) bool {
	h.strange.CompareAndSwap(nil, &what)
	return false
}

// post sends an empty form over the wire as a browser on the page does, and wants to be sent on.
func post(t *testing.T, address, cookie string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(url.Values{}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Cookie", cookie)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Error(err)
		return
	}
	response.Body.Close()
	if response.StatusCode != http.StatusSeeOther {
		t.Errorf("%s: got %d, want 303", address, response.StatusCode)
	}
}
