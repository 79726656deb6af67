package db

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"
)

// CountDaysMax is how many days a count may span: ten years.
const CountDaysMax = 3660

// countRowsMax bounds one answer: every assistant of a year, if there are no more than 270.
const countRowsMax = 100_000

// CountQuery asks for conversations a day or month, by the day they began in a zone. From and To are midnights in
// UTC that stand for dates; both are included.
type CountQuery struct {
	From, To    time.Time
	Zone        *time.Location
	ByAssistant bool
	Monthly     bool
}

// Count is how many conversations began on a date. AssistantID is empty when all assistants are counted together.
type Count struct {
	Date          string // YYYY-MM-DD; a month's is its first day
	AssistantID   string
	AssistantName string
	Conversations int64
	Closed        int64
	Messages      int64
}

// Counts counts the team's conversations, ordered by date and assistant's name; dates without any are there with 0.
func (s *Store) Counts(ctx context.Context, p Principal, q CountQuery) ([]Count, error) {
	c := newCounting(q)
	if err := c.read(ctx, s, p); err != nil {
		return nil, err
	}
	names := map[string]string{"": ""}
	if q.ByAssistant {
		var err error
		if names, err = s.AssistantNames(ctx, p); err != nil {
			return nil, err
		}
		for id := range c.sums { // an assistant that was deleted keeps its counts
			if _, known := names[id]; !known {
				names[id] = ""
			}
		}
	}
	if len(names)*len(c.dates) > countRowsMax {
		return nil, invalid("date_to", "With that many assistants this is too much for one answer. Ask for fewer days, or by month.")
	}
	return c.counts(names), nil
}

// counting adds tallies up to the dates of a zone.
type counting struct {
	q        CountQuery
	dates    []string
	bucketOf map[int]int        // local date → index in dates
	days     map[int64]*parted  // UTC days that belong to several dates
	whole    map[int64]int      // UTC day → bucket, when all of it is one
	splits   []int64            // quarters that belong to two dates
	sums     map[string][]tally // by assistant, then bucket
}

// parted is a UTC day in pieces: the bucket of each quarter, and the first quarter of the last piece.
type parted struct {
	buckets [quarters]int
	last    int
}

const (
	outside = -1 // no date that is asked for
	split   = -2 // a quarter that is counted row by row
)

func newCounting(q CountQuery) *counting {
	c := &counting{q: q, bucketOf: map[int]int{}, days: map[int64]*parted{}, whole: map[int64]int{}, sums: map[string][]tally{}}
	for day := q.From; !day.After(q.To); day = day.AddDate(0, 0, 1) {
		date := day.Format(time.DateOnly)
		if q.Monthly {
			date = date[:8] + "01"
		}
		if n := len(c.dates); n == 0 || c.dates[n-1] != date {
			c.dates = append(c.dates, date)
		}
		c.bucketOf[civil(day)] = len(c.dates) - 1
	}
	first, last := floorDiv(q.From.UnixMilli(), dayLong.Milliseconds())-1, floorDiv(q.To.UnixMilli(), dayLong.Milliseconds())+1
	for day := first; day <= last; day++ { // no zone is more than a day away from UTC
		c.plan(day)
	}
	return c
}

// bucket gives where an instant is counted.
func (c *counting) bucket(ms int64) int {
	if b, in := c.bucketOf[civil(time.UnixMilli(ms).In(c.q.Zone))]; in {
		return b
	}
	return outside
}

// plan works out which date each quarter of a UTC day belongs to.
func (c *counting) plan(day int64) {
	d := &parted{}
	c.fill(d.buckets[:], day*int64(quarters))
	for q, bucket := range d.buckets {
		if q > 0 && bucket != d.buckets[q-1] {
			d.last = q
		}
	}
	if d.last > 0 || d.buckets[0] == split {
		c.days[day] = d
	} else {
		c.whole[day] = d.buckets[0]
	}
}

// fill halves a run of quarters until each piece lies in one date under one offset. A zone may change its offset
// within a quarter, as St. John's did at a minute past midnight; such a quarter is split.
func (c *counting) fill(buckets []int, first int64) {
	start := first * quarter.Milliseconds()
	end := start + int64(len(buckets))*quarter.Milliseconds()
	bucket := c.bucket(start)
	_, changes := time.UnixMilli(start).In(c.q.Zone).ZoneBounds()
	uniform := bucket == c.bucket(end-1) && (changes.IsZero() || changes.UnixMilli() >= end)
	switch half := len(buckets) / 2; {
	case !uniform && half > 0:
		c.fill(buckets[:half], first)
		c.fill(buckets[half:], first+int64(half))
		return
	case !uniform:
		c.splits = append(c.splits, start)
		bucket = split
	}
	for i := range buckets {
		buckets[i] = bucket
	}
}

func (c *counting) add(assistantID string, bucket int, t tally) {
	if bucket < 0 {
		return
	}
	if c.sums[assistantID] == nil {
		c.sums[assistantID] = make([]tally, len(c.dates))
	}
	c.sums[assistantID][bucket].add(t, 1)
}

// read adds up the team's tallies, and counts the rows of split quarters.
func (c *counting) read(ctx context.Context, s *Store, p Principal) error {
	which, packed := "= ''", "quarters"
	if c.q.ByAssistant {
		which = "<> ''"
	}
	if len(c.days) == 0 {
		packed = "NULL" // whole days need no quarters
	}
	first := floorDiv(c.q.From.UnixMilli(), dayLong.Milliseconds()) - 1
	err := s.each(ctx, func(scan scanner) error {
		var day int64
		var assistantID string
		var t tally
		var packed sql.RawBytes
		if err := scan(&day, &assistantID, &t.conversations, &t.closed, &t.messages, &packed); err != nil {
			return err
		}
		if bucket, whole := c.whole[day]; whole {
			c.add(assistantID, bucket, t)
			return nil
		}
		c.part(assistantID, t, c.days[day], packed)
		return nil
	}, `
		SELECT day, assistant_id, conversations, closed, messages, `+packed+`
		FROM conversation_days
		WHERE team_id = $1
		  AND day >= $2
		  AND day <= $3
		  AND assistant_id `+which, p.TeamID, first, first+int64(len(c.whole)+len(c.days))-1)
	for _, start := range c.splits {
		if err == nil {
			err = c.readRows(ctx, s, p, start)
		}
	}
	return err
}

// part adds the quarters of a day to their dates, but for the last date's: those are what is left of the whole day.
func (c *counting) part(assistantID string, whole tally, day *parted, packed []byte) {
	bucket, sum := outside, tally{}
	for q, t := range unpackQuarters(packed) {
		if q >= day.last {
			break
		}
		if day.buckets[q] != bucket {
			c.add(assistantID, bucket, sum)
			bucket, sum = day.buckets[q], tally{}
		}
		sum.add(t, 1)
		whole.add(t, -1)
	}
	c.add(assistantID, bucket, sum)
	c.add(assistantID, day.buckets[quarters-1], whole)
}

func (c *counting) readRows(ctx context.Context, s *Store, p Principal, start int64) error {
	return s.each(ctx, func(scan scanner) error {
		var at, messages int64
		var assistantID string
		var closed bool
		if err := scan(&at, &assistantID, &closed, &messages); err != nil {
			return err
		}
		if !c.q.ByAssistant {
			assistantID = ""
		}
		c.add(assistantID, c.bucket(at), tallyOf(closed, false, messages))
		return nil
	}, `
		SELECT created_at, assistant_id, CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END, chat_count
		FROM conversations
		WHERE team_id = $1
		  AND created_at >= $2
		  AND created_at < $3`, p.TeamID, start, start+quarter.Milliseconds())
}

// counts gives every date for every assistant in names.
func (c *counting) counts(names map[string]string) []Count {
	order := make([]string, 0, len(names))
	for id := range names {
		order = append(order, id)
	}
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(cmp.Compare(names[a], names[b]), cmp.Compare(a, b)) })
	all := make([]Count, 0, len(c.dates)*len(order))
	for i, date := range c.dates {
		for _, id := range order {
			count := Count{Date: date, AssistantID: id, AssistantName: names[id]}
			if sums := c.sums[id]; sums != nil {
				count.Conversations, count.Closed, count.Messages = sums[i].conversations, sums[i].closed, sums[i].messages
			}
			all = append(all, count)
		}
	}
	return all
}
