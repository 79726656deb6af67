package db

import (
	"strings"
	"time"
)

// SpanWords is how a caller speaks of what Between reads: what it calls the three inputs, and the sentence that says how
// a date is written there.
type SpanWords struct {
	From, To, Zone string
	HowToDate      string
}

// HowToZone is said of a time zone that is not there.
const HowToZone = "That is no IANA time zone. They look like Europe/Berlin."

// Between reads the span from one day or moment to another, both included, as a half-open span; days begin where the
// IANA zone says, or in UTC. Errors are Problems in the caller's words.
func Between(from, to, zone string, words SpanWords) (start, end time.Time, err error) {
	var problems Problems
	wrong := func(field, text string) { problems = append(problems, invalid(field, text)) }
	where, ok := ZoneOf(zone)
	if !ok {
		wrong(words.Zone, HowToZone)
	}
	start, _, ok = Moment(from, where)
	if !ok {
		wrong(words.From, words.HowToDate)
	}
	last, day, ok := Moment(to, where)
	if !ok {
		wrong(words.To, words.HowToDate)
	}
	end = last.Add(time.Millisecond)
	if day {
		date, _ := time.Parse(time.DateOnly, to)
		end = DayIn(date.AddDate(0, 0, 1), where)
	}
	if len(problems) == 0 && !start.Before(end) && (!day || last.Before(start)) {
		wrong(words.To, words.To+" lies before "+words.From+". Swap them.")
	}
	return start, end, problems.or()
}

// ZoneOf gives the IANA zone of that name, and UTC for none or one that is not there.
func ZoneOf(name string) (zone *time.Location, ok bool) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return time.UTC, false
	}
	return zone, true
}

// Moment reads YYYY-MM-DD, where a day begins in the zone, or RFC 3339 with its letters in either case.
func Moment(text string, where *time.Location) (t time.Time, day, ok bool) {
	if date, err := time.Parse(time.DateOnly, text); err == nil {
		return DayIn(date, where), true, true
	}
	t, err := time.Parse(time.RFC3339, strings.ToUpper(text))
	return t, false, err == nil
}
