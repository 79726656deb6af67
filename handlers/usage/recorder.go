// Package usage records what keys do: counts by the hour, the last use of each key and the log of requests. It gathers
// in memory, so that no request waits for it, and what it writes is added up in package db.
package usage

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/insighto/insighto/db"
)

// DefaultLogRate is how many successes of a key the log keeps in a minute where nobody says otherwise.
const DefaultLogRate = 600

const (
	// hoursMax is how many counts that differ in key, route, outcome or hour are gathered; what comes beyond is counted
	// for its team alone.
	hoursMax    = 10_000
	requestsMax = 10_000 // rows of the log that wait for the database
	failuresMax = 1000   // failures of a key that the log keeps in a minute
	sampleOf    = 100    // of the successes beyond its rate, the log keeps one of so many
)

// Recorder gathers what keys do, and writes it to the store twice a second, each time in one transaction: a kill loses
// less than a second. It is safe for use by many goroutines.
type Recorder struct {
	// LogRate is how many successes of a key the log keeps in a minute; of more, it keeps a sample. 0 keeps no log.
	LogRate int

	store *db.Store
	log   *slog.Logger
	now   func() time.Time

	writing  sync.Mutex // one flush at a time
	writer   string     // whose batches are numbered
	batches  int64
	unsure   *db.UsageBatch // the database has not said yet that it kept this one
	refusals int

	mu       sync.Mutex
	keys     map[db.KeyRef]*activity
	hours    int // of all keys
	requests []db.Request
	dropped  int64 // rows of the log that there was no room for

	written, failed, took atomic.Int64 // see Figures
}

// NewRecorder gives a recorder that goes by the clock now. Run writes what it gathers.
func NewRecorder(store *db.Store, log *slog.Logger, now func() time.Time) *Recorder {
	return &Recorder{LogRate: DefaultLogRate, store: store, log: log, now: now, writer: db.NewID(), keys: map[db.KeyRef]*activity{}}
}

// Count remembers a request of a key that was answered, and its last use when the key was let in.
func (r *Recorder) Count(p db.Principal, request db.Request, letIn bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.of(db.KeyRef{TeamID: p.TeamID, KeyID: p.KeyID})
	if letIn {
		a.use(&request)
	}
	outcome := db.OutcomeOf(request.Status)
	hour := a.find(&request, outcome)
	switch {
	case hour == nil && r.hours < hoursMax:
		hour = a.hour(&request, outcome)
		r.hours++
	case hour == nil:
		hour = r.of(db.KeyRef{TeamID: p.TeamID}).hour(&db.Request{At: request.At}, outcome)
	}
	hour.Requests++
	hour.Bytes += request.Bytes
	hour.Micros += request.Took.Microseconds()
	request.Weight = a.logged.weight(request.At, outcome, r.LogRate)
	switch {
	case request.Weight == 0:
	case len(r.requests) < requestsMax:
		request.TeamID, request.KeyID = p.TeamID, p.KeyID
		r.requests = append(r.requests, request)
	default:
		r.dropped++
	}
}

// of gives the activity of a key. The lock must be held.
func (r *Recorder) of(ref db.KeyRef) *activity {
	a := r.keys[ref]
	if a == nil {
		a = &activity{}
		r.keys[ref] = a
	}
	return a
}

// activity is what a key did since the last flush, and how much of it this minute's log has.
type activity struct {
	newest db.KeyUse // zero time when there is nothing to write
	hours  []db.UsageHour
	logged logged
}

func (a *activity) use(r *db.Request) {
	if r.At.After(a.newest.At) {
		a.newest = db.KeyUse{At: r.At, Method: r.Method, Route: r.Route, Status: r.Status, Address: r.Address, UserAgent: r.UserAgent}
	}
}

// find gives what a request is counted in, or nil. A key uses few routes, so that looking at each is faster than hashing.
func (a *activity) find(r *db.Request, o db.Outcome) *db.UsageHour {
	hour := db.HourOf(r.At)
	for i := range a.hours {
		if h := &a.hours[i]; h.Hour == hour && h.Outcome == o && h.Route == r.Route && h.Method == r.Method {
			return h
		}
	}
	return nil
}

// hour is find that makes what is missing.
func (a *activity) hour(r *db.Request, o db.Outcome) *db.UsageHour {
	if h := a.find(r, o); h != nil {
		return h
	}
	a.hours = append(a.hours, db.UsageHour{Hour: db.HourOf(r.At), Method: r.Method, Route: r.Route, Outcome: o})
	return &a.hours[len(a.hours)-1]
}

// logged is how much of a minute the log has of one key.
type logged struct {
	minute    int64
	successes int
	failures  int
}

// weight tells how many requests the next one stands for in the log; 0 keeps it out.
func (l *logged) weight(at time.Time, o db.Outcome, rate int) int64 {
	if minute := at.Unix() / 60; minute != l.minute {
		*l = logged{minute: minute}
	}
	if rate == 0 {
		return 0
	}
	if o != db.Fine {
		if l.failures++; l.failures > failuresMax {
			return 0
		}
		return 1
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
