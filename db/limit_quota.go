package db

import (
	"context"
	"fmt"
	"time"
)

// QuotaMax is the largest quota, beyond what anybody can use.
const QuotaMax = 1_000_000_000_000

// Quota is how many API requests a team may make in a month of UTC, and how many of them it has used.
type Quota struct{ Most, Used int64 }

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

// Quotas gives the quotas of all teams that have one, by the team's id, with what is used in the UTC month of a moment.
func (s *Store) Quotas(ctx context.Context, month time.Time) (map[string]Quota, error) {
	teams := map[string]Quota{}
	err := s.each(ctx, func(scan scanner) error {
		var teamID string
		var q Quota
		if err := scan(&teamID, &q.Most, &q.Used); err != nil {
			return err
		}
		teams[teamID] = q
		return nil
	}, `
		SELECT t.id, t.quota, COALESCE(m.requests, 0)
		FROM teams t
		LEFT JOIN usage_months m ON m.team_id = t.id AND m.month = $1
		WHERE t.quota IS NOT NULL`, monthOf(month))
	return teams, err
}
