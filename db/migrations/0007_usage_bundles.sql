-- A month of a key or of a route that has ended is moved into a bundle, so that pages read few rows of it: kinds 'key-days'
-- and 'route-days' of usage_sums hold such months of one team with their days, 'key-month' and 'route-month' the same ones
-- without. The name of a bundle is an id, and its parts are the names and the parts of what is in it. What comes late makes
-- a row of its own again, and then another bundle.

-- +goose Up
CREATE INDEX usage_sums_single ON usage_sums (at) WHERE kind IN ('key', 'route');
