package db

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// outbox is what one transaction leaves to deliver.
type outbox struct {
	added map[WebhookRef]int64 // how many deliveries, new ones only
}

// outbox gives this transaction's; whoever asks for it leaves something to deliver.
func (s *Store) outbox() *outbox { return endingOf[outbox](s) }

// bell is rung when something is due. It rings once, however often it was rung since somebody last listened.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// Due receives soon after a commit of this process that left something to deliver.
func (s *Store) Due() <-chan struct{} { return s.due }

// add notes one more delivery of each webhook.
func (o *outbox) add(teamID string, webhooks []string) {
	if o.added == nil {
		o.added = map[WebhookRef]int64{}
	}
	for _, id := range webhooks {
		o.added[WebhookRef{teamID, id}]++
	}
}

// deliveriesNoun is how totals call the deliveries of a webhook.
func deliveriesNoun(webhookID string) string { return "deliveries " + webhookID }

// settle adds the new deliveries to their totals, in one order, so that no two transactions can wait for each other.
func (o *outbox) settle(ctx context.Context, tx *Store) error {
	var all []total
	for _, ref := range sortedRefs(o.added) {
		all = append(all, total{ref.TeamID, deliveriesNoun(ref.ID), o.added[ref]})
	}
	return tx.addTotals(ctx, all)
}

func (o *outbox) committed(s *Store) { s.due.ring() }

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
	return s.atomically(ctx, theProgram(), func(tx *Store) error {
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
			if err := tx.lessTotal(ctx, teamID, deliveriesNoun(ref.ID), gone[ref]); err != nil {
				return err
			}
		}
		return nil
	})
}
