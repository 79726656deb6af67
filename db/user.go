package db

import (
	"context"
	"strings"
	"time"
)

// User is a person who can sign in.
type User struct {
	ID        string
	Email     string // lower-case
	Name      string
	CreatedAt time.Time
}

// NewUser is what it takes to add a person to a team; the team is made when there is none of that name.
type NewUser struct {
	Email    string
	Name     string
	Team     string
	Member   string // owner, admin or member
	Password string // empty when the person exists and only joins the team
}

// AddUser adds a person to a team, for the asker. A person who exists under that e-mail keeps name and password and joins the team.
// Problems tells every input that is wrong.
func (s *Store) AddUser(ctx context.Context, p Principal, n NewUser) (User, Team, error) {
	n, role, err := n.checked()
	if err != nil {
		return User{}, Team{}, err
	}
	hash := s.hasher.hash(n.Password) // before the transaction: it takes tens of milliseconds
	var user User
	var team Team
	err = s.atomically(ctx, p, func(tx *Store) error {
		if team, err = tx.team(ctx, n.Team); err != nil {
			return err
		}
		user, err = tx.userByEmail(ctx, n.Email)
		if NotFound.Is(err) {
			user = User{ID: NewID(), Email: n.Email, Name: n.Name, CreatedAt: tx.now()}
			_, err = tx.exec(ctx, `
				INSERT INTO users (id, email, name, password_hash, created_at)
				VALUES ($1, $2, $3, $4, $5)`, user.ID, user.Email, user.Name, hash, user.CreatedAt.UnixMilli())
		}
		if err != nil {
			return err
		}
		return tx.join(ctx, team, user, role)
	})
	return user, team, err
}

func (n NewUser) checked() (NewUser, MemberRole, error) {
	var problems Problems
	add := func(e *Error) {
		if e != nil {
			problems = append(problems, e)
		}
	}
	var e *Error
	n.Email, e = Email("email", n.Email)
	add(e)
	n.Name, e = line("name", "A name", n.Name, NameMax)
	add(e)
	n.Team, e = line("team", "The team's name", n.Team, NameMax)
	add(e)
	role, e := memberRole(n.Member)
	add(e)
	add(checkPassword("password", n.Password, n.Email))
	return n, role, problems.or()
}

func (s *Store) join(ctx context.Context, team Team, user User, role MemberRole) error {
	_, err := s.exec(ctx, `
		INSERT INTO members (team_id, user_id, member_role, created_at)
		VALUES ($1, $2, $3, $4)`, team.ID, user.ID, string(role), s.now().UnixMilli())
	if Conflict.Is(err) {
		return conflict("That person is in the team " + team.Name + " already.")
	}
	return err
}

// userByEmail gives the person with that folded e-mail, or a NotFound error.
func (s *Store) userByEmail(ctx context.Context, email string) (User, error) {
	u := User{Email: email}
	found, err := s.one(ctx, []any{&u.ID, &u.Name, ms(&u.CreatedAt)}, `
		SELECT id, name, created_at
		FROM users
		WHERE email = $1`, email)
	if err == nil && !found {
		return u, notFound("person")
	}
	return u, err
}

// MemberByEmail gives who that person is in that team, for the command line, or a NotFound error. Without a team's
// name it is the person's first team.
func (s *Store) MemberByEmail(ctx context.Context, email, team string) (Principal, error) {
	p := Operator("")
	found, err := s.one(ctx, []any{&p.TeamID, &p.UserID, &p.Member}, `
		SELECT m.team_id, m.user_id, m.member_role
		FROM users u
		JOIN members m ON m.user_id = u.id
		JOIN teams t ON t.id = m.team_id
		WHERE u.email = $1
		  AND u.deactivated_at IS NULL
		  AND ($2 = '' OR t.name = $2)
		ORDER BY m.created_at, m.team_id
		LIMIT 1`, strings.ToLower(strings.TrimSpace(email)), team)
	if err == nil && !found {
		return p, notFound("member")
	}
	return p, err
}

// User gives the asker's own person.
func (s *Store) User(ctx context.Context, p Principal) (User, error) {
	u := User{ID: p.UserID}
	found, err := s.one(ctx, []any{&u.Email, &u.Name, ms(&u.CreatedAt)}, `
		SELECT email, name, created_at
		FROM users
		WHERE id = $1`, p.UserID)
	if err == nil && !found {
		return u, notFound("person")
	}
	return u, err
}

// RenameUser changes the asker's own name, in all teams.
func (s *Store) RenameUser(ctx context.Context, p Principal, name string) error {
	name, problem := line("name", "A name", name, NameMax)
	if problem != nil {
		return problem
	}
	_, err := s.change(ctx, p, `UPDATE users SET name = $1 WHERE id = $2`, name, p.UserID)
	return err
}

// DeactivateUser ends every session of a person; their keys and password stop working at once.
func (s *Store) DeactivateUser(ctx context.Context, p Principal, email string) error {
	return s.atomically(ctx, p, func(tx *Store) error {
		u, err := tx.userByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `UPDATE users SET deactivated_at = $1 WHERE id = $2`, tx.now().UnixMilli(), u.ID); err != nil {
			return err
		}
		_, err = tx.exec(ctx, `DELETE FROM sessions WHERE user_id = $1`, u.ID)
		return err
	})
}

// ChangePassword sets the asker's own password after seeing the current one, and ends every session of that person.
// The caller opens a new one for the browser at hand.
func (s *Store) ChangePassword(ctx context.Context, p Principal, current, next string) error {
	user, err := s.User(ctx, p)
	if err != nil {
		return err
	}
	if problem := checkPassword("password", next, user.Email); problem != nil {
		return problem
	}
	var hash string
	if _, err := s.one(ctx, []any{&hash}, `SELECT password_hash FROM users WHERE id = $1`, p.UserID); err != nil {
		return err
	}
	if !s.hasher.matches(hash, current) {
		return invalid("current", "That is not your current password. Type it again.")
	}
	hash = s.hasher.hash(next)
	return s.atomically(ctx, p, func(tx *Store) error {
		if _, err := tx.exec(ctx, `UPDATE users SET password_hash = $1 WHERE id = $2`, hash, p.UserID); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `DELETE FROM sessions WHERE user_id = $1`, p.UserID)
		return err
	})
}

// HasUsers tells whether anybody can sign in yet; while nobody can, /setup is open.
func (s *Store) HasUsers(ctx context.Context) (bool, error) {
	var n int
	return s.one(ctx, []any{&n}, `SELECT 1 FROM users LIMIT 1`)
}
