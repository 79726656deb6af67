-- Webhooks, the events they are told of, and what became of each. Types and keys as in 0001.

-- +goose Up
-- The secret signs what is sent, so it is kept as it is. events are names with a blank between them. disabled_why is
-- person, gone (the endpoint said 410) or failing (five days of nothing but failures).
CREATE TABLE webhooks (
  team_id          TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  id               TEXT   NOT NULL,
  name             TEXT   NOT NULL,
  endpoint         TEXT   NOT NULL,
  events           TEXT   NOT NULL,
  enabled          BIGINT NOT NULL,
  secret           TEXT   NOT NULL,
  old_secret       TEXT   NOT NULL DEFAULT '',
  old_secret_until BIGINT,
  failing_since    BIGINT,
  disabled_at      BIGINT,
  disabled_why     TEXT   NOT NULL DEFAULT '',
  created_at       BIGINT NOT NULL,
  updated_at       BIGINT NOT NULL,
  PRIMARY KEY (team_id, id)
);
CREATE INDEX webhooks_newest ON webhooks (team_id, created_at, id);
CREATE INDEX webhooks_enabled ON webhooks (team_id, id) WHERE enabled = 1;

-- The outbox, written in the transaction of the change. body is the bytes that every try sends, gzipped. position orders
-- the events of one conversation or contact, whichever copy of the program wrote them.
CREATE TABLE events (
  team_id    TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  id         TEXT   NOT NULL,
  event      TEXT   NOT NULL,
  subject    TEXT   NOT NULL,
  position   BIGINT NOT NULL,
  body       BYTEA  NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (team_id, id),
  UNIQUE (team_id, subject, position)
);
CREATE INDEX events_age ON events (created_at);

-- One event for one webhook. state is waiting, delivered or failed. A claimed one is somebody's until due_at, and is due
-- again when that time passes without a result. There is no reference to webhooks: what a deleted one leaves goes with
-- its events, not in one large transaction. The indexes of those that wait stay small, however many were delivered.
CREATE TABLE deliveries (
  team_id    TEXT   NOT NULL,
  webhook_id TEXT   NOT NULL,
  event_id   TEXT   NOT NULL,
  event      TEXT   NOT NULL,
  subject    TEXT   NOT NULL,
  position   BIGINT NOT NULL,
  state      TEXT   NOT NULL,
  claim      TEXT   NOT NULL DEFAULT '',
  due_at     BIGINT NOT NULL,
  tries      BIGINT NOT NULL DEFAULT 0,
  step       BIGINT NOT NULL DEFAULT 0,
  tried_at   BIGINT,
  took       BIGINT NOT NULL DEFAULT 0,
  status     BIGINT NOT NULL DEFAULT 0,
  problem    TEXT   NOT NULL DEFAULT '',
  answer     TEXT   NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  PRIMARY KEY (team_id, event_id, webhook_id),
  FOREIGN KEY (team_id, event_id) REFERENCES events (team_id, id) ON DELETE CASCADE
);
CREATE INDEX deliveries_newest ON deliveries (team_id, webhook_id, created_at, event_id, state);
CREATE INDEX deliveries_state ON deliveries (team_id, webhook_id, state, created_at, event_id) WHERE state <> 'delivered';
CREATE INDEX deliveries_due ON deliveries (team_id, webhook_id, due_at, position) WHERE state = 'waiting';
CREATE INDEX deliveries_order ON deliveries (team_id, webhook_id, subject, position) WHERE state = 'waiting';
