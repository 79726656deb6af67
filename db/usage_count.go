package db

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// Usage is how many requests of a subject there were within one interval.
type Usage struct {
	Start string // YYYY-MM-DD, a month's its first; of an hour the moment, RFC 3339 in UTC
	UsageSubject
	Requests int64
	Bytes    int64
	Took     time.Duration // of all of them together
}

// Usage counts the team's requests in the order of time, and then of names. Intervals without any are there with 0, for
// everything that the span has requests of.
func (s *Store) Usage(ctx context.Context, p Principal, q UsageQuery) ([]Usage, error) {
	t := &usageTable{intervals: q.intervals(), rows: map[UsageSubject][]Usage{}}
	subject, name, err := s.grouping(ctx, p, q.GroupBy)
	if err != nil {
		return nil, err
	}
	switch q.GroupBy {
	case ByNothing:
		t.of(UsageSubject{})
	case ByOutcome:
		for _, o := range Outcomes {
			t.of(UsageSubject{Outcome: o})
		}
	}
	if err := t.fits(); err != nil {
		return nil, err
	}
	err = s.each(ctx, func(scan scanner) error {
		var hour, requests, bytes, micros int64
		var value string
		if err := scan(&hour, &value, &requests, &bytes, &micros); err != nil {
			return err
		}
		sum := &t.of(subject(value))[t.indexOf(hour)]
		sum.Requests += requests
		sum.Bytes += bytes
		sum.Took += time.Duration(micros) * time.Microsecond
		return t.fits()
	}, `
		SELECT hour, `+name+`, CAST(SUM(requests) AS BIGINT), CAST(SUM(bytes) AS BIGINT), CAST(SUM(micros) AS BIGINT)
		FROM usage_hours
		WHERE team_id = $1
		  AND hour >= $2
		  AND hour < $3
		GROUP BY hour, `+name, p.TeamID, nextHour(q.From), nextHour(q.Until))
	if err != nil {
		return nil, err
	}
	return t.sorted(), nil
}

// grouping gives the column that usage is told apart by, and the subject for each value in it.
func (s *Store) grouping(ctx context.Context, p Principal, by string) (subject func(value string) UsageSubject, column string, err error) {
	switch by {
	case ByOutcome:
		return func(v string) UsageSubject { return UsageSubject{Outcome: Outcome(v)} }, "outcome", nil
	case ByRoute:
		return routeSubject, "route", nil
	case ByKey:
		labels, err := s.keyLabels(ctx, p, 0)
		return labels.of, "key_id", err
	}
	return func(string) UsageSubject { return UsageSubject{} }, "team_id", nil
}

// usageTable adds usage up: by subject, and then by interval.
type usageTable struct {
	intervals
	rows map[UsageSubject][]Usage
}

// of gives the intervals of a subject, made when they are missing.
func (t *usageTable) of(subject UsageSubject) []Usage {
	row := t.rows[subject]
	if row == nil {
		row = make([]Usage, len(t.starts))
		for i, start := range t.starts {
			row[i] = Usage{Start: start, UsageSubject: subject}
		}
		t.rows[subject] = row
	}
	return row
}

func (t *usageTable) fits() error {
	if len(t.rows)*len(t.starts) > countRowsMax {
		return invalid("date_to", "That is too much for one answer. Ask for fewer days, or by day or month.")
	}
	return nil
}

// sorted gives all intervals in order, each with its subjects by name; what has no name comes last.
func (t *usageTable) sorted() []Usage {
	order := slices.SortedFunc(maps.Keys(t.rows), func(a, b UsageSubject) int {
		return cmp.Or(byName(a.KeyName, b.KeyName), byName(a.KeyID, b.KeyID), byName(a.UserName, b.UserName), byName(a.UserID, b.UserID),
			byName(a.Route, b.Route), cmp.Compare(slices.Index(Outcomes, a.Outcome), slices.Index(Outcomes, b.Outcome)))
	})
	all := make([]Usage, 0, len(t.starts)*len(order))
	for i := range t.starts {
		for _, subject := range order {
			all = append(all, t.rows[subject][i])
		}
	}
	return all
}

func byName(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(bit(a == ""), bit(b == ""))
	}
	return cmp.Compare(a, b)
}
