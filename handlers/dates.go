package handlers

import (
	"strings"
	"time"

	"github.com/insighto/insighto/db"
)

// span reads date_from and date_to, each a day or a moment, both included. It gives a half-open span; days begin
// where the IANA zone says, or in UTC.
func span(from, to, zone string) (start, end time.Time, err error) {
	var problems db.Problems
	wrong := func(field, text string) {
		problems = append(problems, &db.Error{Kind: db.Invalid, Code: "invalid", Field: "query." + field, Text: text})
	}
	where, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		wrong("timezone", "That is no IANA time zone. They look like Europe/Berlin.")
		where = time.UTC
	}
	start, _, ok := moment(from, where)
	if !ok {
		wrong("date_from", howToDate)
	}
	end, day, ok := moment(to, where)
	if !ok {
		wrong("date_to", howToDate)
	}
	if day {
		end = end.AddDate(0, 0, 1)
	} else {
		end = end.Add(time.Millisecond)
	}
	if len(problems) == 0 && !start.Before(end) {
		wrong("date_to", "date_to lies before date_from. Swap them.")
	}
	if len(problems) > 0 {
		return start, end, problems
	}
	return start, end, nil
}

const howToDate = "That is no date we can read. Write 2026-11-20, or 2026-11-20T08:00:00Z with the + of a zone encoded as %2B."

// moment reads YYYY-MM-DD, where a day begins in the zone, or RFC 3339 with its letters in either case.
func moment(text string, where *time.Location) (t time.Time, day, ok bool) {
	if t, err := time.ParseInLocation(time.DateOnly, text, where); err == nil {
		return t, true, true
	}
	t, err := time.Parse(time.RFC3339, strings.ToUpper(text))
	return t, false, err == nil
}
