package db

import (
	"context"
	"time"
)

// DefaultLogRate is how many successes of a key the log keeps in a minute where nobody says otherwise.
const DefaultLogRate = 600

const (
	requestsMax = 10_000 // rows of the log that wait for the database
	failuresMax = 1000   // failures of a key that the log keeps in a minute
	sampleOf    = 100    // of the successes beyond its rate, the log keeps one of so many
)

// Request is one answered request of a key, as the log keeps it.
type Request struct {
	ID        string
	TeamID    string
	KeyID     string
	At        time.Time // when it was answered
	Method    string
	Route     string // the template, e.g. /api/v1/contact/{contact_id}
	Status    int
	Took      time.Duration
	Bytes     int64
	Address   string
	UserAgent string
	Weight    int64 // how many it stands for: more than 1 where successes were sampled
}

// logged is how much of a minute the log has of one key.
type logged struct {
	minute    int64
	successes int
	failures  int
}

// weight tells how many requests the next one stands for in the log; 0 keeps it out.
func (l *logged) weight(at time.Time, o Outcome, rate int) int64 {
	if minute := at.Unix() / 60; minute != l.minute {
		*l = logged{minute: minute}
	}
	if rate == 0 {
		return 0
	}
	if o != Fine {
		l.failures++
		return bit(l.failures <= failuresMax)
	}
	l.successes++
	switch over := l.successes - rate; {
	case over <= 0:
		return 1
	case over%sampleOf == 0:
		return sampleOf
	}
	return 0
}

// past tells whether its minute is over.
func (l *logged) past(now time.Time) bool { return l.minute < now.Unix()/60 }

func (s *Store) logRequests(ctx context.Context, requests []Request) error {
	rows := make([][]any, len(requests))
	for i, r := range requests {
		rows[i] = []any{r.TeamID, r.ID, r.At.UnixMilli(), r.KeyID, r.Method, r.Route, r.Status, r.Took.Microseconds(), r.Bytes, clip(r.Address), clip(r.UserAgent), r.Weight}
	}
	return s.put(ctx, rows, `
		INSERT INTO requests (team_id, id, at, key_id, method, route, status, micros, bytes, address, agent, weight)`, `
		ON CONFLICT (team_id, id) DO NOTHING`)
}
