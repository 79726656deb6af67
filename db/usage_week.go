package db

import "context"

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
	args := []any{p.TeamID, p.UserID, monthStart(first.UnixMilli()), monthStart(today.UnixMilli())}
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
		eachPart(packed, func(part int, n Sums) {
			if day := floorDiv(month-first.UnixMilli(), dayLong.Milliseconds()) + int64(part); day >= 0 && day < WeekLong {
				week[day] += n.Requests()
			}
		})
		weeks[id] = week
		return nil
	}, `
		SELECT s.name, s.at, s.parts
		FROM keys k
		JOIN usage_sums s ON s.team_id = k.team_id AND s.kind = 'key' AND s.name = k.id
		WHERE k.team_id = $1
		  AND k.user_id = $2
		  AND s.at IN ($3, $4)
		  AND k.id IN (`+placeholders(5, len(keys))+`)`, args...)
	return weeks, err
}
