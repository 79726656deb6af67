package views

import (
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
	wrong := Form{Values: map[string]string{"name": nasty, "email": nasty, "description": nasty, "role": "none"}, Whole: nasty,
		Errors: map[string]string{"name": nasty, "role": nasty, "description": nasty, "email": nasty, "password": nasty, "current": nasty}}
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
	return map[string]templ.Component{
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
