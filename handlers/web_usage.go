package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

const (
	usageDays    = 30  // what is shown where nothing is asked
	usageDaysMax = 366 // from the first day to the last
)

// showUsage shows what the team's keys did in some days. A range that makes no sense is said beside its fields.
func (s *server) showUsage(c echo.Context) error {
	shown, q := s.usageShown(c)
	return s.renderUsage(c, shown, q)
}

func (s *server) renderUsage(c echo.Context, shown views.UsageShown, q db.UsageQuery) error {
	ctx, p := c.Request().Context(), me(c).Principal
	var err error
	if shown.Bars, shown.Keys, shown.Routes, err = s.Store.TeamUsage(ctx, p, q); err != nil {
		return err
	}
	if shown.Facts, err = s.Store.UsageFacts(ctx, p); err != nil {
		return err
	}
	status := http.StatusOK
	if len(shown.Form.Errors) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.render(c, status, views.Usage(s.page(c, "Usage"), shown))
}

// usageShown reads which days are asked for: ?from= and ?to=, or ?days= up to today, in the visitor's zone.
func (s *server) usageShown(c echo.Context) (views.UsageShown, db.UsageQuery) {
	zone := zoneOfVisitor(c)
	today := s.Now().In(zone)
	shown := views.UsageShown{Zone: zone, Form: views.Form{Values: map[string]string{}, Errors: map[string]string{}}}
	from, to := today.AddDate(0, 0, 1-usageDays).Format(time.DateOnly), today.Format(time.DateOnly)
	if days, err := strconv.Atoi(c.QueryParam("days")); err == nil && days > 0 && days <= usageDaysMax {
		from, shown.Days = today.AddDate(0, 0, 1-days).Format(time.DateOnly), days
	} else if given := [2]string{strings.TrimSpace(c.QueryParam("from")), strings.TrimSpace(c.QueryParam("to"))}; given != [2]string{} {
		if shown.Form.Errors = wrongDays(given); len(shown.Form.Errors) == 0 {
			from, to = given[0], given[1]
		}
		shown.Form.Values["from"], shown.Form.Values["to"] = asTyped(given[0]), asTyped(given[1])
	} else {
		shown.Days = usageDays
	}
	if len(shown.Form.Values) == 0 {
		shown.Form.Values["from"], shown.Form.Values["to"] = from, to
	}
	shown.Query = url.Values{"from": {from}, "to": {to}}.Encode()
	start, _ := time.Parse(time.DateOnly, from)
	end, _ := time.Parse(time.DateOnly, to)
	return shown, db.UsageQuery{From: db.DayIn(start, zone), Until: db.DayIn(end.AddDate(0, 0, 1), zone), Zone: zone, Interval: db.Daily}
}

// asTyped is one text as it was sent, without any key in it.
func asTyped(text string) string { return strings.ToValidUTF8(redacted(text), "\uFFFD") }

// wrongDays tells by field what is wrong with the first and the last day.
func wrongDays(given [2]string) map[string]string {
	wrong, dates := map[string]string{}, [2]time.Time{}
	for i, field := range []string{"from", "to"} {
		var err error
		if dates[i], err = time.Parse(time.DateOnly, given[i]); err != nil || dates[i].Year() < 1970 {
			wrong[field] = "Write a day like 2026-11-20."
		}
	}
	switch {
	case len(wrong) > 0:
	case dates[1].Before(dates[0]):
		wrong["to"] = "That lies before the first day. Swap them."
	case dates[1].Sub(dates[0]) >= usageDaysMax*24*time.Hour:
		wrong["to"] = fmt.Sprintf("That is more than %d days. Choose fewer; the API gives the rest.", usageDaysMax)
	}
	return wrong
}

// findRequest leads from a request's id to the request.
func (s *server) findRequest(c echo.Context) error {
	id := strings.ToLower(strings.TrimSpace(c.QueryParam("id")))
	wrong := ""
	if !db.IsID(id) {
		wrong = "That is no request id. It stands in the answer's X-Request-Id header, and in the body of an error."
	} else if _, err := s.Store.Request(c.Request().Context(), me(c).Principal, id); err == nil {
		return c.Redirect(http.StatusSeeOther, "/settings/usage/requests/"+id)
	} else if !db.NotFound.Is(err) {
		return err
	} else {
		wrong = "No request of your keys with that id is in the log. It may be too old, not be one of the sample, or have come with another person's key."
	}
	shown, q := s.usageShown(c)
	shown.Form.Values["id"], shown.Form.Errors["id"] = asTyped(c.QueryParam("id")), wrong
	return s.renderUsage(c, shown, q)
}

func (s *server) showRequest(c echo.Context) error {
	found, err := s.Store.Request(c.Request().Context(), me(c).Principal, pathID(c))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Request(s.page(c, "A request"), found))
}

// sendUsage answers with a table of the page as CSV.
func (s *server) sendUsage(c echo.Context) error {
	shown, q := s.usageShown(c)
	if len(shown.Form.Errors) > 0 {
		return echo.ErrNotFound
	}
	ctx, p := c.Request().Context(), me(c).Principal
	table := c.Param("table")
	if table != "days.csv" && table != "keys.csv" && table != "routes.csv" {
		return echo.ErrNotFound
	}
	bars, keys, routes, err := s.Store.TeamUsage(ctx, p, q)
	if err != nil {
		return err
	}
	switch table {
	case "keys.csv":
		return sendTable(c, table, keyTable(keys))
	case "routes.csv":
		return sendTable(c, table, routeTable(routes))
	}
	return sendTable(c, table, barTable("day", bars))
}
