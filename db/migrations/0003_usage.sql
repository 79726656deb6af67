-- What keys did. These tables refer to no team or key: a batch that is written late must not fail because a key was
-- deleted meanwhile, and its history stays.

-- +goose Up

-- Answered requests by hour (its first millisecond, UTC), key, route (method and template) and outcome: ok, denied (401,
-- 403), limited (429), client (other 4xx), server (5xx). key_id and route are empty for what could not be told apart.
CREATE TABLE usage_hours (
  team_id  TEXT   NOT NULL,
  hour     BIGINT NOT NULL,
  key_id   TEXT   NOT NULL,
  route    TEXT   NOT NULL,
  outcome  TEXT   NOT NULL,
  requests BIGINT NOT NULL,
  bytes    BIGINT NOT NULL,
  micros   BIGINT NOT NULL,
  PRIMARY KEY (team_id, hour, key_id, route, outcome)
);
CREATE INDEX usage_hours_key ON usage_hours (team_id, key_id, hour);

-- The same requests added up the way that pages ask for them: kind 'team' is all of a UTC day (name is empty) with its
-- hours, 'key' and 'route' are a key's and a route's UTC month with its days. at is the first millisecond; parts holds
-- the sums of the hours or days, packed, so that a thousand keys of a month are a thousand rows.
CREATE TABLE usage_sums (
  team_id TEXT   NOT NULL,
  kind    TEXT   NOT NULL,
  at      BIGINT NOT NULL,
  name    TEXT   NOT NULL,
  ok      BIGINT NOT NULL,
  denied  BIGINT NOT NULL,
  limited BIGINT NOT NULL,
  client  BIGINT NOT NULL,
  server  BIGINT NOT NULL,
  bytes   BIGINT NOT NULL,
  micros  BIGINT NOT NULL,
  parts   BYTEA  NOT NULL,
  PRIMARY KEY (team_id, kind, at, name)
);

-- Requests that were let in, by UTC month ('2026-11'), for the plan.
CREATE TABLE usage_months (
  team_id  TEXT   NOT NULL,
  month    TEXT   NOT NULL,
  requests BIGINT NOT NULL,
  PRIMARY KEY (team_id, month)
);

-- The last batch of counts that a running program has added, so that one whose commit got no answer is not added twice.
CREATE TABLE usage_writers (
  id         TEXT   NOT NULL PRIMARY KEY,
  batch      BIGINT NOT NULL,
  written_at BIGINT NOT NULL
);

-- The log: single requests. weight is how many answers a row stands for: more than 1 where successes were sampled.
CREATE TABLE requests (
  team_id TEXT   NOT NULL,
  id      TEXT   NOT NULL,
  at      BIGINT NOT NULL,
  key_id  TEXT   NOT NULL,
  method  TEXT   NOT NULL,
  route   TEXT   NOT NULL,
  status  BIGINT NOT NULL,
  micros  BIGINT NOT NULL,
  bytes   BIGINT NOT NULL,
  address TEXT   NOT NULL,
  agent   TEXT   NOT NULL,
  weight  BIGINT NOT NULL,
  PRIMARY KEY (team_id, id)
);
CREATE INDEX requests_key ON requests (team_id, key_id, at, id);
CREATE INDEX requests_age ON requests (at);

-- The names of keys that were deleted, for their history.
CREATE TABLE deleted_keys (
  team_id    TEXT   NOT NULL,
  id         TEXT   NOT NULL,
  user_id    TEXT   NOT NULL,
  name       TEXT   NOT NULL,
  prefix     TEXT   NOT NULL,
  deleted_at BIGINT NOT NULL,
  PRIMARY KEY (team_id, id)
);
