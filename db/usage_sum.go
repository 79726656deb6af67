package db

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// UsageCounts are how many requests ended how, the bytes sent in answers and the time it took.
type UsageCounts struct {
	Fine, Denied, Limited, ClientFault, ServerFault int64

	Bytes  int64
	Micros int64
}

// Requests is how many requests there were in all.
func (c UsageCounts) Requests() int64 {
	return c.Fine + c.Denied + c.Limited + c.ClientFault + c.ServerFault
}

// Of is how many requests ended so.
func (c UsageCounts) Of(o Outcome) int64 { return *c.of(o) }

func (c *UsageCounts) of(o Outcome) *int64 {
	switch o {
	case Denied:
		return &c.Denied
	case Limited:
		return &c.Limited
	case ClientFault:
		return &c.ClientFault
	case ServerFault:
		return &c.ServerFault
	}
	return &c.Fine
}

func (c *UsageCounts) add(o UsageCounts) {
	c.Fine += o.Fine
	c.Denied += o.Denied
	c.Limited += o.Limited
	c.ClientFault += o.ClientFault
	c.ServerFault += o.ServerFault
	c.Bytes += o.Bytes
	c.Micros += o.Micros
}

// dest are the places that the columns of a sum go to: ok, denied, limited, client, server, bytes, micros.
func (c *UsageCounts) dest() []any {
	return []any{&c.Fine, &c.Denied, &c.Limited, &c.ClientFault, &c.ServerFault, &c.Bytes, &c.Micros}
}

// The kinds of rows in usage_sums, and what their parts are. A month that has ended is bundled with those of other keys, or
// other routes, in two rows.
const (
	kindTeam       = "team"        // the hours of a day
	kindKey        = "key"         // the days of a key's month
	kindRoute      = "route"       // the days of a route's month
	kindKeyDays    = "key-days"    // a bundle: the days of each key's month
	kindRouteDays  = "route-days"  // a bundle: the days of each route's month
	kindKeyMonth   = "key-month"   // a bundle: each key's month as one part
	kindRouteMonth = "route-month" // a bundle: each route's month as one part

	kindKeyHours   = "key-hours"   // in no table: some hours, which a page adds up by key
	kindRouteHours = "route-hours" // in no table: some hours, which a page adds up by route
)

// partsMax is how many parts a sum has at most: the days of a month.
const partsMax = 31

// sumKey is where a sum is kept.
type sumKey struct {
	team string
	kind string
	at   int64
	name string
}

func (k sumKey) compare(o sumKey) int {
	return cmp.Or(cmp.Compare(k.team, o.team), cmp.Compare(k.kind, o.kind), cmp.Compare(k.at, o.at), cmp.Compare(k.name, o.name))
}

// parts are the hours of a day or the days of a month.
type parts [partsMax]UsageCounts

func (p *parts) all() (sum UsageCounts) {
	for i := range p {
		sum.add(p[i])
	}
	return sum
}

// sums gathers what one transaction adds.
type sums map[sumKey]*parts

// count adds an hour to the sums that it belongs to.
func (s sums) count(ref KeyRef, h UsageHour) {
	at := time.UnixMilli(h.Hour).UTC()
	day := floorDiv(h.Hour, dayLong.Milliseconds()) * dayLong.Milliseconds()
	month, date := MonthStart(at).UnixMilli(), at.Day()
	for _, to := range []struct {
		sumKey
		part int
	}{
		{sumKey{ref.TeamID, kindTeam, day, ""}, int((h.Hour - day) / hourLong.Milliseconds())},
		{sumKey{ref.TeamID, kindKey, month, ref.KeyID}, date - 1},
		{sumKey{ref.TeamID, kindRoute, month, h.name()}, date - 1},
	} {
		if s[to.sumKey] == nil {
			s[to.sumKey] = &parts{}
		}
		sum := &s[to.sumKey][to.part]
		*sum.of(h.Outcome) += h.Requests
		sum.Bytes += h.Bytes
		sum.Micros += h.Micros
	}
}

// addSums adds to the sums that are kept, some at once.
func (s *Store) addSums(ctx context.Context, added sums) error {
	keys := slices.SortedFunc(maps.Keys(added), sumKey.compare)
	return s.some(len(keys), func(from, until int) error { return s.addSumsTo(ctx, added, keys[from:until]) })
}

// addSumsTo adds to some of them. The first statement makes their rows or locks them, and reads their parts.
func (s *Store) addSumsTo(ctx context.Context, added sums, keys []sumKey) error {
	var rows [][]any
	for _, at := range keys {
		n := added[at].all()
		rows = append(rows, []any{at.team, at.kind, at.at, at.name, n.Fine, n.Denied, n.Limited, n.ClientFault, n.ServerFault, n.Bytes, n.Micros, []byte{}})
	}
	listed, args := s.listed(rows)
	if err := s.each(ctx, func(scan scanner) error {
		var at sumKey
		var packed []byte
		if err := scan(&at.team, &at.kind, &at.at, &at.name, &packed); err != nil {
			return err
		}
		eachPart(packed, func(part int, n UsageCounts) { added[at][part].add(n) })
		return nil
	}, `
		INSERT INTO usage_sums (team_id, kind, at, name, ok, denied, limited, client, server, bytes, micros, parts)`+listed+`
		ON CONFLICT (team_id, kind, at, name) DO UPDATE
		SET ok = usage_sums.ok + excluded.ok, denied = usage_sums.denied + excluded.denied, limited = usage_sums.limited + excluded.limited,
		    client = usage_sums.client + excluded.client, server = usage_sums.server + excluded.server,
		    bytes = usage_sums.bytes + excluded.bytes, micros = usage_sums.micros + excluded.micros
		RETURNING team_id, kind, at, name, parts`, args...); err != nil {
		return err
	}
	const none = int64(0)
	for i, at := range keys {
		rows[i] = []any{at.team, at.kind, at.at, at.name, none, none, none, none, none, none, none, added[at].pack()}
	}
	return s.add(ctx, rows, `
		INSERT INTO usage_sums (team_id, kind, at, name, ok, denied, limited, client, server, bytes, micros, parts)`, `
		ON CONFLICT (team_id, kind, at, name) DO UPDATE
		SET parts = excluded.parts`)
}
