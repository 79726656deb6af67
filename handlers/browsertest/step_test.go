package browsertest

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/insighto/insighto/handlers/handlertest"
)

func (b *tab) signInByForm(path string) {
	b.t.Helper()
	b.open(path)
	b.until(`location.pathname === "/login"`)
	b.fill("#email", "ada@a.example")
	b.fill("#password", "not the right pass phrase")
	b.click(".button.main")
	b.until(`document.querySelector("[role=alert]")`)
	if typed := ask[[]string](b, `[document.querySelector("#email").value, document.querySelector("#password").value]`); typed[0] != "ada@a.example" || typed[1] != "" {
		b.t.Errorf("after a wrong password the form holds %q, want the e-mail and no password", typed)
	}
	b.fill("#password", handlertest.Passphrase)
	b.click(".button.main")
	b.until(`location.pathname === ` + quoted(path) + ` && document.querySelector("#keys .empty")`)
}

func (b *tab) openDialog() {
	b.t.Helper()
	b.click(makeLink)
	b.until(`document.querySelector("#dialog[open] #name")`)
	b.focused("#name")
	if at := ask[string](b, `location.pathname`); at != "/settings/api-keys" {
		b.t.Errorf("the dialog is at %s, want it over the list", at)
	}
}

// sendWrongForm sends a key with nothing but a name.
func (b *tab) sendWrongForm(refused string) {
	b.t.Helper()
	b.fill("#name", "nightly")
	b.click("#sheet .button.main")
	b.until(refused)
	wrong := ask[map[string]string](b, `Object.fromEntries(["name", "role", "description"].map((id) => {
		const field = document.getElementById(id);
		const words = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id.endsWith("-wrong"));
		const beside = words.map((id) => document.getElementById(id)).find((e) => e.closest(".field") === field.closest(".field"));
		return [id, [field.getAttribute("aria-invalid"), field.value, beside?.innerText].join("|")];
	}))`)
	if wrong["name"] != "|nightly|" {
		b.t.Errorf("the name was right but is %q", wrong["name"])
	}
	for _, field := range []string{"role", "description"} {
		if invalid, text, _ := strings.Cut(wrong[field], "||"); invalid != "true" || text == "" {
			b.t.Errorf("the empty %s is %q, want it marked, with an error beside it", field, wrong[field])
		}
	}
	b.focused("#role")
}

// newKey gives the key that is shown once it is there.
func (b *tab) newKey(there string) string {
	b.t.Helper()
	b.until(there)
	secret := ask[string](b, `document.querySelector("#secret").value`)
	if !wholeKey.MatchString(secret) {
		b.t.Fatalf("the page shows %q as the new key", secret)
	}
	b.focused("#secret")
	if got := ask[string](b, `(() => { const e = document.querySelector("#secret"); e.select(); return getSelection().toString() || e.value.slice(e.selectionStart, e.selectionEnd); })()`); got != secret {
		b.t.Errorf("selecting the key gives %q", got)
	}
	return secret
}

func (b *tab) clipboard() string {
	b.t.Helper()
	return ask[string](b, `navigator.clipboard.readText()`)
}

func (b *tab) copyKey(secret string) {
	b.t.Helper()
	if said := b.text("#copied"); said != "" {
		b.t.Errorf("before anything was copied the page says %q", said)
	}
	b.click(`#sheet > .field [data-copy="secret"]`)
	b.until(`document.querySelector("#copied").innerText === "Key copied."`)
	if got := b.clipboard(); got != secret {
		b.t.Errorf("the clipboard holds %q, want the key", got)
	}
}

// copyCurl runs what was copied, as a person would.
func (b *tab) copyCurl(secret string) {
	b.t.Helper()
	b.click(`[data-copy="curl"]`)
	b.until(`document.querySelector("#copied").innerText === "Call copied, with the key in it."`)
	line := b.clipboard()
	if !strings.HasPrefix(line, "curl '"+b.base+"/api/v1/") || !strings.Contains(line, "api_key="+secret) {
		b.t.Errorf("the call is %q, want a curl of this server with the key", line)
	}
	if _, err := exec.LookPath("curl"); err != nil {
		b.t.Log("curl is not there: the call was not run")
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	answer, err := exec.CommandContext(ctx, "sh", "-c", line+" -sS").Output()
	var got map[string]any
	if err != nil || json.Unmarshal(answer, &got) != nil || !strings.Contains(string(answer), `"items":[`) {
		b.t.Errorf("the copied call printed %s (%v)", answer, err)
	}
}

func (b *tab) download(secret string) {
	b.t.Helper()
	b.click(`[data-download="env"]`)
	want := "INSIGHTO_URL=" + b.base + "\nINSIGHTO_API_KEY=" + secret + "\n"
	var got []byte
	for late := time.Now().Add(timeout); time.Now().Before(late) && string(got) != want; time.Sleep(10 * time.Millisecond) {
		got, _ = os.ReadFile(filepath.Join(b.downloads, "insighto.env"))
	}
	if string(got) != want {
		b.t.Errorf("the file holds %q, want %q", got, want)
	}
}

// useKey calls the API as a script does.
func (b *tab) useKey(path, secret string, want int) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.ctx, http.MethodGet, b.base+path+"?api_key="+secret, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("User-Agent", program)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != want {
		b.t.Errorf("a call with the key: got %d, want %d", answer.StatusCode, want)
	}
}

// lastUsed uses the key and looks at the list until it says so: a page asked for a second later must.
func (b *tab) lastUsed(secret string) {
	b.t.Helper()
	b.useKey("/api/v1/user", secret, http.StatusOK)
	used := time.Now()
	for {
		asked := time.Now()
		b.open("/settings/api-keys")
		got := b.text(row)
		if strings.Contains(got, "just now") && strings.Contains(got, "GET /api/v1/user · 200") {
			return
		}
		if asked.Sub(used) > time.Second {
			b.t.Fatalf("%v after its use the key's row says %q", asked.Sub(used), got)
		}
	}
}

// forgot looks for the key wherever a page can keep something.
func (b *tab) forgot(secret string) {
	b.t.Helper()
	places := ask[map[string]string](b, `(async () => ({
		"the page": document.documentElement.outerHTML,
		"a field": [...document.querySelectorAll("input, textarea, select, output")].map((field) => field.value).join("\n"),
		"the local storage": JSON.stringify({ ...localStorage }),
		"the session storage": JSON.stringify({ ...sessionStorage }),
		"a database": JSON.stringify(await indexedDB.databases()),
		"a cache": JSON.stringify(await caches.keys()),
		"the address": location.href + document.referrer,
		"the state of the history": JSON.stringify(history.state) + window.name + document.title,
		"the list of requests": performance.getEntries().map((entry) => entry.name).join("\n"),
		"the selection": getSelection().toString(),
	}))()`)
	history, err := json.Marshal(call(b, page.GetNavigationHistory, cdp.Empty{}))
	if err != nil {
		b.t.Fatal(err)
	}
	cookies, err := json.Marshal(call(b, network.GetCookies, network.GetCookiesParams{}))
	if err != nil {
		b.t.Fatal(err)
	}
	places["the history"], places["the cookies"] = string(history), string(cookies)
	for place, text := range places {
		if strings.Contains(text, secret[11:]) {
			b.t.Errorf("the key is still in %s", place)
		}
	}
}
