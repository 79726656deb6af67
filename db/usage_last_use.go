package db

import (
	"context"
	"maps"
	"slices"
	"time"
)

// KeyUse is the newest request that a key was let in for.
type KeyUse struct {
	At        time.Time
	Method    string
	Route     string // the template, e.g. /api/v1/contact/{contact_id}
	Status    int
	Address   string
	UserAgent string
}

// useKeys moves the last use of keys forward, never back: another copy of the program may know of a newer one. The
// order of the keys is fixed, so that two copies cannot wait for each other; many go into one statement, for the way
// to a database is longer than the work.
func (s *Store) useKeys(ctx context.Context, uses map[KeyRef]KeyUse) error {
	refs := slices.SortedFunc(maps.Keys(uses), KeyRef.compare)
	return s.some(len(refs), func(from, until int) error { return s.useSome(ctx, refs[from:until], uses) })
}

func (s *Store) useSome(ctx context.Context, refs []KeyRef, uses map[KeyRef]KeyUse) error {
	rows, names := make([][]any, len(refs)), make([][]any, len(refs))
	for i, ref := range refs {
		use := uses[ref]
		rows[i] = []any{ref.TeamID, ref.KeyID, use.At.UnixMilli(), use.Method, use.Route, int64(use.Status), use.Address, clip(use.UserAgent)}
		names[i] = rows[i][:2]
	}
	if s.dialect.forUpdate != "" { // an UPDATE of many rows takes them in no certain order
		listed, args := s.listed(names)
		if err := s.each(ctx, func(scanner) error { return nil }, `
			SELECT id
			FROM keys
			WHERE (team_id, id) IN (`+listed+`)
			ORDER BY team_id, id
			`+s.dialect.forUpdate, args...); err != nil {
			return err
		}
	}
	listed, args := s.listed(rows)
	_, err := s.exec(ctx, `
		WITH v (team_id, id, at, method, route, status, address, agent) AS (`+listed+`
		)
		UPDATE keys
		SET last_used_at = v.at, last_used_method = v.method, last_used_route = v.route,
		    last_used_status = v.status, last_used_address = v.address, last_used_agent = v.agent
		FROM v
		WHERE keys.team_id = v.team_id
		  AND keys.id = v.id
		  AND (keys.last_used_at IS NULL OR keys.last_used_at < v.at)`, args...)
	return err
}
