package handlers

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

const searchMax = 200 // characters, as in the API

func (s *server) listContacts(c echo.Context) error {
	ctx, p := c.Request().Context(), me(c).Principal
	asked := askedFor(c, map[string]string{"search": ""})
	shown := views.ContactList{Search: filled(asked)}
	if utf8.RuneCountInString(asked["search"]) > searchMax {
		shown.Search.Errors["search"] = "That is longer than 200 characters. Search for a part of it."
		return s.render(c, http.StatusUnprocessableEntity, views.Contacts(s.page(c, "Contacts"), shown))
	}
	filter, err := db.ContactFilter{Search: asked["search"]}, error(nil)
	shown.List, shown.Links, err = pageByCursor(c, shown.Search, db.Contact.Cursor, func(after, before db.Cursor, page db.Page) (db.List[db.Contact], error) {
		filter.After, filter.Before = after, before
		return s.Store.Contacts(ctx, p, filter, page)
	})
	if err != nil {
		return err
	}
	shown.None = shown.List.Total == 0 && filter.Search == ""
	return s.render(c, http.StatusOK, views.Contacts(s.page(c, "Contacts"), shown))
}

func (s *server) showContact(c echo.Context) error {
	ctx, p := c.Request().Context(), me(c).Principal
	contact, err := s.Store.Contact(ctx, p, pathID(c))
	if err != nil {
		return err
	}
	known := views.KnownContact{
		Contact: contact, Channels: channelsOf(contact), CustomFields: factsOf(contact.CustomFields), Attributes: factsOf(contact.UserAttributes),
	}
	known.Conversations, known.Links, err = pageByCursor(c, views.Form{}, db.Conversation.Cursor, func(after, before db.Cursor, page db.Page) (db.List[db.Conversation], error) {
		return s.Store.Conversations(ctx, p, db.ConversationFilter{ContactID: contact.ID, After: after, Before: before}, page)
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Contact(s.page(c, "Contact"), known))
}

// channelsOf are the ways to reach a contact besides what its e-mail and phone number say already.
func channelsOf(c db.Contact) []views.Fact {
	said := []string{"telephone", "national_number", "country_code", "dial_code", "email"}
	return slices.DeleteFunc(factsOf(c.Channels), func(f views.Fact) bool { return slices.Contains(said, f.Name) })
}

// factsOf gives the members of a JSON object by name, texts as they are and everything else as JSON. What is empty or
// null says nothing and is left out.
func factsOf(object string) []views.Fact {
	var members map[string]json.RawMessage
	_ = json.Unmarshal([]byte(object), &members) // it was checked before it was kept
	var facts []views.Fact
	for name, value := range members {
		text := string(value)
		if text == "null" || json.Unmarshal(value, &text) == nil && strings.TrimSpace(text) == "" {
			continue
		}
		facts = append(facts, views.Fact{Name: name, Value: text})
	}
	slices.SortFunc(facts, func(a, b views.Fact) int { return cmp.Compare(a.Name, b.Name) })
	return facts
}
