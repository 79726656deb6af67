package db

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// outbox is what one transaction leaves to deliver.
type outbox struct {
	stirred bool
	added   map[WebhookRef]int64 // how many deliveries
}

// Stirs receives soon after a commit of this process that left something to deliver. One waits there, however many
// commits there were.
func (s *Store) Stirs() <-chan struct{} { return s.stirs }

// stirred notes that this transaction leaves something to deliver.
func (s *Store) stirred() { s.outbox.stirred = true }

func (s *Store) wake() {
	select {
	case s.stirs <- struct{}{}:
	default:
	}
}

// added notes one more delivery of each webhook.
func (s *Store) added(teamID string, webhooks []string) {
	if s.outbox.added == nil {
		s.outbox.added = map[WebhookRef]int64{}
	}
	for _, id := range webhooks {
		s.outbox.added[WebhookRef{teamID, id}]++
	}
}

// deliveriesNoun is how totals call the deliveries of a webhook.
func deliveriesNoun(webhookID string) string { return "deliveries " + webhookID }

// countDeliveries adds the new deliveries to their totals. It comes last in every transaction, and in one order, so that
// no two can wait for each other.
func (s *Store) countDeliveries(ctx context.Context) error {
	if len(s.outbox.added) == 0 {
		return nil
	}
	var rows [][]any
	for _, ref := range sortedRefs(s.outbox.added) {
		rows = append(rows, []any{ref.TeamID, deliveriesNoun(ref.ID), s.outbox.added[ref]})
	}
	return s.put(ctx, rows, `
		INSERT INTO totals (team_id, noun, total)`, `
		ON CONFLICT (team_id, noun) DO UPDATE
		SET total = totals.total + excluded.total`)
}

// sortedRefs gives the webhooks of a map in the order in which everybody locks them.
func sortedRefs[T any](of map[WebhookRef]T) []WebhookRef {
	return slices.SortedFunc(maps.Keys(of), func(a, b WebhookRef) int {
		return cmp.Or(cmp.Compare(a.TeamID, b.TeamID), cmp.Compare(a.ID, b.ID))
	})
}

// ForgetOldEvents removes some of the events whose time is over, with their deliveries, and tells whether there may be more.
func (s *Store) ForgetOldEvents(ctx context.Context) (more bool, err error) {
	const batch = 200
	old := map[string][]any{} // by team
	n := 0
	err = s.each(ctx, func(scan scanner) error {
		var team, id string
		err := scan(&team, &id)
		old[team] = append(old[team], id)
		n++
		return err
	}, `
		SELECT team_id, id
		FROM events
		WHERE created_at < $1
		ORDER BY created_at
		LIMIT $2`, s.now().Add(-eventsKept).UnixMilli(), batch)
	if err != nil {
		return false, err
	}
	for team, ids := range old {
		if err := s.forgetEvents(ctx, team, ids); err != nil {
			return false, err
		}
	}
	return n == batch, nil
}

// forgetEvents counts what this transaction itself deletes: another copy may be at it too.
func (s *Store) forgetEvents(ctx context.Context, teamID string, ids []any) error {
	return s.atomically(ctx, func(tx *Store) error {
		gone := map[WebhookRef]int64{}
		args := append([]any{teamID}, ids...)
		if err := tx.each(ctx, func(scan scanner) error {
			ref := WebhookRef{TeamID: teamID}
			err := scan(&ref.ID)
			gone[ref]++
			return err
		}, `
		DELETE FROM deliveries
		WHERE team_id = $1
		  AND event_id IN (`+placeholders(2, len(ids))+`)
		RETURNING webhook_id`, args...); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `
		DELETE FROM events
		WHERE team_id = $1
		  AND id IN (`+placeholders(2, len(ids))+`)`, args...); err != nil {
			return err
		}
		for _, ref := range sortedRefs(gone) {
			if _, err := tx.exec(ctx, `
		UPDATE totals
		SET total = total - $3
		WHERE team_id = $1
		  AND noun = $2`, teamID, deliveriesNoun(ref.ID), gone[ref]); err != nil {
				return err
			}
		}
		return nil
	})
}
