-- One text for SQLite and PostgreSQL: TEXT, BIGINT (milliseconds since 1970 in UTC, 0/1 for yes/no), BYTEA.
-- Keys start with team_id where rows belong to a team, so a PostgreSQL that shards can keep a team on one node.

-- +goose Up
CREATE TABLE teams (
  id         TEXT   NOT NULL PRIMARY KEY,
  name       TEXT   NOT NULL UNIQUE,
  created_at BIGINT NOT NULL
);

CREATE TABLE users (
  id             TEXT   NOT NULL PRIMARY KEY,
  email          TEXT   NOT NULL UNIQUE,
  name           TEXT   NOT NULL,
  password_hash  TEXT   NOT NULL,
  created_at     BIGINT NOT NULL,
  deactivated_at BIGINT
);

CREATE TABLE members (
  team_id     TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  member_role TEXT   NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (team_id, user_id)
);
CREATE INDEX members_user ON members (user_id, created_at);

CREATE TABLE sessions (
  digest     BYTEA  NOT NULL PRIMARY KEY,
  id         TEXT   NOT NULL,
  user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  team_id    TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL,
  address    TEXT   NOT NULL,
  user_agent TEXT   NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, seen_at);
CREATE INDEX sessions_age ON sessions (created_at);

-- A first owner proves to sit at the terminal with one of these.
CREATE TABLE setup_codes (
  digest     BYTEA  NOT NULL PRIMARY KEY,
  created_at BIGINT NOT NULL
);

-- Failed tries by subject ("account …" or "address …", hashed), to slow guessing on every copy of the program alike.
CREATE TABLE tries (
  subject  TEXT   NOT NULL PRIMARY KEY,
  count    BIGINT NOT NULL,
  since    BIGINT NOT NULL
);
CREATE INDEX tries_since ON tries (since);

-- The digest index is not UNIQUE: a sharded PostgreSQL could not hold it, and 256 random bits do not repeat.
CREATE TABLE keys (
  team_id            TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  id                 TEXT   NOT NULL,
  user_id            TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  digest             BYTEA  NOT NULL,
  prefix             TEXT   NOT NULL,
  name               TEXT   NOT NULL,
  role               TEXT   NOT NULL,
  description        TEXT   NOT NULL,
  created_at         BIGINT NOT NULL,
  revoked_at         BIGINT,
  last_used_at       BIGINT,
  last_used_method   TEXT   NOT NULL DEFAULT '',
  last_used_route    TEXT   NOT NULL DEFAULT '',
  last_used_status   BIGINT NOT NULL DEFAULT 0,
  last_used_address  TEXT   NOT NULL DEFAULT '',
  last_used_agent    TEXT   NOT NULL DEFAULT '',
  PRIMARY KEY (team_id, id)
);
CREATE INDEX keys_digest ON keys (digest);
CREATE INDEX keys_owner ON keys (team_id, user_id, created_at, id);

-- Answers to requests with an Idempotency-Key, to be given again for a day. The client's key is kept as a digest, and so
-- is what it asked.
CREATE TABLE kept_answers (
  team_id    TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  digest     BYTEA  NOT NULL,
  asked      BYTEA  NOT NULL,
  status     BIGINT NOT NULL,
  body       TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (team_id, user_id, digest)
);
CREATE INDEX kept_answers_age ON kept_answers (created_at);

CREATE TABLE assistants (
  team_id         TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  id              TEXT   NOT NULL,
  name            TEXT   NOT NULL,
  description     TEXT   NOT NULL DEFAULT '',
  assistant_type  TEXT   NOT NULL DEFAULT 'simple',
  llm_model       TEXT   NOT NULL DEFAULT '',
  system_prompt   TEXT   NOT NULL DEFAULT '',
  voice           TEXT   NOT NULL DEFAULT '',
  voice_languages TEXT   NOT NULL DEFAULT '',
  webhook_id      TEXT   NOT NULL DEFAULT '',
  has_human_agent BIGINT NOT NULL DEFAULT 0,
  use_tools       BIGINT NOT NULL DEFAULT 0,
  attributes      TEXT   NOT NULL DEFAULT '{}',
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (team_id, id)
);
CREATE INDEX assistants_newest ON assistants (team_id, created_at, id);

CREATE TABLE widgets (
  team_id         TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  id              TEXT   NOT NULL,
  name            TEXT   NOT NULL,
  assistant_id    TEXT   NOT NULL,
  widget_type     TEXT   NOT NULL,
  widget_provider TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (team_id, id)
);
CREATE INDEX widgets_newest ON widgets (team_id, created_at, id);

-- email is folded for matching; phone is E.164 with its plus; both are empty when unset. folded is what search reads.
CREATE TABLE contacts (
  team_id            TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  id                 TEXT   NOT NULL,
  first_name         TEXT   NOT NULL DEFAULT '',
  last_name          TEXT   NOT NULL DEFAULT '',
  email              TEXT   NOT NULL DEFAULT '',
  phone              TEXT   NOT NULL DEFAULT '',
  folded             TEXT   NOT NULL DEFAULT '',
  channels           TEXT   NOT NULL DEFAULT '{}',
  user_attributes    TEXT   NOT NULL DEFAULT '{}',
  custom_fields      TEXT   NOT NULL DEFAULT '{}',
  last_seen          BIGINT,
  last_sent          BIGINT,
  first_assistant_id TEXT   NOT NULL DEFAULT '',
  last_assistant_id  TEXT   NOT NULL DEFAULT '',
  first_widget_id    TEXT   NOT NULL DEFAULT '',
  last_widget_id     TEXT   NOT NULL DEFAULT '',
  created_at         BIGINT NOT NULL,
  updated_at         BIGINT NOT NULL,
  PRIMARY KEY (team_id, id)
);
CREATE INDEX contacts_newest ON contacts (team_id, created_at, id);
CREATE INDEX contacts_changed ON contacts (team_id, updated_at, id);
CREATE INDEX contacts_email ON contacts (team_id, email) WHERE email <> '';
CREATE INDEX contacts_phone ON contacts (team_id, phone) WHERE phone <> '';

CREATE TABLE contact_fields (
  team_id    TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  id         TEXT   NOT NULL,
  name       TEXT   NOT NULL,
  field_type TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (team_id, id),
  UNIQUE (team_id, name)
);

CREATE TABLE conversations (
  team_id          TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  id               TEXT   NOT NULL,
  assistant_id     TEXT   NOT NULL,
  widget_id        TEXT   NOT NULL DEFAULT '',
  contact_id       TEXT   NOT NULL DEFAULT '',
  device_type      TEXT   NOT NULL DEFAULT 'desktop',
  unique_device_id TEXT   NOT NULL DEFAULT '',
  attributes       TEXT   NOT NULL DEFAULT '{}',
  first_message    TEXT   NOT NULL DEFAULT '',
  chat_count       BIGINT NOT NULL DEFAULT 0,
  includes_voice   BIGINT NOT NULL DEFAULT 0,
  intent_id        TEXT   NOT NULL DEFAULT '',
  intent_name      TEXT   NOT NULL DEFAULT '',
  summary          TEXT   NOT NULL DEFAULT '',
  created_at       BIGINT NOT NULL,
  updated_at       BIGINT NOT NULL,
  closed_at        BIGINT,
  PRIMARY KEY (team_id, id)
);
CREATE INDEX conversations_newest ON conversations (team_id, created_at, id);
CREATE INDEX conversations_assistant ON conversations (team_id, assistant_id, created_at, id);
CREATE INDEX conversations_contact ON conversations (team_id, contact_id, created_at, id);

-- position orders the messages of one conversation: two may carry the same millisecond.
CREATE TABLE messages (
  team_id         TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  conversation_id TEXT   NOT NULL,
  position        BIGINT NOT NULL,
  id              TEXT   NOT NULL,
  sender_type     TEXT   NOT NULL,
  message_type    TEXT   NOT NULL,
  text            TEXT   NOT NULL,
  voice_base64    TEXT,
  data_sources    TEXT,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  PRIMARY KEY (team_id, conversation_id, position),
  FOREIGN KEY (team_id, conversation_id) REFERENCES conversations (team_id, id) ON DELETE CASCADE
);

-- How many rows of a noun a team has, and how many conversations began on each UTC day: changed in the transaction that
-- changes the rows, so that no list counts them. assistant_id is empty for the whole team. quarters holds the day's
-- quarters of an hour, packed, for the days of other zones.
CREATE TABLE totals (
  team_id TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  noun    TEXT   NOT NULL,
  total   BIGINT NOT NULL,
  PRIMARY KEY (team_id, noun)
);

CREATE TABLE conversation_days (
  team_id       TEXT   NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  assistant_id  TEXT   NOT NULL,
  day           BIGINT NOT NULL,
  conversations BIGINT NOT NULL,
  closed        BIGINT NOT NULL,
  voice         BIGINT NOT NULL,
  closed_voice  BIGINT NOT NULL,
  messages      BIGINT NOT NULL,
  quarters      BYTEA  NOT NULL,
  PRIMARY KEY (team_id, assistant_id, day)
);
CREATE INDEX conversation_days_day ON conversation_days (team_id, day, assistant_id);
