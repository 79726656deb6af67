package db

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// Outcome is how a request ended, as usage counts it.
type Outcome string

// The outcomes.
const (
	Fine        Outcome = "ok"      // 2xx and 3xx
	Denied      Outcome = "denied"  // 401 and 403
	Limited     Outcome = "limited" // 429
	ClientFault Outcome = "client"  // the other 4xx
	ServerFault Outcome = "server"  // 5xx
)

// Outcomes are all outcomes, in the order people see them.
var Outcomes = []Outcome{Fine, Denied, Limited, ClientFault, ServerFault}

// OutcomeOf is the outcome of an answer with this status.
func OutcomeOf(status int) Outcome {
	switch {
	case status == 401 || status == 403:
		return Denied
	case status == 429:
		return Limited
	case status >= 500:
		return ServerFault
	case status >= 400:
		return ClientFault
	}
	return Fine
}

// UsageBatch is what keys did, to be written in one transaction.
type UsageBatch struct {
	Number   int64 // larger than that of every batch that the same writer has written before
	LastUses map[KeyRef]KeyUse
	Hours    map[KeyRef][]UsageHour
	Requests []Request // for the log
}

// KeyRef is a key of a team. The id is empty where there were too many keys to tell apart.
type KeyRef struct{ TeamID, KeyID string }

func (r KeyRef) compare(o KeyRef) int {
	return cmp.Or(cmp.Compare(r.TeamID, o.TeamID), cmp.Compare(r.KeyID, o.KeyID))
}

// UsageHour counts the requests of a key that have hour, route and outcome in common. Within a batch, no two of a key have
// all three in common.
type UsageHour struct {
	Hour     int64 // its first millisecond
	Method   string
	Route    string // the template, e.g. /api/v1/contact/{contact_id}; empty when it is not known
	Outcome  Outcome
	Requests int64
	Bytes    int64
	Micros   int64
}

// name is the route as usage tells it, and empty when it is not known.
func (h *UsageHour) name() string {
	if h.Route == "" {
		return ""
	}
	return h.Method + " " + h.Route
}

// AddUsage writes a batch, unless this writer has written it before: after an error, which does not tell whether the
// commit arrived, it is safe to give the same batch again. It may sort the batch.
func (s *Store) AddUsage(ctx context.Context, writer string, b UsageBatch) error {
	return s.atomically(ctx, theProgram(), func(tx *Store) error {
		n, err := tx.exec(ctx, `
			INSERT INTO usage_writers (id, batch, written_at)
			VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE
			SET batch = excluded.batch, written_at = excluded.written_at
			WHERE usage_writers.batch < excluded.batch`, writer, b.Number, s.now().UnixMilli())
		if err != nil || n == 0 {
			return err
		}
		if err := tx.useKeys(ctx, b.LastUses); err != nil {
			return err
		}
		if err := tx.addHours(ctx, b.Hours); err != nil {
			return err
		}
		return tx.logRequests(ctx, b.Requests)
	})
}

// addHours adds counts to what is kept, and to its sums. Rows are written in one order, so that two copies of the
// program cannot wait for each other.
func (s *Store) addHours(ctx context.Context, counted map[KeyRef][]UsageHour) error {
	var rows [][]any
	added, months := sums{}, map[sumKey]int64{}
	for _, ref := range slices.SortedFunc(maps.Keys(counted), KeyRef.compare) {
		hours := counted[ref]
		slices.SortFunc(hours, func(a, b UsageHour) int {
			return cmp.Or(cmp.Compare(a.Hour, b.Hour), cmp.Compare(a.name(), b.name()), cmp.Compare(a.Outcome, b.Outcome))
		})
		for _, h := range hours {
			rows = append(rows, []any{ref.TeamID, h.Hour, ref.KeyID, h.name(), string(h.Outcome), h.Requests, h.Bytes, h.Micros})
			added.count(ref, h)
			if h.Outcome != Denied && h.Outcome != Limited {
				months[sumKey{team: ref.TeamID, name: monthOf(time.UnixMilli(h.Hour))}] += h.Requests
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
	if err := s.addSums(ctx, added); err != nil {
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

// ForgetOldWriters removes what tells the batches of programs that have long ended.
func (s *Store) ForgetOldWriters(ctx context.Context) error {
	_, err := s.change(ctx, theProgram(), `DELETE FROM usage_writers WHERE written_at < $1`, s.now().Add(-7*dayLong).UnixMilli())
	return err
}
