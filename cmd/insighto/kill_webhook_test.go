package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// inbox takes events, and keeps what came under each webhook-id.
type inbox struct {
	t      *testing.T
	secret atomic.Pointer[string]
	mu     sync.Mutex
	bodies map[string][32]byte
	of     map[string]int // contact → how many different events
	came   int
}

func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender was killed
	}
	if wh, err := standardwebhooks.NewWebhook(*b.secret.Load()); err != nil || wh.Verify(body, r.Header) != nil {
		b.t.Errorf("a signature does not check: %v", err)
	}
	var e struct {
		ID   string
		Data struct{ ID string }
	}
	if err := json.Unmarshal(body, &e); err != nil || e.ID != r.Header.Get("webhook-id") {
		b.t.Errorf("the body has the id %q (%v), the header %q", e.ID, err, r.Header.Get("webhook-id"))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.came++
	sum := sha256.Sum256(body)
	if known, again := b.bodies[e.ID]; !again {
		b.bodies[e.ID] = sum
		b.of[e.Data.ID]++
	} else if known != sum {
		b.t.Errorf("%s was used for two events", e.ID)
	}
}

// amount reads how much of something a run is to have: a few in the tests, more by hand.
func amount(t *testing.T, name string, few int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s is no number", name)
	}
	return n
}

// The whole of it is INSIGHTO_TEST_KILLS=50 INSIGHTO_TEST_EVENTS=5000.
func TestNoKillLosesAnEvent(t *testing.T) {
	kills, events := amount(t, "INSIGHTO_TEST_KILLS", 4), amount(t, "INSIGHTO_TEST_EVENTS", 300)
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		t.Parallel() // it mostly waits for leases to end
		x := terminalOn(t, target).withAda()
		x.env["INSIGHTO_WEBHOOK_ALLOW_PRIVATE"] = "127.0.0.0/8"
		key := strings.TrimSpace(x.ok("key", "create", "--user", "ada@example.com", "--team", "Lovelace", "--name", "n", "--role", "full_access", "--description", "d").out)
		copies := 1
		if db.IsPostgres(target) {
			copies = 2
		}
		box := &inbox{t: t, bodies: map[string][32]byte{}, of: map[string]int{}}
		receiver := httptest.NewServer(box)
		t.Cleanup(receiver.Close)
		servers := make([]*process, copies)
		urls := make([]atomic.Pointer[string], copies)
		start := func(i int) {
			servers[i] = x.start()
			urls[i].Store(&servers[i].url)
		}
		for i := range copies {
			start(i)
		}
		hook, secret := makeHook(t, servers[0].url, key, receiver.URL)
		box.secret.Store(&secret)

		var acknowledged atomic.Int64
		var done atomic.Bool
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				for n := 0; !done.Load(); n++ {
					email := fmt.Sprintf("c%d-%d-%d@example.com", i, n, rand.Int64())
					answer, err := http.Post(*urls[i%copies].Load()+"/api/v1/contact?api_key="+key, "application/json", strings.NewReader(`{"email":"`+email+`"}`))
					if err != nil {
						time.Sleep(5 * time.Millisecond) // between a kill and the next start
						continue
					}
					answer.Body.Close()
					if answer.StatusCode == http.StatusOK {
						acknowledged.Add(1)
					} else {
						time.Sleep(5 * time.Millisecond)
					}
				}
			})
		}
		for n := range kills {
			target := int64(events) * int64(n+1) / int64(kills)
			for late := time.Now().Add(time.Minute); acknowledged.Load() < target && time.Now().Before(late); {
				time.Sleep(2 * time.Millisecond)
			}
			time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond)
			servers[n%copies].kill()
			start(n % copies)
		}
		done.Store(true)
		all.Wait()
		emptied(t, servers[0].url, key, hook)
		box.check(t, dbtest.Open(t, target, time.Now), int(acknowledged.Load()))
	})
}

func makeHook(t *testing.T, server, key, endpoint string) (id, secret string) {
	t.Helper()
	answer, err := http.Post(server+"/api/v1/outbound_webhook?api_key="+key, "application/json",
		strings.NewReader(`{"name":"n","endpoint":"`+endpoint+`","events":["contact.created"]}`))
	if err != nil {
		t.Fatal("the webhook could not be made")
	}
	defer answer.Body.Close()
	var made struct{ Data struct{ ID, Secret string } }
	if err := json.NewDecoder(answer.Body).Decode(&made); err != nil || made.Data.Secret == "" {
		t.Fatalf("got %d (%v)", answer.StatusCode, err)
	}
	return made.Data.ID, made.Data.Secret
}

// emptied waits until nothing waits to be delivered. What a killed process had claimed is due when its lease ends.
func emptied(t *testing.T, server, key, hook string) {
	t.Helper()
	var logs struct{ Data struct{ Total int } }
	for late := time.Now().Add(2*db.Lease + 30*time.Second); time.Now().Before(late); time.Sleep(100 * time.Millisecond) {
		answer, err := http.Get(server + "/api/v1/outbound_webhook/" + hook + "/logs?size=1&state=waiting&api_key=" + key)
		if err != nil {
			t.Fatal("the logs could not be read")
		}
		err = json.NewDecoder(answer.Body).Decode(&logs)
		answer.Body.Close()
		if err == nil && answer.StatusCode == http.StatusOK && logs.Data.Total == 0 {
			return
		}
	}
	t.Errorf("%d still wait", logs.Data.Total)
}

// check holds what came to what is kept: one event for each contact, acknowledged or not, and none for any other.
func (b *inbox) check(t *testing.T, store *db.Store, acknowledged int) {
	t.Helper()
	owner, err := store.SignIn(context.Background(), "ada@example.com", "three short calm words", db.Client{})
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]bool{}
	for n := int64(1); ; n++ {
		list, err := store.Contacts(context.Background(), owner, db.ContactFilter{}, db.Page{Number: n, Size: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list.Items {
			kept[c.ID] = true
		}
		if len(list.Items) == 0 {
			break
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	lost, made := 0, 0
	for id := range kept {
		if b.of[id] != 1 {
			lost++
		}
	}
	for id := range b.of {
		if !kept[id] {
			made++
		}
	}
	if lost > 0 || made > 0 || len(kept) < acknowledged {
		t.Errorf("%d contacts are kept of %d acknowledged; %d of them have not one event, and %d events have no contact", len(kept), acknowledged, lost, made)
	}
	t.Logf("%d contacts, %d acknowledged, %d events, %d arrivals", len(kept), acknowledged, len(b.bodies), b.came)
}
