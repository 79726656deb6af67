-- A list of open or of closed conversations finds its rows without passing over all the others. Most of a grown table is
-- closed, so the index of the open ones stays small.

-- +goose Up
CREATE INDEX conversations_open ON conversations (team_id, created_at, id) WHERE closed_at IS NULL;
CREATE INDEX conversations_open_assistant ON conversations (team_id, assistant_id, created_at, id) WHERE closed_at IS NULL;
