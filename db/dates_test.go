package db_test

import (
	"errors"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
)

var plainWords = db.SpanWords{From: "first", To: "last", Zone: "zone", HowToDate: "Write a date."}

func TestBetween(t *testing.T) {
	for _, c := range []struct {
		name, from, to, zone string
		start, end           string
	}{
		{"one day", "2026-11-02", "2026-11-02", "", "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"},
		{"a day somewhere else", "2026-11-02", "2026-11-02", "America/New_York", "2026-11-02T05:00:00Z", "2026-11-03T05:00:00Z"},
		{"the day the clock goes back", "2026-10-25", "2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		{"the day whose midnight is skipped", "2018-11-04", "2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		{"a date that a zone skipped", "2011-12-30", "2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
		{"two moments, the last included", "2026-11-02T06:00:00Z", "2026-11-02t12:00:00+02:00", "", "2026-11-02T06:00:00Z", "2026-11-02T10:00:00.001Z"},
		{"a moment of its own day", "2026-11-02T06:00:00Z", "2026-11-02", "", "2026-11-02T06:00:00Z", "2026-11-03T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start, end, err := db.Between(c.from, c.to, c.zone, plainWords)
			if got, until := start.UTC().Format(time.RFC3339Nano), end.UTC().Format(time.RFC3339Nano); err != nil || got != c.start || until != c.end {
				t.Errorf("got %s to %s, %v; want %s to %s", got, until, err, c.start, c.end)
			}
		})
	}
}

func TestBetweenSaysWhatIsWrongInTheWordsOfItsCaller(t *testing.T) {
	for _, c := range []struct {
		name, from, to, zone string
		want                 [][2]string
	}{
		{"everything", "x", "2026-02-30", "Mars", [][2]string{{"zone", db.HowToZone}, {"first", "Write a date."}, {"last", "Write a date."}}},
		{"nothing is no date", "", "2026-11-02", "", [][2]string{{"first", "Write a date."}}},
		{"the server's own zone", "2026-11-02", "2026-11-02", "Local", [][2]string{{"zone", db.HowToZone}}},
		{"a file", "2026-11-02", "2026-11-02", "../etc/passwd", [][2]string{{"zone", db.HowToZone}}},
		{"days the wrong way round", "2026-11-02", "2026-11-01", "", [][2]string{{"last", "last lies before first. Swap them."}}},
		{"moments the wrong way round", "2026-11-02T06:00:00Z", "2026-11-02T05:59:59Z", "", [][2]string{{"last", "last lies before first. Swap them."}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := db.Between(c.from, c.to, c.zone, plainWords)
			var problems db.Problems
			if !errors.As(err, &problems) || len(problems) != len(c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			for i, p := range problems {
				if p.Kind != db.Invalid || p.Code != "invalid" || [2]string{p.Field, p.Text} != c.want[i] {
					t.Errorf("got %q: %q (%s, %s), want %q", p.Field, p.Text, p.Kind, p.Code, c.want[i])
				}
			}
		})
	}
}
