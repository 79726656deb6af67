package views

import (
	"fmt"
	"time"

	"github.com/insighto/insighto/db"
)

// UsageShown is what the page of the team's usage shows.
type UsageShown struct {
	Zone   *time.Location // where its days begin
	Days   int            // of the preset, or 0
	Query  string         // the days, for the addresses of its tables
	Bars   []db.UsageBar
	Keys   []db.UsageShare
	Routes []db.UsageShare
	Facts  db.UsageFacts
	Form   Form // the range and the search
}

// Address is where some of a key's requests came from.
type Address struct {
	Address  string
	Requests int64
	Last     time.Time
}

// KeyUsage is what a key did in some time.
type KeyUsage struct {
	Span      string // 24h, 7d or 30d
	Zone      *time.Location
	Bars      []db.UsageBar
	Routes    []db.UsageShare
	Addresses []Address
	Requests  []db.Request // the latest
}

// latest are the requests that the page of a key lists.
func (u KeyUsage) latest() []db.Request { return u.Requests[:min(20, len(u.Requests))] }

var keySpans = [][2]string{{"24h", "24 hours"}, {"7d", "7 days"}, {"30d", "30 days"}}

var usagePresets = []int{7, 30, 90, 365}

// monthName is 2026-11 as people say it.
func monthName(month string) string {
	at, err := time.Parse("2006-01", month)
	if err != nil {
		return month
	}
	return at.Format("January 2006")
}

// planWords tell how far the plan of the month is used.
func planWords(f db.UsageFacts) string {
	return fmt.Sprintf("%s of %s requests in %s, %d %%", number(f.Requests), number(f.Quota), monthName(f.Month), f.Requests*100/f.Quota)
}

// usageFocus leaves the page alone until something is wrong.
func usageFocus(f Form) string {
	if len(f.Errors) == 0 {
		return ""
	}
	return f.first("id", "from", "to")
}

// interval is how the page of a key calls its bars.
func (u KeyUsage) interval() (title, column string) {
	if u.Span == "24h" {
		return "Requests an hour", "Hour"
	}
	return "Requests a day", "Day"
}
