package db

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// The intervals that usage is asked by.
const (
	Hourly  = "hour"
	Daily   = "day"
	Monthly = "month"
)

// What usage is told apart by.
const (
	ByKey     = "key"
	ByRoute   = "route"
	ByOutcome = "outcome"
	ByNothing = "none"
)

// UsageQuery asks for the requests of a half-open span. Usage is kept by hours, and an hour belongs to the span, the day
// and the month that it begins in.
type UsageQuery struct {
	From, Until time.Time
	Zone        *time.Location // where days and months begin
	Interval    string
	GroupBy     string
}

// Usage is how many requests there were within one interval. By key, the asker's own keys stand with id and name; those
// of others are one row for each person where the asker is an owner or admin, and otherwise one row without any name.
type Usage struct {
	Start    string // YYYY-MM-DD, a month's its first; of an hour the moment, RFC 3339 in UTC
	KeyID    string
	KeyName  string
	UserID   string
	UserName string
	Route    string
	Outcome  Outcome
	Requests int64
	Bytes    int64
	Took     time.Duration // of all of them together
}

// Usage counts the team's requests in the order of time, and then of names. Intervals without any are there with 0, for
// everything that the span has requests of.
func (s *Store) Usage(ctx context.Context, p Principal, q UsageQuery) ([]Usage, error) {
	u := &using{intervals: q.intervals(), groups: map[Usage][]Usage{}}
	group, name, err := s.grouping(ctx, p, q.GroupBy)
	if err != nil {
		return nil, err
	}
	switch q.GroupBy {
	case ByNothing:
		u.of(Usage{})
	case ByOutcome:
		for _, o := range Outcomes {
			u.of(Usage{Outcome: o})
		}
	}
	if err := u.fits(); err != nil {
		return nil, err
	}
	err = s.each(ctx, func(scan scanner) error {
		var hour, requests, bytes, micros int64
		var value string
		if err := scan(&hour, &value, &requests, &bytes, &micros); err != nil {
			return err
		}
		u.add(hour, group(value), Usage{Requests: requests, Bytes: bytes, Took: time.Duration(micros) * time.Microsecond})
		return u.fits()
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
	return u.rows(), nil
}

// grouping gives what a row is counted under by the value of its column, and that column.
func (s *Store) grouping(ctx context.Context, p Principal, by string) (group func(value string) Usage, column string, err error) {
	switch by {
	case ByOutcome:
		return func(v string) Usage { return Usage{Outcome: Outcome(v)} }, "outcome", nil
	case ByRoute:
		return func(v string) Usage { return Usage{Route: v} }, "route", nil
	case ByKey:
		holders, err := s.keyHolders(ctx, p, 0)
		return func(v string) Usage { seen, _ := holders.of(v); return seen }, "key_id", err
	}
	return func(string) Usage { return Usage{} }, "team_id", nil
}

// keyLabels tell how the asker sees the team's keys, the deleted ones too.
type keyLabels struct {
	asker  Principal
	role   MemberRole
	people map[string]string
	keys   map[string]keyLabel
}

// keyLabel is a key and whose it is.
type keyLabel struct {
	Usage
	deleted bool
}

// keyHolders reads a row for all keys, since a thousand would take longer. It has room for as many as one expects.
func (s *Store) keyHolders(ctx context.Context, p Principal, expected int) (*keyLabels, error) {
	h := &keyLabels{p, p.Member, map[string]string{}, make(map[string]keyLabel, expected)}
	err := s.each(ctx, func(scan scanner) error {
		var row, kind string
		if err := scan(&row); err != nil {
			return err
		}
		row, more, err := firstColumns(row, &kind)
		for err == nil && more {
			var id, user, name string
			row, more, err = firstColumns(row, &id, &user, &name)
			h.add(kind, id, user, name)
		}
		return err
	}, `
		SELECT 'member' || COALESCE('`+separator+`' || string_agg(concat_ws('`+separator+`', m.member_role, m.user_id, u.name), '`+separator+`'), '')
		FROM members m
		JOIN users u ON u.id = m.user_id
		WHERE m.team_id = $1
		UNION ALL
		SELECT 'key' || COALESCE('`+separator+`' || string_agg(`+holderOfKey+`, '`+separator+`'), '')
		FROM keys
		WHERE team_id = $1
		UNION ALL
		SELECT 'deleted' || COALESCE('`+separator+`' || string_agg(`+holderOfKey+`, '`+separator+`'), '')
		FROM deleted_keys
		WHERE team_id = $1`, p.TeamID, p.UserID)
	return h, err
}

const holderOfKey = `concat_ws('` + separator + `', id, user_id, CASE WHEN user_id = $2 THEN name ELSE '' END)`

func (h *keyLabels) add(kind, id, user, name string) {
	if kind != "member" {
		h.keys[id] = keyLabel{Usage{KeyID: id, KeyName: name, UserID: user}, kind == "deleted"}
		return
	}
	h.people[user] = name
	if user == h.asker.UserID {
		h.role = MemberRole(id)
	}
}

// of gives a key as the asker may see it: an own one, one of somebody, or one of the others'.
func (h *keyLabels) of(id string) (Usage, bool) {
	k, known := h.keys[id]
	switch {
	case !known:
	case k.UserID == h.asker.UserID:
		return Usage{KeyID: k.KeyID, KeyName: k.KeyName}, k.deleted
	case h.role.Manages():
		return Usage{UserID: k.UserID, UserName: cmp.Or(h.people[k.UserID], "A former member")}, false
	}
	return Usage{}, false
}

// intervals are the intervals of a span in order, and which of them each hour belongs to.
type intervals struct {
	starts []string
	first  int64 // hour
	index  []int // by hours since first
}

func (q UsageQuery) intervals() intervals {
	in, same := intervals{first: nextHour(q.From)}, -1
	for hour, until := in.first, nextHour(q.Until); hour < until; hour += hourLong.Milliseconds() {
		at := time.UnixMilli(hour)
		if day := at.In(q.Zone).YearDay(); q.Interval == Hourly || day != same { // a year has many hours, and writing a date takes time
			same = day
			if start, n := q.start(at), len(in.starts); n == 0 || in.starts[n-1] != start {
				in.starts = append(in.starts, start)
			}
		}
		in.index = append(in.index, len(in.starts)-1)
	}
	return in
}

// start is how the interval is written that an hour belongs to.
func (q UsageQuery) start(hour time.Time) string {
	switch q.Interval {
	case Hourly:
		return hour.UTC().Format(time.RFC3339)
	case Monthly:
		return hour.In(q.Zone).Format("2006-01") + "-01"
	}
	return hour.In(q.Zone).Format(time.DateOnly)
}

// of gives the interval of an hour within the span.
func (in intervals) of(hour int64) int { return in.index[(hour-in.first)/hourLong.Milliseconds()] }

// using adds usage up: by group, and then by interval.
type using struct {
	intervals
	groups map[Usage][]Usage
}

func (u *using) of(group Usage) []Usage {
	kept := u.groups[group]
	if kept == nil {
		kept = make([]Usage, len(u.starts))
		for i, start := range u.starts {
			kept[i] = group
			kept[i].Start = start
		}
		u.groups[group] = kept
	}
	return kept
}

func (u *using) add(hour int64, group, n Usage) {
	to := &u.of(group)[u.intervals.of(hour)]
	to.Requests += n.Requests
	to.Bytes += n.Bytes
	to.Took += n.Took
}

func (u *using) fits() error {
	if len(u.groups)*len(u.starts) > countRowsMax {
		return invalid("date_to", "That is too much for one answer. Ask for fewer days, or by day or month.")
	}
	return nil
}

// rows are all intervals in order, each with its groups by name; what has no name comes last.
func (u *using) rows() []Usage {
	order := make([]Usage, 0, len(u.groups))
	for group := range u.groups {
		order = append(order, group)
	}
	slices.SortFunc(order, func(a, b Usage) int {
		return cmp.Or(byName(a.KeyName, b.KeyName), byName(a.KeyID, b.KeyID), byName(a.UserName, b.UserName), byName(a.UserID, b.UserID),
			byName(a.Route, b.Route), cmp.Compare(slices.Index(Outcomes, a.Outcome), slices.Index(Outcomes, b.Outcome)))
	})
	all := make([]Usage, 0, len(u.starts)*len(order))
	for i := range u.starts {
		for _, group := range order {
			all = append(all, u.groups[group][i])
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
