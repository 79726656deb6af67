package handlers

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
	"github.com/insighto/insighto/views"
)

// logShown is how many of a key's latest requests its page looks at; it lists the first of them.
const logShown = 1000

// keyUsageShown reads which time is asked for; nonsense is seven days.
func (s *server) keyUsageShown(c echo.Context) (views.KeyUsage, db.UsageQuery) {
	now, zone := s.Now(), zoneOfVisitor(c)
	today, _ := time.Parse(time.DateOnly, now.In(zone).Format(time.DateOnly))
	q := db.UsageQuery{Until: db.DayIn(today.AddDate(0, 0, 1), zone), Zone: zone, Interval: db.Daily}
	span := c.QueryParam("span")
	switch span {
	case "24h":
		q.Interval, q.Until = db.Hourly, now.Truncate(time.Hour).Add(time.Hour)
		q.From = q.Until.Add(-24 * time.Hour)
	case "30d":
		q.From = db.DayIn(today.AddDate(0, 0, -29), zone)
	default:
		span, q.From = "7d", db.DayIn(today.AddDate(0, 0, -6), zone)
	}
	return views.KeyUsage{Span: span, Zone: zone}, q
}

// addressesOf adds up where requests came from, the most first.
func addressesOf(requests []db.Request) []views.Address {
	sums, all := map[string]*views.Address{}, []views.Address{}
	for _, r := range requests { // newest first
		a := sums[r.Address]
		if a == nil {
			a = &views.Address{Address: r.Address, Last: r.At}
			sums[r.Address] = a
		}
		a.Requests += r.Weight
	}
	for _, a := range sums {
		all = append(all, *a)
	}
	slices.SortFunc(all, func(a, b views.Address) int {
		return cmp.Or(-cmp.Compare(a.Requests, b.Requests), cmp.Compare(a.Address, b.Address))
	})
	return all
}

// sendKeyUsage answers with a table of a key's page as CSV.
func (s *server) sendKeyUsage(c echo.Context) error {
	ctx, p, id := c.Request().Context(), me(c).Principal, pathID(c)
	if _, err := s.Store.Key(ctx, p, id); err != nil {
		return err
	}
	_, q := s.keyUsageShown(c)
	switch table := c.Param("table"); table {
	case "times.csv", "routes.csv":
		bars, routes, err := s.Store.KeyUsage(ctx, p, id, q)
		if err != nil {
			return err
		}
		if table == "times.csv" {
			return sendTable(c, table, barTable(q.Interval, bars))
		}
		return sendTable(c, table, routeTable(routes))
	case "addresses.csv", "requests.csv":
		requests, err := s.Store.KeyRequests(ctx, p, id, q.From, logShown)
		if err != nil {
			return err
		}
		if table == "requests.csv" {
			return sendTable(c, table, requestTable(requests))
		}
		return sendTable(c, table, addressTable(addressesOf(requests)))
	}
	return echo.ErrNotFound
}

func addressTable(addresses []views.Address) table {
	rows := table{{"address", "requests", "last_at"}}
	for _, a := range addresses {
		rows = append(rows, []string{a.Address, strconv.FormatInt(a.Requests, 10), archive.Timestamp(a.Last)})
	}
	return rows
}
