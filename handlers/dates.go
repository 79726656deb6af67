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
	where, ok := zoneOf(zone)
	if !ok {
		wrong("timezone", howToZone)
	}
	start, _, ok = moment(from, where)
	if !ok {
		wrong("date_from", howToDate)
	}
	last, day, ok := moment(to, where)
	if !ok {
		wrong("date_to", howToDate)
	}
	end = last.Add(time.Millisecond)
	if day {
		date, _ := time.Parse(time.DateOnly, to)
		end = dayIn(date.AddDate(0, 0, 1), where)
	}
	if len(problems) == 0 && !start.Before(end) && (!day || last.Before(start)) {
		wrong("date_to", "date_to lies before date_from. Swap them.")
	}
	if len(problems) > 0 {
		return start, end, problems
	}
	return start, end, nil
}

// zoneOf gives the IANA zone of that name, and UTC for none or one that is not there.
func zoneOf(name string) (zone *time.Location, ok bool) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return time.UTC, false
	}
	return zone, true
}

const howToZone = "That is no IANA time zone. They look like Europe/Berlin."

const howToDate = "That is no date we can read. Write 2026-11-20, or 2026-11-20T08:00:00Z with the + of a zone encoded as %2B."

// moment reads YYYY-MM-DD, where a day begins in the zone, or RFC 3339 with its letters in either case.
func moment(text string, where *time.Location) (t time.Time, day, ok bool) {
	if date, err := time.Parse(time.DateOnly, text); err == nil {
		return dayIn(date, where), true, true
	}
	t, err := time.Parse(time.RFC3339, strings.ToUpper(text))
	return t, false, err == nil
}

// dayIn gives when a date begins in a zone. Where the clock skips midnight, it begins with the skip, and time.Date may
// give a moment of the day before.
func dayIn(date time.Time, where *time.Location) time.Time {
	t := time.Date(date.Year(), date.Month(), date.Day(), 0, 0, 0, 0, where)
	if t.Format(time.DateOnly) < date.Format(time.DateOnly) {
		_, t = t.ZoneBounds()
	}
	return t
}
