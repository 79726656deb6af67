package handlers

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/insighto/insighto/db"
)

type usageQuery struct {
	DateFrom string `query:"date_from" doc:"The first day, YYYY-MM-DD, or a moment in RFC 3339; 29 days before today otherwise."`
	DateTo   string `query:"date_to" doc:"The last day or moment, included; today otherwise. Usage is kept by the hour: an hour counts where it begins."`
	Timezone string `query:"timezone" doc:"Where days and months begin, as an IANA zone; UTC otherwise."`
	GroupBy  string `query:"group_by" enum:"key,route,outcome,none" default:"none" doc:"What to tell apart. Keys of others have no name: an owner or admin sees the sum of each member, everybody else one sum."`
	Interval string `query:"interval" enum:"hour,day,month" default:"day" doc:"What to add up. A month is dated by its first day, an hour by its first moment in UTC."`
}

// ask gives the query the store's terms, or db.Problems with the parameters that cannot be read.
func (q *usageQuery) ask(now time.Time) (db.UsageQuery, error) {
	asked := db.UsageQuery{Interval: q.Interval, GroupBy: q.GroupBy}
	asked.Zone, _ = db.ZoneOf(q.Timezone) // Between sees to it
	today := now.In(asked.Zone)
	var err error
	if asked.From, asked.Until, err = db.Between(cmp.Or(q.DateFrom, today.AddDate(0, 0, -29).Format(time.DateOnly)), cmp.Or(q.DateTo, today.Format(time.DateOnly)), q.Timezone, spanWords); err != nil {
		return asked, err
	}
	if asked.Until.Sub(asked.From) > (db.CountDaysMax+1)*24*time.Hour {
		return asked, db.InvalidInput("date_to", fmt.Sprintf("That is more than %d days. Ask for fewer at once.", db.CountDaysMax))
	}
	return asked, nil
}

type wireUsage struct {
	Date         string `json:"date" doc:"YYYY-MM-DD, or the first moment of an hour in RFC 3339."`
	KeyID        string `json:"key_id,omitempty"`
	KeyName      string `json:"key_name,omitempty"`
	UserID       string `json:"user_id,omitempty" doc:"Whose keys these are, where they are not your own."`
	UserName     string `json:"user_name,omitempty"`
	Route        string `json:"route,omitempty" doc:"Method and template."`
	Outcome      string `json:"outcome,omitempty" enum:"ok,denied,limited,client,server" doc:"ok is 2xx and 3xx, denied 401 and 403, limited 429, client any other 4xx, server 5xx."`
	Requests     int64  `json:"requests"`
	Bytes        int64  `json:"bytes" doc:"Sent in answers."`
	Milliseconds int64  `json:"milliseconds" doc:"Spent on all of them together."`
}

type wireUsages struct {
	Items []wireUsage `json:"items"`
}

func (s *server) apiUsage(ctx context.Context, p db.Principal, in *usageQuery) (*wireUsages, error) {
	asked, err := in.ask(s.Now())
	if err != nil {
		return nil, inQuery(err)
	}
	usage, err := s.Store.Usage(ctx, p, asked)
	if err != nil {
		return nil, inQuery(err)
	}
	out := &wireUsages{Items: make([]wireUsage, len(usage))}
	for i, u := range usage {
		out.Items[i] = wireUsage{u.Start, u.KeyID, u.KeyName, u.UserID, u.UserName, u.Route, string(u.Outcome), u.Requests, u.Bytes, u.Took.Milliseconds()}
	}
	return out, nil
}
