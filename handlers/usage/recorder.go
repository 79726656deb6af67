// Package usage records what keys do: counts by the hour, the last use of each key and the log of requests. It gathers
// in memory, so that no request waits for it, and what it writes is added up in package db.
package usage

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/insighto/insighto/db"
)

const (
	// flushEvery keeps the last use on the page within a second, at no more than 120 updates of a key's row a minute.
	flushEvery = 500 * time.Millisecond
	// batchMax is how many keys, and rows of the log, one transaction takes on, so that a slow database gets through.
	batchMax = 2000
	// refusalsMax is how often a batch is tried that the database refuses. One that cannot reach the database is never given
	// up.
	refusalsMax = 20
	// hoursMax is how many counts that differ in key, route, outcome or hour are gathered; what comes beyond is counted
	// for its team alone.
	hoursMax    = 10_000
	requestsMax = 10_000 // rows of the log that wait for the database
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

// Run writes until ctx ends, and once more then.
func (r *Recorder) Run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.flushAndTell(ctx)
		case <-ctx.Done():
			r.flushAndTell(context.WithoutCancel(ctx))
			return
		}
	}
}

// flushAndTell is Flush whose result goes into the figures and the log.
func (r *Recorder) flushAndTell(ctx context.Context) {
	start := time.Now()
	err := r.Flush(ctx)
	r.took.Add(int64(time.Since(start)))
	if err == nil {
		r.written.Add(1)
		return
	}
	r.failed.Add(1)
	if ctx.Err() == nil {
		r.log.Warn("last uses and counts of keys wait for the database", "err", err)
	}
}

// Figures tell how writing what keys did goes.
type Figures struct {
	Written int64 // times
	Failed  int64 // times; it is tried again
	Took    time.Duration
	Pending int // counts, and rows of the log
}

// Figures gives those since the start.
func (r *Recorder) Figures() Figures {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Figures{Written: r.written.Load(), Failed: r.failed.Load(), Took: time.Duration(r.took.Load()), Pending: r.hours + len(r.requests)}
}

// Flush writes what was gathered. What cannot be written now stays for the next time.
func (r *Recorder) Flush(ctx context.Context) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if r.unsure != nil {
		if err := r.write(ctx, r.unsure); err != nil {
			return err
		}
	}
	for more := true; more; {
		var b *db.UsageBatch
		if b, more = r.take(); b != nil {
			r.unsure = b
			if err := r.write(ctx, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// write keeps a batch until the database says that it has it. An error may also mean that it has: the batch keeps its
// number, and is added once.
func (r *Recorder) write(ctx context.Context, b *db.UsageBatch) error {
	err := r.store.AddUsage(ctx, r.writer, *b)
	if err != nil && !db.Unavailable.Is(err) && ctx.Err() == nil {
		r.refusals++
	}
	if r.refusals >= refusalsMax {
		r.log.Error("counts of keys are given up, because the database refuses them", "keys", len(b.Hours), "requests", len(b.Requests), "err", err)
	}
	if err == nil || r.refusals >= refusalsMax {
		r.unsure, r.refusals = nil, 0
	}
	return err
}

// take moves what was gathered into a batch, and gives nil when there is nothing. more tells that something is left. A
// key that was idle for a minute is forgotten.
func (r *Recorder) take() (b *db.UsageBatch, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b = &db.UsageBatch{LastUses: map[db.KeyRef]db.KeyUse{}, Hours: map[db.KeyRef][]db.UsageHour{}}
	taken := 0
	for ref, a := range r.keys {
		if a.newest.At.IsZero() && len(a.hours) == 0 {
			if a.logged.past(r.now()) {
				delete(r.keys, ref)
			}
			continue
		}
		if taken >= batchMax {
			more = true
			break
		}
		taken += max(1, len(a.hours))
		if !a.newest.At.IsZero() {
			b.LastUses[ref] = a.newest
		}
		if len(a.hours) > 0 {
			b.Hours[ref] = a.hours
		}
		r.hours = max(0, r.hours-len(a.hours))
		a.newest, a.hours = db.KeyUse{}, nil
	}
	if r.dropped > 0 {
		r.log.Warn("the log of requests has no room for all", "dropped", r.dropped)
		r.dropped = 0
	}
	n := min(batchMax, len(r.requests))
	b.Requests, r.requests = r.requests[:n:n], r.requests[n:]
	if !more {
		r.hours = 0
	}
	if taken == 0 && n == 0 {
		return nil, false
	}
	r.batches++
	b.Number = r.batches
	return b, more || len(r.requests) > 0
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
