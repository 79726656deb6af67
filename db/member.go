package db

import (
	"context"
	"time"
)

// TeamMember is a person of a team.
type TeamMember struct {
	User
	Member        MemberRole
	JoinedAt      time.Time
	DeactivatedAt time.Time // zero for who can sign in
}

// Members gives the people of the asker's team, in the order they joined.
func (s *Store) Members(ctx context.Context, p Principal, page Page) (List[TeamMember], error) {
	return listOf(ctx, s, page, func(scan scanner) (m TeamMember, err error) {
		return m, scan(&m.ID, &m.Email, &m.Name, ms(&m.CreatedAt), &m.Member, ms(&m.JoinedAt), ms(&m.DeactivatedAt))
	}, statement{
		count: `SELECT COUNT(*) FROM members WHERE team_id = $1`,
		rows: `
		SELECT u.id, u.email, u.name, u.created_at, m.member_role, m.created_at, u.deactivated_at
		FROM members m
		JOIN users u ON u.id = m.user_id
		WHERE m.team_id = $1
		ORDER BY m.created_at, m.user_id`,
		args: []any{p.TeamID},
	})
}
