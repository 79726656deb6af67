package browsertest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/handlertest"
)

// makeHooks makes webhooks in every state that a page can show, the first of them with deliveries of every kind.
func (b *tab) makeHooks() (busy, gone string) {
	b.t.Helper()
	ctx := context.Background()
	must := func(err error) {
		b.t.Helper()
		if err != nil {
			b.t.Fatal(err)
		}
	}
	make := func(name, path string) db.Webhook {
		w, _, err := b.Store.CreateWebhook(ctx, b.Ada, db.NewWebhook{Name: name, Endpoint: "https://example.com/" + path}, handlertest.Outside().Check)
		must(err)
		return w
	}
	test := func(w db.Webhook, state db.DeliveryState, isGone bool) {
		_, err := b.Store.TestWebhook(ctx, b.Ada, w.ID)
		must(err)
		lots, err := b.Store.ClaimDeliveries(ctx, []db.WebhookRef{{TeamID: b.Ada.TeamID, ID: w.ID}}, 9)
		must(err)
		r := db.Result{Lot: &lots[0], EventID: lots[0].Parcels[0].EventID, State: state, TriedAt: time.Now(), Next: time.Now().Add(time.Hour), Took: 1234 * time.Millisecond, Status: 200, Gone: isGone}
		if state != db.Delivered {
			r.Status, r.Problem, r.Answer = 500, "The endpoint answered 500 Internal Server Error.", strings.Repeat("Nobreakanywhere", 60)
		}
		must(b.Store.FinishDeliveries(ctx, []db.Result{r}))
	}
	long, bye := make(strings.Repeat("Wide", 16), strings.Repeat("nobreakanywhere", 40)), make("gone", "")
	make("healthy", "hook")
	test(bye, db.Failed, true)
	for range 26 {
		test(long, db.Delivered, false)
	}
	test(long, db.Waiting, false)
	test(long, db.Failed, false)
	_, err := b.Store.TestWebhook(ctx, b.Ada, long.ID)
	must(err)
	return "/settings/webhooks/" + long.ID, "/settings/webhooks/" + bye.ID
}

func webhookStates(t *testing.T, b *tab) {
	const list = "/settings/webhooks"
	b.enter()
	b.walkStates([]state{
		{"no webhooks", func(b *tab) { b.open(list) }},
		{"adding a webhook", func(b *tab) {
			b.click("a[href='" + list + "/new']")
			b.until(`document.querySelector("#dialog[open] #sheet")`)
		}},
		{"adding a webhook, wrong", func(b *tab) { b.click("#dialog .button.main"); b.until(`document.querySelector("[aria-invalid]")`) }},
		{"a signing secret", func(b *tab) {
			b.fill("#name", "CRM")
			b.fill("#endpoint", "https://example.com/hook")
			b.click("#dialog .button.main")
			b.until(`document.querySelector("#dialog #secret")`)
		}},
		{"a signing secret, closing", func(b *tab) { b.press(kb.Escape); b.until(asks) }},
		{"the form of a webhook", func(b *tab) {
			b.click("[data-discard]")
			b.until(closed)
			b.open(list + "/new")
		}},
	})
	busy, gone := b.makeHooks()
	b.walkStates([]state{
		{"webhooks", func(b *tab) { b.open(list) }},
		{"webhooks, past the end", func(b *tab) { b.open(list + "?page=9") }},
		{"a webhook", func(b *tab) { b.open(busy) }},
		{"a webhook, an answer shown", func(b *tab) { b.click("#deliveries summary") }},
		{"a webhook, failed ones", func(b *tab) { b.open(busy + "?state=failed") }},
		{"a webhook, none of a state", func(b *tab) { b.open(gone + "?state=delivered") }},
		{"a webhook that is gone", func(b *tab) { b.open(gone) }},
		{"a webhook, tested", func(b *tab) {
			b.open(busy)
			b.click("form[action$='/test'] button")
			b.until(`location.search === "?done=test"`)
		}},
		{"a webhook, edited", func(b *tab) { b.open(busy + "/edit") }},
		{"rotating", func(b *tab) {
			b.open(busy)
			b.click("a[href$='/rotation']")
			b.until(`document.querySelector("#dialog[open] #sheet")`)
		}},
		{"deleting a webhook", func(b *tab) { b.open(busy + "/deletion") }},
	})
	if _, _, err := b.Store.AddUser(context.Background(), db.Operator(""), db.NewUser{Email: "mo@a.example", Name: "Mo", Team: "A", Member: "member", Password: handlertest.Passphrase}); err != nil {
		t.Fatal(err)
	}
	b.enterAs("mo@a.example")
	b.walkStates([]state{{"webhooks, of a member", func(b *tab) { b.open(list); b.reads("h2", "Owners and admins look after webhooks") }}})
}

func walkWebhook(t *testing.T, b *tab) {
	b.enter()
	b.open("/settings/webhooks")
	b.click("a[href='/settings/webhooks/new']")
	b.until(`document.querySelector("#dialog[open] #sheet")`)
	b.fill("#name", "CRM")
	b.fill("#endpoint", "https://example.com/hook")
	b.click("#dialog .button.main")
	b.until(`document.querySelector("#dialog #secret")`)
	first := ask[string](b, `document.querySelector("#secret").value`)
	b.click("#dialog [data-copy='secret']")
	b.until(`document.querySelector("#copied").innerText === "Secret copied."`)
	b.press(kb.Escape)
	b.until(closed)
	b.until(`document.querySelector("#webhooks li")?.innerText.includes("CRM")`)
	if html := ask[string](b, `document.documentElement.outerHTML`); strings.Contains(html, first) || !strings.HasPrefix(first, "whsec_") {
		t.Errorf("the secret is still there once its sheet is closed")
	}
	b.click(".hook-name")
	b.until(`document.querySelector("#deliveries")`)
	b.click("a[href$='/rotation']")
	b.until(`document.querySelector("#dialog[open] #sheet")`)
	b.click("#dialog .button.main")
	b.until(`document.querySelector("#dialog #secret")`)
	if second := ask[string](b, `document.querySelector("#secret").value`); second == first {
		t.Error("the rotated secret is the same")
	}
	b.click("#dialog [data-copy='secret']")
	b.until(`document.querySelector("#copied").innerText === "Secret copied."`)
	b.press(kb.Escape)
	b.until(closed)
	b.open("/settings/webhooks")
	b.click("#webhooks a[href$='/deletion']")
	b.until(`document.querySelector("#dialog[open] #sheet")`)
	b.click("#dialog .danger")
	b.until(`document.querySelector("#said").innerText.includes("is deleted") && document.querySelector("#webhooks .empty")`)
}
