package handlers_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers/webhook"
)

// A signing secret is in the two columns it signs from, and nowhere else: no log, no answer after the first, no other column.
func TestASigningSecretStaysWhereItSigns(t *testing.T) {
	target := dbtest.Postgres(t) // where every column can be read
	ctx := context.Background()
	w := newWorld(t, dbtest.Open(t, target, time.Now))
	_, key := w.Key(w.Ada, "full_access")
	cookie := w.SignIn("ada@a.example")
	var secrets []string
	receiver := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.WriteHeader(500)
		fmt.Fprint(out, "I know it: ", strings.Join(secrets, " "))
		_ = r.Header.Write(out)
	}))
	t.Cleanup(receiver.Close)
	inside := webhook.NewGuard([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "")
	hook, first, err := w.Store.CreateWebhook(ctx, w.Ada, db.NewWebhook{Name: "echo", Endpoint: receiver.URL}, inside.Check)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := w.Store.RotateWebhook(ctx, w.Ada, hook.ID)
	if err != nil {
		t.Fatal(err)
	}
	secrets = []string{first, second}
	w.Do("POST", hooks+"?api_key="+key, `{"name":"`+first+`","endpoint":"https://example.com/?`+first+`"}`, "Content-Type", "application/json", "Idempotency-Key", first, "User-Agent", second)
	made := w.Do("POST", hooks+"?api_key="+key, `{"name":"other","endpoint":"https://example.com"}`, "Content-Type", "application/json", "Idempotency-Key", "once")
	secrets = append(secrets, signingSecret.FindString(made.Body.String()))
	shown := w.Post("/settings/webhooks", cookie, url.Values{"name": {"page"}, "endpoint": {"https://example.com"}, "events": {"contact.created"}})
	secrets = append(secrets, signingSecret.FindString(shown.Body.String()))

	if _, err := w.Store.TestWebhook(ctx, w.Ada, hook.ID); err != nil {
		t.Fatal(err)
	}
	working, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	log := slog.New(slog.NewJSONHandler(w.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	go func() {
		defer close(done)
		webhook.NewCourier(w.Store, webhook.NewSender(inside, time.Now), log).Run(working)
	}()
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		list, err := w.Store.Deliveries(ctx, w.Ada, hook.ID, "", db.Page{Number: 1, Size: 1})
		if err == nil && len(list.Items) == 1 && list.Items[0].Tries == 1 {
			break
		}
		if time.Now().After(late) {
			t.Fatal("the test never arrived")
		}
	}
	stop()
	<-done
	seen := map[string]string{"the log": w.Log.String()}
	for _, path := range []string{"/settings/webhooks", "/settings/webhooks/" + hook.ID, hooks + "?api_key=" + key, hooks + "/" + hook.ID + "/logs?api_key=" + key} {
		body, _ := io.ReadAll(w.Page(path, cookie).Body)
		seen[path] = string(body)
	}
	for column, text := range dump(t, target) {
		if column != "webhooks.secret" && column != "webhooks.old_secret" {
			seen[column] = string(text)
		}
	}
	for where, text := range seen {
		for i, secret := range secrets {
			if len(secret) < 40 || strings.Contains(text, secret[10:40]) {
				t.Errorf("secret %d is in %s", i, where)
			}
		}
	}
	if !strings.Contains(seen["deliveries.answer"], "I know it: whsec_[redacted]") || !strings.Contains(seen["the log"], "was not delivered") {
		t.Errorf("nothing was put to the test: %q", seen["deliveries.answer"])
	}
}
