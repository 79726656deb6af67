package db

import (
	"context"
	"strings"
	"time"
)

// Allowance is how many requests a key or a person may make in one minute.
type Allowance struct {
	subject string
	since   int64
	most    int64
}

// KeyAllowance is that of a key in the minute that begins at since, in milliseconds since 1970.
func KeyAllowance(keyID string, since, most int64) Allowance {
	return Allowance{"key " + keyID, since, most}
}

// PersonAllowance is that of all keys of a person together.
func PersonAllowance(userID string, since, most int64) Allowance {
	return Allowance{"person " + userID, since, most}
}

// Grant is a part of an allowance that is given to nobody else, and what was left beside it.
type Grant struct{ Granted, Left int64 }

// Shared tells whether copies of the program on other machines may use the database too, so that what they let in
// together has to be counted there.
func (s *Store) Shared() bool { return s.dialect.shared }

// TakeAllowances takes an eighth of what is left of each allowance, and so the last requests one by one: whoever is
// granted the last one knows it. What all copies of the program are granted of one allowance adds up to its most, and
// never to more. There may be one or two, a key's before a person's, so that two copies cannot wait for each other; they
// take one statement, since clients wait for each. The grants come in the order of the allowances.
func (s *Store) TakeAllowances(ctx context.Context, all ...Allowance) ([]Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout/2) // the key was looked up before, and both have three seconds
	defer cancel()
	var args []any
	for _, a := range all {
		args = append(args, a.since, a.subject, a.most, (a.most+7)/8)
	}
	rows, err := s.write.QueryContext(ctx, s.text(takeAllowances[len(all)-1]), args...)
	if err != nil {
		return nil, s.explainError(err)
	}
	defer rows.Close()
	grants := make([]Grant, len(all))
	for rows.Next() {
		var subject string
		var most, taken, granted int64
		if err := rows.Scan(&subject, &most, &taken, &granted); err != nil {
			return nil, s.explainError(err)
		}
		for i, a := range all {
			if a.subject == subject {
				grants[i] = Grant{Granted: granted, Left: max(0, most-taken)}
			}
		}
	}
	return grants, s.explainError(rows.Err())
}

// takeAllowances are the statements for one allowance and for two.
var takeAllowances = [...]string{
	strings.Replace(takeAllowance, "ROWS", "($1, $2, $3, $4, $4)", 1),
	strings.Replace(takeAllowance, "ROWS", "($1, $2, $3, $4, $4), ($5, $6, $7, $8, $8)", 1),
}

const takeAllowance = `
		INSERT INTO allowances (since, subject, most, taken, granted)
		VALUES ROWS
		ON CONFLICT (since, subject) DO UPDATE
		SET most = excluded.most,
		    taken = CASE WHEN allowances.taken < excluded.most
		                 THEN allowances.taken + (excluded.most - allowances.taken + 7) / 8
		                 ELSE allowances.taken END,
		    granted = CASE WHEN allowances.taken < excluded.most
		                   THEN (excluded.most - allowances.taken + 7) / 8
		                   ELSE 0 END
		RETURNING subject, most, taken, granted`

// ForgetOldAllowances removes those of minutes that are over, also on a copy whose clock is minutes off.
func (s *Store) ForgetOldAllowances(ctx context.Context) error {
	_, err := s.change(ctx, theProgram(), `DELETE FROM allowances WHERE since < $1`, s.now().Add(-10*time.Minute).UnixMilli())
	return err
}
