package handlers

import (
	"context"
	"fmt"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

const byAssistant = "assistant" // what counts are told apart by, unless by nothing

type countQuery struct {
	DateFrom string `query:"date_from" required:"true" doc:"The first day, YYYY-MM-DD; of a moment in RFC 3339, its day."`
	DateTo   string `query:"date_to" required:"true" doc:"The last day, included."`
	Timezone string `query:"timezone" doc:"Where days begin, as an IANA zone; UTC otherwise."`
	GroupBy  string `query:"group_by" enum:"assistant,none" default:"none" doc:"Count each assistant, or all together."`
	Interval string `query:"interval" enum:"day,month" default:"day" doc:"A month is dated by its first day."`
}

// ask gives the query the store's terms, or db.Problems with the parameters that cannot be read.
func (q *countQuery) ask() (db.CountQuery, error) {
	var problems db.Problems
	wrong := func(field, text string) {
		problems = append(problems, db.InvalidInput(field, text))
	}
	zone, ok := db.ZoneOf(q.Timezone)
	if !ok {
		wrong("timezone", db.HowToZone)
	}
	date := func(field, text string) time.Time {
		at, day, ok := db.Moment(text, zone)
		if day {
			at, _ = time.Parse(time.DateOnly, text) // also a date that the zone skipped
		} else {
			at = at.In(zone)
		}
		if !ok || at.Year() < 1 || at.Year() > 9999 {
			wrong(field, howToDate)
		}
		return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	}
	asked := db.CountQuery{From: date("date_from", q.DateFrom), To: date("date_to", q.DateTo), Zone: zone, ByAssistant: q.GroupBy == byAssistant, Monthly: q.Interval == db.Monthly}
	switch {
	case len(problems) > 0:
	case asked.To.Before(asked.From):
		wrong("date_to", "date_to lies before date_from. Swap them.")
	case asked.To.Sub(asked.From) >= db.CountDaysMax*24*time.Hour:
		wrong("date_to", fmt.Sprintf("That is more than %d days. Ask for fewer at once.", db.CountDaysMax))
	}
	if len(problems) > 0 {
		return asked, problems
	}
	return asked, nil
}

type wireCount struct {
	Date          string `json:"date" format:"date"`
	AssistantID   string `json:"assistant_id,omitempty"`
	AssistantName string `json:"assistant_name,omitempty"`
	Conversations int64  `json:"conversations"`
	Closed        int64  `json:"closed"`
	Messages      int64  `json:"messages"`
}

func (c *wireCount) appendJSON(b []byte) ([]byte, error) {
	m := archive.WriteObject(b)
	m.Text("date", c.Date)
	m.Given("assistant_id", c.AssistantID)
	m.Given("assistant_name", c.AssistantName)
	m.Number("conversations", c.Conversations)
	m.Number("closed", c.Closed)
	m.Number("messages", c.Messages)
	return m.End(), nil
}

type wireCounts struct {
	Items []wireCount `json:"items"`
}

func (c *wireCounts) appendJSON(b []byte) ([]byte, error) {
	m := archive.WriteObject(b)
	m.Name("items")
	var err error
	m.Bytes, err = appendArray(m.Bytes, c.Items)
	return m.End(), err
}

func (s *server) apiCounts(ctx context.Context, p db.Principal, in *countQuery) (*wireCounts, error) {
	asked, err := in.ask()
	if err != nil {
		return nil, inQuery(err)
	}
	counts, err := s.Store.Counts(ctx, p, asked)
	if err != nil {
		return nil, inQuery(err)
	}
	out := &wireCounts{Items: make([]wireCount, len(counts))}
	for i, n := range counts {
		out.Items[i] = wireCount{n.Date, n.AssistantID, n.AssistantName, n.Conversations, n.Closed, n.Messages}
	}
	return out, nil
}
