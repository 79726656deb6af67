package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/insighto/insighto/handlers/handlertest"
)

// walkByKeyboard is the walk with Tab, Enter and Esc.
func walkByKeyboard(t *testing.T, b *tab) {
	b.open("/settings/api-keys")
	b.focused("#email")
	b.press("ada@a.example" + kb.Tab + handlertest.Passphrase + kb.Enter)
	b.until(`document.querySelector("#keys .empty")`)
	b.press(kb.Tab)
	b.focused(".skip")
	b.tabTo(makeLink)
	b.press(kb.Enter)
	b.until(`document.querySelector("#dialog").open`)
	b.focused("#name")
	b.press(kb.Escape)
	b.until(`!document.querySelector("#dialog").open`)
	b.focused(makeLink)

	b.press(kb.Enter)
	b.until(`document.querySelector("#dialog").open`)
	b.focused("#name")
	b.press(kb.Enter) // sends it empty
	b.until(`document.querySelector("#dialog [aria-invalid]")`)
	b.focused("#name")
	b.press("nightly" + kb.Tab + "Read" + kb.Tab)
	b.focused("summary")
	b.press(kb.Enter)
	b.until(`document.querySelector("#dialog details").open`)
	b.tabTo("#description")
	b.press("Sums up the night" + kb.Tab + kb.Enter)
	secret := b.newKey(`document.querySelector("#dialog[open] #secret")`)
	b.focused("#secret")
	b.press(kb.Escape)
	b.focused("#unsaved .main")
	b.press(kb.Enter)
	b.until(`document.querySelector("#copied").innerText === "Key copied."`)
	if got := b.clipboard(); got != secret {
		t.Errorf("the clipboard holds %q, want the key", got)
	}
	b.focused("#sheet [data-close]")
	b.press(kb.Enter)
	b.until(`!document.querySelector("#dialog").open && document.querySelector("#keys tbody")`)
	b.focused(makeLink)

	for _, question := range []struct{ link, after string }{{"revocation", `th a`}, {"deletion", ``}} {
		link := row + ` a[href$="/` + question.link + `"]`
		b.tabTo(link)
		b.press(kb.Enter)
		b.until(`document.querySelector("#dialog").open`)
		b.focused("#dialog [data-close]") // Enter typed on changes nothing
		b.press(kb.Escape)
		b.until(`!document.querySelector("#dialog").open`)
		b.focused(link)
		b.press(kb.Enter)
		b.until(`document.querySelector("#dialog").open`)
		b.tabTo("#dialog .danger")
		b.press(kb.Enter)
		b.until(`!document.querySelector("#dialog").open`)
		if question.after != "" {
			b.focused(row + " " + question.after)
		}
	}
	b.until(`document.querySelector("#keys .empty")`)
	b.focused(makeLink)
}

// tabTo presses Tab until an element has the focus; each stop on the way must show that it has it.
func (b *tab) tabTo(selector string) {
	b.t.Helper()
	for range 60 {
		b.press(kb.Tab)
		at := ask[struct {
			There, Seen, Out bool
			What             string
		}](b, `(() => {
			const e = document.activeElement, style = getComputedStyle(e);
			return {
				There: e.matches(`+quoted(selector)+`), What: e.outerHTML.slice(0, 120),
				Seen: e === document.body || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2),
				Out: e !== document.body && document.querySelector("#dialog")?.open && !document.querySelector("#dialog").contains(e),
			};
		})()`)
		if !at.Seen {
			b.t.Errorf("the focus is not to be seen on %s", at.What)
		}
		if at.Out {
			b.t.Errorf("the focus left the dialog for %s", at.What)
		}
		if at.There {
			return
		}
	}
	b.t.Fatalf("60 times Tab did not lead to %s", selector)
}
