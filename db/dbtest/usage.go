package dbtest

import (
	"context"
	"fmt"

	"github.com/insighto/insighto/db"
)

// PageEqualsCount gives an error where the page of a team's usage, which reads sums, shows a span otherwise than the API
// counts it, hour by hour. The asker must be nobody whose keys have names.
func PageEqualsCount(ctx context.Context, store *db.Store, p db.Principal, q db.UsageQuery) error {
	page, err := pageOfUsage(ctx, store, p, q)
	if err != nil {
		return err
	}
	count := map[string]string{}
	for _, by := range []string{db.ByOutcome, db.ByRoute, db.ByNothing} {
		if err := countUsage(ctx, store, p, q, by, count); err != nil {
			return err
		}
	}
	if fmt.Sprint(page) != fmt.Sprint(count) {
		return fmt.Errorf("from %v to %v: the page has\n%v\nthe API\n%v", q.From, q.Until, page, count)
	}
	return nil
}

func pageOfUsage(ctx context.Context, store *db.Store, p db.Principal, q db.UsageQuery) (map[string]string, error) {
	bars, keys, routes, err := store.TeamUsage(ctx, p, q)
	page := map[string]string{}
	for _, b := range bars {
		for _, o := range db.Outcomes {
			if n := b.Of(o); n > 0 {
				page[b.Start+string(o)] = fmt.Sprint(n)
			}
		}
	}
	of := func(n db.UsageCounts) string { return fmt.Sprint(n.Requests(), n.Bytes, n.Micros) }
	for _, k := range keys {
		page["keys"] = of(k.UsageCounts) // of nobody that the asker may name: they are one row
	}
	for _, r := range routes {
		page[r.Route] = of(r.UsageCounts)
	}
	return page, err
}

func countUsage(ctx context.Context, store *db.Store, p db.Principal, q db.UsageQuery, by string, count map[string]string) error {
	q.GroupBy = by
	usage, err := store.Usage(ctx, p, q)
	sums := map[string]db.Usage{}
	for _, u := range usage {
		name := map[string]string{db.ByOutcome: u.Start + string(u.Outcome), db.ByRoute: u.Route, db.ByNothing: "keys"}[by]
		sum := sums[name]
		sum.Requests, sum.Bytes, sum.Took = sum.Requests+u.Requests, sum.Bytes+u.Bytes, sum.Took+u.Took
		sums[name] = sum
	}
	for name, n := range sums {
		if by == db.ByOutcome && n.Requests > 0 {
			count[name] = fmt.Sprint(n.Requests)
		} else if n.Requests > 0 {
			count[name] = fmt.Sprint(n.Requests, n.Bytes, n.Took.Microseconds())
		}
	}
	return err
}
