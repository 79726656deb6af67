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

// UsageBar is how the requests of one interval ended; Start is as in Usage.
type UsageBar struct {
	Start string
	UsageCounts
}

// UsageShare is the part of a span's requests that a subject has.
type UsageShare struct {
	UsageSubject
	UsageCounts
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

func (in intervals) bars() []UsageBar {
	bars := make([]UsageBar, len(in.starts))
	for i, start := range in.starts {
		bars[i].Start = start
	}
	return bars
}

// countsByName are the counts of keys by their ids, or of routes.
type countsByName map[string]*UsageCounts

// of gives the counts of a name, made when they are missing.
func (c countsByName) of(name []byte) *UsageCounts {
	counts := c[string(name)]
	if counts == nil {
		counts = &UsageCounts{}
		c[string(name)] = counts
	}
	return counts
}

// shares gives the subjects that names belong to, with what all of a subject's names count; the most requests first.
func (c countsByName) shares(subject func(name string) UsageSubject) []UsageShare {
	sums := make(map[UsageSubject]*UsageCounts, len(c))
	for name, n := range c {
		if *n == (UsageCounts{}) {
			continue
		}
		of := subject(name)
		if sums[of] == nil {
			sums[of] = &UsageCounts{}
		}
		sums[of].add(*n)
	}
	all := make([]UsageShare, 0, len(sums))
	for of, n := range sums {
		all = append(all, UsageShare{of, *n})
	}
	slices.SortFunc(all, func(a, b UsageShare) int {
		return cmp.Or(-cmp.Compare(a.Requests(), b.Requests()), cmp.Compare(a.KeyName, b.KeyName), cmp.Compare(a.KeyID, b.KeyID),
			cmp.Compare(a.UserName, b.UserName), cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Route, b.Route))
	})
	return all
}

func routeSubject(route string) UsageSubject { return UsageSubject{Route: route} }

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
