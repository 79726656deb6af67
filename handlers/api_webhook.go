package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insighto/insighto/db"
)

// wireWebhook is one as the API tells it, without its secret; see wireSecretWebhook.
type wireWebhook struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	Endpoint     string    `json:"endpoint"`
	Enabled      bool      `json:"enabled"`
	Events       []string  `json:"events"`
	DisabledAt   time.Time `json:"disabled_at,omitzero"`
	DisabledWhy  string    `json:"disabled_why,omitempty" enum:"person,gone,failing" doc:"gone: it answered 410. failing: nothing but failures for 5 days."`
	FailingSince time.Time `json:"failing_since,omitzero" doc:"The first failure after the last success."`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// wireSecretWebhook is what making a webhook and rotating its secret answer, and nothing else.
type wireSecretWebhook struct {
	wireWebhook
	Secret string `json:"secret" doc:"Checks the signatures. It is shown this once."`
}

func webhookOut(w db.Webhook) wireWebhook {
	return wireWebhook{
		ID: w.ID, Name: w.Name, Endpoint: w.Endpoint, Enabled: w.Enabled, Events: w.Events, DisabledAt: w.DisabledAt,
		DisabledWhy: w.DisabledWhy, FailingSince: w.FailingSince, CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt,
	}
}

func withSecret(secret string) func(db.Webhook) wireSecretWebhook {
	return func(w db.Webhook) wireSecretWebhook { return wireSecretWebhook{webhookOut(w), secret} }
}

func (s *server) apiWebhooks(ctx context.Context, p db.Principal, in *Paging) (*items[wireWebhook], error) {
	list, err := s.Store.Webhooks(ctx, p, in.page())
	if err != nil {
		return nil, err
	}
	return listed(list, webhookOut), nil
}

type WebhookPath struct {
	ID string `path:"webhook_id" format:"uuid" doc:"The webhook's id."`
}

func (p WebhookPath) id() string { return strings.ToLower(p.ID) }

func (s *server) apiWebhook(ctx context.Context, p db.Principal, in *WebhookPath) (*wireWebhook, error) {
	w, err := s.Store.Webhook(ctx, p, in.id())
	return answered(w, err, webhookOut)
}

type newWebhook struct {
	Body struct {
		_        struct{} `additionalProperties:"true"`
		Endpoint string   `json:"endpoint" maxLength:"2000" doc:"https://… or http://…, reachable from the internet."`
		Name     string   `json:"name" maxLength:"400" doc:"Up to 64 characters."`
		Enabled  *bool    `json:"enabled,omitempty" default:"true"`
		Events   events   `json:"events,omitempty" maxItems:"100"`
	}
}

// events are those that a new webhook listens to.
type events []string

// Schema tells which there are.
func (events) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}, Description: strings.Join(db.Events.IDs(), ", ") + "; all of them when left out."}
}

func (s *server) apiCreateWebhook(ctx context.Context, p db.Principal, in *newWebhook) (*wireSecretWebhook, error) {
	b := in.Body
	w, secret, err := s.Store.CreateWebhook(ctx, p, db.NewWebhook{
		Name: b.Name, Endpoint: b.Endpoint, Events: b.Events, Disabled: b.Enabled != nil && !*b.Enabled,
	}, s.CheckEndpoint)
	return answered(w, inBody(err), withSecret(secret))
}

type webhookUpdate struct {
	WebhookPath
	Body struct {
		_        struct{}  `additionalProperties:"true"`
		Endpoint *string   `json:"endpoint,omitempty" maxLength:"2000"`
		Name     *string   `json:"name,omitempty" maxLength:"400"`
		Enabled  *bool     `json:"enabled,omitempty" doc:"What waited while it was disabled is sent when it is enabled."`
		Events   *[]string `json:"events,omitempty" maxItems:"100"`
	}
}

func (s *server) apiUpdateWebhook(ctx context.Context, p db.Principal, in *webhookUpdate) (*wireWebhook, error) {
	b := in.Body
	w, err := s.Store.UpdateWebhook(ctx, p, in.id(), db.WebhookChange{Name: b.Name, Endpoint: b.Endpoint, Events: b.Events, Enabled: b.Enabled}, s.CheckEndpoint)
	return answered(w, inBody(err), webhookOut)
}

func (s *server) apiRotateWebhook(ctx context.Context, p db.Principal, in *WebhookPath) (*wireSecretWebhook, error) {
	w, secret, err := s.Store.RotateWebhook(ctx, p, in.id())
	return answered(w, err, withSecret(secret))
}

func (s *server) apiDeleteWebhook(ctx context.Context, p db.Principal, in *WebhookPath) (*deleted, error) {
	if err := s.Store.DeleteWebhook(ctx, p, in.id()); err != nil {
		return nil, err
	}
	return &deleted{"Webhook deleted"}, nil
}
