package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

func (s *server) listConversations(c echo.Context) error {
	ctx, p := c.Request().Context(), me(c).Principal
	names, err := s.Store.AssistantNames(ctx, p)
	if err != nil {
		return err
	}
	zone := zoneOfVisitor(c)
	asked := askedFor(c, s.lastDays(zone))
	filter, err := conversationFilter(asked, zone)
	shown := views.ConversationList{Filter: filled(asked), Assistants: assistantOptions(names, filter.AssistantID), Zone: zone.String()}
	if err != nil {
		if shown.Filter, err = again(asked, err); err != nil {
			return err
		}
		return s.render(c, http.StatusUnprocessableEntity, views.Conversations(s.page(c, "Conversations"), shown))
	}
	shown.List, shown.Links, err = pageByCursor(c, shown.Filter, db.Conversation.Cursor, func(after, before db.Cursor, page db.Page) (db.List[db.Conversation], error) {
		filter.After, filter.Before = after, before
		return s.Store.Conversations(ctx, p, filter, page)
	})
	if err == nil && shown.List.Total == 0 {
		var facts db.Facts
		facts, err = s.Store.Facts(ctx, p)
		shown.None = facts.Conversations == 0
	}
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Conversations(s.page(c, "Conversations"), shown))
}

// lastDays is what the list of conversations shows when nothing is asked.
func (s *server) lastDays(zone *time.Location) map[string]string {
	today := s.Now().In(zone)
	return map[string]string{
		"from": today.AddDate(0, 0, 1-daysShown).Format(time.DateOnly), "to": today.Format(time.DateOnly), "assistant": "", "status": "",
	}
}

// conversationFilter gives the store's terms of what was asked, or db.Problems. A day that is left empty sets no bound.
func conversationFilter(asked map[string]string, zone *time.Location) (db.ConversationFilter, error) {
	f := db.ConversationFilter{
		From: time.Unix(0, 0).UTC(), Until: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), // nothing that is kept lies outside
		AssistantID: strings.ToLower(asked["assistant"]), Status: asked["status"],
	}
	var problems db.Problems
	wrong := func(field, text string) {
		problems = append(problems, db.InvalidInput(field, text))
	}
	day := func(field string, bound *time.Time, later int) {
		text := asked[field]
		if date, err := time.Parse(time.DateOnly, text); err == nil {
			*bound = db.DayIn(date.AddDate(0, 0, later), zone)
		} else if text != "" {
			wrong(field, "“"+short(text)+"” is no date. It looks like 2026-11-20.")
			asked[field] = "" // a field for dates cannot show it
		}
	}
	day("from", &f.From, 0)
	day("to", &f.Until, 1)
	if len(problems) == 0 && !f.From.Before(f.Until) {
		wrong("to", "The last day lies before the first. Swap them.")
	}
	if f.AssistantID != "" && !db.IsID(f.AssistantID) {
		wrong("assistant", "That is no assistant of this team. Choose one.")
	}
	if f.Status != "" && !db.Statuses.Has(f.Status) {
		wrong("status", "A conversation is open or closed. Choose one of them, or any.")
	}
	if len(problems) > 0 {
		return f, problems
	}
	return f, nil
}

// short is what was typed as a message may repeat it.
func short(text string) string {
	text = strings.ToValidUTF8(redacted(text), "\uFFFD")
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}

// assistantOptions are the team's assistants by name, and the one that is asked for even if it was deleted.
func assistantOptions(names map[string]string, asked string) []views.Option {
	var options []views.Option
	for id, name := range names {
		options = append(options, views.Option{Value: id, Label: name})
	}
	slices.SortFunc(options, func(a, b views.Option) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)), cmp.Compare(a.Value, b.Value))
	})
	if _, known := names[asked]; !known && db.IsID(asked) {
		options = append(options, views.Option{Value: asked, Label: "A deleted assistant"})
	}
	return options
}

func (s *server) showConversation(c echo.Context) error {
	ctx, p := c.Request().Context(), me(c).Principal
	talk, err := s.Store.Conversation(ctx, p, pathID(c))
	if err != nil {
		return err
	}
	page := db.Page{Number: pageNumber(c), Size: messagesOnPage}
	said, err := s.Store.TranscriptPage(ctx, p, talk.ID, page)
	if err != nil {
		return err
	}
	list := db.List[db.Message]{Items: said, Total: talk.ChatCount, Page: page}
	return s.render(c, http.StatusOK, views.Conversation(s.page(c, "Conversation"), talk, list))
}
