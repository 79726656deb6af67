package db

import (
	"context"
	"fmt"
	"time"
)

// QuotaMax is the largest quota, beyond what anybody can use.
const QuotaMax = 1_000_000_000_000

// MonthStanding is what a team may still do this month. Most is 0 where it may do any number.
type MonthStanding struct {
	Most, Left int64
	Long       time.Duration // of the whole month
	Ends       time.Duration // until the next begins
}

// quotas are what was last known of the teams that have one.
type quotas struct {
	month time.Time // in which that much was used
	teams map[string]quota
}

type quota struct{ most, used int64 }

// Quota gives how many API requests the asker's team may make in a month of UTC, or 0 for any number.
func (s *Store) Quota(ctx context.Context, p Principal) (most int64, err error) {
	_, err = s.one(ctx, []any{&most}, `
		SELECT COALESCE(quota, 0)
		FROM teams
		WHERE id = $1`, p.TeamID)
	return most, err
}

// SetQuota lets the asker's team make that many API requests a month, or any number for 0. Every copy of the program goes by it
// within a second.
func (s *Store) SetQuota(ctx context.Context, p Principal, most int64) error {
	if most < 0 || most > QuotaMax {
		return Problems{invalid("quota", fmt.Sprintf("A quota is a number of requests, from 1 to %d.", QuotaMax))}
	}
	var kept any
	if most > 0 {
		kept = most
	}
	n, err := s.change(ctx, p, `
		UPDATE teams
		SET quota = $1
		WHERE id = $2`, kept, p.TeamID)
	if err == nil && n == 0 {
		return notFound("team")
	}
	return err
}

// month gives how a team stands this month, or a TooMany error when its quota is used up.
func (l *Limits) month(teamID string) (MonthStanding, error) {
	last := l.quotas.Load()
	q, has := last.teams[teamID]
	if !has {
		return MonthStanding{}, nil
	}
	now := l.store.now()
	begin := MonthStart(now)
	if begin.After(last.month) { // whoever waited for it is on time
		q.used = 0
	}
	end := begin.AddDate(0, 1, 0)
	m := MonthStanding{Most: q.most, Left: max(0, q.most-q.used), Long: end.Sub(begin), Ends: end.Sub(now)}
	if m.Left == 0 {
		return m, &Error{Kind: TooMany, Code: "quota_exceeded", Wait: m.Ends,
			Text: "Your team has used up its requests of this month. There are more from " + end.Format("2 January") + " on, or when whoever runs this server raises the quota."}
	}
	return m, nil
}

// Refresh reads the quotas of all teams that have one, and how much of them is used. It is called once a second.
func (l *Limits) Refresh(ctx context.Context) error {
	all, err := l.store.quotas(ctx)
	if err == nil {
		l.quotas.Store(all)
	}
	return err
}

func (s *Store) quotas(ctx context.Context) (*quotas, error) {
	all := &quotas{month: MonthStart(s.now()), teams: map[string]quota{}}
	err := s.each(ctx, func(scan scanner) error {
		var teamID string
		var q quota
		if err := scan(&teamID, &q.most, &q.used); err != nil {
			return err
		}
		all.teams[teamID] = q
		return nil
	}, `
		SELECT t.id, t.quota, COALESCE(m.requests, 0)
		FROM teams t
		LEFT JOIN usage_months m ON m.team_id = t.id AND m.month = $1
		WHERE t.quota IS NOT NULL`, monthOf(all.month))
	return all, err
}
