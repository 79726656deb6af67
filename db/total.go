package db

import "context"

// A total is how many rows of a noun a team has, kept in the transaction that adds or removes them, so that no list counts
// them. The nouns stand with their families.
type total struct {
	teamID, noun string
	change       int64
}

// addTotal adds to one total.
func (s *Store) addTotal(ctx context.Context, teamID, noun string, change int64) error {
	if change == 0 {
		return nil
	}
	return s.addTotals(ctx, []total{{teamID, noun, change}})
}

// addTotals adds to several, which come in the order in which everybody locks them.
func (s *Store) addTotals(ctx context.Context, all []total) error {
	rows := make([][]any, len(all))
	for i, t := range all {
		rows[i] = []any{t.teamID, t.noun, t.change}
	}
	return s.put(ctx, rows, `
		INSERT INTO totals (team_id, noun, total)`, `
		ON CONFLICT (team_id, noun) DO UPDATE
		SET total = totals.total + excluded.total`)
}

// lessTotal takes from a total that is there; one that is not, because what it counts is gone, stays away.
func (s *Store) lessTotal(ctx context.Context, teamID, noun string, change int64) error {
	_, err := s.exec(ctx, `
		UPDATE totals
		SET total = total - $3
		WHERE team_id = $1
		  AND noun = $2`, teamID, noun, change)
	return err
}

// forgetTotal removes a total with what it counts.
func (s *Store) forgetTotal(ctx context.Context, teamID, noun string) error {
	_, err := s.exec(ctx, `
		DELETE FROM totals
		WHERE team_id = $1
		  AND noun = $2`, teamID, noun)
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

// total gives a total, 0 where nothing was ever added.
func (s *Store) total(ctx context.Context, teamID, noun string) (n int64, err error) {
	_, err = s.one(ctx, []any{&n}, `
		SELECT total
		FROM totals
		WHERE team_id = $1
		  AND noun = $2`, teamID, noun)
	return n, err
}
