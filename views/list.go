package views

import (
	"strings"

	"github.com/a-h/templ"

	"github.com/insighto/insighto/db"
)

// Option is one choice of a field.
type Option struct {
	Value string
	Label string
}

// optionsOf gives a choice for each term.
func optionsOf(terms db.Terms) []Option {
	options := make([]Option, len(terms))
	for i, t := range terms {
		options[i] = Option{t.ID, t.Words}
	}
	return options
}

// CursorLinks are where a list goes on, as addresses: its first page, newer rows and older ones. Empty is nowhere.
type CursorLinks struct {
	Start string
	Newer string
	Older string
}

// ConversationList is one page of conversations and how it was asked for.
type ConversationList struct {
	List       db.List[db.Conversation]
	Links      CursorLinks
	Filter     Form // from, to, assistant and status
	Assistants []Option
	Zone       string // where days begin
	None       bool   // the team has no conversation at all
}

// ContactList is one page of contacts and what was searched for.
type ContactList struct {
	List   db.List[db.Contact]
	Links  CursorLinks
	Search Form // search
	None   bool // the team has no contact at all
}

// KnownContact is a contact with all that is known of them, and one page of their conversations.
type KnownContact struct {
	db.Contact
	Channels      []Fact
	CustomFields  []Fact
	Attributes    []Fact
	Conversations db.List[db.Conversation]
	Links         CursorLinks
}

// Fact is something that is known under a name.
type Fact struct {
	Name  string
	Value string
}

// AssistantList is one page of assistants, with how many conversations each began today and in thirty days, by id.
type AssistantList struct {
	List    db.List[db.Assistant]
	Counted bool
	OfToday map[string]int64
	OfDays  map[string]int64
	Today   string // YYYY-MM-DD
	Zone    string // where days begin
}

// clip gives the beginning of a text as one line.
func clip(text string, most int) string {
	if len(text) > 8*most { // spares the rest of a very long one
		text = strings.ToValidUTF8(text[:8*most], "")
	}
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// personName is a person's name as far as it is known.
func personName(first, last, otherwise string) string {
	if name := strings.TrimSpace(first + " " + last); name != "" {
		return name
	}
	return otherwise
}

// inPlace has htmx bring only the part with that id, and keep the address, the focus and what is being typed.
func inPlace(id string) templ.Attributes {
	return templ.Attributes{
		"hx-target": "#" + id, "hx-select": "#" + id, "hx-swap": "outerMorph ignoreTitle:true show:top", "hx-push-url": "true", "hx-sync": "this:replace",
	}
}
