package db

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// How long a session lives: NIST SP 800-63B-4 section 2.1.3 allows 30 days in all; a week unused ends it.
const (
	SessionIdle     = 7 * 24 * time.Hour
	SessionAbsolute = 30 * 24 * time.Hour
	sessionTouch    = time.Minute // seen_at is written no more often than this
)

// Budgets of sign-in. An address has more tries than an account, since an office may share it.
var (
	accountBudget = Budget{Tries: 10, Span: 15 * time.Minute}
	addressBudget = Budget{Tries: 100, Span: 15 * time.Minute}
	setupBudget   = Budget{Tries: 50, Span: time.Minute}
)

// Session is one browser signed in. Its secret is only in the browser's cookie; ID is for lists and for ending it.
type Session struct {
	ID        string
	CreatedAt time.Time
	SeenAt    time.Time
	Address   string
	UserAgent string
}

// Visitor is the person behind a session, and the team they work in.
type Visitor struct {
	Principal
	User    User
	Team    Team
	Session Session
}

// Client is where a request comes from.
type Client struct {
	Address   string
	UserAgent string
}

// SignIn checks e-mail and password and gives the person, in the team they joined first. An unknown e-mail, a wrong
// password and a deactivated person give the same Unauthenticated error after the same work; too many failures of
// one account or one address give TooMany.
func (s *Store) SignIn(ctx context.Context, email, password string, from Client) (p Principal, err error) {
	email = strings.ToLower(strings.TrimSpace(email))
	account, address := "account "+email, "address "+from.Address
	if err := s.mayTry(ctx, map[string]Budget{account: accountBudget, address: addressBudget}); err != nil {
		return p, err
	}
	var found Principal
	var hash string
	if utf8.ValidString(email) && !strings.ContainsRune(email, 0) && len(email) <= EmailMax {
		_, err = s.one(ctx, []any{&found.UserID, &hash, &found.TeamID, &found.Member}, `
			SELECT u.id, u.password_hash, m.team_id, m.member_role
			FROM users u
			JOIN members m ON m.user_id = u.id
			WHERE u.email = $1
			  AND u.deactivated_at IS NULL
			ORDER BY m.created_at, m.team_id
			LIMIT 1`, email)
		if err != nil {
			return p, err
		}
	}
	if len(password) > 4*PasswordMax || !s.hasher.matches(hash, password) {
		if err := s.try(ctx, account, accountBudget); err != nil {
			return p, err
		}
		if err := s.try(ctx, address, addressBudget); err != nil {
			return p, err
		}
		return p, unauthenticated("sign_in_failed", "That e-mail and password do not belong together. Check both and try again.")
	}
	if err := s.forgive(ctx, account); err != nil {
		return p, err
	}
	return found, nil
}

// MaySetUp counts one visit to the set-up form from an address and refuses the 51st within a minute.
func (s *Store) MaySetUp(ctx context.Context, from Client) error {
	subject := "setup " + from.Address
	if err := s.mayTry(ctx, map[string]Budget{subject: setupBudget}); err != nil {
		return err
	}
	return s.try(ctx, subject, setupBudget)
}

func (s *Store) mayTry(ctx context.Context, subjects map[string]Budget) error {
	for subject, budget := range subjects {
		wait, err := s.spent(ctx, subject, budget)
		if err != nil {
			return err
		}
		if wait > 0 {
			return TooSoon(wait, fmt.Sprintf("Too many tries. Wait %d minutes and try again.", int(wait/time.Minute)+1))
		}
	}
	return nil
}

// OpenSession opens a session for a person in a team, and gives its secret.
func (s *Store) OpenSession(ctx context.Context, p Principal, from Client) (secret string, err error) {
	secret = newSecret(keyLength)
	now := s.now().UnixMilli()
	_, err = s.change(ctx, p, `
		INSERT INTO sessions (digest, id, user_id, team_id, created_at, seen_at, address, user_agent)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		digest(secret), NewID(), p.UserID, p.TeamID, now, now, from.Address, clip(from.UserAgent))
	return secret, err
}

// Visitor gives who a session's secret belongs to, or an Unauthenticated error once it has ended, has been idle or
// lived too long, or its person left the team. Being seen keeps it alive.
func (s *Store) Visitor(ctx context.Context, secret string) (Visitor, error) {
	var v Visitor
	if len(secret) != keyLength {
		return v, errNoSession
	}
	now := s.now()
	found, err := s.one(ctx, []any{&v.Session.ID, ms(&v.Session.CreatedAt), ms(&v.Session.SeenAt), &v.Session.Address, &v.Session.UserAgent,
		&v.User.ID, &v.User.Email, &v.User.Name, ms(&v.User.CreatedAt), &v.Team.ID, &v.Team.Name, &v.Member}, `
		SELECT s.id, s.created_at, s.seen_at, s.address, s.user_agent,
		       u.id, u.email, u.name, u.created_at, t.id, t.name, m.member_role
		FROM sessions s
		JOIN users u ON u.id = s.user_id
		JOIN members m ON m.team_id = s.team_id AND m.user_id = s.user_id
		JOIN teams t ON t.id = s.team_id
		WHERE s.digest = $1
		  AND s.seen_at > $2
		  AND s.created_at > $3
		  AND u.deactivated_at IS NULL`,
		digest(secret), now.Add(-SessionIdle).UnixMilli(), now.Add(-SessionAbsolute).UnixMilli())
	if err != nil {
		return v, err
	}
	if !found {
		return v, errNoSession
	}
	v.TeamID, v.UserID = v.Team.ID, v.User.ID
	if now.Sub(v.Session.SeenAt) >= sessionTouch {
		// Being late here loses nothing, so a database that only reads still serves pages.
		if _, err := s.change(ctx, v.Principal, `UPDATE sessions SET seen_at = $1 WHERE digest = $2`, now.UnixMilli(), digest(secret)); err != nil && !Unavailable.Is(err) {
			return v, err
		}
	}
	return v, nil
}

var errNoSession = unauthenticated("signed_out", "You are signed out. Sign in again.")

// Sessions gives the live sessions of the asker's person, the latest seen first.
func (s *Store) Sessions(ctx context.Context, p Principal) ([]Session, error) {
	sessions := []Session{}
	now := s.now()
	err := s.each(ctx, func(scan scanner) error {
		var x Session
		err := scan(&x.ID, ms(&x.CreatedAt), ms(&x.SeenAt), &x.Address, &x.UserAgent)
		sessions = append(sessions, x)
		return err
	}, `
		SELECT id, created_at, seen_at, address, user_agent
		FROM sessions
		WHERE user_id = $1
		  AND seen_at > $2
		  AND created_at > $3
		ORDER BY seen_at DESC, id
		LIMIT 100`, p.UserID, now.Add(-SessionIdle).UnixMilli(), now.Add(-SessionAbsolute).UnixMilli())
	return sessions, err
}

// EndSession ends one session of the asker's person.
func (s *Store) EndSession(ctx context.Context, p Principal, id string) error {
	n, err := s.change(ctx, p, `DELETE FROM sessions WHERE user_id = $1 AND id = $2`, p.UserID, id)
	if err == nil && n == 0 {
		return notFound("session")
	}
	return err
}

// ForgetOldSessions removes sessions that have ended by age.
func (s *Store) ForgetOldSessions(ctx context.Context) error {
	_, err := s.change(ctx, theProgram(), `DELETE FROM sessions WHERE created_at < $1`, s.now().Add(-SessionAbsolute).UnixMilli())
	return err
}
