package views

import (
	"slices"
	"strings"
	"time"

	"github.com/insighto/insighto/db"
)

// MadeSecret is a webhook with a signing secret that was just made, the only time that it is to be seen.
type MadeSecret struct {
	Webhook db.Webhook
	Secret  string
	Rotated bool // there was one before, which signs too for a day
}

// Hook is a webhook with one page of its deliveries, and what was just done to it.
type Hook struct {
	db.Webhook
	Deliveries db.List[db.Delivery]
	State      db.DeliveryState // only those; empty for all
	Done       string           // made, changed, test, enabled, disabled or replayed
	Replayed   int64
	Spans      []Option // how far back failed ones can be sent again
}

// chosen tells whether a form has an event among its own, which stand with blanks between them.
func (f Form) chosen(event string) bool {
	return slices.Contains(strings.Fields(f.Value("events")), event)
}

func hookPath(w db.Webhook) string { return "/settings/webhooks/" + w.ID }

func hooksPage(n int64) string { return paged("/settings/webhooks", "", n) }

// page gives the address of a page of deliveries in the same state.
func (h Hook) page(n int64) string { return h.in(h.State, n) }

func (h Hook) in(state db.DeliveryState, n int64) string {
	query := ""
	if state != "" {
		query = "state=" + string(state)
	}
	return paged(hookPath(h.Webhook), query, n)
}

// stateWords are what a delivery's state is called, from its try on.
func stateWords(d db.Delivery) string {
	switch {
	case d.State == db.Delivered:
		return "Delivered"
	case d.State == db.Failed:
		return "Failed"
	case d.Claimed:
		return "On its way"
	case d.Tries > 0:
		return "To be tried again"
	}
	return "Waiting"
}

var filterWords = map[db.DeliveryState]string{"": "All", db.Waiting: "Waiting", db.Delivered: "Delivered", db.Failed: "Failed"}

// until gives words for how long it takes from now to t.
func until(t, now time.Time) string {
	switch d := t.Sub(now); {
	case d < time.Second:
		return "now"
	case d < 2*time.Minute:
		return "in " + count(int64(d/time.Second), "second")
	case d < 2*time.Hour:
		return "in " + count(int64(d/time.Minute), "minute")
	}
	return "in " + count(int64(t.Sub(now)/time.Hour), "hour")
}
