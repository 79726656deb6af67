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
	holders, err := s.keyHolders(ctx, p, len(t.keys))
	if err != nil {
		return nil, nil, nil, err
	}
	byKey, byRoute := make(shares, len(t.keys)), make(shares, len(t.routes))
	for id, n := range t.keys {
		if h, deleted := holders.of(id); *n != (Sums{}) {
			byKey.add(UsageShare{KeyID: h.KeyID, KeyName: h.KeyName, Deleted: deleted, UserID: h.UserID, UserName: h.UserName, Sums: *n})
		}
	}
	for route, n := range t.routes {
		if *n != (Sums{}) {
			byRoute.add(UsageShare{Route: route, Sums: *n})
		}
	}
	return t.bars, byKey.sorted(), byRoute.sorted(), nil
}

// teamUsing adds up a span: whole UTC months and days from their sums, and the hours before and after them one by
// one.
type teamUsing struct {
	intervals
	bars         []UsageBar
	from, until  int64 // hours
	first, last  int64 // whole days, the last one not included
	start, end   int64 // the months of the first and of the last whole day; -1 where there is none
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
	t.start, t.end = monthStart(t.first), monthStart(t.last-1)
	if t.first == t.last {
		t.start, t.end = -1, -1
	}
	return t
}

// addDay adds the hours of a day that are within the span.
func (t *teamUsing) addDay(day int64, packed []byte) {
	eachPart(packed, func(part int, n Sums) {
		if hour := day + int64(part)*hourLong.Milliseconds(); hour >= t.from && hour < t.until {
			t.bars[t.of(hour)].add(n)
		}
	})
}

// addMonth adds the whole days of a month that are within the span.
func (t *teamUsing) addMonth(to *Sums, month int64, packed []byte) {
	day := dayLong.Milliseconds()
	to.addParts(packed, floorDiv(t.first-month, day), floorDiv(t.last-month, day))
}

// sumOf gives the sum that a name has, made when it is missing.
func sumOf(sums map[string]*Sums, name []byte) *Sums {
	sum := sums[string(name)]
	if sum == nil {
		sum = &Sums{}
		sums[string(name)] = sum
	}
	return sum
}
