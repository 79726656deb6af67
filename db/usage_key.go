package db

import "context"

// KeyUsage gives the intervals of a span and the routes with the requests of one of the asker's own keys.
func (s *Store) KeyUsage(ctx context.Context, p Principal, keyID string, q UsageQuery) (bars []UsageBar, routes []UsageShare, err error) {
	in, byRoute := q.intervals(), countsByName{}
	bars = in.bars()
	var hour, requests, bytes, micros int64
	var row, route, outcome string
	err = s.each(ctx, func(scan scanner) error {
		if err := scan(&row); err != nil {
			return err
		}
		rest, more, err := firstColumns(row, &hour)
		for err == nil && more {
			rest, more, err = firstColumns(rest, &route, &outcome, &requests, &bytes, &micros)
			n := UsageCounts{Bytes: bytes, Micros: micros}
			*n.of(Outcome(outcome)) = requests
			bars[in.indexOf(hour)].add(n)
			byRoute.of([]byte(route)).add(n)
		}
		return err
	}, `
		SELECT concat_ws('`+separator+`', hour, string_agg(`+packed("route, outcome, requests, bytes, micros")+`, '`+separator+`'))
		FROM usage_hours
		WHERE team_id = $1
		  AND key_id = $3
		  AND hour >= $4
		  AND hour < $5
		  AND EXISTS (SELECT 1 FROM keys k WHERE k.team_id = $1 AND k.user_id = $2 AND k.id = $3)
		GROUP BY hour`,
		p.TeamID, p.UserID, keyID, nextHour(q.From), nextHour(q.Until))
	return bars, byRoute.shares(routeSubject), err
}

// WeekLong is how many days a Week has.
const WeekLong = 7

// Week are the requests of the last seven UTC days, the oldest first.
type Week [WeekLong]int64

// Weeks gives the last week of the asker's own keys, by their ids.
func (s *Store) Weeks(ctx context.Context, p Principal, keys []Key) (map[string]Week, error) {
	weeks := map[string]Week{}
	if len(keys) == 0 {
		return weeks, nil
	}
	today := s.now().Truncate(dayLong)
	first := today.AddDate(0, 0, 1-WeekLong)
	args := []any{p.TeamID, p.UserID, MonthStart(first).UnixMilli(), MonthStart(today).UnixMilli()}
	for _, k := range keys {
		args = append(args, k.ID)
	}
	err := s.each(ctx, func(scan scanner) error {
		var id string
		var month int64
		var packed []byte
		if err := scan(&id, &month, &packed); err != nil {
			return err
		}
		week := weeks[id]
		eachPart(packed, func(part int, n UsageCounts) {
			if day := floorDiv(month-first.UnixMilli(), dayLong.Milliseconds()) + int64(part); day >= 0 && day < WeekLong {
				week[day] += n.Requests()
			}
		})
		weeks[id] = week
		return nil
	}, `
		SELECT s.name, s.at, s.parts
		FROM keys k
		JOIN usage_sums s ON s.team_id = k.team_id AND s.kind = '`+kindKey+`' AND s.name = k.id
		WHERE k.team_id = $1
		  AND k.user_id = $2
		  AND s.at IN ($3, $4)
		  AND k.id IN (`+placeholders(5, len(keys))+`)`, args...)
	return weeks, err
}
