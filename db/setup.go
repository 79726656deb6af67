package db

import (
	"bytes"
	"context"
	"errors"
	"strings"
)

// setupCodeLength gives 119 bits: nobody guesses it.
const setupCodeLength = 20

// NewSetupCode makes a one-time code for the person at the terminal; every copy of the program may make its own,
// and any of them works until the first owner is there.
func (s *Store) NewSetupCode(ctx context.Context) (string, error) {
	code := newSecret(setupCodeLength)
	_, err := s.change(ctx, Operator(""), `
		INSERT INTO setup_codes (digest, created_at)
		VALUES ($1, $2)`, digest(code), s.now().UnixMilli())
	return code, err
}

// SetUp makes the first owner, once: a wrong code is an Invalid error, and when somebody is there already it is a Conflict.
func (s *Store) SetUp(ctx context.Context, code string, n NewUser) (User, Team, error) {
	n.Member = string(Owner)
	var user User
	var team Team
	var problems Problems
	if _, _, err := n.checked(); err != nil && !errors.As(err, &problems) {
		return user, team, err
	}
	var one int
	known, err := s.one(ctx, []any{&one}, `SELECT 1 FROM setup_codes WHERE digest = $1`, digest(strings.TrimSpace(code)))
	if err != nil {
		return user, team, err
	}
	if !known {
		problems = append(problems, invalid("code", "That is not the code from the terminal. Copy it again; a restart prints a new one."))
	}
	if err := problems.or(); err != nil {
		return user, team, err
	}
	err = s.atomically(ctx, Operator(""), func(tx *Store) error {
		// Locking all codes, in one order, lets one set-up through at a time, whichever code each has.
		known := false
		if err := tx.each(ctx, func(scan scanner) error {
			var kept []byte
			err := scan(&kept)
			known = known || bytes.Equal(kept, digest(strings.TrimSpace(code)))
			return err
		}, `
			SELECT digest
			FROM setup_codes
			ORDER BY digest
			`+tx.dialect.forUpdate); err != nil {
			return err
		}
		taken, err := tx.HasUsers(ctx)
		if err != nil {
			return err
		}
		if !known || taken {
			return conflict("Insighto is set up already. Sign in.")
		}
		if user, team, err = tx.AddUser(ctx, Operator(""), n); err != nil {
			return err
		}
		_, err = tx.exec(ctx, `DELETE FROM setup_codes WHERE created_at <= $1`, tx.now().UnixMilli())
		return err
	})
	return user, team, err
}
