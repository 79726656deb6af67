package db

import (
	"cmp"
	"context"
	"maps"
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

// UsageSubject is what requests are counted by: a key or the person who holds it, a route, an outcome; the other fields are
// empty. The asker's own keys stand with id and name; those of others are one subject for each person where the asker is an
// owner or admin, and otherwise one without any name.
type UsageSubject struct {
	KeyID    string
	KeyName  string
	Deleted  bool // the key is gone
	UserID   string
	UserName string
	Route    string
	Outcome  Outcome
}

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

// keyLabels tell how the asker sees the team's keys, the deleted ones too.
type keyLabels struct {
	asker  Principal
	role   MemberRole
	people map[string]string
	keys   map[string]UsageSubject // with the person's id, but not the name
}

// keyLabels reads all keys in a few rows, since a row for each would take longer. It has room for as many as are expected.
func (s *Store) keyLabels(ctx context.Context, p Principal, expected int) (*keyLabels, error) {
	l := &keyLabels{p, p.Member, map[string]string{}, make(map[string]UsageSubject, expected)}
	err := s.each(ctx, func(scan scanner) error {
		var row, kind string
		if err := scan(&row); err != nil {
			return err
		}
		row, more, err := firstColumns(row, &kind)
		for err == nil && more {
			var id, user, name string
			row, more, err = firstColumns(row, &id, &user, &name)
			l.add(kind, id, user, name)
		}
		return err
	}, `
		SELECT 'member' || COALESCE('`+separator+`' || string_agg(concat_ws('`+separator+`', m.member_role, m.user_id, u.name), '`+separator+`'), '')
		FROM members m
		JOIN users u ON u.id = m.user_id
		WHERE m.team_id = $1
		UNION ALL
		SELECT 'key' || COALESCE('`+separator+`' || string_agg(`+labelOfKey+`, '`+separator+`'), '')
		FROM keys
		WHERE team_id = $1
		UNION ALL
		SELECT 'deleted' || COALESCE('`+separator+`' || string_agg(`+labelOfKey+`, '`+separator+`'), '')
		FROM deleted_keys
		WHERE team_id = $1`, p.TeamID, p.UserID)
	return l, err
}

const labelOfKey = `concat_ws('` + separator + `', id, user_id, CASE WHEN user_id = $2 THEN name ELSE '' END)`

func (l *keyLabels) add(kind, id, user, name string) {
	if kind != "member" {
		l.keys[id] = UsageSubject{KeyID: id, KeyName: name, UserID: user, Deleted: kind == "deleted"}
		return
	}
	l.people[user] = name
	if user == l.asker.UserID {
		l.role = MemberRole(id)
	}
}

// of gives a key as the asker may see it: an own one, one of somebody, or one of the others'.
func (l *keyLabels) of(id string) UsageSubject {
	k, known := l.keys[id]
	switch {
	case !known:
	case k.UserID == l.asker.UserID:
		return UsageSubject{KeyID: k.KeyID, KeyName: k.KeyName, Deleted: k.Deleted}
	case l.role.Manages():
		return UsageSubject{UserID: k.UserID, UserName: cmp.Or(l.people[k.UserID], "A former member")}
	}
	return UsageSubject{}
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

// indexOf gives the interval of an hour within the span.
func (in intervals) indexOf(hour int64) int { return in.index[(hour-in.first)/hourLong.Milliseconds()] }

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
