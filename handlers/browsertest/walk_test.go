package browsertest

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"
)

const (
	makeLink = `#keys a[href="/settings/api-keys/new"]`
	row      = `#keys tbody tr`
	program  = "nightly-report/2"
)

var wholeKey = regexp.MustCompile(`^in-[0-9A-Za-z]{43}$`)

func walk(t *testing.T, b *tab) {
	b.signInByForm("/settings/api-keys")
	b.reads("#keys", "No keys yet", "A key lets a script", "Make one to call the API.", "Create key")
	b.openDialog()
	b.sendWrongForm(`document.querySelector("#dialog[open] [aria-invalid]")`)
	b.fill("#role", "read_only")
	b.fill("#description", "Sums up the night")
	b.click("#dialog .button.main")
	secret := b.newKey(`document.querySelector("#dialog[open] #secret")`)

	b.copyKey(secret)
	b.useKey("/api/v1/key", secret, http.StatusOK)
	b.copyCurl(secret)
	b.download(secret)
	b.press(kb.Escape)
	b.until(`!document.querySelector("#dialog").open && document.querySelector("#keys tbody")`)
	b.focused(makeLink)
	b.reads(row, "nightly", secret[:11]+"…", "Read only", "Sums up the night", "Active")
	b.forgot(secret)

	b.lastUsed(secret)
	b.click(row + ` a[href$="/revocation"]`)
	b.until(`document.querySelector("#dialog[open] .danger")`)
	b.reads("#dialog", "Revoke “nightly”?", "GET /api/v1/user · 200", "from 127.0.0.1", program)
	b.click("#dialog .danger")
	b.until(`document.querySelector("#keys .revoked")`)
	b.useKey("/api/v1/key", secret, http.StatusUnauthorized)
	b.reads(row, "Revoked", time.Now().Format("2006"))
	b.reads("#said", "“nightly” is revoked. It no longer works.")
	b.until(`!document.querySelector("#dialog").open`)
	b.focused(row + ` th a`)

	b.click(row + ` a[href$="/deletion"]`)
	b.until(`document.querySelector("#dialog[open] .danger")`)
	b.reads("#dialog", "Delete “nightly”?", "is revoked", "GET /api/v1/user · 200", program)
	b.click("#dialog .danger")
	b.until(`document.querySelector("#keys .empty")`)
	b.reads("#said", "“nightly” is deleted.")
	b.focused(makeLink)
	b.forgot(secret)
}

// walkPlain is the walk of somebody whose browser runs no script.
func walkPlain(t *testing.T, b *tab) {
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.signInByForm("/settings/api-keys")
	b.click(makeLink)
	b.until(`location.pathname === "/settings/api-keys/new"`)
	b.sendWrongForm(`location.pathname === "/settings/api-keys" && document.querySelector("[aria-invalid]")`)
	b.fill("#role", "read_only")
	b.fill("#description", "Sums up the night")
	b.click("#sheet .button.main")
	secret := b.newKey(`document.querySelector("main > #sheet #secret")`)
	if seen := ask[int](b, `[...document.querySelectorAll(".scripted")].filter((e) => e.checkVisibility()).length`); seen != 0 {
		t.Errorf("%d buttons are offered that do nothing without a script", seen)
	}
	b.reads("#sheet", "the only time the key is shown", "Select the key")
	b.useKey("/api/v1/key", secret, http.StatusOK)
	b.click("#sheet [data-close]")
	b.until(`location.pathname === "/settings/api-keys" && document.querySelector("#keys tbody tr")`)
	b.reads(row, "nightly", secret[:11]+"…", "Active")
	b.forgot(secret)

	b.lastUsed(secret)
	b.click(row + ` a[href$="/revocation"]`)
	b.until(`document.querySelector("main > #sheet .danger")`)
	b.reads("#sheet", "Revoke “nightly”?", "GET /api/v1/user · 200", "from 127.0.0.1", program)
	b.click("#sheet .danger")
	b.until(`document.querySelector("#keys .revoked")`)
	b.useKey("/api/v1/key", secret, http.StatusUnauthorized)
	b.reads(row, "Revoked", time.Now().Format("2006"))

	b.click(row + ` a[href$="/deletion"]`)
	b.until(`document.querySelector("main > #sheet .danger")`)
	b.click("#sheet .danger")
	b.until(`document.querySelector("#keys .empty")`)
	b.click(`form[action="/logout"] button`)
	b.until(`location.pathname === "/login"`)
}
