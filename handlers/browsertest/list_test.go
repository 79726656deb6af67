package browsertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/insighto/insighto/db"
)

const zoe = "22222222-0000-4000-8000-000000000001"

func talkID(n int) string { return fmt.Sprintf("44444444-0000-4000-8000-%012d", n) }

// hourly are n conversations, the newest now and one each hour before; even ones are Zoë's and closed. The newest has
// many messages.
func hourly(n int) []db.ArchivedConversation {
	now, batch := time.Now().UTC().Truncate(time.Second), make([]db.ArchivedConversation, n)
	for i := range batch {
		began := now.Add(-time.Duration(i) * time.Hour)
		batch[i] = db.ArchivedConversation{
			ID: talkID(i), DeviceType: "mobile", CreatedAt: began, Attributes: `{"n":1}`,
			Assistant: db.ArchivedAssistant{ID: "11111111-0000-4000-8000-000000000002", Name: "Quotes"},
			Contact:   db.ArchivedContact{ID: "22222222-0000-4000-8000-000000000002", FirstName: "Dev", Email: "dev@example.com"},
			Messages:  []db.ArchivedMessage{{SenderType: "user", Text: fmt.Sprintf("question %d!", i), CreatedAt: began}, {SenderType: "bot", Text: "Hello", CreatedAt: began}},
		}
		if i%2 == 0 {
			batch[i].Assistant = db.ArchivedAssistant{ID: "11111111-0000-4000-8000-000000000001", Name: "Claims"}
			batch[i].Widget = db.ArchivedWidget{ID: "33333333-0000-4000-8000-000000000001", Name: "Site", Type: "chat", Provider: "web"}
			batch[i].Contact = db.ArchivedContact{ID: zoe, FirstName: "Zoë", LastName: "Novak", Channels: `{"telephone":"+15551000220"}`}
			batch[i].ClosedAt = began.Add(time.Minute)
		}
	}
	for i := range 240 {
		sender := []string{"user", "bot", "agent", "tool"}[i%4]
		batch[0].Messages = append(batch[0].Messages, db.ArchivedMessage{SenderType: sender, Text: strings.Repeat("Nobreakanywhere", 12), CreatedAt: now})
	}
	return batch
}

func (b *tab) bring(batch []db.ArchivedConversation) {
	b.t.Helper()
	if _, err := b.Store.Import(b.ctx, b.Ada, batch); err != nil {
		b.t.Fatal(err)
	}
}

const listRow = "#conversations tbody tr"

// walkList filters and walks the list with htmx: the page stays, the address follows, and going back works.
func walkList(t *testing.T, b *tab) {
	b.bring(hourly(120))
	b.enter()
	b.open("/conversations")
	b.until(`document.querySelectorAll("` + listRow + `").length === 50`)
	b.reads(listRow, "question 0!")
	ask[any](b, `window.stayed = true, null`)
	b.click("#older")
	b.until(`document.querySelector("` + listRow + `").innerText.includes("question 50!")`)
	b.until(`location.search.startsWith("?after=") && window.stayed && document.activeElement.id === "older" && scrollY < 200`)
	if told := b.text("#conversations time"); strings.Contains(told, "UTC") {
		t.Errorf("a time that was swapped in reads %q, want the visitor's clock", told)
	}
	b.click("#newer")
	b.until(`document.querySelector("` + listRow + `").innerText.includes("question 0!")`)
	b.until(`!document.querySelector("#newer")`)
	b.fill("#status", "closed")
	b.do(chromedp.Focus(chromedp.CSS("#status")))
	b.press(kb.Tab)
	b.press(kb.Enter)
	b.until(`location.search.includes("status=closed") && window.stayed`)
	b.reads("#conversations .lead", "60 conversations")
	b.reads(listRow, "question 0!", "Closed")
	b.focused(`#conversations form button`)
	ask[any](b, `document.querySelector("#from").type = "text", null`) // a browser's own field lets nothing wrong through
	b.fill("#from", "yesterday")
	b.click("#conversations form button")
	b.until(`document.querySelector("#from-wrong") && window.stayed`)
	b.reads("#from-wrong", "“yesterday” is no date")
	ask[any](b, `history.back(), null`)
	b.until(`location.search.includes("status=closed") && document.querySelectorAll("` + listRow + `").length === 50 && !document.querySelector("#from-wrong")`)
	b.click(listRow + " a")
	b.until(`location.pathname.startsWith("/conversations/") && document.querySelectorAll(".turn").length === 100`)
	b.click(`a[rel="next"]`)
	b.until(`document.querySelector(".talk").start === 101`)
	b.click(`.beside a[href^="/contacts/"]`)
	b.until(`location.pathname.startsWith("/contacts/") && document.querySelector("` + listRow + `")`)
	b.open("/contacts")
	ask[any](b, `window.stayed = true, null`)
	b.fill("#search", "novak")
	b.press(kb.Enter)
	b.until(`location.search === "?search=novak" && window.stayed && document.querySelectorAll("#contacts tbody tr").length === 1 && document.activeElement.id === "search"`)
	b.reads("#contacts tbody tr", "Zoë Novak", "+15551000220")
}

// walkListPlain is the same for somebody whose browser runs no script.
func walkListPlain(t *testing.T, b *tab) {
	b.bring(hourly(120))
	b.enter()
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.open("/conversations")
	b.reads("#conversations", "question 0!", "UTC")
	b.click("#older")
	b.until(`location.search.startsWith("?after=") && document.querySelector("` + listRow + `").innerText.includes("question 50!")`)
	b.click("#newer")
	b.until(`location.search.startsWith("?before=") && document.querySelector("` + listRow + `").innerText.includes("question 0!")`)
	b.fill("#status", "closed")
	b.click("#conversations form button")
	b.until(`location.search.includes("status=closed") && !document.querySelector("#conversations").innerText.includes("question 1!")`)
	b.reads("#conversations .lead", "60 conversations")
	b.click(listRow + " a")
	b.until(`location.pathname.startsWith("/conversations/")`)
	b.reads(".talk", "question 0!")
}

func listStates(t *testing.T, b *tab) {
	b.enter()
	talk := func(n int, query string) func(*tab) {
		return func(b *tab) { b.open("/conversations/" + talkID(n) + query) }
	}
	b.walkStates([]state{
		{"no conversations", func(b *tab) { b.open("/conversations") }},
		{"no contacts", func(b *tab) { b.open("/contacts") }},
		{"no assistants", func(b *tab) { b.open("/assistants") }},
		{"conversations", func(b *tab) { b.bring(hourly(60)); b.open("/conversations") }},
		{"conversations, last page", func(b *tab) { b.open("/conversations"); b.click("#older"); b.until(`document.querySelector("#newer")`) }},
		{"conversations, none fits", func(b *tab) { b.open("/conversations?from=2001-01-01&to=2001-01-01") }},
		{"conversations, wrong", func(b *tab) { b.open("/conversations?from=x&to=y&assistant=z&status=w") }},
		{"a transcript", talk(0, "")},
		{"a transcript, last page", talk(0, "?page=3")},
		{"a transcript, past the end", talk(0, "?page=9")},
		{"a short transcript", talk(1, "")},
		{"contacts", func(b *tab) { b.open("/contacts") }},
		{"contacts, nobody found", func(b *tab) { b.open("/contacts?search=nobody") }},
		{"contacts, wrong", func(b *tab) { b.open("/contacts?search=" + strings.Repeat("x", 300)) }},
		{"a contact", func(b *tab) { b.open("/contacts/" + zoe) }},
		{"assistants", func(b *tab) { b.open("/assistants") }},
		{"the team", func(b *tab) { b.open("/settings/team") }},
		{"the profile", func(b *tab) { b.open("/settings/profile") }},
		{"the profile, wrong", func(b *tab) {
			b.fill("#name", " ")
			b.click("main .button.main")
			b.until(`document.querySelector("#name-wrong")`)
		}},
		{"the profile, changed", func(b *tab) { b.open("/settings/profile?changed=name") }},
	})
}
