package handlers

import (
	"context"
	"time"

	"github.com/insighto/insighto/db"
)

// wireDelivery is one event on its way to a webhook. Its id is the event's, and the webhook-id of every try.
type wireDelivery struct {
	ID         string    `json:"id"`
	Event      string    `json:"event"`
	State      string    `json:"state" enum:"waiting,delivered,failed"`
	Tries      int64     `json:"tries"`
	StatusCode int64     `json:"status_code,omitempty" doc:"Of the last answer; left out when there was none."`
	Problem    string    `json:"problem,omitempty" doc:"Why the last try was no success."`
	Response   string    `json:"response,omitempty" doc:"The first 1 KiB of the last answer."`
	DurationMS int64     `json:"duration_ms" doc:"How long the last try took."`
	CreatedAt  time.Time `json:"created_at"`
	TriedAt    time.Time `json:"tried_at,omitzero"`
	NextTryAt  time.Time `json:"next_try_at,omitzero"`
}

func deliveryOut(d db.Delivery) wireDelivery {
	out := wireDelivery{
		ID: d.EventID, Event: d.Event, State: string(d.State), Tries: d.Tries, StatusCode: d.Status, Problem: d.Problem, Response: d.Answer,
		DurationMS: d.Took.Milliseconds(), CreatedAt: d.CreatedAt, TriedAt: d.TriedAt,
	}
	if d.State == db.Waiting && !d.Claimed {
		out.NextTryAt = d.DueAt
	}
	return out
}

type deliveryQuery struct {
	WebhookPath
	Paging
	State string `query:"state" enum:"waiting,delivered,failed" doc:"Only those in this state."`
}

func (s *server) apiDeliveries(ctx context.Context, p db.Principal, in *deliveryQuery) (*items[wireDelivery], error) {
	list, err := s.Store.Deliveries(ctx, p, in.id(), db.DeliveryState(in.State), in.page())
	if err != nil {
		return nil, err
	}
	return listed(list, deliveryOut), nil
}
