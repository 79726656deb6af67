package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

// listAssistants counts today and the last thirty days from the tallies that are kept with the rows.
func (s *server) listAssistants(c echo.Context) error {
	ctx, p := c.Request().Context(), me(c).Principal
	list, err := s.Store.Assistants(ctx, p, db.Page{Number: pageNumber(c), Size: rowsOnPage})
	if err != nil {
		return err
	}
	zone := zoneOfVisitor(c)
	today, _ := time.Parse(time.DateOnly, s.Now().In(zone).Format(time.DateOnly))
	counts, err := s.Store.Counts(ctx, p, db.CountQuery{From: today.AddDate(0, 0, 1-daysShown), To: today, Zone: zone, ByAssistant: true})
	if err != nil && !db.Invalid.Is(err) { // of thousands of assistants there are too many to count at once
		return err
	}
	page := views.AssistantList{List: list, Counted: err == nil, Today: today.Format(time.DateOnly), Zone: zone.String(), OfToday: map[string]int64{}, OfDays: map[string]int64{}}
	for _, n := range counts {
		page.OfDays[n.AssistantID] += n.Conversations
		if n.Date == page.Today {
			page.OfToday[n.AssistantID] = n.Conversations
		}
	}
	return s.render(c, http.StatusOK, views.Assistants(s.page(c, "Assistants"), page))
}
