package browsertest

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/insighto/insighto/db"
)

// state is one thing that a page can show, and the way there.
type state struct {
	name  string
	reach func(b *tab)
}

func visitorStates(t *testing.T, b *tab) {
	b.walkStates([]state{
		{"set-up", func(b *tab) { b.open("/setup") }},
		{"set-up, wrong", func(b *tab) { b.click(".button.main"); b.until(`document.querySelector("[aria-invalid]")`) }},
		{"sign-in", func(b *tab) { b.withAda(); b.open("/login") }},
		{"sign-in, wrong", func(b *tab) {
			b.fill("#email", "ada@a.example")
			b.fill("#password", "not the right pass phrase")
			b.click("[data-reveal]")
			b.click(".button.main")
			b.until(`document.querySelector("[role=alert]")`)
		}},
		{"404", func(b *tab) { b.open("/nothing"); b.reads("h1", "Nothing is here") }},
		{"403", func(b *tab) {
			b.do(chromedp.Navigate(`data:text/html,<form method=post action="` + b.base + `/login"><button>Go</button></form>`))
			b.click("button")
			b.until(`document.querySelector(".code")?.innerText === "403"`)
		}},
		{"503", func(b *tab) {
			b.lost.Store(true)
			b.open("/login")
			b.lost.Store(false)
			b.reads("h1", "The database does not answer")
		}},
	})
}

func personStates(t *testing.T, b *tab) {
	b.enter()
	b.walkStates([]state{
		{"overview, no keys", func(b *tab) { b.open("/") }},
		{"no keys", func(b *tab) { b.open("/settings/api-keys") }},
		{"the dialog", func(b *tab) { b.openDialog() }},
		{"the dialog, scopes shown", func(b *tab) { b.click("summary") }},
		{"the dialog, wrong", func(b *tab) {
			b.do(chromedp.SetValue(chromedp.CSS("#description"), strings.Repeat("Too long. ", 30)))
			b.click("#dialog .button.main")
			b.until(`document.querySelectorAll("[aria-invalid]").length === 3`)
		}},
		{"the dialog, no answer", func(b *tab) {
			b.lost.Store(true)
			b.click("#dialog .button.main")
			b.until(`document.querySelector(".went-wrong")`)
			b.lost.Store(false)
		}},
		{"a new key", func(b *tab) {
			b.fillKey()
			b.click("#dialog .button.main")
			b.newKey(made)
		}},
		{"a new key, closing", func(b *tab) { b.press(kb.Escape); b.until(asks) }},
		{"a new key, copied", func(b *tab) {
			b.click("#unsaved .main")
			b.until(`document.querySelector("#copied").innerText`)
		}},
		{"the form", func(b *tab) {
			b.press(kb.Escape)
			b.until(closed)
			b.open("/settings/api-keys/new")
		}},
		{"the form, wrong", func(b *tab) { b.click("#sheet .button.main"); b.until(`document.querySelector("[aria-invalid]")`) }},
		{"a new key on its page", func(b *tab) {
			b.fillKey()
			b.click("#sheet .button.main")
			b.newKey(`document.querySelector("main > #sheet #secret")`)
			b.copyKey(ask[string](b, `document.querySelector("#secret").value`))
		}},
	})
}

// makeKeys makes more keys than a page holds; the first three, which the last page has, are given.
func (b *tab) makeKeys() (used, revoked, live string) {
	b.t.Helper()
	make := func(name, description string) db.Key {
		key, _, err := b.Store.CreateKey(b.ctx, b.Ada, db.NewKey{Name: name, Role: "full_access", Description: description})
		if err != nil {
			b.t.Fatal(err)
		}
		return key
	}
	// On the first page, the newest fifty; the rest, on the last.
	long, stopped, fresh := make(strings.Repeat("Wide", 16), strings.Repeat("Nobreakanywhere", 18)), make("stopped", "For a test"), make("fresh", "For a test")
	for i := range 50 {
		make(fmt.Sprintf("key %d", i), "For a test")
	}
	if _, err := b.Store.RevokeKey(b.ctx, b.Ada, stopped.ID); err != nil {
		b.t.Fatal(err)
	}
	user := b.Ada
	user.KeyID = long.ID
	b.Usage.Count(user, db.Request{ID: db.NewID(), At: time.Now(), Method: "GET", Route: "/api/v1/conversation/{conversation_id}/transcript", Status: 200, Address: "2001:db8:1234:5678:9abc:def0:1234:5678", UserAgent: strings.Repeat("agent", 40)}, true)
	if err := b.Usage.Flush(b.ctx); err != nil {
		b.t.Fatal(err)
	}
	return "/settings/api-keys/" + long.ID, "/settings/api-keys/" + stopped.ID, "/settings/api-keys/" + fresh.ID
}

func manyKeysStates(t *testing.T, b *tab) {
	used, revoked, live := b.makeKeys()
	const list, last = "/settings/api-keys", "/settings/api-keys?page=2"
	b.World.SignIn("ada@a.example") // somewhere else
	b.enter()
	dialog := func(path string) func(*tab) {
		return func(b *tab) {
			b.open(last)
			b.click(`#keys a[href="` + path + `"]`)
			b.until(`document.querySelector("#dialog[open] #sheet")`)
		}
	}
	b.walkStates([]state{
		{"overview", func(b *tab) { b.open("/") }},
		{"keys", func(b *tab) { b.open(list) }},
		{"keys, last page", func(b *tab) { b.open(last) }},
		{"keys, past the end", func(b *tab) { b.open(list + "?page=9") }},
		{"a key, used", func(b *tab) { b.open(used) }},
		{"a key, revoked", func(b *tab) { b.open(revoked) }},
		{"revoking", dialog(used + "/revocation")},
		{"deleting", dialog(used + "/deletion")},
		{"deleting what is revoked", dialog(revoked + "/deletion")},
		{"revoking on its page", func(b *tab) { b.open(used + "/revocation") }},
		{"revoking twice", func(b *tab) { b.open(revoked + "/revocation") }},
		{"revoked just now", func(b *tab) {
			dialog(live + "/revocation")(b)
			b.click("#dialog .danger")
			b.until(`document.querySelector("#said").innerText && document.querySelectorAll("#keys[data-page='2'] .revoked").length === 2`)
		}},
		{"security", func(b *tab) { b.open("/settings/security"); b.reads(".sessions", "End") }},
		{"security, wrong", func(b *tab) { b.click("main .button.main"); b.until(`document.querySelector("[aria-invalid]")`) }},
		{"security, changed", func(b *tab) { b.open("/settings/security?changed=password") }},
		{"404, signed in", func(b *tab) { b.open("/nothing") }},
	})
}

// walkStates goes from state to state, the first of which opens a page, and looks at each.
func (b *tab) walkStates(states []state) {
	b.t.Helper()
	axe, err := os.ReadFile("testdata/axe.min.js")
	if err != nil {
		b.t.Fatal(err)
	}
	b.always(string(axe))
	for _, s := range states {
		start := time.Now()
		b.look(1280, 900, "light")
		s.reach(b)
		b.faultless(s.name + ", light")
		b.fits(s.name)
		b.look(360, 740, "light")
		b.fits(s.name + " on a phone")
		b.look(320, 256, "dark") // 1280 by 1024 at 400 %
		b.fits(s.name + " at 400 %")
		b.faultless(s.name + " at 400 %, dark")
		if b.t.Failed() || testing.Verbose() {
			b.t.Logf("%s: %v", s.name, time.Since(start))
		}
	}
	b.look(1280, 900, "light")
}

// look sets the size of the window and the scheme of colours.
func (b *tab) look(width, height int64, scheme string) {
	b.t.Helper()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// faultless runs axe on what is shown.
func (b *tab) faultless(name string) {
	b.t.Helper()
	found := ask[json.RawMessage](b, `axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
		rules: { "target-size": { enabled: true } },
		resultTypes: ["violations"], preload: false,
	}).then(({ violations }) => violations.map((v) => ({ Rule: v.id + ": " + v.help, Nodes: v.nodes.map((n) => n.html.slice(0, 200) + " – " + n.failureSummary) })))`)
	var violations []struct {
		Rule  string
		Nodes []string
	}
	if err := json.Unmarshal(found, &violations); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range violations {
		b.t.Errorf("%s: %s\n%s", name, v.Rule, strings.Join(v.Nodes[:min(3, len(v.Nodes))], "\n"))
	}
}

// fits checks that nothing is wider than the window, and that every control is there to be hit: 24 by 24 pixels or
// more, not covered by anything, unless it is a link in a sentence.
func (b *tab) fits(name string) {
	b.t.Helper()
	for i, fault := range ask[[]string](b, `(() => {
		const faults = [], root = document.scrollingElement, dialog = document.querySelector("dialog[open]");
		for (const box of [root, dialog]) {
			if (box && box.scrollWidth > box.clientWidth) faults.push(box.tagName + " scrolls sideways: " + box.scrollWidth + " in " + box.clientWidth);
		}
		for (const e of (dialog ?? document).querySelectorAll("a[href], button, input, select, textarea, summary")) {
			if (!e.checkVisibility() || e.matches(".skip, tr:nth-child(n+3):not(:last-child) *")) continue; // rows are alike
			e.scrollIntoView({ block: "center", inline: "nearest" });
			const r = e.getBoundingClientRect(), what = e.outerHTML.slice(0, 100) + " " + [r.x, r.y, r.width, r.height].map(Math.round);
			const sentence = getComputedStyle(e).display === "inline" && e.parentElement.innerText.trim() !== e.innerText.trim();
			if (!sentence && (r.width < 24 || r.height < 24)) faults.push("too small: " + what);
			if (r.left < 0 || r.right > root.clientWidth) faults.push("sticks out: " + what);
			const hit = document.elementFromPoint(r.x + r.width / 2, r.y + Math.min(r.height, 24) / 2);
			if (!hit || !(e.contains(hit) || hit.contains(e) && hit.matches("label"))) faults.push("cannot be hit: " + what + " under " + hit?.outerHTML.slice(0, 100));
		}
		root.scrollTo(0, 0);
		return faults;
	})()`) {
		if i == 3 {
			b.t.Errorf("%s: and more like these", name)
			break
		}
		b.t.Errorf("%s: %s", name, fault)
	}
}
