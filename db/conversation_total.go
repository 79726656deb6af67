package db

import (
	"context"
	"time"
)

// pick gives how many conversations of a tally pass the filter's status and voice.
func (t tally) pick(f ConversationFilter) int64 {
	all, voice := t.conversations, t.voice
	switch f.Status {
	case StatusClosed:
		all, voice = t.closed, t.closedVoice
	case StatusOpen:
		all, voice = t.conversations-t.closed, t.voice-t.closedVoice
	}
	switch {
	case f.IncludesVoice == nil:
		return all
	case *f.IncludesVoice:
		return voice
	}
	return all - voice
}

// tallied tells whether tallies can answer for the filter; otherwise its rows are counted by an index. It lists what they
// know, so that a filter that is added later is counted until somebody teaches them. A cursor changes no total.
func (f ConversationFilter) tallied() bool {
	known := ConversationFilter{From: f.From, Until: f.Until, AssistantID: f.AssistantID, IncludesVoice: f.IncludesVoice, Status: f.Status,
		After: f.After, Before: f.Before}
	return f == known && !f.From.IsZero() && !f.Until.IsZero()
}

// conversationTotal is how many conversations pass the filter. It adds whole days from their tallies, the quarters of
// the days at both ends, and counts rows only within the quarters that the span cuts.
func (s *Store) conversationTotal(ctx context.Context, p Principal, f ConversationFilter) (total int64, err error) {
	from, until := quarterOf(f.From.Add(quarter-time.Millisecond)), quarterOf(f.Until)
	if !f.tallied() || from >= until {
		return s.countConversations(ctx, p, f)
	}
	for _, cut := range [][2]time.Time{{f.From, quarterStart(from)}, {quarterStart(until), f.Until}} {
		if cut[0].Before(cut[1]) {
			part := f
			part.From, part.Until = cut[0], cut[1]
			n, err := s.countConversations(ctx, p, part)
			if err != nil {
				return 0, err
			}
			total += n
		}
	}
	n, err := s.talliedBetween(ctx, p, f, from, until)
	return total + n, err
}

// talliedBetween adds the tallies of the quarters from one to before another.
func (s *Store) talliedBetween(ctx context.Context, p Principal, f ConversationFilter, from, until int64) (int64, error) {
	const perDay = int64(quarters)
	first, last := floorDiv(from+perDay-1, perDay), floorDiv(until, perDay) // whole days: first, …, last-1
	var sum tally
	if first < last {
		if _, err := s.one(ctx, []any{&sum.conversations, &sum.closed, &sum.voice, &sum.closedVoice}, `
		SELECT COALESCE(CAST(SUM(conversations) AS BIGINT), 0), COALESCE(CAST(SUM(closed) AS BIGINT), 0),
		       COALESCE(CAST(SUM(voice) AS BIGINT), 0), COALESCE(CAST(SUM(closed_voice) AS BIGINT), 0)
		FROM conversation_days
		WHERE team_id = $1
		  AND assistant_id = $2
		  AND day >= $3
		  AND day < $4`, p.TeamID, f.AssistantID, first, last); err != nil {
			return 0, err
		}
	}
	for _, day := range edges(from, until, first, last) {
		var packed []byte
		if _, err := s.one(ctx, []any{&packed}, `
		SELECT quarters
		FROM conversation_days
		WHERE team_id = $1
		  AND assistant_id = $2
		  AND day = $3`, p.TeamID, f.AssistantID, day); err != nil {
			return 0, err
		}
		for i, t := range unpackQuarters(packed) {
			if q := day*perDay + int64(i); q >= from && q < until {
				sum.add(t, 1)
			}
		}
	}
	return sum.pick(f), nil
}

// edges are the days that a span of quarters takes only a part of.
func edges(from, until, first, last int64) []int64 {
	start, end := floorDiv(from, int64(quarters)), floorDiv(until-1, int64(quarters))
	var days []int64
	if start < first {
		days = append(days, start)
	}
	if end >= last && (end != start || start >= first) {
		days = append(days, end)
	}
	return days
}

// countConversations counts rows.
func (s *Store) countConversations(ctx context.Context, p Principal, f ConversationFilter) (n int64, err error) {
	where, args := f.where(p)
	_, err = s.one(ctx, []any{&n}, `
		SELECT COUNT(*)
		FROM conversations c
		WHERE `+where, args...)
	return n, err
}
