package db

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// WebhooksMax is how many webhooks a team may have.
const WebhooksMax = 200

// rotation is how long the secret before still signs too, so that a receiver can change over at leisure.
const rotation = 24 * time.Hour

// Webhook is an address that a team's events are sent to, without its secret. It belongs to the team, whoever made it.
type Webhook struct {
	ID            string
	Name          string
	Endpoint      string
	Events        []string
	Enabled       bool
	DisabledAt    time.Time // zero while enabled
	DisabledWhy   string    // DisabledByPerson, DisabledGone or DisabledFailing
	FailingSince  time.Time // of the first failure after the last success
	RotatingUntil time.Time // when the secret before stops signing; zero or past when only one does
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// Why a webhook is disabled.
const (
	DisabledByPerson = "person"
	DisabledGone     = "gone"    // the endpoint answered 410
	DisabledFailing  = "failing" // nothing but failures for FailingMax
)

// DisabledReasons are all reasons why a webhook is disabled.
var DisabledReasons = []string{DisabledByPerson, DisabledGone, DisabledFailing}

// NewWebhook is what is said of a webhook when making it. No events means all of them.
type NewWebhook struct {
	Name     string
	Endpoint string
	Events   []string
	Disabled bool
}

// EndpointCheck gives an endpoint as it is to be kept and shown, or why nothing may be sent there.
type EndpointCheck func(ctx context.Context, endpoint string) (kept string, wrong *Error)

// managesWebhooks refuses whoever may not look after the team's webhooks.
func (p Principal) managesWebhooks() error {
	if p.Member.Manages() || p.Actor() == ActorKey && p.Role.Opens(WebhooksManage) {
		return nil
	}
	return &Error{Kind: Forbidden, Code: "member_forbids", Text: "Webhooks send the team's data elsewhere, so only its owners and admins look after them. Ask one of them."}
}

// CreateWebhook makes a webhook and gives its signing secret, which is shown this once. Problems tells every input that
// is wrong.
func (s *Store) CreateWebhook(ctx context.Context, p Principal, n NewWebhook, check EndpointCheck) (Webhook, string, error) {
	if err := p.managesWebhooks(); err != nil {
		return Webhook{}, "", err
	}
	w, err := n.checked(ctx, check)
	if err != nil {
		return Webhook{}, "", err
	}
	secret := newSigningSecret()
	w.ID, w.CreatedAt = NewID(), s.now()
	w.UpdatedAt = w.CreatedAt
	if !w.Enabled {
		w.DisabledAt, w.DisabledWhy = w.CreatedAt, DisabledByPerson
	}
	err = s.atomically(ctx, p, func(tx *Store) error {
		var held int64
		if _, err := tx.one(ctx, []any{&held}, countWebhooks, p.TeamID); err != nil {
			return err
		}
		if held >= WebhooksMax {
			return Problems{invalid("name", fmt.Sprintf("The team has %d webhooks, which is the most. Delete one that nobody needs, then make this one.", WebhooksMax))}
		}
		_, err := tx.exec(ctx, `
			INSERT INTO webhooks (team_id, id, name, endpoint, events, enabled, secret, disabled_at, disabled_why, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`, p.TeamID, w.ID, w.Name, w.Endpoint, strings.Join(w.Events, " "), bit(w.Enabled),
			secret, orNull(w.DisabledAt), w.DisabledWhy, w.CreatedAt.UnixMilli())
		return err
	})
	if err != nil {
		return Webhook{}, "", err
	}
	return w, secret, nil
}

func (n NewWebhook) checked(ctx context.Context, check EndpointCheck) (Webhook, error) {
	if n.Events == nil {
		n.Events = Events.IDs()
	}
	w, enabled := Webhook{}, !n.Disabled
	err := WebhookChange{Name: &n.Name, Endpoint: &n.Endpoint, Events: &n.Events, Enabled: &enabled}.apply(ctx, &w, check)
	return w, err
}

// WebhookChange is what is to be different; nil leaves a field as it is.
type WebhookChange struct {
	Name     *string
	Endpoint *string
	Events   *[]string
	Enabled  *bool
}

// apply makes the change, or gives Problems. It asks check about a new endpoint, which takes time and a network.
func (ch WebhookChange) apply(ctx context.Context, w *Webhook, check EndpointCheck) error {
	var problems Problems
	note := func(e *Error) {
		if e != nil {
			problems = append(problems, e)
		}
	}
	var e *Error
	if ch.Name != nil {
		w.Name, e = line("name", "A name", *ch.Name, NameMax)
		note(e)
	}
	if ch.Endpoint != nil {
		if w.Endpoint, e = line("endpoint", "An endpoint", *ch.Endpoint, EndpointMax); e == nil {
			w.Endpoint, e = check(ctx, w.Endpoint)
		}
		note(e)
	}
	if ch.Events != nil {
		w.Events, e = checkEvents(*ch.Events)
		note(e)
	}
	if ch.Enabled != nil {
		w.Enabled = *ch.Enabled
	}
	return problems.or()
}

// EndpointMax is how many characters an endpoint may have.
const EndpointMax = 2000

func checkEvents(names []string) ([]string, *Error) {
	var known []string
	for _, event := range Events.IDs() { // in our order, each once
		if slices.Contains(names, event) {
			known = append(known, event)
		}
	}
	for _, name := range names {
		if !Events.Has(name) {
			return nil, invalid("events", "There is no such event. There are: "+strings.Join(Events.IDs(), ", ")+".")
		}
	}
	if len(known) == 0 {
		return nil, invalid("events", "Choose at least one event.")
	}
	return known, nil
}

const countWebhooks = `SELECT COUNT(*) FROM webhooks WHERE team_id = $1`

const selectWebhooks = `
		SELECT id, name, endpoint, events, enabled, disabled_at, disabled_why, failing_since, old_secret_until, created_at, updated_at
		FROM webhooks
		WHERE team_id = $1`

func scanWebhook(scan scanner) (w Webhook, err error) {
	var events string
	err = scan(&w.ID, &w.Name, &w.Endpoint, &events, &w.Enabled, ms(&w.DisabledAt), &w.DisabledWhy, ms(&w.FailingSince),
		ms(&w.RotatingUntil), ms(&w.CreatedAt), ms(&w.UpdatedAt))
	w.Events = strings.Fields(events)
	return w, err
}

// Webhooks gives the team's webhooks, newest first, to who may look after them.
func (s *Store) Webhooks(ctx context.Context, p Principal, page Page) (List[Webhook], error) {
	if err := p.managesWebhooks(); err != nil {
		return List[Webhook]{}, err
	}
	q := statement{count: countWebhooks, rows: selectWebhooks, args: []any{p.TeamID}}
	return listOf(ctx, s, page, scanWebhook, q.newest("", Cursor{}, Cursor{}))
}

// Webhook gives one webhook of the team to who may look after it, or a NotFound error.
func (s *Store) Webhook(ctx context.Context, p Principal, id string) (Webhook, error) {
	if err := p.managesWebhooks(); err != nil {
		return Webhook{}, err
	}
	return single(ctx, s, "webhook", scanWebhook, selectWebhooks+`
		  AND id = $2`, p.TeamID, id)
}
