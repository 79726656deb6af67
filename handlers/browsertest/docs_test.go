package browsertest

import (
	"strings"
	"testing"
)

func TestBrowserDocs(t *testing.T) {
	c := startChrome(t)
	t.Run("the docs pass axe in every light and width", func(t *testing.T) {
		b := c.visit(t, newSite(t, freshStore(t)).withAda())
		b.walkStates([]state{
			{"docs", func(b *tab) { b.open("/docs") }},
			{"docs, all scripts shown", func(b *tab) {
				ask[int](b, `document.querySelectorAll("details:not(#try)").forEach((d) => { d.open = true }), 1`)
			}},
			{"docs, signed in", func(b *tab) { b.enter(); b.open("/docs") }},
		})
	})
	t.Run("a script is copied as it is printed", func(t *testing.T) {
		b := c.visit(t, newSite(t, freshStore(t)).withAda())
		b.open("/docs")
		b.click("[data-copy-code=export-sh]")
		b.until(`document.querySelector("#said").textContent === "export.sh copied."`)
		b.until(`navigator.clipboard.readText().then((text) => { window.pasted = text }), window.pasted === document.querySelector("#export-sh").textContent`)
	})
	t.Run("the API is tried with a key that is shown nowhere", func(t *testing.T) { tried(t, c) })
}

func tried(t *testing.T, c *chrome) {
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			b := c.visit(t, newSite(t, freshStore(t)).withAda())
			_, secret := b.Key(b.Ada, "read_only")
			b.look(1280, 900, scheme)
			b.open("/docs")
			if ask[bool](b, `Boolean(window.SwaggerUIBundle)`) {
				t.Error("what tries the API is loaded before anybody asks for it")
			}
			b.click("#try > summary")
			b.until(`document.querySelector("[id$=getKey]")`)
			b.fill("#try-key", secret)
			b.click("[id$=getKey] .opblock-summary-control")
			b.until(`document.querySelector("[id$=getKey] .execute")`)
			b.click("[id$=getKey] .execute")
			b.until(`document.querySelector("[id$=getKey] .live-responses-table tbody .response-col_status")?.innerText.includes("200")`)
			b.until(`document.querySelector("[id$=getKey] .live-responses-table").innerText.includes("laptop")`)
			held := ask[string](b, `document.documentElement.outerHTML + location.href + JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie`)
			if strings.Contains(held, secret[3:]) {
				t.Error("the key is on the page, in its address or in its storage")
			}
		})
	}
}
