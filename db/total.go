package db

import (
	"context"
)

// addTotal keeps how many rows of a noun a team has, in the transaction that adds or removes them.
func (s *Store) addTotal(ctx context.Context, teamID, noun string, change int64) error {
	if change == 0 {
		return nil
	}
	_, err := s.exec(ctx, `
		INSERT INTO totals (team_id, noun, total)
		VALUES ($1, $2, $3)
		ON CONFLICT (team_id, noun) DO UPDATE
		SET total = totals.total + excluded.total`, teamID, noun, change)
	return err
}

// lockTotal makes whoever else locks or changes the same total wait until this transaction ends.
func (s *Store) lockTotal(ctx context.Context, teamID, noun string) error {
	_, err := s.exec(ctx, `
		INSERT INTO totals (team_id, noun, total)
		VALUES ($1, $2, 0)
		ON CONFLICT (team_id, noun) DO UPDATE
		SET total = totals.total`, teamID, noun)
	return err
}
