package db

import (
	"context"
)

// bundleMost is how many keys or routes one bundle has, and one transaction moves, so that nobody waits long for it.
const bundleMost = 200

// BundleUsage bundles the months that have ended, but for the last days, which Weeks reads by key. It may be called at any
// time, by many.
func (s *Store) BundleUsage(ctx context.Context) error {
	before := MonthStart(s.now().Add(-WeekLong * dayLong)).UnixMilli()
	for ctx.Err() == nil {
		var month sumKey
		found, err := s.one(ctx, []any{&month.team, &month.kind, &month.at}, `
			SELECT team_id, kind, at
			FROM usage_sums
			WHERE kind IN ('`+kindKey+`', '`+kindRoute+`')
			  AND at < $1
			ORDER BY at
			LIMIT 1`, before)
		if err != nil || !found {
			return err
		}
		if err := s.atomically(ctx, theProgram(), func(tx *Store) error { return tx.bundle(ctx, month) }); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// bundle moves some keys or routes of a month. It locks them in the order in which counts are added to them.
func (s *Store) bundle(ctx context.Context, month sumKey) error {
	var b bundle
	names := []any{month.team, month.kind, month.at}
	if err := s.each(ctx, func(scan scanner) error {
		var name string
		var packed []byte
		if err := scan(&name, &packed); err != nil {
			return err
		}
		names = append(names, name)
		b.add(name, packed)
		return nil
	}, `
		SELECT name, parts
		FROM usage_sums
		WHERE team_id = $1
		  AND kind = $2
		  AND at = $3
		ORDER BY name
		LIMIT $4
		`+s.dialect.forUpdate, month.team, month.kind, month.at, bundleMost); err != nil || len(b.days) == 0 {
		return err // there is none where another copy of the program was faster
	}
	days, whole := kindKeyDays, kindKeyMonth
	if month.kind == kindRoute {
		days, whole = kindRouteDays, kindRouteMonth
	}
	if err := s.put(ctx, [][]any{b.row(month, days, b.days), b.row(month, whole, b.month)}, `
		INSERT INTO usage_sums (team_id, kind, at, name, ok, denied, limited, client, server, bytes, micros, parts)`, ``); err != nil {
		return err
	}
	_, err := s.exec(ctx, `
		DELETE FROM usage_sums
		WHERE team_id = $1
		  AND kind = $2
		  AND at = $3
		  AND name IN (`+placeholders(4, len(names)-3)+`)`, names...)
	return err
}

// bundle gathers one month of several keys or routes. As a month, each has one part.
type bundle struct {
	sum         UsageCounts
	days, month []byte
}

func (b *bundle) add(name string, packed []byte) {
	var all parts
	all[0].addParts(packed, 0, partsMax)
	b.sum.add(all[0])
	b.days, b.month = bundled(b.days, name, packed), bundled(b.month, name, all.pack())
}

func (b *bundle) row(at sumKey, kind string, packed []byte) []any {
	return []any{at.team, kind, at.at, NewID(), b.sum.Fine, b.sum.Denied, b.sum.Limited, b.sum.ClientFault, b.sum.ServerFault, b.sum.Bytes, b.sum.Micros, packed}
}
