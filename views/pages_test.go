package views

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/insighto/insighto/db"
)

// everyPage is each page in the states that differ, with text that tries to be markup.
func everyPage() map[string]templ.Component {
	p, revoked := signedIn(), someKey()
	revoked.RevokedAt = now
	out := Page{Title: "Sign in", Path: "/login", Now: now}
	wrong := Form{Values: map[string]string{"name": nasty, "email": nasty, "description": nasty, "role": "none", "endpoint": nasty, "events": nasty}, Whole: nasty,
		Errors: map[string]string{"name": nasty, "role": nasty, "description": nasty, "email": nasty, "password": nasty, "current": nasty, "endpoint": nasty, "events": nasty}}
	talk := db.Conversation{ID: someKey().ID, AssistantID: nasty, AssistantName: nasty, ContactID: someKey().ID, ContactFirstName: nasty, ContactLastName: nasty, DeviceType: nasty, FirstMessage: nasty,
		ChatCount: 250, IncludesVoice: true, IntentName: nasty, Summary: nasty, CreatedAt: now, ClosedAt: now}
	talks := ConversationList{List: db.List[db.Conversation]{Items: []db.Conversation{talk, {ID: nasty}}, Total: 2000, Page: db.Page{Number: 1, Size: 50}}, Links: CursorLinks{nasty, nasty, nasty}, Filter: Form{Values: wrong.Values},
		Assistants: []Option{{nasty, nasty}}, Zone: nasty}
	wrongTalks, noTalks, gone := talks, talks, talks
	wrongTalks.Filter, noTalks.None, gone.List.Items = wrong, true, nil
	said := db.List[db.Message]{Items: []db.Message{{SenderType: nasty, MessageType: "voice", Text: nasty}, {SenderType: "user"}}, Total: 250, Page: db.Page{Number: 2, Size: 100}}
	person := db.Contact{ID: nasty, FirstName: nasty, Email: nasty, Phone: nasty, LastSeen: now, LastSent: now}
	people := ContactList{List: db.List[db.Contact]{Items: []db.Contact{person, {}}, Total: 2, Page: db.Page{Number: 1, Size: 50}}, Links: talks.Links, Search: Form{Values: map[string]string{"search": nasty}}}
	nobody, lost, wrongSearch := people, people, people
	nobody.None, lost.List.Total, lost.List.Items, wrongSearch.Search.Errors = true, 0, nil, map[string]string{"search": nasty}
	some := []Fact{{nasty, nasty}}
	helpers := AssistantList{List: db.List[db.Assistant]{Items: []db.Assistant{{ID: nasty, Name: nasty, Type: nasty, LLMModel: nasty, Description: nasty}}, Total: 200, Page: db.Page{Number: 2, Size: 50}}, Counted: true, Zone: nasty}
	pages := webhookPages(p, wrong)
	maps.Copy(pages, map[string]templ.Component{
		"team":     Team(p, db.List[db.TeamMember]{Items: []db.TeamMember{{User: db.User{Name: nasty, Email: nasty}, Member: nasty, DeactivatedAt: now}}, Total: 200, Page: db.Page{Number: 2, Size: 50}}, true),
		"profile":  Profile(p, wrong, true),
		"contacts": Contacts(p, people), "no contacts": Contacts(p, nobody), "nobody found": Contacts(p, lost), "contacts, wrong": Contacts(p, wrongSearch),
		"contact": Contact(p, KnownContact{Contact: person, Channels: some, CustomFields: some, Attributes: some, Conversations: talks.List, Links: talks.Links}), "contact without conversations": Contact(p, KnownContact{}),
		"assistants": Assistants(p, helpers), "no assistants": Assistants(p, AssistantList{List: db.List[db.Assistant]{Page: db.Page{Number: 1, Size: 50}}}),
		"conversations": Conversations(p, talks), "conversations, wrong": Conversations(p, wrongTalks), "no conversations": Conversations(p, noTalks), "past the conversations": Conversations(p, gone),
		"conversation": Conversation(p, talk, said), "conversation without messages": Conversation(p, db.Conversation{}, db.List[db.Message]{Page: said.Page}),
		"login": Login(out, wrong, nasty), "setup": Setup(out, wrong), "failed": Failed(out, Failure{404, nasty, nasty, nasty}),
		"overview": Overview(p, db.Facts{}, "http://localhost"), "keys": Keys(p, listed(50), map[string]db.Week{}), "no keys": Keys(p, db.List[db.Key]{Page: db.Page{Number: 1, Size: 50}}, nil),
		"key": Key(p, revoked, someUse()), "key that did nothing": Key(p, revoked, KeyUsage{Zone: time.UTC}), "request": Request(p, db.Found{Request: nastyRequest, KeyName: nasty, KeyPrefix: nasty}),
		"usage": Usage(p, someUsage(wrong, 90)), "usage at its end": Usage(p, someUsage(wrong, 10)), "no usage": Usage(p, UsageShown{Zone: time.UTC}), "new key": NewKey(p, wrong), "made key": MadeKey(p, Made{someKey(), "in-secret", nasty, nasty}),
		"revoke": RevokeKey(p, someKey()), "delete": DeleteKey(p, someKey()), "revoke again": RevokeKey(p, revoked), "delete revoked": DeleteKey(p, revoked),
		"security": Security(p, []db.Session{{ID: "here"}, {ID: "there", UserAgent: nasty, Address: nasty}}, wrong, true),
		"docs":     APIDocs(p, Docs{nasty, []Endpoint{{nasty, nasty, nasty, nasty}}, []Endpoint{{Path: nasty}}, []Code{{418, nasty, nasty}}}), "docs, signed out": APIDocs(out, Docs{BaseURL: nasty}),
	})
	return pages
}

// webhookPages are those of everyPage that are about webhooks.
func webhookPages(p Page, wrong Form) map[string]templ.Component {
	hook := db.Webhook{ID: nasty, Name: nasty, Endpoint: nasty, Events: []string{nasty, nasty}, Enabled: true, CreatedAt: now, FailingSince: now, RotatingUntil: now.Add(time.Hour)}
	off, failing := hook, hook
	off.Enabled, off.DisabledAt, off.DisabledWhy = false, now, db.DisabledGone
	failing.Enabled, failing.DisabledAt, failing.DisabledWhy = false, now, db.DisabledFailing
	listed := func(n int64, hooks ...db.Webhook) db.List[db.Webhook] {
		return db.List[db.Webhook]{Items: hooks, Total: n, Page: db.Page{Number: 2, Size: 20}}
	}
	sent := db.Delivery{EventID: nasty, Event: nasty, State: db.Failed, Tries: 3, DueAt: now, TriedAt: now, Took: time.Second, Status: 500, Problem: nasty, Answer: nasty, CreatedAt: now}
	due, claimed, fine := sent, sent, sent
	due.State, claimed.Claimed, fine.State = db.Waiting, true, db.Delivered
	many := db.List[db.Delivery]{Items: []db.Delivery{sent, due, claimed, fine}, Total: 90, Page: db.Page{Number: 2, Size: 20}}
	pages := map[string]templ.Component{
		"webhooks": Webhooks(p, listed(90, hook, off)), "no webhooks": Webhooks(p, listed(0)), "past the webhooks": Webhooks(p, listed(90)), "webhooks of a member": NoWebhooks(p),
		"webhook": Webhook(p, Hook{Webhook: hook, Deliveries: many, State: nasty}), "webhook that did nothing": Webhook(p, Hook{Webhook: hook}), "webhook, none of a state": Webhook(p, Hook{Webhook: hook, State: db.Failed}),
		"webhook that is gone": Webhook(p, Hook{Webhook: off, Deliveries: many}), "webhook that failed for days": Webhook(p, Hook{Webhook: failing, Deliveries: many}),
		"new webhook": NewWebhook(p, wrong), "edit webhook": EditWebhook(p, hook, wrong), "rotate webhook": RotateWebhook(p, hook), "delete webhook": DeleteWebhook(p, hook),
		"shown secret": ShownSecret(p, MadeSecret{Webhook: hook, Secret: nasty}), "rotated secret": ShownSecret(p, MadeSecret{Webhook: hook, Secret: nasty, Rotated: true}),
	}
	for _, done := range []string{"made", "changed", "test", "enabled", "disabled", "replayed", nasty} {
		pages["webhook, "+done] = Webhook(p, Hook{Webhook: hook, Done: done, Replayed: 3})
	}
	return pages
}

func TestEveryPageIsTested(t *testing.T) {
	sources, err := filepath.Glob("*.templ")
	if err != nil {
		t.Fatal(err)
	}
	test, err := os.ReadFile("pages_test.go")
	if err != nil {
		t.Fatal(err)
	}
	declaration, pages := regexp.MustCompile(`(?m)^templ ([A-Z]\w*)\(`), 0
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range declaration.FindAllSubmatch(source, -1) {
			if pages++; !regexp.MustCompile(`: +` + string(page[1]) + `\(`).Match(test) {
				t.Errorf("%s declares %s, and everyPage has no state of it", name, page[1])
			}
		}
	}
	if pages == 0 {
		t.Error("no page was found: the search looks in the wrong place")
	}
}

func TestEveryPage(t *testing.T) {
	// An attribute with a quote inside is escaped, so whatever these find would run or be refused by the policy.
	inline := regexp.MustCompile(`(?i)<[^>]*\s(style|on\w+|hx-on[^=]*)=|<style|<script(?: defer)?>|javascript:|js:`)
	for name, page := range everyPage() {
		t.Run(name+" has nothing inline and escapes what people wrote", func(t *testing.T) {
			html := drawn(t, page)
			if strings.Contains(html, "<img") {
				t.Error("got markup out of a person's text")
			}
			unquoted := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(html, `""`)
			if found := inline.FindString(unquoted); found != "" {
				t.Errorf("got %q, want nothing inline", found)
			}
			if n := strings.Count(html, "<h1"); n != 1 {
				t.Errorf("got %d h1, want 1", n)
			}
		})
	}
}
