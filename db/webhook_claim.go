package db

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Lease is how long a claimed delivery is nobody else's. When it ends without a result, e.g. because the program was
// killed, the delivery is due again.
const Lease = 30 * time.Second

// courierTimeout is how long a claim or its results may take. No page waits for them, and what was sent and not
// written is sent again.
const courierTimeout = 10 * time.Second

// WebhookRef names a webhook of any team.
type WebhookRef struct{ TeamID, ID string }

// DueWebhook is an enabled webhook with deliveries that wait, the first of them due at At.
type DueWebhook struct {
	WebhookRef
	At time.Time
}

// SigningSecret is the secret of a webhook, on its way to where it signs. It prints as nothing.
type SigningSecret struct{ text string }

// Reveal gives the secret itself.
func (s SigningSecret) Reveal() string { return s.text }

// String and GoString keep it out of logs.
func (SigningSecret) String() string   { return "[redacted]" }
func (SigningSecret) GoString() string { return "[redacted]" }

// Lot is what somebody has claimed to send to one webhook until the lease ends.
type Lot struct {
	WebhookRef
	Claim    string // a result is only taken under it
	Endpoint string
	Secrets  []SigningSecret // the current one first
	Failing  bool            // the last try, by any copy, was no success
	Until    time.Time
	Parcels  []Parcel
}

// Parcel is one delivery of a lot.
type Parcel struct {
	EventID  string
	Subject  string // what must arrive in order
	Step     int    // how many tries of the schedule are behind it
	position int64
}

// DueWebhooks gives the enabled webhooks that have anything waiting, of all teams, with when the first of it is due.
func (s *Store) DueWebhooks(ctx context.Context) (due []DueWebhook, err error) {
	err = s.each(ctx, func(scan scanner) error {
		var d DueWebhook
		err := scan(&d.TeamID, &d.ID, ms(&d.At))
		if !d.At.IsZero() {
			due = append(due, d)
		}
		return err
	}, dueWebhooks)
	return due, err
}

const dueWebhooks = `
		SELECT w.team_id, w.id, (
		  SELECT d.due_at
		  FROM deliveries d
		  WHERE d.team_id = w.team_id
		    AND d.webhook_id = w.id
		    AND d.state = 'waiting'
		  ORDER BY d.due_at
		  LIMIT 1
		)
		FROM webhooks w
		WHERE w.enabled = 1`

// ClaimDeliveries claims what is due of some webhooks, at most so many of each, in one transaction. Of two who claim for
// one webhook at the same moment, the second gets nothing. What comes after a claimed delivery of the same subject
// is not handed out before that has ended, so a conversation arrives in order as long as nothing fails.
func (s *Store) ClaimDeliveries(ctx context.Context, of []WebhookRef, most int) ([]Lot, error) {
	var lots []Lot
	err := s.within(courierTimeout).atomically(ctx, theProgram(), func(tx *Store) error {
		lots = nil
		now := s.now()
		for _, ref := range of {
			l := Lot{WebhookRef: ref, Claim: NewID(), Until: now.Add(Lease)}
			// A statement of its own: the next one then sees what whoever held the webhook before has claimed.
			found, err := tx.first(ctx, func(scan scanner) error { return l.scan(scan, now) }, lockWebhook+tx.dialect.skipLocked, ref.TeamID, ref.ID)
			if err != nil {
				return err
			}
			if !found {
				continue
			}
			if err := tx.claimParcels(ctx, &l, now, most); err != nil {
				return err
			}
			if len(l.Parcels) > 0 {
				lots = append(lots, l)
			}
		}
		return nil
	})
	return lots, err
}

const lockWebhook = `
		SELECT endpoint, secret, old_secret, old_secret_until, COALESCE(failing_since, 0)
		FROM webhooks
		WHERE team_id = $1
		  AND id = $2
		  AND enabled = 1
		`

func (l *Lot) scan(scan scanner, now time.Time) error {
	var secret, old string
	var until time.Time
	var failing int64
	err := scan(&l.Endpoint, &secret, &old, ms(&until), &failing)
	l.Secrets, l.Failing = []SigningSecret{{secret}}, failing != 0
	if old != "" && now.Before(until) {
		l.Secrets = append(l.Secrets, SigningSecret{old})
	}
	return err
}

func (s *Store) claimParcels(ctx context.Context, l *Lot, now time.Time, most int) error {
	err := s.each(ctx, func(scan scanner) error {
		var p Parcel
		err := scan(&p.EventID, &p.Subject, &p.Step, &p.position)
		l.Parcels = append(l.Parcels, p)
		return err
	}, `
		WITH c AS MATERIALIZED (
		  SELECT d.event_id
		  FROM deliveries d
		  WHERE d.team_id = $1
		    AND d.webhook_id = $2
		    AND d.state = 'waiting'
		    AND d.due_at <= $3
		    AND NOT EXISTS (
		      SELECT 1
		      FROM deliveries e
		      WHERE e.team_id = $1
		        AND e.webhook_id = $2
		        AND e.state = 'waiting'
		        AND e.subject = d.subject
		        AND e.position < d.position
		        AND e.claim <> ''
		    )
		  ORDER BY d.due_at, d.position
		  LIMIT $4
		  `+s.dialect.skipLocked+`
		)
		UPDATE deliveries
		SET claim = $5, due_at = $6
		WHERE team_id = $1
		  AND webhook_id = $2
		  AND event_id IN (SELECT event_id FROM c)
		RETURNING event_id, subject, step, position`, l.TeamID, l.ID, now.UnixMilli(), most, l.Claim, l.Until.UnixMilli())
	slices.SortFunc(l.Parcels, func(a, b Parcel) int { return cmp.Compare(a.EventID, b.EventID) }) // as they were made
	return err
}

// Runs gives the parcels of each subject, in the order in which they must arrive. Runs may be sent side by side.
func (l *Lot) Runs() [][]Parcel {
	var runs [][]Parcel
	place := map[string]int{}
	for _, p := range l.Parcels {
		i, known := place[p.Subject]
		if !known {
			i = len(runs)
			place[p.Subject], runs = i, append(runs, nil)
		}
		runs[i] = append(runs[i], p)
	}
	for _, run := range runs { // two copies' clocks may disagree; positions do not
		slices.SortFunc(run, func(a, b Parcel) int { return cmp.Compare(a.position, b.position) })
	}
	return runs
}
