package db

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// A tally is kept for every UTC day of an assistant, and of the whole team, in the transaction that changes a
// conversation, so that totals and counts never read the conversations themselves.
type tally struct {
	conversations int64
	closed        int64
	voice         int64
	closedVoice   int64 // both closed and with voice
	messages      int64
}

func (t *tally) add(o tally, sign int64) {
	t.conversations += sign * o.conversations
	t.closed += sign * o.closed
	t.voice += sign * o.voice
	t.closedVoice += sign * o.closedVoice
	t.messages += sign * o.messages
}

// tallyOf is what one conversation adds.
func tallyOf(closed, voice bool, messages int64) tally {
	return tally{1, bit(closed), bit(voice), bit(closed && voice), messages}
}

// tallyKey is where a conversation is counted: the quarter it began in, and its assistant.
type tallyKey struct {
	quarter     int64
	assistantID string
}

// tallies gathers the changes of one transaction.
type tallies map[tallyKey]tally

// count notes that a conversation is there (sign 1) or no longer there (sign -1) as it was.
func (t tallies) count(createdAt time.Time, assistantID string, sign int64, one tally) {
	for _, assistant := range []string{assistantID, ""} { // "" is the whole team
		key := tallyKey{quarterOf(createdAt), assistant}
		sum := t[key]
		sum.add(one, sign)
		t[key] = sum
	}
}

type tallyDay struct {
	day         int64
	assistantID string
}

// tally writes gathered changes. The days are locked in one order, so that two transactions cannot wait for each other.
func (s *Store) tally(ctx context.Context, teamID string, changes tallies) error {
	if s.tx == nil {
		return errors.New("tallies change with their conversations, inside a transaction")
	}
	byDay := map[tallyDay]map[int]tally{}
	for key, change := range changes {
		if change == (tally{}) {
			continue
		}
		day := tallyDay{floorDiv(key.quarter, int64(quarters)), key.assistantID}
		if byDay[day] == nil {
			byDay[day] = map[int]tally{}
		}
		byDay[day][int(key.quarter-day.day*int64(quarters))] = change
	}
	days := slices.SortedFunc(maps.Keys(byDay), func(a, b tallyDay) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.assistantID, b.assistantID))
	})
	for _, day := range days {
		if err := s.tallyDay(ctx, teamID, day, byDay[day]); err != nil {
			return err
		}
	}
	return nil
}

// tallyDay adds to one day's row. The first statement makes the row or locks it.
func (s *Store) tallyDay(ctx context.Context, teamID string, day tallyDay, changes map[int]tally) error {
	var packed []byte
	if err := s.returning(ctx, []any{&packed}, `
		INSERT INTO conversation_days (team_id, assistant_id, day, conversations, closed, voice, closed_voice, messages, quarters)
		VALUES ($1, $2, $3, 0, 0, 0, 0, 0, $4)
		ON CONFLICT (team_id, assistant_id, day) DO UPDATE
		SET team_id = excluded.team_id
		RETURNING quarters`, teamID, day.assistantID, day.day, []byte{}); err != nil {
		return err
	}
	var kept [quarters]tally
	for q, t := range unpackQuarters(packed) {
		kept[q] = t
	}
	var change tally
	for q, c := range changes {
		kept[q].add(c, 1)
		change.add(c, 1)
	}
	_, err := s.exec(ctx, `
		UPDATE conversation_days
		SET conversations = conversations + $4,
		    closed = closed + $5,
		    voice = voice + $6,
		    closed_voice = closed_voice + $7,
		    messages = messages + $8,
		    quarters = $9
		WHERE team_id = $1
		  AND assistant_id = $2
		  AND day = $3`, teamID, day.assistantID, day.day,
		change.conversations, change.closed, change.voice, change.closedVoice, change.messages, packQuarters(&kept))
	return err
}
