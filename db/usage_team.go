package db

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// TeamUsage gives the intervals of a span in order, who sent the requests of it, and to which routes; the most first.
func (s *Store) TeamUsage(ctx context.Context, p Principal, q UsageQuery) (bars []UsageBar, keys, routes []UsageShare, err error) {
	t := newTeamSpan(q, s.now())
	if err := t.read(ctx, s, p); err != nil {
		return nil, nil, nil, err
	}
	labels, err := s.keyLabels(ctx, p, len(t.keys))
	if err != nil {
		return nil, nil, nil, err
	}
	return t.bars, t.keys.shares(labels.of), t.routes.shares(routeSubject), nil
}

// teamSpan adds up a span: whole UTC months and days from their sums, and the hours before and after them one by
// one.
type teamSpan struct {
	intervals
	bars         []UsageBar
	from, until  int64 // hours
	first, last  int64 // whole days, the last one not included
	start, end   int64 // the months of the first and of the last whole day; -1 where there is none
	keys, routes countsByName
}

func newTeamSpan(q UsageQuery, now time.Time) *teamSpan {
	t := &teamSpan{intervals: q.intervals(), from: nextHour(q.From), until: nextHour(q.Until), keys: countsByName{}, routes: countsByName{}}
	t.bars = t.intervals.bars()
	day := dayLong.Milliseconds()
	t.first, t.last = floorDiv(t.from+day-1, day)*day, floorDiv(t.until, day)*day
	switch {
	case q.Until.After(now): // what has not come yet makes a day no less whole
		t.last = floorDiv(t.until+day-1, day) * day
	case t.first > t.last:
		t.first, t.last = t.until, t.until
	}
	t.start, t.end = MonthStart(time.UnixMilli(t.first)).UnixMilli(), MonthStart(time.UnixMilli(t.last-1)).UnixMilli()
	if t.first == t.last {
		t.start, t.end = -1, -1
	}
	return t
}

// addDay adds the hours of a day that are within the span.
func (t *teamSpan) addDay(day int64, packed []byte) {
	eachPart(packed, func(part int, n UsageCounts) {
		if hour := day + int64(part)*hourLong.Milliseconds(); hour >= t.from && hour < t.until {
			t.bars[t.indexOf(hour)].add(n)
		}
	})
}

// addMonth adds the whole days of a month that are within the span.
func (t *teamSpan) addMonth(to *UsageCounts, month int64, packed []byte) {
	day := dayLong.Milliseconds()
	to.addParts(packed, floorDiv(t.first-month, day), floorDiv(t.last-month, day))
}

// usageSums reads sums. A page has thousands, and each column of a row costs time, so those before the parts are packed.
const usageSums = `
		SELECT concat_ws('` + separator + `', kind, at, name), parts
		FROM usage_sums
		WHERE team_id = $1`

// usageDays are the days of the team, the months of keys and routes that are in no bundle, and the bundles of those at
// both ends of a span.
const usageDays = usageSums + `
		  AND kind = '` + kindTeam + `'
		  AND at >= $2
		  AND at < $3
		UNION ALL` + usageSums + `
		  AND kind IN ('` + kindKey + `', '` + kindRoute + `')
		  AND at >= $4
		  AND at <= $5
		UNION ALL` + usageSums + `
		  AND kind IN ('` + kindKeyDays + `', '` + kindRouteDays + `')
		  AND at IN ($4, $5)`

// usageMonths are the bundles of the months between the ends.
const usageMonths = `
		UNION ALL` + usageSums + `
		  AND kind IN ('` + kindKeyMonth + `', '` + kindRouteMonth + `')
		  AND at > $4
		  AND at < $5`

// usageEdge adds up hours that are no whole day, by key and by route.
func usageEdge(args int) (text string) {
	counts := ""
	for _, o := range Outcomes {
		counts += "SUM(CASE WHEN outcome = '" + string(o) + "' THEN requests ELSE 0 END), "
	}
	for _, by := range [][2]string{{kindKeyHours, "key_id"}, {kindRouteHours, "route"}} {
		text += `
		UNION ALL
		SELECT concat_ws('` + separator + `', '` + by[0] + `', 0, ` + counts + `SUM(bytes), SUM(micros), ` + by[1] + `), NULL
		FROM usage_hours
		WHERE team_id = $1
		  AND hour >= $` + strconv.Itoa(args+1) + `
		  AND hour < $` + strconv.Itoa(args+2) + `
		GROUP BY ` + by[1]
	}
	return text
}

// statement gives the text that reads a span, and its arguments. Months between the ends, and hours that are no whole
// day, are asked for only where the span has any, since PostgreSQL plans every part each time.
func (t *teamSpan) statement(teamID string) (text string, args []any) {
	day := dayLong.Milliseconds()
	text, args = usageDays, []any{teamID, floorDiv(t.from, day) * day, t.until, t.start, t.end}
	if t.start < t.end {
		text += usageMonths
	}
	for _, edge := range [][2]int64{{t.from, t.first}, {t.last, t.until}} {
		if edge[0] < edge[1] {
			text, args = text+usageEdge(len(args)), append(args, edge[0], edge[1])
		}
	}
	return text, args
}

func (t *teamSpan) read(ctx context.Context, s *Store, p Principal) error {
	text, args := t.statement(p.TeamID)
	return s.each(ctx, func(scan scanner) error {
		var head, packed sql.RawBytes // they hold until the next row
		if err := scan(&head, &packed); err != nil {
			return err
		}
		kind, rest, _ := strings.Cut(string(head), separator)
		start, name, _ := strings.Cut(rest, separator)
		at, err := strconv.ParseInt(start, 10, 64)
		if err != nil {
			return fmt.Errorf("when a sum begins: %w", err)
		}
		return t.add(kind, name, at, packed)
	}, text, args...)
}

// add adds a row of usageSums, or of usageEdge, whose name begins with the counters.
func (t *teamSpan) add(kind, name string, at int64, packed []byte) error {
	switch kind {
	case kindTeam:
		t.addDay(at, packed)
	case kindKey:
		t.addMonth(t.keys.of([]byte(name)), at, packed)
	case kindRoute:
		t.addMonth(t.routes.of([]byte(name)), at, packed)
	case kindKeyDays:
		t.addBundledDays(t.keys, at, packed)
	case kindRouteDays:
		t.addBundledDays(t.routes, at, packed)
	case kindKeyMonth:
		addBundledMonth(t.keys, packed)
	case kindRouteMonth:
		addBundledMonth(t.routes, packed)
	case kindKeyHours:
		return addCounters(t.keys, name)
	case kindRouteHours:
		return addCounters(t.routes, name)
	default:
		return fmt.Errorf("there are no sums of kind %q", kind)
	}
	return nil
}

func (t *teamSpan) addBundledDays(to countsByName, month int64, packed []byte) {
	eachBundled(packed, func(name, packed []byte) { t.addMonth(to.of(name), month, packed) })
}

func addBundledMonth(to countsByName, packed []byte) {
	eachBundled(packed, func(name, packed []byte) { to.of(name).addParts(packed, 0, 1) })
}

// addCounters adds what is written in a name: the counters as text, and then the name itself.
func addCounters(to countsByName, name string) error {
	var n UsageCounts
	for _, counter := range n.dest() {
		column, rest, _ := strings.Cut(name, separator)
		value, err := strconv.ParseInt(column, 10, 64)
		if err != nil {
			return fmt.Errorf("the sum of some hours: %w", err)
		}
		*counter.(*int64), name = value, rest
	}
	to.of([]byte(name)).add(n)
	return nil
}

// UsageFacts are what a team has used of its plan in this UTC month, and what it keeps.
type UsageFacts struct {
	Month         string // 2026-11
	Requests      int64
	Quota         int64 // requests that it may make in a month, or 0 for any number
	Conversations int64
	Messages      int64
	Contacts      int64
}

// UsageFacts gives them for the asker's team in one statement.
func (s *Store) UsageFacts(ctx context.Context, p Principal) (UsageFacts, error) {
	f := UsageFacts{Month: monthOf(s.now())}
	_, err := s.one(ctx, []any{&f.Requests, &f.Quota, &f.Conversations, &f.Messages, &f.Contacts}, `
		SELECT (SELECT COALESCE(MAX(requests), 0) FROM usage_months WHERE team_id = $1 AND month = $2),
		       (SELECT COALESCE(MAX(quota), 0) FROM teams WHERE id = $1),
		       COALESCE(CAST(SUM(conversations) AS BIGINT), 0), COALESCE(CAST(SUM(messages) AS BIGINT), 0),
		       (SELECT COALESCE(MAX(total), 0) FROM totals WHERE team_id = $1 AND noun = 'contacts')
		FROM conversation_days
		WHERE team_id = $1
		  AND assistant_id = ''`, p.TeamID, f.Month)
	return f, err
}
