package db

import (
	"context"
	"encoding/hex"
	"time"
)

// Budget is how many failed tries a subject has within a span of time. It is counted in the database, so that
// several copies of the program share it.
type Budget struct {
	Tries int64
	Span  time.Duration
}

// spent tells how long the subject must wait, or zero when it may try. A subject is e.g. "account a@b.example";
// only its digest is kept.
func (s *Store) spent(ctx context.Context, subject string, b Budget) (time.Duration, error) {
	var count int64
	var since time.Time
	_, err := s.one(ctx, []any{&count, ms(&since)}, `
		SELECT count, since
		FROM tries
		WHERE subject = $1`, subjectKey(subject))
	if err != nil || count < b.Tries {
		return 0, err
	}
	return max(0, since.Add(b.Span).Sub(s.now())), nil
}

// try counts one more try of the subject; a span that has passed starts anew.
func (s *Store) try(ctx context.Context, subject string, b Budget) error {
	now := s.now()
	_, err := s.change(ctx, theProgram(), `
		INSERT INTO tries (subject, count, since)
		VALUES ($1, 1, $2)
		ON CONFLICT (subject) DO UPDATE
		SET count = CASE WHEN tries.since <= $3 THEN 1 ELSE tries.count + 1 END,
		    since = CASE WHEN tries.since <= $3 THEN $2 ELSE tries.since END`,
		subjectKey(subject), now.UnixMilli(), now.Add(-b.Span).UnixMilli())
	return err
}

// forgive forgets the tries of a subject that has proved itself.
func (s *Store) forgive(ctx context.Context, subject string) error {
	_, err := s.change(ctx, theProgram(), `DELETE FROM tries WHERE subject = $1`, subjectKey(subject))
	return err
}

// ForgetOldTries removes what no budget looks at any more.
func (s *Store) ForgetOldTries(ctx context.Context) error {
	_, err := s.change(ctx, theProgram(), `DELETE FROM tries WHERE since < $1`, s.now().Add(-24*time.Hour).UnixMilli())
	return err
}

func subjectKey(subject string) string { return hex.EncodeToString(digest(subject)) }
