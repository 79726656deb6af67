package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

const loopback = "127.0.0.0/8"

// aLot is a lot for an endpoint, from a real store, with its secrets.
func aLot(t *testing.T, endpoint string) (*db.Lot, []string) {
	t.Helper()
	ctx := context.Background()
	store := dbtest.Open(t, t.TempDir()+"/test.db", time.Now)
	ada := owner(t, store)
	w, first := hook(t, store, ada, endpoint)
	_, second, err := store.RotateWebhook(ctx, ada, w.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.TestWebhook(ctx, ada, w.ID); err != nil {
		t.Fatal(err)
	}
	lots, err := store.ClaimDeliveries(ctx, []db.WebhookRef{{TeamID: ada.TeamID, ID: w.ID}}, 1)
	if err != nil || len(lots) != 1 {
		t.Fatalf("got %v (%v)", lots, err)
	}
	return &lots[0], []string{second, first}
}

func owner(t testing.TB, store *db.Store) db.Principal {
	t.Helper()
	user, team, err := store.AddUser(context.Background(), db.Operator(""), db.NewUser{Email: "ada@a.example", Name: "Ada", Team: "A", Member: "owner", Password: "a long enough pass phrase"})
	if err != nil {
		t.Fatal(err)
	}
	return db.Principal{TeamID: team.ID, UserID: user.ID, Member: db.Owner}
}

func hook(t testing.TB, store *db.Store, p db.Principal, endpoint string, events ...string) (db.Webhook, string) {
	t.Helper()
	w, secret, err := store.CreateWebhook(context.Background(), p, db.NewWebhook{Name: "hook", Endpoint: endpoint, Events: events}, guard(loopback).Check)
	if err != nil {
		t.Fatal(err)
	}
	return w, secret
}

func sender() *Sender { return NewSender(guard(loopback), time.Now) }

func TestSignatures(t *testing.T) {
	var got http.Header
	var body []byte
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		body, _ = io.ReadAll(r.Body)
	}))
	t.Cleanup(receiver.Close)
	lot, secrets := aLot(t, receiver.URL)
	id := lot.Parcels[0].EventID
	sent := []byte(`{"a":"ü"}` + "\n")
	if a := sender().try(t.Context(), lot, id, sent); a.problem != "" || a.status != 200 || !bytes.Equal(body, sent) {
		t.Fatalf("got %+v and the body %q", a, body)
	}

	t.Run("the reference library takes either secret", func(t *testing.T) {
		for i, secret := range secrets {
			wh, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			if err := wh.Verify(body, got); err != nil {
				t.Errorf("secret %d: %v", i, err)
			}
			if wh.Verify(append(body, ' '), got) == nil {
				t.Errorf("secret %d: a changed body is taken", i)
			}
		}
		if other, _ := standardwebhooks.NewWebhook("whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32))); other.Verify(body, got) == nil {
			t.Error("any secret is taken")
		}
	})
	t.Run("they are what one works out by hand", func(t *testing.T) {
		var want []string
		for _, secret := range secrets {
			key, _ := base64.StdEncoding.DecodeString(secret[len("whsec_"):])
			mac := hmac.New(sha256.New, key)
			io.WriteString(mac, id+"."+got.Get("webhook-timestamp")+"."+string(sent))
			want = append(want, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		}
		if got.Get("webhook-signature") != strings.Join(want, " ") || got.Get("webhook-id") != id {
			t.Errorf("got %v, want %v", got, want)
		}
		if at, err := strconv.ParseInt(got.Get("webhook-timestamp"), 10, 64); err != nil || time.Since(time.Unix(at, 0)) > time.Minute {
			t.Errorf("got the timestamp %s", got.Get("webhook-timestamp"))
		}
	})
	t.Run("nothing else is told", func(t *testing.T) {
		for name := range got {
			if !strings.Contains("Webhook-Id Webhook-Timestamp Webhook-Signature Content-Type Content-Length User-Agent Accept-Encoding", name) {
				t.Errorf("the header %s is sent", name)
			}
		}
	})
}

// receivers are ways to answer badly.
func TestReceiversThatMisbehave(t *testing.T) {
	var hits atomic.Int32
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(canary.Close)
	redirect := func(status int, to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			hits.Add(1)
			if to == "" {
				to = "http://" + r.Host + r.URL.Path
			}
			w.Header().Set("Location", to)
			w.WriteHeader(status)
		}
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		status int
		says   string // a part of the problem; empty for a success
		hits   int32
		keeps  string // a part of the answer that is kept
	}{
		{"a redirect to a private address", redirect(302, "http://127.0.0.1:9/"), 302, "redirect", 1, ""},
		{"a redirect to another server", redirect(307, canary.URL), 307, "redirect", 1, ""},
		{"a redirect to the cloud's metadata", redirect(302, "https://169.254.169.254/"), 302, "redirect", 1, ""},
		{"a redirect to itself", redirect(307, ""), 307, "redirect", 1, ""},
		{"nothing but a reset", func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			_ = conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}, 0, "closed before", 0, ""},
		{"no HTTP", func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n")
			conn.Close()
		}, 0, "none that can be understood", 0, ""},
		{"headers without end", func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			defer conn.Close()
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := io.WriteString(conn, "X-More: "+strings.Repeat("x", 1000)+"\r\n"); err != nil {
					return
				}
			}
		}, 0, "none that can be understood", 0, ""},
		{"an error with a key and no text in it", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			io.WriteString(w, "no\x00 in-"+strings.Repeat("a", 43)+" \xff whsec_"+strings.Repeat("b", 43)+"=")
		}, 500, "answered 500", 0, "no in-[redacted] \uFFFD whsec_[redacted]"},
		{"a status nobody knows", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(599) }, 599, "answered 599.", 0, ""},
		{"nothing, well", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }, 204, "", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			hits.Store(0)
			receiver := httptest.NewServer(c.answer)
			defer receiver.Close()
			lot, secrets := aLot(t, receiver.URL)
			a := sender().try(t.Context(), lot, db.NewID(), []byte("{}"))
			if a.status != c.status || (a.problem == "") != (c.says == "") || !strings.Contains(a.problem, c.says) || hits.Load() != c.hits || !strings.Contains(a.answer, c.keeps) {
				t.Errorf("got %+v after %d requests, want %d, %q, %d", a, hits.Load(), c.status, c.says, c.hits)
			}
			for _, secret := range append(secrets, "127.0.0.1") {
				if strings.Contains(a.problem, secret) {
					t.Errorf("the problem tells too much: %s", a.problem)
				}
			}
		})
	}
}

func TestAnswersWithoutEnd(t *testing.T) {
	var unzipped atomic.Bool
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		unzipped.Store(r.Header.Get("Accept-Encoding") != "")
		w.Header().Set("Content-Encoding", "gzip")
		chunk := bytes.Repeat([]byte("x"), 32<<10)
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	t.Cleanup(receiver.Close)
	lot, _ := aLot(t, receiver.URL)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a := sender().try(t.Context(), lot, db.NewID(), []byte("{}"))
	runtime.ReadMemStats(&after)
	if a.problem != "" || a.status != 200 || len(a.answer) != answerKept || unzipped.Load() {
		t.Errorf("got %d, %q and %d bytes kept; asked for compression: %t", a.status, a.problem, len(a.answer), unzipped.Load())
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%d bytes were taken for it", grown)
	}
}

// A try ends with its timeout, whatever drips. Time is bent by ending the context early.
func TestReceiversThatTakeTheirTime(t *testing.T) {
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	for name, answer := range map[string]http.HandlerFunc{
		"hangs": func(w http.ResponseWriter, r *http.Request) { <-done },
		"drips its headers": func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			defer conn.Close()
			for _, c := range "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 100) {
				io.WriteString(conn, string(c))
				select {
				case <-done:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			receiver := httptest.NewUnstartedServer(answer)
			receiver.Start()
			lot, _ := aLot(t, receiver.URL)
			ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
			defer cancel()
			if a := sender().try(ctx, lot, db.NewID(), []byte("{}")); a.status != 0 || !strings.Contains(a.problem, "within 15 seconds") {
				t.Errorf("got %+v", a)
			}
		})
	}
	if tryTimeout != 15*time.Second {
		t.Errorf("a try has %v", tryTimeout)
	}
}

func TestCertificates(t *testing.T) {
	var hits atomic.Int32
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	receiver.Config.ErrorLog = nil
	t.Cleanup(receiver.Close)
	lot, _ := aLot(t, receiver.URL)
	if a := sender().try(t.Context(), lot, db.NewID(), []byte("{}")); !strings.Contains(a.problem, "certificate") || hits.Load() != 0 {
		t.Errorf("got %+v after %d requests", a, hits.Load())
	}
}

func TestAProxyFromTheEnvironmentIsNotUsed(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:9")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:9")
	if transport := sender().Client.Transport.(*http.Transport); transport.Proxy != nil {
		t.Error("there is a proxy")
	}
}

// rebinding is a name server that says something else each time it is asked.
func rebinding(t *testing.T, answers ...[4]byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var asked atomic.Int32
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				i := min(int(asked.Add(1)), len(answers)) - 1
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: answers[i]}}}
			}
			out, _ := m.Pack()
			_, _ = conn.WriteTo(out, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func TestANameThatChangesItsMindGainsNothing(t *testing.T) {
	var hits atomic.Int32
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(canary.Close)
	_, port, _ := net.SplitHostPort(canary.Listener.Addr().String())
	lot, _ := aLot(t, canary.URL)

	strict := guard()
	resolver := rebinding(t, [4]byte{93, 184, 216, 34}, [4]byte{127, 0, 0, 1})
	if found, err := resolver.LookupNetIP(t.Context(), "ip4", "rebind.test"); err != nil || fmt.Sprint(found) != "[93.184.216.34]" {
		t.Fatalf("the first look-up: got %v (%v)", found, err)
	}
	s := &Sender{Now: time.Now, Client: clientOf(&net.Dialer{Control: strict.Control, Resolver: resolver})}
	lot.Endpoint = "http://rebind.test:" + port + "/"
	if a := s.try(t.Context(), lot, db.NewID(), []byte("{}")); !strings.Contains(a.problem, "not reachable from the internet") || hits.Load() != 0 {
		t.Errorf("got %+v after %d requests", a, hits.Load())
	}
	t.Run("and the test would notice", func(t *testing.T) {
		s.Client = clientOf(&net.Dialer{Resolver: resolver})
		if a := s.try(t.Context(), lot, db.NewID(), []byte("{}")); a.status != 200 || hits.Load() != 1 {
			t.Errorf("without a guard: got %+v after %d requests", a, hits.Load())
		}
	})
}

func TestSchedule(t *testing.T) {
	want := []time.Duration{5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}
	for step, span := range want {
		for _, random := range []float64{0, 0.5, 0.999999} {
			got, again := wait(step, random, 0)
			if low, high := span*8/10, span*12/10; !again || got < low || got > high {
				t.Errorf("after try %d: got %v, want %v ± 20 %%", step+1, got, span)
			}
		}
	}
	if _, again := wait(len(want), 0.5, 0); again {
		t.Error("there is a try after the last")
	}
	for _, c := range []struct {
		header string
		want   time.Duration
	}{{"120", 2 * time.Minute}, {"-5", 5 * time.Second}, {"99999999", 24 * time.Hour}, {"soon", 5 * time.Second}, {"", 5 * time.Second}, {"Fri, 20 Nov 2026 12:10:00 GMT", 10 * time.Minute}, {"Fri, 20 Nov 2020 12:10:00 GMT", 5 * time.Second}} {
		now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		if got, _ := wait(0, 0.5, retryAfter(c.header, now)); got != c.want {
			t.Errorf("Retry-After: %s: got %v, want %v", c.header, got, c.want)
		}
	}
}
