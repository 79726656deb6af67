package db

import (
	"context"
	"time"
)

// DeliveryState is what has become of a delivery.
type DeliveryState string

// The states. One that waits has not been tried, is being tried, or is to be tried again.
const (
	Waiting   DeliveryState = "waiting"
	Delivered DeliveryState = "delivered"
	Failed    DeliveryState = "failed"
)

// DeliveryStates are all states, in the order people see them.
var DeliveryStates = []DeliveryState{Waiting, Delivered, Failed}

// Delivery is one event for one webhook, and what the last try brought. Its id is the event's, which is also the
// webhook-id that is sent.
type Delivery struct {
	EventID   string
	Event     string
	State     DeliveryState
	Claimed   bool // on its way at this moment
	Tries     int64
	DueAt     time.Time // of the next try, while it waits
	TriedAt   time.Time // zero before the first try has ended
	Took      time.Duration
	Status    int64  // zero when there was no answer
	Problem   string // why it is no success, in words; empty otherwise
	Answer    string // the first 1 KiB
	CreatedAt time.Time
}

const selectDeliveries = `
		SELECT event_id, event, state, claim, tries, due_at, tried_at, took, status, problem, answer, created_at
		FROM deliveries
		WHERE team_id = $1
		  AND webhook_id = $2`

func scanDelivery(scan scanner) (d Delivery, err error) {
	var claim string
	var took int64
	err = scan(&d.EventID, &d.Event, &d.State, &claim, &d.Tries, ms(&d.DueAt), ms(&d.TriedAt), &took, &d.Status, &d.Problem, &d.Answer, ms(&d.CreatedAt))
	d.Took, d.Claimed = time.Duration(took)*time.Millisecond, claim != ""
	return d, err
}

// inState are the conditions of a state. The partial index of what is not delivered is used only where its own condition is repeated.
var inState = map[DeliveryState]string{
	"":        "",
	Waiting:   "\n\t\t  AND state = 'waiting' AND state <> 'delivered'",
	Delivered: "\n\t\t  AND state = 'delivered'",
	Failed:    "\n\t\t  AND state = 'failed' AND state <> 'delivered'",
}

// Deliveries gives what was sent to a webhook in the last 30 days, newest first: all of it, or what is in a state.
func (s *Store) Deliveries(ctx context.Context, p Principal, webhookID string, state DeliveryState, page Page) (List[Delivery], error) {
	if _, err := s.Webhook(ctx, p, webhookID); err != nil {
		return List[Delivery]{}, err
	}
	words, known := inState[state]
	if !known {
		return List[Delivery]{}, invalid("state", "A delivery is waiting, delivered or failed.")
	}
	total, err := s.deliveriesIn(ctx, p, webhookID, state)
	if err != nil {
		return List[Delivery]{}, err
	}
	return listOf(ctx, s, page, scanDelivery, statement{
		total: total,
		rows:  selectDeliveries + words,
		order: `
		ORDER BY created_at DESC, event_id DESC`,
		args: []any{p.TeamID, webhookID},
	})
}

// deliveriesIn is how many deliveries are in a state. All are counted as they are made, and few are not delivered.
func (s *Store) deliveriesIn(ctx context.Context, p Principal, webhookID string, state DeliveryState) (int64, error) {
	var all, others int64
	if state == "" || state == Delivered {
		var err error
		if all, err = s.total(ctx, p.TeamID, deliveriesNoun(webhookID)); err != nil || state == "" {
			return all, err
		}
	}
	words := inState[state]
	if state == Delivered {
		words = "\n\t\t  AND state <> 'delivered'"
	}
	if _, err := s.one(ctx, []any{&others}, `
		SELECT COUNT(*)
		FROM deliveries
		WHERE team_id = $1
		  AND webhook_id = $2`+words, p.TeamID, webhookID); err != nil || state != Delivered {
		return others, err
	}
	return max(0, all-others), nil
}

// Delivery gives one delivery of a webhook, or a NotFound error.
func (s *Store) Delivery(ctx context.Context, p Principal, webhookID, eventID string) (Delivery, error) {
	if err := p.managesWebhooks(); err != nil {
		return Delivery{}, err
	}
	return single(ctx, s, "delivery", scanDelivery, selectDeliveries+`
		  AND event_id = $3`, p.TeamID, webhookID, eventID)
}

// Replay sends a delivery once more, at once and with the same id, whatever became of it. One that is on its way is left alone.
func (s *Store) Replay(ctx context.Context, p Principal, webhookID, eventID string) error {
	return s.atomically(ctx, p, func(tx *Store) error {
		if err := tx.replayable(ctx, p, webhookID); err != nil {
			return err
		}
		if _, err := tx.Delivery(ctx, p, webhookID, eventID); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `
			UPDATE deliveries
			SET state = 'waiting', step = 0, due_at = $4
			WHERE team_id = $1
			  AND webhook_id = $2
			  AND event_id = $3
			  AND claim = ''`, p.TeamID, webhookID, eventID, s.now().UnixMilli())
		tx.outbox()
		return err
	})
}

// ReplayFailed sends again what has failed of the events since a time, and tells how many those are.
func (s *Store) ReplayFailed(ctx context.Context, p Principal, webhookID string, since time.Time) (total int64, err error) {
	const batch = 500 // a transaction, so that nobody waits long for it
	for n := int64(batch); n == batch; total += n {
		err := s.atomically(ctx, p, func(tx *Store) (err error) {
			if err := tx.replayable(ctx, p, webhookID); err != nil {
				return err
			}
			n, err = tx.exec(ctx, `
				UPDATE deliveries
				SET state = 'waiting', step = 0, due_at = $3
				WHERE team_id = $1
				  AND webhook_id = $2
				  AND event_id IN (
				    SELECT event_id
				    FROM deliveries
				    WHERE team_id = $1
				      AND webhook_id = $2
				      AND state = 'failed' AND state <> 'delivered'
				      AND created_at >= $4
				    ORDER BY created_at, event_id
				    LIMIT $5
				  )`, p.TeamID, webhookID, s.now().UnixMilli(), since.UnixMilli(), batch)
			tx.outbox()
			return err
		})
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// replayable refuses a webhook that is not there, not the asker's to look after, or disabled.
func (s *Store) replayable(ctx context.Context, p Principal, id string) error {
	w, err := s.Webhook(ctx, p, id)
	if err == nil && !w.Enabled {
		return conflict("This webhook is disabled. Enable it first, then replay.")
	}
	return err
}
