package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

var (
	signingSecret = regexp.MustCompile(`whsec_[0-9A-Za-z+/]{43}=`)
	hookPath      = regexp.MustCompile(`/settings/webhooks/([0-9a-f-]{36})`)
)

// hook is a webhook that was added on its page, and whoever added it.
type hook struct {
	*world
	cookie string
	id     string
	path   string
	secret string
	added  *httptest.ResponseRecorder
}

var hookForm = url.Values{"name": {"CRM"}, "endpoint": {"https://example.com/hook"}, "events": {"conversation.closed", "contact.created"}}

func (w *world) hook(t *testing.T, cookie string) hook {
	t.Helper()
	rec := w.Post("/settings/webhooks", cookie, hookForm)
	path := hookPath.FindStringSubmatch(rec.Body.String())
	if rec.Code != 200 || path == nil {
		t.Fatalf("adding a webhook: got %d %s", rec.Code, rec.Body)
	}
	return hook{w, cookie, path[1], path[0], signingSecret.FindString(rec.Body.String()), rec}
}

// has looks for texts on a page, on which no secret may be.
func (h hook) has(t *testing.T, path string, want ...string) {
	t.Helper()
	rec := h.Page(path, h.cookie)
	for _, text := range want {
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), text) {
			t.Errorf("%s: got %d without %q", path, rec.Code, text)
		}
	}
	if signingSecret.MatchString(rec.Body.String()) {
		t.Errorf("%s shows a secret", path)
	}
}

// act presses a button of the webhook's page, which then says what was done.
func (h hook) act(t *testing.T, action string, form url.Values) {
	t.Helper()
	rec := h.Post(h.path+action, h.cookie, form)
	if to := rec.Header().Get("Location"); rec.Code != http.StatusSeeOther || !strings.HasPrefix(to, h.path+"?done=") {
		t.Fatalf("%s: got %d to %s", action, rec.Code, to)
	}
	h.has(t, rec.Header().Get("Location"), `role="status"`)
}

// fail lets the delivery that waits fail, and gives the id of its event.
func (h hook) fail(t *testing.T) string {
	t.Helper()
	lots, err := h.Store.ClaimDeliveries(t.Context(), []db.WebhookRef{{TeamID: h.Ada.TeamID, ID: h.id}}, 9)
	if err != nil || len(lots) != 1 {
		t.Fatalf("got %v (%v), want one lot", lots, err)
	}
	event := lots[0].Parcels[0].EventID
	if err := h.Store.FinishDeliveries(t.Context(), []db.Result{{Lot: &lots[0], EventID: event, State: db.Failed, Status: 500, Took: 12 * time.Millisecond,
		TriedAt: time.Now(), Problem: "The endpoint answered 500.", Answer: "<b>oh no</b>"}}); err != nil {
		t.Fatal(err)
	}
	return event
}

func TestAddingAWebhook(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		cookie := w.SignIn("ada@a.example")
		hook{world: w, cookie: cookie}.has(t, "/settings/webhooks", "No webhooks yet", "Add webhook")
		rec := w.Post("/settings/webhooks", cookie, url.Values{"name": {"CRM"}, "endpoint": {"https://10.0.0.1/x"}})
		for _, text := range []string{"endpoint-wrong", "events-wrong", `value="CRM"`, `value="https://10.0.0.1/x"`, "--webhook-allow-private"} {
			if rec.Code != 422 || !strings.Contains(rec.Body.String(), text) {
				t.Errorf("wrong input: got %d without %s", rec.Code, text)
			}
		}
		h := w.hook(t, cookie)
		if h.secret == "" || h.added.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("got the secret %q and %v", h.secret, h.added.Header())
		}
		if made, err := w.Store.Webhook(t.Context(), w.Ada, h.id); err != nil || strings.Join(made.Events, " ") != "conversation.closed contact.created" {
			t.Errorf("got %+v (%v)", made, err)
		}
		for _, path := range []string{"/settings/webhooks", h.path, h.path + "/edit", h.path + "/rotation", h.path + "/deletion"} {
			h.has(t, path, "CRM")
		}
		if strings.Contains(w.Log.String(), h.secret) {
			t.Error("the secret is in the log")
		}
	})
}

func TestWebhookPages(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		cookie := w.SignIn("ada@a.example")
		t.Run("a test waits, and is seen", func(t *testing.T) {
			h := w.hook(t, cookie)
			h.act(t, "/test", nil)
			h.has(t, h.path, "webhook.test", "Waiting", "next try now")
			h.has(t, h.path+"?state=failed", "None is in this state")
			h.has(t, h.path+"?state=nonsense&page=x", "webhook.test")
		})
		t.Run("a failure tells why, and is replayed with its id", func(t *testing.T) {
			h := w.hook(t, cookie)
			h.act(t, "/test", nil)
			event := h.fail(t)
			h.has(t, h.path+"?state=failed", "Failed", "answered 500", "&lt;b&gt;oh no", "12 ms", event, "tried 1 time", "Every try has failed since")
			h.act(t, "/deliveries/"+event+"/replay", nil)
			if again := h.fail(t); again != event {
				t.Errorf("got %s, want %s again", again, event)
			}
			h.act(t, "/replay", url.Values{"since": {"hour"}})
			if again := h.fail(t); again != event {
				t.Errorf("got %s, want %s again", again, event)
			}
		})
		t.Run("it is disabled and enabled", func(t *testing.T) {
			h := w.hook(t, cookie)
			h.act(t, "/disable", nil)
			h.has(t, h.path, "Disabled", "/enable")
			if rec := w.Post(h.path+"/test", cookie, nil); rec.Code != http.StatusConflict || !strings.Contains(rec.Body.String(), "Enable it first") {
				t.Errorf("a test of a disabled one: got %d", rec.Code)
			}
			h.act(t, "/enable", nil)
		})
		t.Run("it is edited", func(t *testing.T) {
			h := w.hook(t, cookie)
			h.act(t, "", url.Values{"name": {"ERP"}, "endpoint": {"https://example.com/other"}, "events": {"contact.updated"}})
			h.has(t, h.path, "ERP", "https://example.com/other", "contact.updated")
			if rec := w.Post(h.path, cookie, url.Values{"name": {""}, "endpoint": {"nope"}}); rec.Code != 422 {
				t.Errorf("nonsense: got %d", rec.Code)
			}
		})
		t.Run("a rotated secret is another, shown once", func(t *testing.T) {
			h := w.hook(t, cookie)
			rec := w.Post(h.path+"/secret", cookie, nil)
			if other := signingSecret.FindString(rec.Body.String()); rec.Code != 200 || other == "" || other == h.secret || !strings.Contains(rec.Body.String(), "24 hours") {
				t.Errorf("got %d and %t", rec.Code, other == h.secret)
			}
			h.has(t, h.path, "Two sign until")
		})
		t.Run("a member sees why not, and does nothing", func(t *testing.T) {
			h := w.hook(t, cookie)
			if _, _, err := w.Store.AddUser(t.Context(), db.Operator(""), db.NewUser{Email: "mo@a.example", Name: "Mo", Team: "A", Member: "member", Password: passphrase}); err != nil {
				t.Fatal(err)
			}
			mo := w.SignIn("mo@a.example")
			for _, p := range []string{"/settings/webhooks", "/settings/webhooks/new", h.path, h.path + "/edit", h.path + "/rotation", h.path + "/deletion"} {
				if rec := w.Page(p, mo); rec.Code != 403 || !strings.Contains(rec.Body.String(), "Owners and admins look after webhooks") {
					t.Errorf("%s: got %d", p, rec.Code)
				}
			}
			for _, p := range []string{"/settings/webhooks", h.path, h.path + "/secret", h.path + "/delete", h.path + "/disable", h.path + "/test", h.path + "/replay"} {
				if rec := w.Post(p, mo, hookForm); rec.Code != 403 {
					t.Errorf("%s: got %d", p, rec.Code)
				}
			}
		})
		t.Run("another team's is not there", func(t *testing.T) {
			h := w.hook(t, cookie)
			w.Person("eve@b.example", "B")
			eve := w.SignIn("eve@b.example")
			missing := "/settings/webhooks/99999999-0000-4000-8000-000000000000"
			for _, action := range []string{"/secret", "/delete", "/disable", "/test", "/replay", ""} {
				foreign, absent := w.Post(h.path+action, eve, hookForm), w.Post(missing+action, eve, hookForm)
				if foreign.Code != 404 || absent.Code != 404 {
					t.Errorf("%s: got %d and %d", action, foreign.Code, absent.Code)
				}
			}
		})
		t.Run("a deleted one is gone", func(t *testing.T) {
			h := w.hook(t, cookie)
			if rec := w.Post(h.path+"/delete", cookie, nil); rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/settings/webhooks" {
				t.Errorf("got %d", rec.Code)
			}
			if rec := w.Page(h.path, cookie); rec.Code != 404 {
				t.Errorf("after it: got %d", rec.Code)
			}
		})
	})
}
