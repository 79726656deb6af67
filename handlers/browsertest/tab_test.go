package browsertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// tab is one page of the browser, with cookies and clipboard rights of its own.
type tab struct {
	*site
	t         *testing.T
	ctx       context.Context
	downloads string
	mu        sync.Mutex
	faults    []string // what the page complained of
	tolerated string   // a complaint that is expected
}

// visit opens a tab that fails the test when its page complains.
func (c *chrome) visit(t *testing.T, s *site) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	b := &tab{site: s, t: t, ctx: ctx, downloads: t.TempDir()}
	t.Cleanup(cancel)
	t.Cleanup(b.report)
	if err := chromedp.Do(ctx); err != nil { // opens the tab, which lives as long as this context
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	call(b, runtime.AddBinding, runtime.AddBindingParams{Name: "policyBroken"})
	b.always(`document.addEventListener("securitypolicyviolation", (e) => policyBroken(e.violatedDirective + " by " + e.blockedURI + " " + e.sample), true)`)
	own := chromedp.FromContext(ctx).BrowserContextID
	_, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: own, DownloadPath: b.downloads})
	if err != nil {
		t.Fatal(err)
	}
	for _, right := range []string{"clipboard-read", "clipboard-write"} {
		_, err := chromedp.CallBrowser(ctx, browser.SetPermission, browser.SetPermissionParams{Permission: &browser.PermissionDescriptor{Name: right}, Setting: browser.PermissionSettingGranted, Origin: s.base, BrowserContextID: own})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// listen gathers what a page complains of. That a form was refused is no complaint.
func (b *tab) listen(event any) {
	fault := ""
	switch e := event.(type) {
	case *runtime.EventBindingCalled:
		fault = "the content security policy was broken: " + e.Payload
	case *runtime.EventExceptionThrown:
		fault = e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			fault += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		fault = "console." + string(e.Type)
		for _, arg := range e.Args {
			fault += " " + string(arg.Value) + arg.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Source != log.EntrySourceNetwork && (e.Entry.Level == log.EntryLevelWarning || e.Entry.Level == log.EntryLevelError) {
			fault = e.Entry.Text
		}
	}
	if fault != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.faults = append(b.faults, fault)
	}
}

func (b *tab) report() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.faults {
		if b.tolerated == "" || !strings.Contains(fault, b.tolerated) {
			b.t.Errorf("the page complained: %s", fault)
		}
	}
	if b.t.Failed() && b.ctx.Err() == nil {
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
		b.t.Logf("the page at the end:\n%s", text)
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// call sends a command to a tab's page.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

// ask evaluates an expression on a tab's page.
func ask[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise, chromedp.EvalAsValue))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return answer
}

// until waits for an expression to be true, across pages.
func (b *tab) until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	for {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && is {
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("still not true after %v: %s (%v)", timeout, expression, errors.Join(err, ctx.Err()))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + path))
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// press types keys into whatever has the focus.
func (b *tab) press(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// fill replaces what is in a field, all at once; a role is chosen.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	if ask[string](b, `document.querySelector(`+quoted(selector)+`).tagName`) == "SELECT" {
		b.do(chromedp.SetValue(chromedp.CSS(selector), text))
		return
	}
	b.do(chromedp.Focus(chromedp.CSS(selector)))
	ask[any](b, `document.activeElement.select()`)
	call(b, input.InsertText, input.InsertTextParams{Text: text})
}

// text gives what can be read in an element.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return strings.Join(strings.Fields(ask[string](b, `document.querySelector(`+quoted(selector)+`)?.innerText ?? "nothing is there"`)), " ")
}

func (b *tab) reads(selector string, wants ...string) {
	b.t.Helper()
	got := b.text(selector)
	for _, want := range wants {
		if !strings.Contains(got, want) {
			b.t.Errorf("%s says %q, want %q in it", selector, got, want)
		}
	}
}

func (b *tab) focused(selector string) {
	b.t.Helper()
	b.until(`document.activeElement.matches(` + quoted(selector) + `)`)
}

// always runs a script before those of every page from now on.
func (b *tab) always(script string) page.ScriptIdentifier {
	b.t.Helper()
	return call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}).Identifier
}

// enter signs in without the form.
func (b *tab) enter() {
	b.t.Helper()
	b.enterAs("ada@a.example")
}

func (b *tab) enterAs(email string) {
	b.t.Helper()
	name, value, _ := strings.Cut(b.World.SignIn(email), "=")
	call(b, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: b.base, HTTPOnly: new(true)})
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }
