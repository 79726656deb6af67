package db

import (
	"context"
	"time"
)

// FailingMax is how long a webhook may do nothing but fail before it is disabled.
const FailingMax = 5 * 24 * time.Hour

// Result is how a try of a claimed delivery ended.
type Result struct {
	Lot     *Lot
	EventID string
	State   DeliveryState // Waiting: try again at Next
	Next    time.Time
	Untried bool // it was not sent after all, and is somebody else's again
	Gone    bool // the endpoint wants nothing more
	TriedAt time.Time
	Took    time.Duration
	Status  int
	Problem string
	Answer  string
}

// FinishDeliveries writes results, and what they say of their webhooks. One whose claim was lost to another since is
// left to that.
func (s *Store) FinishDeliveries(ctx context.Context, results []Result) error {
	byWebhook := map[WebhookRef][]Result{}
	for _, r := range results {
		byWebhook[r.Lot.WebhookRef] = append(byWebhook[r.Lot.WebhookRef], r)
	}
	return s.within(courierTimeout).atomically(ctx, theProgram(), func(tx *Store) error {
		for _, ref := range sortedRefs(byWebhook) { // as everybody: two copies must not wait for each other
			if err := tx.keepStanding(ctx, ref, byWebhook[ref]); err != nil {
				return err
			}
			for _, r := range byWebhook[ref] {
				if err := tx.finish(ctx, r); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// keepStanding keeps since when a webhook has been failing, and disables it when it is gone or has failed for too long. Most
// results change nothing there, and then nothing is locked.
func (s *Store) keepStanding(ctx context.Context, ref WebhookRef, results []Result) error {
	now := s.now()
	tried, delivered, gone := false, false, false
	for _, r := range results {
		tried = tried || !r.Untried
		delivered = delivered || r.State == Delivered
		gone = gone || r.Gone
	}
	if delivered {
		if _, err := s.exec(ctx, `
			UPDATE webhooks
			SET failing_since = NULL
			WHERE team_id = $1
			  AND id = $2
			  AND failing_since IS NOT NULL`, ref.TeamID, ref.ID); err != nil {
			return err
		}
	} else if tried {
		if _, err := s.exec(ctx, `
			UPDATE webhooks
			SET failing_since = $3
			WHERE team_id = $1
			  AND id = $2
			  AND failing_since IS NULL`, ref.TeamID, ref.ID, now.UnixMilli()); err != nil {
			return err
		}
	}
	switch {
	case gone:
		return s.disable(ctx, ref, DisabledGone, now, now)
	case tried && !delivered:
		return s.disable(ctx, ref, DisabledFailing, now, now.Add(-FailingMax))
	}
	return nil
}

// disable stops a webhook that has been failing since a time or longer; now is for one that need not have been.
func (s *Store) disable(ctx context.Context, ref WebhookRef, why string, now, since time.Time) error {
	_, err := s.exec(ctx, `
		UPDATE webhooks
		SET enabled = 0, disabled_at = $3, disabled_why = $4
		WHERE team_id = $1
		  AND id = $2
		  AND enabled = 1
		  AND COALESCE(failing_since, $3) <= $5`, ref.TeamID, ref.ID, now.UnixMilli(), why, since.UnixMilli())
	return err
}

func (s *Store) finish(ctx context.Context, r Result) error {
	if r.Untried {
		_, err := s.exec(ctx, `
			UPDATE deliveries
			SET claim = '', due_at = $5
			WHERE team_id = $1
			  AND webhook_id = $2
			  AND event_id = $3
			  AND claim = $4`, r.Lot.TeamID, r.Lot.ID, r.EventID, r.Lot.Claim, s.now().UnixMilli())
		return err
	}
	next := r.Next
	if next.IsZero() {
		next = r.TriedAt
	}
	_, err := s.exec(ctx, `
		UPDATE deliveries
		SET claim = '', state = $5, due_at = $6, tries = tries + 1, step = step + 1, tried_at = $7, took = $8, status = $9, problem = $10, answer = $11
		WHERE team_id = $1
		  AND webhook_id = $2
		  AND event_id = $3
		  AND claim = $4`, r.Lot.TeamID, r.Lot.ID, r.EventID, r.Lot.Claim, string(r.State), next.UnixMilli(),
		r.TriedAt.UnixMilli(), r.Took.Milliseconds(), r.Status, r.Problem, r.Answer)
	return err
}
