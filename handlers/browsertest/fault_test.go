package browsertest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/insighto/insighto/handlers/handlertest"
)

const (
	made   = `document.querySelector("#dialog[open] #secret")`
	asks   = `document.querySelector("#unsaved")?.checkVisibility()`
	closed = `document.querySelector("#dialog").open === false`
)

// makeByDialog makes a key and leaves it open.
func (b *tab) makeByDialog() (secret string) {
	b.t.Helper()
	b.openDialog()
	b.fillKey()
	b.click("#dialog .button.main")
	return b.newKey(made)
}

func (b *tab) fillKey() {
	b.t.Helper()
	b.fill("#name", "nightly")
	b.fill("#role", "read_only")
	b.fill("#description", "Sums up the night")
}

// clickOutside clicks on the backdrop.
func (b *tab) clickOutside() {
	b.t.Helper()
	b.do(chromedp.MouseClickXY(4, 4))
}

// leave goes to another page and answers the browser's own question.
func (b *tab) leave(yes bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	questions := chromedp.Events(ctx, page.JavascriptDialogOpening)
	ask[any](b, `void setTimeout(() => location.assign("/settings/security"))`)
	for question, err := range questions {
		if err != nil || question.Type != page.DialogTypeBeforeunload {
			b.t.Fatalf("leaving the page: the browser asked %+v (%v), want its question before leaving", question, err)
		}
		break
	}
	call(b, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: yes})
}

// ways are those to close a dialog.
func (b *tab) ways() map[string]func() {
	return map[string]func(){
		"Esc":          func() { b.press(kb.Escape) },
		"Done":         func() { b.click("#sheet [data-close]") },
		"the backdrop": func() { b.clickOutside() },
	}
}

func guardedDialog(t *testing.T, b *tab) {
	b.enter()
	b.open("/settings/api-keys")
	secret := b.makeByDialog()
	ways := b.ways()
	ways["Esc again and again"] = func() { b.press(kb.Escape); b.press(kb.Escape); b.press(kb.Escape) }
	for way, close := range ways {
		ask[any](b, `void (document.querySelector("#unsaved").hidden = true)`)
		close()
		b.until(asks)
		b.reads("#unsaved[role=alert]", "You have not copied the key.", "cannot be shown again")
		b.focused("#unsaved .main")
		if got := ask[string](b, `document.querySelector("#secret").value`); got != secret {
			t.Errorf("after %s the key is %q", way, got)
		}
	}
	b.leave(false)
	if got := ask[string](b, `location.pathname + document.querySelector("#secret").value`); got != "/settings/api-keys"+secret {
		t.Errorf("after staying the page is %q, want the key still there", got)
	}
	b.click("#unsaved [data-discard]")
	b.until(closed)
	b.until(`document.querySelectorAll("#keys tbody tr").length === 1`)
	b.focused(makeLink)
	b.forgot(secret)
}

func leftPage(t *testing.T, b *tab) {
	b.enter()
	b.open("/settings/api-keys")
	secret := b.makeByDialog()
	b.leave(true)
	b.until(`location.pathname === "/settings/security" && document.querySelector("h1")`)
	b.forgot(secret)
	ask[any](b, `void setTimeout(() => history.back())`)
	b.until(`location.pathname === "/settings/api-keys" && document.querySelector("#keys tbody")`)
	b.forgot(secret)
}

func unguardedDialog(t *testing.T, b *tab) {
	b.enter()
	b.open("/settings/api-keys")
	rows := 0
	for way, close := range b.ways() {
		secret := b.makeByDialog()
		if way == "Done" {
			b.download(secret)
		} else {
			b.copyKey(secret)
		}
		close()
		b.until(closed)
		b.forgot(secret)
		rows++
		b.until(fmt.Sprintf(`document.querySelectorAll("#keys tbody tr").length === %d`, rows))
	}
}

func guardedPage(t *testing.T, b *tab) {
	b.enter()
	b.open("/settings/api-keys/new")
	b.fillKey()
	b.click("#sheet .button.main")
	secret := b.newKey(`document.querySelector("main > #sheet #secret")`)
	for _, close := range []func(){func() { b.press(kb.Escape) }, func() { b.click("#sheet [data-close]") }} {
		ask[any](b, `void (document.querySelector("#unsaved").hidden = true)`)
		close()
		b.until(asks)
		b.focused("#unsaved .main")
	}
	b.leave(false)
	b.press(kb.Enter) // Copy key
	b.until(`document.querySelector("#copied").innerText === "Key copied."`)
	b.click("#sheet [data-close]")
	b.until(`location.pathname === "/settings/api-keys" && document.querySelector("#keys tbody")`)
	b.forgot(secret)
	ask[any](b, `void setTimeout(() => history.back())`)
	b.until(`document.readyState === "complete" && !document.querySelector("#keys tbody") || performance.getEntriesByType("navigation")[0].type === "back_forward"`)
	if strings.Contains(ask[string](b, `document.documentElement.outerHTML + [...document.querySelectorAll("input, textarea")].map((e) => e.value)`), secret) {
		t.Error("going back shows the key again")
	}
}

func sessionEnded(t *testing.T, b *tab) {
	b.enter()
	b.open("/settings/api-keys")
	b.endSessions()
	b.click(makeLink)
	b.until(`location.pathname === "/login" && location.search === "?next=%2Fsettings%2Fapi-keys%2Fnew"`)
	b.fill("#email", "ada@a.example")
	b.fill("#password", handlertest.Passphrase)
	b.click(".button.main")
	b.until(`location.pathname === "/settings/api-keys/new" && document.querySelector("main > #sheet #name")`)

	b.open("/settings/api-keys")
	b.openDialog()
	b.fillKey()
	b.endSessions()
	b.click("#dialog .button.main")
	b.until(`location.pathname === "/login" && document.querySelector("#email")`)
}

func (b *tab) endSessions() {
	b.t.Helper()
	sessions, err := b.Store.Sessions(b.ctx, b.Ada)
	if err != nil || len(sessions) == 0 {
		b.t.Fatalf("got %d sessions to end (%v)", len(sessions), err)
	}
	for _, session := range sessions {
		if err := b.Store.EndSession(b.ctx, b.Ada, session.ID); err != nil {
			b.t.Fatal(err)
		}
	}
}

func outage(t *testing.T, b *tab) {
	b.enter()
	b.open("/settings/api-keys")
	b.openDialog()
	b.fillKey()
	kept := func(says string) {
		t.Helper()
		b.until(`document.querySelector("#dialog[open] .went-wrong[role=alert]")`)
		b.reads("#dialog .went-wrong", says, "again")
		typed := ask[string](b, `["name", "role", "description"].map((id) => document.getElementById(id).value).join("|")`)
		if typed != "nightly|read_only|Sums up the night" {
			t.Errorf("the form holds %q, want all that was typed", typed)
		}
		b.focused("#dialog .button.main")
	}
	b.lost.Store(true)
	b.click("#dialog .button.main")
	kept("The database does not answer")
	b.lost.Store(false)
	b.tolerated = "Failed to fetch"
	b.offline(true)
	b.click("#dialog .button.main")
	b.until(`document.querySelector("#dialog .went-wrong")?.innerText.startsWith("Insighto did not answer.")`)
	kept("What you typed is still here")
	b.offline(false)
	b.click("#dialog .button.main")
	b.newKey(made)
}

func outageOfQuestions(t *testing.T, b *tab) {
	b.Key(b.Ada, "read_only")
	b.enter()
	b.open("/settings/api-keys")
	b.click(row + ` a[href$="/revocation"]`)
	b.until(`document.querySelector("#dialog[open] .danger")`)
	b.lost.Store(true)
	b.click("#dialog .danger")
	b.until(`document.querySelector("#dialog[open] .went-wrong")`)
	b.reads(row, "Active")
	b.lost.Store(false)
	b.click("#dialog .danger")
	b.until(`document.querySelector("#keys .revoked")`)
	b.lost.Store(true)
	b.click(row + ` a[href$="/deletion"]`)
	b.until(`document.querySelector("main > .went-wrong")`)
	b.lost.Store(false)
}

func (b *tab) offline(yes bool) {
	b.t.Helper()
	call(b, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1}},
	})
}

func slip(t *testing.T, b *tab) {
	b.enter()
	b.open("/settings/api-keys")
	b.openDialog()
	b.clickOutside()
	b.until(closed)
	b.openDialog()
	b.fill("#name", "nightly")
	b.clickOutside()
	at := ask[[]float64](b, `(() => { const r = document.querySelector("#name").getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
	ask[any](b, `document.querySelector("#name").select()`)
	b.press(kb.Backspace)
	b.do( // selecting a text and letting go outside
		chromedp.MouseEvent(chromedp.MousePressed, at[0], at[1], chromedp.ButtonLeft, chromedp.ClickCount(1)),
		chromedp.MouseEvent(chromedp.MouseMoved, 4, 4, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseReleased, 4, 4, chromedp.ButtonLeft, chromedp.ClickCount(1)),
	)
	b.fill("#name", "nightly")
	if !ask[bool](b, `document.querySelector("#dialog").open && document.querySelector("#name").value === "nightly"`) {
		t.Error("the dialog closed over what was typed")
	}
}
