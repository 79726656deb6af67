package db

import (
	"context"
	"time"
)

// Request is one answered request of a key, as the log keeps it.
type Request struct {
	ID        string
	TeamID    string
	KeyID     string
	At        time.Time // when it was answered
	Method    string
	Route     string // the template, e.g. /api/v1/contact/{contact_id}
	Status    int
	Took      time.Duration
	Bytes     int64
	Address   string
	UserAgent string
	Weight    int64 // how many it stands for: more than 1 where successes were sampled
}

const requestColumns = `r.id, r.team_id, r.key_id, r.at, r.method, r.route, r.status, r.micros, r.bytes, r.address, r.agent, r.weight`

var (
	packedRequest = packed(requestColumns)
	packedFound   = packed("k.name, k.prefix, k.deleted, " + requestColumns)
)

// unpackRequest reads requestColumns.
func unpackRequest(packed string) (r Request, err error) {
	var status, micros int64
	err = lastColumns(packed, &r.ID, &r.TeamID, &r.KeyID, ms(&r.At), &r.Method, &r.Route, &status, &micros, &r.Bytes, &r.Address, &r.UserAgent, &r.Weight)
	r.Status, r.Took = int(status), time.Duration(micros)*time.Microsecond
	return r, err
}

// KeyRequests gives the latest requests in the log of one of the asker's own keys, newest first, from a moment on.
func (s *Store) KeyRequests(ctx context.Context, p Principal, keyID string, from time.Time, most int) ([]Request, error) {
	var requests []Request
	err := s.each(ctx, func(scan scanner) error {
		var row string
		if err := scan(&row); err != nil {
			return err
		}
		r, err := unpackRequest(row)
		requests = append(requests, r)
		return err
	}, `
		SELECT `+packedRequest+`
		FROM requests r
		WHERE r.team_id = $1
		  AND r.key_id = $3
		  AND r.at >= $4
		  AND EXISTS (SELECT 1 FROM keys k WHERE k.team_id = $1 AND k.user_id = $2 AND k.id = $3)
		ORDER BY r.at DESC, r.id DESC
		LIMIT $5`, p.TeamID, p.UserID, keyID, from.UnixMilli(), most)
	return requests, err
}

// Found is a request in the log and the key that sent it.
type Found struct {
	Request
	KeyName   string
	KeyPrefix string
	Deleted   bool // the key is gone
}

// Request gives a request of one of the asker's own keys, deleted ones too, or a NotFound error.
func (s *Store) Request(ctx context.Context, p Principal, id string) (Found, error) {
	return single(ctx, s, "request in the log", func(scan scanner) (f Found, err error) {
		var row string
		var deleted int64
		if err := scan(&row); err != nil {
			return f, err
		}
		row, _, err = firstColumns(row, &f.KeyName, &f.KeyPrefix, &deleted)
		if err == nil {
			f.Request, err = unpackRequest(row)
		}
		f.Deleted = deleted > 0
		return f, err
	}, `
		SELECT `+packedFound+`
		FROM requests r
		JOIN (
		  SELECT team_id, id, user_id, name, prefix, 0 AS deleted FROM keys
		  UNION ALL
		  SELECT team_id, id, user_id, name, prefix, 1 FROM deleted_keys
		) k ON k.team_id = r.team_id AND k.id = r.key_id
		WHERE r.team_id = $1
		  AND k.user_id = $2
		  AND r.id = $3`, p.TeamID, p.UserID, id)
}

// forgetAtOnce is how many rows of the log one transaction removes, so that nobody waits long for it.
const forgetAtOnce = 500

// ForgetOldRequests removes what the log has kept for longer than that, in small transactions.
func (s *Store) ForgetOldRequests(ctx context.Context, keep time.Duration) error {
	before := s.now().Add(-keep).UnixMilli()
	for {
		n, err := s.change(ctx, theProgram(), `
			DELETE FROM requests
			WHERE (team_id, id) IN (SELECT team_id, id FROM requests WHERE at < $1 ORDER BY at LIMIT $2)`, before, forgetAtOnce)
		if err != nil || n < forgetAtOnce {
			return err
		}
	}
}

func (s *Store) logRequests(ctx context.Context, requests []Request) error {
	rows := make([][]any, len(requests))
	for i, r := range requests {
		rows[i] = []any{r.TeamID, r.ID, r.At.UnixMilli(), r.KeyID, r.Method, r.Route, int64(r.Status), r.Took.Microseconds(), r.Bytes, clip(r.Address), clip(r.UserAgent), r.Weight}
	}
	return s.add(ctx, rows, `
		INSERT INTO requests (team_id, id, at, key_id, method, route, status, micros, bytes, address, agent, weight)`, `
		ON CONFLICT (team_id, id) DO NOTHING`)
}
