package db

import (
	"context"
	"time"
)

// TeamUsage gives the intervals of a span in order, who sent the requests of it, and to which routes; the most first.
func (s *Store) TeamUsage(ctx context.Context, p Principal, q UsageQuery) (bars []UsageBar, keys, routes []UsageShare, err error) {
	t := newTeamUsing(q, s.now())
	if err := t.read(ctx, s, p); err != nil {
		return nil, nil, nil, err
	}
	holders, err := s.keyHolders(ctx, p)
	if err != nil {
		return nil, nil, nil, err
	}
	byKey, byRoute := shares{}, shares{}
	for id, n := range t.keys {
		h := holders[id]
		byKey.add(UsageShare{KeyID: h.KeyID, KeyName: h.KeyName, Deleted: h.deleted && h.KeyID != "", UserID: h.UserID, UserName: h.UserName, Sums: *n})
	}
	for route, n := range t.routes {
		byRoute.add(UsageShare{Route: route, Sums: *n})
	}
	return t.bars, byKey.sorted(), byRoute.sorted(), nil
}

// teamUsing adds up a span: whole UTC months and days from their sums, and the hours before and after them one by one.
type teamUsing struct {
	intervals
	bars         []UsageBar
	from, until  int64 // hours
	first, last  int64 // whole days, the last one not included
	keys, routes map[string]*Sums
}

func newTeamUsing(q UsageQuery, now time.Time) *teamUsing {
	t := &teamUsing{intervals: q.intervals(), from: nextHour(q.From), until: nextHour(q.Until), keys: map[string]*Sums{}, routes: map[string]*Sums{}}
	t.bars = t.intervals.bars()
	day := dayLong.Milliseconds()
	t.first, t.last = floorDiv(t.from+day-1, day)*day, floorDiv(t.until, day)*day
	switch {
	case q.Until.After(now): // what has not come yet makes a day no less whole
		t.last = floorDiv(t.until+day-1, day) * day
	case t.first > t.last:
		t.first, t.last = t.until, t.until
	}
	return t
}

// The parts of the team's days and of the months at both ends, the sums of the months between them, and the hours
// before the first whole day and after the last.
var teamUsage = `
		SELECT kind, name, at, 0, 0, 0, 0, 0, 0, 0, parts
		FROM usage_sums
		WHERE team_id = $1
		  AND kind = 'team'
		  AND at >= $2
		  AND at < $3
		UNION ALL
		SELECT kind, name, at, 0, 0, 0, 0, 0, 0, 0, parts
		FROM usage_sums
		WHERE team_id = $1
		  AND kind IN ('key', 'route')
		  AND at IN ($4, $5)
		UNION ALL
		SELECT kind, name, 0, CAST(SUM(ok) AS BIGINT), CAST(SUM(denied) AS BIGINT), CAST(SUM(limited) AS BIGINT), CAST(SUM(client) AS BIGINT),
		       CAST(SUM(server) AS BIGINT), CAST(SUM(bytes) AS BIGINT), CAST(SUM(micros) AS BIGINT), NULL
		FROM usage_sums
		WHERE team_id = $1
		  AND kind IN ('key', 'route')
		  AND at > $4
		  AND at < $5
		GROUP BY kind, name` +
	edge("key", "key_id", "$6", "$7") + edge("route", "route", "$6", "$7") +
	edge("key", "key_id", "$8", "$9") + edge("route", "route", "$8", "$9")

// edge adds up hours that are no whole day, by a column.
func edge(kind, column, from, until string) string {
	counts := ""
	for _, o := range Outcomes {
		counts += "CAST(SUM(CASE WHEN outcome = '" + string(o) + "' THEN requests ELSE 0 END) AS BIGINT), "
	}
	return `
		UNION ALL
		SELECT '` + kind + `', ` + column + `, 0, ` + counts + `CAST(SUM(bytes) AS BIGINT), CAST(SUM(micros) AS BIGINT), NULL
		FROM usage_hours
		WHERE team_id = $1
		  AND hour >= ` + from + `
		  AND hour < ` + until + `
		GROUP BY ` + column
}

func (t *teamUsing) read(ctx context.Context, s *Store, p Principal) error {
	day := dayLong.Milliseconds()
	firstMonth, lastMonth := monthStart(t.first), monthStart(t.last-1)
	if t.first == t.last {
		firstMonth, lastMonth = -1, -1
	}
	return s.each(ctx, func(scan scanner) error {
		var kind, name string
		var at int64
		var n Sums
		var packed []byte
		if err := scan(append(append([]any{&kind, &name, &at}, n.dest()...), &packed)...); err != nil {
			return err
		}
		switch kind {
		case sumOfTeam:
			eachPart(packed, func(part int, n Sums) {
				if hour := at + int64(part)*hourLong.Milliseconds(); hour >= t.from && hour < t.until {
					t.bars[t.of(hour)].add(n)
				}
			})
		case sumOfKey:
			t.add(t.keys, name, at, n, packed)
		case sumOfRoute:
			t.add(t.routes, name, at, n, packed)
		}
		return nil
	}, teamUsage, p.TeamID, floorDiv(t.from, day)*day, t.until, firstMonth, lastMonth, t.from, t.first, t.last, t.until)
}

// add adds what is within the span: all of n, and of packed days the whole ones.
func (t *teamUsing) add(to map[string]*Sums, name string, month int64, n Sums, packed []byte) {
	eachPart(packed, func(part int, one Sums) {
		if at := month + int64(part)*dayLong.Milliseconds(); at >= t.first && at < t.last {
			n.add(one)
		}
	})
	if n == (Sums{}) {
		return
	}
	if to[name] == nil {
		to[name] = &Sums{}
	}
	to[name].add(n)
}
