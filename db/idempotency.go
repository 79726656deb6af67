package db

import (
	"bytes"
	"context"
	"time"
)

// answersKept is how long the answer to a request with an Idempotency-Key is given again.
const answersKept = 24 * time.Hour

// Repeat is a request that is to have its effect once: the Idempotency-Key that its client gave it, and a digest of all
// that it asks. Only digests are kept, so that a key of ours that was sent in the wrong place is not.
type Repeat struct {
	Key   string
	Asked []byte
}

// Answer is what a request was answered with.
type Answer struct {
	Status int
	Body   string
}

// KeptAnswer gives the answer that the person's request with that Idempotency-Key got before, and whether there is
// one. To another request under the same key it is an Invalid error with the code idempotency_mismatch.
func (s *Store) KeptAnswer(ctx context.Context, p Principal, c Repeat) (a Answer, found bool, err error) {
	return s.keptSince(ctx, p, c, s.now().Add(-answersKept))
}

func (s *Store) keptSince(ctx context.Context, p Principal, c Repeat, since time.Time) (a Answer, found bool, err error) {
	var asked []byte
	found, err = s.one(ctx, []any{&asked, &a.Status, &a.Body}, `
		SELECT asked, status, body
		FROM kept_answers
		WHERE team_id = $1
		  AND user_id = $2
		  AND digest = $3
		  AND created_at > $4`, p.TeamID, p.UserID, digest(c.Key), since.UnixMilli())
	if err == nil && found && !bytes.Equal(asked, c.Asked) {
		err = &Error{Kind: Invalid, Code: "idempotency_mismatch", Field: "Idempotency-Key",
			Text: "This Idempotency-Key was sent with another request before. Make a new key for each request, and repeat it only with the same body."}
	}
	return a, found && err == nil, err
}

// Once runs work, which may only use tx, and keeps its answer in the same transaction: there is no moment at which one
// is kept without the other. Of two at once the second waits and gets the answer of the first. When work fails nothing
// is kept, and the next one works anew.
func (s *Store) Once(ctx context.Context, p Principal, c Repeat, work func(tx *Store) (Answer, error)) (a Answer, err error) {
	err = s.atomically(ctx, p, func(tx *Store) error {
		now := s.now()
		mine, err := tx.claim(ctx, p, c, now)
		if err != nil {
			return err
		}
		if !mine {
			a, _, err = tx.keptSince(ctx, p, c, now.Add(-answersKept))
			return err
		}
		if a, err = work(tx); err != nil {
			return err
		}
		_, err = tx.exec(ctx, `
			UPDATE kept_answers
			SET status = $4, body = $5
			WHERE team_id = $1
			  AND user_id = $2
			  AND digest = $3`, p.TeamID, p.UserID, digest(c.Key), a.Status, a.Body)
		return err
	})
	return a, err
}

// claim tells whether the claim is this transaction's to work on. Its row stops others until the transaction ends; one
// whose time is over is as good as none.
func (s *Store) claim(ctx context.Context, p Principal, c Repeat, now time.Time) (bool, error) {
	n, err := s.exec(ctx, `
		INSERT INTO kept_answers (team_id, user_id, digest, asked, status, body, created_at)
		VALUES ($1, $2, $3, $4, 0, '', $5)
		ON CONFLICT (team_id, user_id, digest) DO UPDATE
		SET asked = excluded.asked, status = 0, body = '', created_at = excluded.created_at
		WHERE kept_answers.created_at <= $6`,
		p.TeamID, p.UserID, digest(c.Key), c.Asked, now.UnixMilli(), now.Add(-answersKept).UnixMilli())
	return n > 0, err
}

// ForgetOldAnswers removes the answers that are no longer given again.
func (s *Store) ForgetOldAnswers(ctx context.Context) error {
	_, err := s.change(ctx, theProgram(), `DELETE FROM kept_answers WHERE created_at <= $1`, s.now().Add(-answersKept).UnixMilli())
	return err
}
