package db

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// The events that webhooks are told of. A conversation that is brought is closed or updated, as it comes; one more
// message updates it. A contact is updated whenever its updated_at moves, so also when it is heard of. An import of
// archives makes no events: what it brings is the past. A delete makes none.
const (
	ConversationClosed  = "conversation.closed"
	ConversationUpdated = "conversation.updated"
	ContactCreated      = "contact.created"
	ContactUpdated      = "contact.updated"

	webhookTest = "webhook.test" // for one webhook, asked for by a person
)

// Events are all events that can be listened to, and when each is sent.
var Events = Terms{
	{ConversationClosed, "A conversation is closed, or brought closed."},
	{ConversationUpdated, "A conversation begins, or gets a message."},
	{ContactCreated, "A contact is new."},
	{ContactUpdated, "A contact changes, or is heard of."},
}

// eventsKept is how long events and what became of them are kept.
const eventsKept = 30 * 24 * time.Hour

// listening gives the ids of the webhooks that are to be told; most events have none, and then no body is made.
func (s *Store) listening(ctx context.Context, p Principal, event string) (ids []string, err error) {
	err = s.each(ctx, func(scan scanner) error {
		var id, events string
		err := scan(&id, &events)
		if slices.Contains(strings.Fields(events), event) {
			ids = append(ids, id)
		}
		return err
	}, `
		SELECT id, events
		FROM webhooks
		WHERE team_id = $1
		  AND enabled = 1
		ORDER BY id`, p.TeamID)
	return ids, err
}

// keepEvent writes an event with a delivery for each webhook, in the transaction of the change, and gives its id. The
// subject's row must be locked, so that its events have an order. Its time is never before that of the
// subject's event before, whatever the clock of the copy that wrote that one.
func (s *Store) keepEvent(ctx context.Context, p Principal, event, subject string, data any, webhooks []string) (id string, err error) {
	now, position := s.now(), int64(0)
	id = NewID()
	var last time.Time
	found, err := s.one(ctx, []any{&position, ms(&last)}, `
		SELECT position, created_at
		FROM events
		WHERE team_id = $1
		  AND subject = $2
		ORDER BY position DESC
		LIMIT 1`, p.TeamID, subject)
	if err != nil {
		return "", err
	}
	if found {
		position++
	}
	if last.After(now) {
		now = last
	}
	body, err := eventBody{ID: id, Object: "event", Event: event, CreatedAt: now, Data: data}.gzipped()
	if err != nil {
		return "", err
	}
	if _, err := s.exec(ctx, `
		INSERT INTO events (team_id, id, event, subject, position, body, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, p.TeamID, id, event, subject, position, body, now.UnixMilli()); err != nil {
		return "", err
	}
	rows := make([][]any, len(webhooks))
	for i, webhook := range webhooks {
		rows[i] = []any{p.TeamID, webhook, id, event, subject, position, string(Waiting), now.UnixMilli(), now.UnixMilli()}
	}
	s.outbox().add(p.TeamID, webhooks)
	return id, s.put(ctx, rows, `
		INSERT INTO deliveries (team_id, webhook_id, event_id, event, subject, position, state, due_at, created_at)`, "")
}

// TestWebhook sends a made-up event to one webhook, whatever it listens to, and gives the event's id.
func (s *Store) TestWebhook(ctx context.Context, p Principal, id string) (event string, err error) {
	if err := p.managesWebhooks(); err != nil {
		return "", err
	}
	err = s.atomically(ctx, p, func(tx *Store) error {
		w, err := tx.webhookForUpdate(ctx, p, id)
		if err != nil {
			return err
		}
		if !w.Enabled {
			return conflict("This webhook is disabled. Enable it first, then send the test.")
		}
		event, err = tx.keepEvent(ctx, p, webhookTest, w.ID, testData{WebhookID: w.ID, Name: w.Name}, []string{w.ID})
		return err
	})
	return event, err
}

// EventBody gives the bytes that an event is sent as, the same each time, or a NotFound error once its time is over.
func (s *Store) EventBody(ctx context.Context, teamID, id string) ([]byte, error) {
	packed, err := single(ctx, s, "event", func(scan scanner) (b []byte, err error) { return b, scan(&b) }, `
		SELECT body
		FROM events
		WHERE team_id = $1
		  AND id = $2`, teamID, id)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", id, err)
	}
	return io.ReadAll(z)
}

type eventBody struct {
	ID        string    `json:"id"`
	Object    string    `json:"object"`
	Event     string    `json:"event"`
	CreatedAt time.Time `json:"created_at"`
	Data      any       `json:"data"`
}

func (b eventBody) gzipped() ([]byte, error) {
	var out bytes.Buffer
	z := gzips.Get().(*gzip.Writer)
	defer gzips.Put(z)
	z.Reset(&out)
	e := json.NewEncoder(z)
	e.SetEscapeHTML(false)
	err := errors.Join(e.Encode(b), z.Close())
	return out.Bytes(), err
}

var gzips = sync.Pool{New: func() any { z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed); return z }} // the level is known
