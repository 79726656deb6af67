package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

var signingSecret = regexp.MustCompile(`whsec_[0-9A-Za-z+/]{43}=`)

func TestWebhookPages(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		cookie := w.signIn("ada@a.example")
		has := func(t *testing.T, path string, want ...string) string {
			t.Helper()
			rec := w.page(path, cookie)
			for _, text := range want {
				if rec.Code != 200 || !strings.Contains(rec.Body.String(), text) {
					t.Errorf("%s: got %d without %q", path, rec.Code, text)
				}
			}
			if signingSecret.MatchString(rec.Body.String()) {
				t.Errorf("%s shows a secret", path)
			}
			return rec.Body.String()
		}
		form := url.Values{"name": {"CRM"}, "endpoint": {"https://example.com/hook"}, "events": {"conversation.closed", "contact.created"}}

		t.Run("none says what to do", func(t *testing.T) { has(t, "/settings/webhooks", "No webhooks yet", "Add webhook") })
		t.Run("what is wrong stands beside its field, and nothing typed is lost", func(t *testing.T) {
			rec := w.post("/settings/webhooks", cookie, url.Values{"name": {"CRM"}, "endpoint": {"https://10.0.0.1/x"}})
			for _, text := range []string{"endpoint-wrong", "events-wrong", `value="CRM"`, `value="https://10.0.0.1/x"`, "--webhook-allow-private"} {
				if rec.Code != 422 || !strings.Contains(rec.Body.String(), text) {
					t.Errorf("got %d without %s", rec.Code, text)
				}
			}
		})
		rec := w.post("/settings/webhooks", cookie, form)
		secret := signingSecret.FindString(rec.Body.String())
		list, err := w.store.Webhooks(ctx, w.ada, db.Page{Number: 1, Size: 10})
		if err != nil || list.Total != 1 {
			t.Fatalf("got %d webhooks (%v)", list.Total, err)
		}
		id := list.Items[0].ID
		path := "/settings/webhooks/" + id
		t.Run("its secret is shown once", func(t *testing.T) {
			if rec.Code != 200 || secret == "" || rec.Header().Get("Cache-Control") != "no-store" || strings.Join(list.Items[0].Events, " ") != "conversation.closed contact.created" {
				t.Errorf("got %d, %v and %v", rec.Code, rec.Header(), list.Items[0])
			}
			for _, p := range []string{"/settings/webhooks", path, path + "/edit", path + "/rotation", path + "/deletion"} {
				has(t, p, "CRM")
			}
			if strings.Contains(w.log.String(), secret) {
				t.Error("it is in the log")
			}
		})
		act := func(t *testing.T, action string, form url.Values) {
			t.Helper()
			rec := w.post(path+action, cookie, form)
			if to := rec.Header().Get("Location"); rec.Code != http.StatusSeeOther || !strings.HasPrefix(to, path+"?done=") {
				t.Fatalf("%s: got %d to %s", action, rec.Code, to)
			}
			has(t, rec.Header().Get("Location"), `role="status"`)
		}
		t.Run("a test waits, and is seen", func(t *testing.T) {
			act(t, "/test", nil)
			has(t, path, "webhook.test", "Waiting", "next try now")
			has(t, path+"?state=failed", "None is in this state")
			has(t, path+"?state=nonsense&page=x", "webhook.test")
		})
		t.Run("a failure tells why, and is replayed with its id", func(t *testing.T) {
			claim := func() db.Lot {
				t.Helper()
				lots, err := w.store.ClaimDeliveries(ctx, []db.WebhookRef{{TeamID: w.ada.TeamID, ID: id}}, 9)
				if err != nil || len(lots) != 1 {
					t.Fatalf("got %v (%v)", lots, err)
				}
				return lots[0]
			}
			fail := func() string {
				t.Helper()
				lot := claim()
				event := lot.Parcels[0].EventID
				if err := w.store.FinishDeliveries(ctx, []db.Result{{Lot: &lot, EventID: event, State: db.Failed, Status: 500, Took: 12 * time.Millisecond,
					TriedAt: time.Now(), Problem: "The endpoint answered 500.", Answer: "<b>oh no</b>"}}); err != nil {
					t.Fatal(err)
				}
				return event
			}
			event := fail()
			has(t, path+"?state=failed", "Failed", "answered 500", "&lt;b&gt;oh no", "12 ms", event, "tried 1 time", "Every try has failed since")
			act(t, "/deliveries/"+event+"/replay", nil)
			if again := fail(); again != event {
				t.Errorf("got %s, want %s again", again, event)
			}
			act(t, "/replay", url.Values{"since": {"hour"}})
			if again := fail(); again != event {
				t.Errorf("got %s, want %s again", again, event)
			}
		})
		t.Run("it is disabled and enabled", func(t *testing.T) {
			act(t, "/disable", nil)
			has(t, path, "Disabled", "/enable")
			if rec := w.post(path+"/test", cookie, nil); rec.Code != http.StatusConflict || !strings.Contains(rec.Body.String(), "Enable it first") {
				t.Errorf("a test of a disabled one: got %d", rec.Code)
			}
			act(t, "/enable", nil)
		})
		t.Run("it is edited", func(t *testing.T) {
			act(t, "", url.Values{"name": {"ERP"}, "endpoint": {"https://example.com/other"}, "events": {"contact.updated"}})
			has(t, path, "ERP", "https://example.com/other", "contact.updated")
			if rec := w.post(path, cookie, url.Values{"name": {""}, "endpoint": {"nope"}}); rec.Code != 422 {
				t.Errorf("nonsense: got %d", rec.Code)
			}
		})
		t.Run("a rotated secret is another, shown once", func(t *testing.T) {
			rec := w.post(path+"/secret", cookie, nil)
			if other := signingSecret.FindString(rec.Body.String()); rec.Code != 200 || other == "" || other == secret || !strings.Contains(rec.Body.String(), "24 hours") {
				t.Errorf("got %d and %t", rec.Code, other == secret)
			}
			has(t, path, "Two sign until")
		})
		t.Run("a member sees why not, and does nothing", func(t *testing.T) {
			if _, _, err := w.store.AddUser(ctx, db.Operator(""), db.NewUser{Email: "mo@a.example", Name: "Mo", Team: "A", Member: "member", Password: passphrase}); err != nil {
				t.Fatal(err)
			}
			mo := w.signIn("mo@a.example")
			for _, p := range []string{"/settings/webhooks", "/settings/webhooks/new", path, path + "/edit", path + "/rotation", path + "/deletion"} {
				if rec := w.page(p, mo); rec.Code != 403 || !strings.Contains(rec.Body.String(), "Owners and admins look after webhooks") {
					t.Errorf("%s: got %d", p, rec.Code)
				}
			}
			for _, p := range []string{"/settings/webhooks", path, path + "/secret", path + "/delete", path + "/disable", path + "/test", path + "/replay"} {
				if rec := w.post(p, mo, form); rec.Code != 403 {
					t.Errorf("%s: got %d", p, rec.Code)
				}
			}
		})
		t.Run("another team's is not there", func(t *testing.T) {
			w.person("eve@b.example", "B")
			eve := w.signIn("eve@b.example")
			missing := "/settings/webhooks/99999999-0000-4000-8000-000000000000"
			for _, action := range []string{"/secret", "/delete", "/disable", "/test", "/replay", ""} {
				foreign, absent := w.post(path+action, eve, form), w.post(missing+action, eve, form)
				if foreign.Code != 404 || absent.Code != 404 {
					t.Errorf("%s: got %d and %d", action, foreign.Code, absent.Code)
				}
			}
		})
		t.Run("a deleted one is gone", func(t *testing.T) {
			if rec := w.post(path+"/delete", cookie, nil); rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/settings/webhooks" {
				t.Errorf("got %d", rec.Code)
			}
			if rec := w.page(path, cookie); rec.Code != 404 {
				t.Errorf("after it: got %d", rec.Code)
			}
		})
	})
}
