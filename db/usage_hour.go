package db

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// cell counts the requests of a key that have hour, route and outcome in common.
type cell struct {
	hour     int64 // its first millisecond
	method   string
	route    string
	outcome  Outcome
	requests int64
	bytes    int64
	micros   int64
}

func (c *cell) add(r *Request) {
	c.requests++
	c.bytes += r.Bytes
	c.micros += r.Took.Microseconds()
}

// find gives the cell of a request, or nil. A key uses few routes, so that going through its cells is faster than hashing.
func (a *activity) find(r *Request, o Outcome) *cell {
	hour := hourOf(r.At)
	for i := range a.cells {
		if c := &a.cells[i]; c.hour == hour && c.outcome == o && c.route == r.Route && c.method == r.Method {
			return c
		}
	}
	return nil
}

// cell is find that makes what is missing.
func (a *activity) cell(r *Request, o Outcome) *cell {
	if c := a.find(r, o); c != nil {
		return c
	}
	a.cells = append(a.cells, cell{hour: hourOf(r.At), method: r.Method, route: r.Route, outcome: o})
	return &a.cells[len(a.cells)-1]
}

// name is the route as usage tells it, and empty when it is not known.
func (c *cell) name() string {
	if c.route == "" {
		return ""
	}
	return c.method + " " + c.route
}

// addUsage adds counts to what is kept, and to its sums. Rows are written in one order, so that two copies of the
// program cannot wait for each other.
func (s *Store) addUsage(ctx context.Context, counted map[keyRef][]cell) error {
	var rows [][]any
	sums, months := sums{}, map[sumKey]int64{}
	for _, ref := range slices.SortedFunc(maps.Keys(counted), keyRef.compare) {
		cells := counted[ref]
		slices.SortFunc(cells, func(a, b cell) int {
			return cmp.Or(cmp.Compare(a.hour, b.hour), cmp.Compare(a.name(), b.name()), cmp.Compare(a.outcome, b.outcome))
		})
		for _, c := range cells {
			rows = append(rows, []any{ref.team, c.hour, ref.key, c.name(), string(c.outcome), c.requests, c.bytes, c.micros})
			sums.count(ref, c)
			if c.outcome != Denied && c.outcome != Limited {
				months[sumKey{team: ref.team, name: monthOf(time.UnixMilli(c.hour))}] += c.requests
			}
		}
	}
	if err := s.add(ctx, rows, `
		INSERT INTO usage_hours (team_id, hour, key_id, route, outcome, requests, bytes, micros)`, `
		ON CONFLICT (team_id, hour, key_id, route, outcome) DO UPDATE
		SET requests = usage_hours.requests + excluded.requests, bytes = usage_hours.bytes + excluded.bytes,
		    micros = usage_hours.micros + excluded.micros`); err != nil {
		return err
	}
	if err := s.addSums(ctx, sums); err != nil {
		return err
	}
	return s.addMonths(ctx, months)
}

func (s *Store) addMonths(ctx context.Context, months map[sumKey]int64) error {
	var rows [][]any
	for _, at := range slices.SortedFunc(maps.Keys(months), sumKey.compare) {
		rows = append(rows, []any{at.team, at.name, months[at]})
	}
	return s.add(ctx, rows, `
		INSERT INTO usage_months (team_id, month, requests)`, `
		ON CONFLICT (team_id, month) DO UPDATE
		SET requests = usage_months.requests + excluded.requests`)
}

// MonthRequests is how many requests of a team were let in during a UTC month, e.g. 2026-11: neither denied nor limited.
func (s *Store) MonthRequests(ctx context.Context, teamID, month string) (n int64, err error) {
	_, err = s.one(ctx, []any{&n}, `
		SELECT requests
		FROM usage_months
		WHERE team_id = $1
		  AND month = $2`, teamID, month)
	return n, err
}

// ForgetOldWriters removes what tells the batches of programs that have long ended.
func (s *Store) ForgetOldWriters(ctx context.Context) error {
	_, err := s.change(ctx, theProgram(), `DELETE FROM usage_writers WHERE written_at < $1`, s.now().Add(-7*dayLong).UnixMilli())
	return err
}
