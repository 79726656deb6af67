package db

import (
	"cmp"
	"context"
	"slices"
)

// UsageBar is how the requests of one interval ended; Start is as in Usage.
type UsageBar struct {
	Start string
	Sums
}

// TeamBars gives the intervals of a span in order, with all requests of the team.
func (s *Store) TeamBars(ctx context.Context, p Principal, q UsageQuery) ([]UsageBar, error) {
	in := q.intervals()
	bars := in.bars()
	err := s.each(ctx, func(scan scanner) error {
		var hour int64
		var n Sums
		if err := scan(append([]any{&hour}, n.dest()...)...); err != nil {
			return err
		}
		bars[in.of(hour)].add(n)
		return nil
	}, `
		SELECT at, ok, denied, limited, client, server, bytes, micros
		FROM usage_sums
		WHERE team_id = $1
		  AND kind = 'hour'
		  AND at >= $2
		  AND at < $3`, p.TeamID, nextHour(q.From), nextHour(q.Until))
	return bars, err
}

func (in intervals) bars() []UsageBar {
	bars := make([]UsageBar, len(in.starts))
	for i, start := range in.starts {
		bars[i].Start = start
	}
	return bars
}

// UsageShare is the part of a span's requests that a key, a person or a route has. Keys are seen as in Usage.
type UsageShare struct {
	KeyID    string
	KeyName  string
	Deleted  bool // the key is gone
	UserID   string
	UserName string
	Route    string
	Sums
}

// KeyUsage gives the intervals of a span and the routes with the requests of one of the asker's own keys.
func (s *Store) KeyUsage(ctx context.Context, p Principal, keyID string, q UsageQuery) (bars []UsageBar, routes []UsageShare, err error) {
	in, of := q.intervals(), shares{}
	bars = in.bars()
	err = s.each(ctx, func(scan scanner) error {
		var hour, requests int64
		var share UsageShare
		var outcome Outcome
		if err := scan(&hour, &share.Route, &outcome, &requests, &share.Bytes, &share.Micros); err != nil {
			return err
		}
		*share.of(outcome) = requests
		bars[in.of(hour)].add(share.Sums)
		of.add(share)
		return nil
	}, `
		SELECT hour, route, outcome, requests, bytes, micros
		FROM usage_hours
		WHERE team_id = $1
		  AND key_id = $3
		  AND hour >= $4
		  AND hour < $5
		  AND EXISTS (SELECT 1 FROM keys k WHERE k.team_id = $1 AND k.user_id = $2 AND k.id = $3)`,
		p.TeamID, p.UserID, keyID, nextHour(q.From), nextHour(q.Until))
	return bars, of.sorted(), err
}

// columns of usage_hours as those of usage_sums.
var countColumns = func() string {
	columns := ""
	for _, o := range Outcomes {
		columns += `CASE WHEN outcome = '` + string(o) + `' THEN requests ELSE 0 END, `
	}
	return columns + `bytes, micros`
}()

// Whole UTC days come from their sums, and the hours before and after them one by one.
var teamShares = `
		SELECT s.kind, s.name, COALESCE(k.user_id, d.user_id, ''), COALESCE(u.name, ''),
		       CASE WHEN COALESCE(k.user_id, d.user_id) = $2 THEN COALESCE(k.name, d.name) ELSE '' END, CASE WHEN k.id IS NULL THEN 1 ELSE 0 END,
		       s.ok, s.denied, s.limited, s.client, s.server, s.bytes, s.micros
		FROM (
		  SELECT kind, name, CAST(SUM(ok) AS BIGINT) AS ok, CAST(SUM(denied) AS BIGINT) AS denied, CAST(SUM(limited) AS BIGINT) AS limited,
		         CAST(SUM(client) AS BIGINT) AS client, CAST(SUM(server) AS BIGINT) AS server, CAST(SUM(bytes) AS BIGINT) AS bytes, CAST(SUM(micros) AS BIGINT) AS micros
		  FROM (
		    SELECT kind, name, ok, denied, limited, client, server, bytes, micros
		    FROM usage_sums
		    WHERE team_id = $1
		      AND kind = 'key'
		      AND at >= $4
		      AND at < $5
		    UNION ALL
		    SELECT kind, name, ok, denied, limited, client, server, bytes, micros
		    FROM usage_sums
		    WHERE team_id = $1
		      AND kind = 'route'
		      AND at >= $4
		      AND at < $5
		    UNION ALL ` + edge("key", "key_id", "$3", "$4") + `
		    UNION ALL ` + edge("route", "route", "$3", "$4") + `
		    UNION ALL ` + edge("key", "key_id", "$5", "$6") + `
		    UNION ALL ` + edge("route", "route", "$5", "$6") + `
		  ) every
		  GROUP BY kind, name
		) s
		LEFT JOIN keys k ON s.kind = 'key' AND k.team_id = $1 AND k.id = s.name
		LEFT JOIN deleted_keys d ON s.kind = 'key' AND d.team_id = $1 AND d.id = s.name
		LEFT JOIN users u ON u.id = COALESCE(k.user_id, d.user_id)`

func edge(kind, name, from, until string) string {
	return `
		    SELECT '` + kind + `', ` + name + `, ` + countColumns + `
		    FROM usage_hours
		    WHERE team_id = $1
		      AND hour >= ` + from + `
		      AND hour < ` + until
}

// TeamShares gives who sent the requests of a span, and to which routes; the most requests first.
func (s *Store) TeamShares(ctx context.Context, p Principal, q UsageQuery) (keys, routes []UsageShare, err error) {
	from, until := nextHour(q.From), nextHour(q.Until)
	day := dayLong.Milliseconds()
	first, last := floorDiv(from+day-1, day)*day, floorDiv(until, day)*day
	if first > last {
		first, last = until, until
	}
	of := map[string]shares{sumOfKey: {}, sumOfRoute: {}}
	err = s.each(ctx, func(scan scanner) error {
		var kind, name, holder, person, keyName string
		var deleted bool
		var n Sums
		if err := scan(append([]any{&kind, &name, &holder, &person, &keyName, &deleted}, n.dest()...)...); err != nil {
			return err
		}
		share := UsageShare{Route: name, Sums: n}
		if kind == sumOfKey {
			who := seen(p, p.Member, name, holder, keyName, person)
			share = UsageShare{KeyID: who.KeyID, KeyName: who.KeyName, Deleted: deleted && who.KeyID != "", UserID: who.UserID, UserName: who.UserName, Sums: n}
		}
		of[kind].add(share)
		return nil
	}, teamShares, p.TeamID, p.UserID, from, first, last, until)
	return of[sumOfKey].sorted(), of[sumOfRoute].sorted(), err
}

// shares adds up what is the same share.
type shares map[UsageShare]*Sums

func (s shares) add(share UsageShare) {
	n := share.Sums
	share.Sums = Sums{}
	if s[share] == nil {
		s[share] = &Sums{}
	}
	s[share].add(n)
}

func (s shares) sorted() []UsageShare {
	all := make([]UsageShare, 0, len(s))
	for share, n := range s {
		share.Sums = *n
		all = append(all, share)
	}
	slices.SortFunc(all, func(a, b UsageShare) int {
		return cmp.Or(-cmp.Compare(a.Requests(), b.Requests()), cmp.Compare(a.KeyName, b.KeyName), cmp.Compare(a.KeyID, b.KeyID),
			cmp.Compare(a.UserName, b.UserName), cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Route, b.Route))
	})
	return all
}

// UsageFacts are what a team has used of its plan in this UTC month, and what it keeps.
type UsageFacts struct {
	Month         string // 2026-11
	Requests      int64
	Conversations int64
	Messages      int64
	Contacts      int64
}

// UsageFacts gives them for the asker's team in one statement.
func (s *Store) UsageFacts(ctx context.Context, p Principal) (UsageFacts, error) {
	f := UsageFacts{Month: monthOf(s.now())}
	_, err := s.one(ctx, []any{&f.Requests, &f.Conversations, &f.Messages, &f.Contacts}, `
		SELECT (SELECT COALESCE(MAX(requests), 0) FROM usage_months WHERE team_id = $1 AND month = $2),
		       COALESCE(CAST(SUM(conversations) AS BIGINT), 0), COALESCE(CAST(SUM(messages) AS BIGINT), 0),
		       (SELECT COALESCE(MAX(total), 0) FROM totals WHERE team_id = $1 AND noun = 'contacts')
		FROM conversation_days
		WHERE team_id = $1
		  AND assistant_id = ''`, p.TeamID, f.Month)
	return f, err
}

// WeekLong is how many days Weeks tells of.
const WeekLong = 7

// Week are the requests of the last seven UTC days, the oldest first.
type Week [WeekLong]int64

// Weeks gives the last week of keys by their ids, which the caller has from Keys.
func (s *Store) Weeks(ctx context.Context, p Principal, keys []Key) (map[string]Week, error) {
	weeks := map[string]Week{}
	if len(keys) == 0 {
		return weeks, nil
	}
	first, args := s.now().Truncate(dayLong).AddDate(0, 0, 1-WeekLong), []any{p.TeamID, p.UserID}
	for day := range WeekLong {
		args = append(args, first.AddDate(0, 0, day).UnixMilli())
	}
	for _, k := range keys {
		args = append(args, k.ID)
	}
	err := s.each(ctx, func(scan scanner) error {
		var id string
		var at, n int64
		err := scan(&id, &at, &n)
		week := weeks[id]
		week[(at-first.UnixMilli())/dayLong.Milliseconds()] = n
		weeks[id] = week
		return err
	}, `
		SELECT s.name, s.at, s.ok + s.denied + s.limited + s.client + s.server
		FROM keys k
		JOIN usage_sums s ON s.team_id = k.team_id AND s.kind = 'key' AND s.name = k.id
		WHERE k.team_id = $1
		  AND k.user_id = $2
		  AND s.at IN (`+placeholders(3, WeekLong)+`)
		  AND k.id IN (`+placeholders(3+WeekLong, len(keys))+`)`, args...)
	return weeks, err
}
