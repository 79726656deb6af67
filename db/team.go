package db

import (
	"context"
	"time"
)

// Team is what rows belong to.
type Team struct {
	ID        string
	Name      string
	CreatedAt time.Time
}

// TeamNamed gives the team of that name, for the command line, or a NotFound error.
func (s *Store) TeamNamed(ctx context.Context, name string) (Team, error) {
	t := Team{Name: name}
	found, err := s.one(ctx, []any{&t.ID, ms(&t.CreatedAt)}, `
		SELECT id, created_at
		FROM teams
		WHERE name = $1`, name)
	if err == nil && !found {
		return t, notFound("team")
	}
	return t, err
}

// Teams gives the teams of the asker's person, oldest membership first.
func (s *Store) Teams(ctx context.Context, p Principal, page Page) (List[Team], error) {
	return listOf(ctx, s, page, func(scan scanner) (t Team, err error) {
		return t, scan(&t.ID, &t.Name, ms(&t.CreatedAt))
	}, statement{
		count: `SELECT COUNT(*) FROM members WHERE user_id = $1`,
		rows: `
		SELECT t.id, t.name, t.created_at
		FROM members m
		JOIN teams t ON t.id = m.team_id
		WHERE m.user_id = $1
		ORDER BY m.created_at, m.team_id`,
		args: []any{p.UserID},
	})
}

// team gives the team of that name, made when it is not there yet.
func (s *Store) team(ctx context.Context, name string) (Team, error) {
	name, problem := line("team", "The team's name", name, NameMax)
	if problem != nil {
		return Team{}, problem
	}
	t, err := s.TeamNamed(ctx, name)
	if !NotFound.Is(err) {
		return t, err
	}
	t = Team{ID: NewID(), Name: name, CreatedAt: s.now()}
	_, err = s.exec(ctx, `
		INSERT INTO teams (id, name, created_at)
		VALUES ($1, $2, $3)`, t.ID, t.Name, t.CreatedAt.UnixMilli())
	return t, err
}

// Facts are the sizes of what a team has, and how many keys the asker holds.
type Facts struct {
	Conversations int64
	Contacts      int64
	Assistants    int64
	Keys          int64
}

// Facts counts what the asker's team has, in one statement.
func (s *Store) Facts(ctx context.Context, p Principal) (Facts, error) {
	var f Facts
	_, err := s.one(ctx, []any{&f.Conversations, &f.Contacts, &f.Assistants, &f.Keys}, `
		SELECT (SELECT COALESCE(CAST(SUM(conversations) AS BIGINT), 0) FROM conversation_days WHERE team_id = $1 AND assistant_id = ''),
		       (SELECT COALESCE(MAX(total), 0) FROM totals WHERE team_id = $1 AND noun = 'contacts'),
		       (SELECT COUNT(*) FROM assistants WHERE team_id = $1),
		       (SELECT COUNT(*) FROM keys WHERE team_id = $1 AND user_id = $2 AND revoked_at IS NULL)`, p.TeamID, p.UserID)
	return f, err
}

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
