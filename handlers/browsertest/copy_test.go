package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func copiedOnPlainHTTP(t *testing.T, b *tab) {
	trusted := b.base
	b.base = strings.Replace(b.base, "localhost", plainHost, 1)
	b.signInByForm("/settings/api-keys")
	secret := b.makeByDialog()
	if ask[bool](b, `"clipboard" in navigator`) {
		t.Fatal("there is a clipboard API on plain http; this test needs a page without one")
	}
	b.click(`#sheet > .field [data-copy="secret"]`)
	b.until(`document.querySelector("#copied").innerText === "Key copied."`)
	b.focused(`[data-copy="secret"]`)
	b.press(kb.Escape)
	b.until(closed)
	b.base = trusted
	b.open("/login")
	if got := b.clipboard(); got != secret {
		t.Errorf("the clipboard holds %q, want the key", got)
	}
}

func notCopied(t *testing.T, b *tab) {
	b.enter()
	b.always(`delete Navigator.prototype.clipboard; Document.prototype.execCommand = () => false`)
	b.open("/settings/api-keys")
	secret := b.makeByDialog()
	for _, what := range []string{"secret", "curl"} {
		ask[any](b, `void (document.querySelector("#copied").textContent = "")`)
		b.click(`#sheet > .field [data-copy="` + what + `"]`)
		b.until(`document.querySelector("#copied").innerText === "Copying failed. Select it and press Ctrl+C."`)
		b.focused("#secret")
		if got := ask[string](b, `(() => { const e = document.activeElement; return e.value.slice(e.selectionStart, e.selectionEnd); })()`); got != secret {
			t.Errorf("what is selected to be copied by hand is %q, want the key", got)
		}
		b.press(kb.Escape)
		b.until(asks)
	}
	b.click("#unsaved .main")
	b.focused("#secret")
	if page := b.text("#sheet"); strings.Contains(page, "opied.") {
		t.Errorf("the page says %q, but nothing was copied", page)
	}
	b.press(kb.Escape)
	b.until(asks)
}

func copiedByHand(t *testing.T, b *tab) {
	b.enter()
	b.open("/settings/api-keys")
	secret := b.makeByDialog()
	ask[any](b, `document.querySelector("#secret").setSelectionRange(0, 20)`)
	b.pressCopy()
	b.press(kb.Escape)
	b.until(asks)
	b.do(chromedp.Focus(chromedp.CSS("#secret")))
	b.pressCopy()
	if got := b.clipboard(); got != secret {
		t.Errorf("the clipboard holds %q, want the key", got)
	}
	b.press(kb.Escape)
	b.until(closed)
}

// pressCopy is Ctrl+C.
func (b *tab) pressCopy() {
	b.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Modifiers: int64(kb.ModifierCtrl), Key: "c", Code: "KeyC", WindowsVirtualKeyCode: 67, Commands: []string{"copy"}})
	}
}
