package limit

import (
	"context"
	"time"

	"github.com/insighto/insighto/db"
)

// MonthStanding is what a team may still do this month. Most is 0 where it may do any number.
type MonthStanding struct {
	Most, Left int64
	Long       time.Duration // of the whole month
	Ends       time.Duration // until the next begins
}

// quotas are what was last known of the teams that have one.
type quotas struct {
	month time.Time           // in which that much was used
	teams map[string]db.Quota // by id
}

// month gives how a team stands this month, or a TooMany error when its quota is used up.
func (l *Limiter) month(teamID string) (MonthStanding, error) {
	last := l.quotas.Load()
	q, has := last.teams[teamID]
	if !has {
		return MonthStanding{}, nil
	}
	now := l.now().UTC()
	begin := db.MonthStart(now)
	if begin.After(last.month) { // whoever waited for it is on time
		q.Used = 0
	}
	end := begin.AddDate(0, 1, 0)
	m := MonthStanding{Most: q.Most, Left: max(0, q.Most-q.Used), Long: end.Sub(begin), Ends: end.Sub(now)}
	if m.Left == 0 {
		return m, &db.Error{Kind: db.TooMany, Code: "quota_exceeded", Wait: m.Ends,
			Text: "Your team has used up its requests of this month. There are more from " + end.Format("2 January") + " on, or when whoever runs this server raises the quota."}
	}
	return m, nil
}

// Refresh reads the quotas of all teams that have one, and how much of them is used. It is called once a second.
func (l *Limiter) Refresh(ctx context.Context) error {
	month := db.MonthStart(l.now())
	teams, err := l.store.Quotas(ctx, month)
	if err == nil {
		l.quotas.Store(&quotas{month, teams})
	}
	return err
}
