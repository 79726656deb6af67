package db

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// useKeys moves the last use of keys forward, never back: another copy of the program may know of a newer one. The
// order of the keys is fixed, so that two copies cannot wait for each other; many go into one statement, for the way
// to a database is longer than the work.
func (s *Store) useKeys(ctx context.Context, uses map[keyRef]KeyUse) error {
	refs := slices.SortedFunc(maps.Keys(uses), keyRef.compare)
	for _, n := range []int{64, 16, 4, 1} {
		for ; len(refs) >= n; refs = refs[n:] {
			if err := s.useSome(ctx, refs[:n], uses); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) useSome(ctx context.Context, refs []keyRef, uses map[keyRef]KeyUse) error {
	var args, names []any
	for _, ref := range refs {
		use := uses[ref]
		args = append(args, ref.team, ref.key, use.At.UnixMilli(), use.Method, use.Route, use.Status, use.Address, clip(use.UserAgent))
		names = append(names, ref.team, ref.key)
	}
	if s.dialect.forUpdate != "" { // an UPDATE of many rows takes them in no certain order
		if err := s.each(ctx, func(scanner) error { return nil }, `
			SELECT id
			FROM keys
			WHERE (team_id, id) IN (`+tuples(len(refs), "TEXT", "TEXT")+`)
			ORDER BY team_id, id
			`+s.dialect.forUpdate, names...); err != nil {
			return err
		}
	}
	_, err := s.exec(ctx, `
		WITH v (team_id, id, at, method, route, status, address, agent) AS (
		  VALUES `+tuples(len(refs), "TEXT", "TEXT", "BIGINT", "TEXT", "TEXT", "BIGINT", "TEXT", "TEXT")+`
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

// tuples gives n lists of placeholders with their types, which PostgreSQL cannot tell from where they stand.
func tuples(n int, types ...string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		for j, t := range types {
			b.WriteString([]string{", ", "("}[bit(j == 0)] + "CAST($" + strconv.Itoa(i*len(types)+j+1) + " AS " + t + ")")
		}
		b.WriteString(")")
	}
	return b.String()
}
