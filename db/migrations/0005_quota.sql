-- How many API requests a team may make in a month (NULL for any number), and what copies of the program have taken of
-- the requests that a key or a person has in one minute ("key …" or "person …").

-- +goose Up
ALTER TABLE teams ADD COLUMN quota BIGINT;

CREATE TABLE allowances (
  since   BIGINT NOT NULL,
  subject TEXT   NOT NULL,
  most    BIGINT NOT NULL,
  taken   BIGINT NOT NULL,
  granted BIGINT NOT NULL,
  PRIMARY KEY (since, subject)
);
