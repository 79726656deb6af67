package db

import (
	"context"
	"strings"
)

// UpdateWebhook changes a webhook, and gives it as it is now. What waited while it was disabled is sent once it is enabled.
func (s *Store) UpdateWebhook(ctx context.Context, p Principal, id string, change WebhookChange, check EndpointCheck) (Webhook, error) {
	if _, err := s.Webhook(ctx, p, id); err != nil { // before anything is looked up on the network
		return Webhook{}, err
	}
	var checked Webhook
	if err := change.apply(ctx, &checked, check); err != nil {
		return Webhook{}, err
	}
	var w Webhook
	err := s.atomically(ctx, p, func(tx *Store) (err error) {
		if w, err = tx.webhookForUpdate(ctx, p, id); err != nil {
			return err
		}
		was := w
		if change.Name != nil {
			w.Name = checked.Name
		}
		if change.Endpoint != nil {
			w.Endpoint = checked.Endpoint
		}
		if change.Events != nil {
			w.Events = checked.Events
		}
		if change.Enabled != nil {
			w.Enabled = *change.Enabled
		}
		return tx.updateWebhook(ctx, p, was, &w)
	})
	return w, err
}

func (s *Store) webhookForUpdate(ctx context.Context, p Principal, id string) (Webhook, error) {
	return single(ctx, s, "webhook", scanWebhook, selectWebhooks+`
		  AND id = $2
		`+s.dialect.forUpdate, p.TeamID, id)
}

// updateWebhook writes a webhook. One that is enabled again, or moved, starts with a clean slate.
func (s *Store) updateWebhook(ctx context.Context, p Principal, was Webhook, w *Webhook) error {
	w.UpdatedAt = s.now()
	switch {
	case !w.Enabled && was.Enabled:
		w.DisabledAt, w.DisabledWhy = w.UpdatedAt, DisabledByPerson
	case w.Enabled && !was.Enabled:
		w.DisabledAt, w.DisabledWhy, w.FailingSince = Webhook{}.DisabledAt, "", Webhook{}.FailingSince
		s.outbox()
	}
	if w.Endpoint != was.Endpoint {
		w.FailingSince = Webhook{}.FailingSince
	}
	_, err := s.exec(ctx, `
		UPDATE webhooks
		SET name = $3, endpoint = $4, events = $5, enabled = $6, disabled_at = $7, disabled_why = $8, failing_since = $9, updated_at = $10
		WHERE team_id = $1
		  AND id = $2`, p.TeamID, w.ID, w.Name, w.Endpoint, strings.Join(w.Events, " "), bit(w.Enabled), orNull(w.DisabledAt), w.DisabledWhy,
		orNull(w.FailingSince), w.UpdatedAt.UnixMilli())
	return err
}

// RotateWebhook gives a webhook a new signing secret, shown this once. The one before signs beside it for a day.
func (s *Store) RotateWebhook(ctx context.Context, p Principal, id string) (Webhook, string, error) {
	if err := p.managesWebhooks(); err != nil {
		return Webhook{}, "", err
	}
	secret := newSigningSecret()
	now := s.now()
	n, err := s.change(ctx, p, `
		UPDATE webhooks
		SET old_secret = secret, secret = $3, old_secret_until = $4, updated_at = $5
		WHERE team_id = $1
		  AND id = $2`, p.TeamID, id, secret, now.Add(rotation).UnixMilli(), now.UnixMilli())
	if err == nil && n == 0 {
		err = notFound("webhook")
	}
	if err != nil {
		return Webhook{}, "", err
	}
	w, err := s.Webhook(ctx, p, id)
	return w, secret, err
}

// DeleteWebhook removes a webhook. Nothing more is sent to it; what is on its way may still arrive.
func (s *Store) DeleteWebhook(ctx context.Context, p Principal, id string) error {
	if err := p.managesWebhooks(); err != nil {
		return err
	}
	return s.atomically(ctx, p, func(tx *Store) error {
		n, err := tx.exec(ctx, `
			DELETE FROM webhooks
			WHERE team_id = $1
			  AND id = $2`, p.TeamID, id)
		if err == nil && n == 0 {
			err = notFound("webhook")
		}
		if err != nil {
			return err
		}
		return tx.forgetTotal(ctx, p.TeamID, deliveriesNoun(id))
	})
}
