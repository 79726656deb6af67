package db

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// flushEvery keeps the last use on the page within a second, at no more than 120 updates of a key's row a minute.
	flushEvery = 500 * time.Millisecond
	// cellsMax is how many counts that differ in key, route, outcome or hour are gathered; what comes beyond is counted
	// for its team alone.
	cellsMax = 10_000
	// batchMax is how many keys, and rows of the log, one transaction takes on, so that a slow database gets through.
	batchMax = 2000
	// refusalsMax is how often a batch is tried that the database takes offence at, rather than being away.
	refusalsMax = 20
)

// KeyUses gathers in memory what keys do, and writes it to the store twice a second in one transaction: last uses,
// counts and the log. So no request waits for it, and a kill loses less than a second. It is safe for use by many
// goroutines.
type KeyUses struct {
	// LogRate is how many successes of a key the log keeps in a minute; of more, it keeps a sample. 0 keeps no log.
	LogRate int

	store *Store
	log   *slog.Logger

	writing  sync.Mutex // one flush at a time
	writer   string     // whose batches are numbered
	batches  int64
	unsure   *UsageBatch // the database has not said yet that it kept this one
	refusals int

	mu       sync.Mutex
	keys     map[KeyRef]*activity
	cells    int
	requests []Request
	dropped  int64 // rows of the log that there was no room for

	flushes flushes
}

// activity is what a key did since the last flush, and how much of it this minute's log has.
type activity struct {
	newest KeyUse // zero time when there is nothing to write
	cells  []UsageHour
	logged logged
}

// NewKeyUses gives a gatherer for the store; Run writes what it gathers.
func NewKeyUses(store *Store, log *slog.Logger) *KeyUses {
	return &KeyUses{LogRate: DefaultLogRate, store: store, log: log, writer: NewID(), keys: map[KeyRef]*activity{}}
}

// Count remembers a request of a key that was answered, and its last use when the key was let in.
func (u *KeyUses) Count(p Principal, r Request, letIn bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	a := u.of(p)
	if letIn {
		a.use(KeyUse{At: r.At, Method: r.Method, Route: r.Route, Status: r.Status, Address: r.Address, UserAgent: r.UserAgent})
	}
	outcome := OutcomeOf(r.Status)
	c := a.find(&r, outcome)
	switch {
	case c == nil && u.cells < cellsMax:
		c = a.cell(&r, outcome)
		u.cells++
	case c == nil:
		c = u.of(Principal{TeamID: p.TeamID}).cell(&Request{At: r.At}, outcome)
	}
	c.Requests++
	c.Bytes += r.Bytes
	c.Micros += r.Took.Microseconds()
	r.Weight = a.logged.weight(r.At, outcome, u.LogRate)
	switch {
	case r.Weight == 0:
	case len(u.requests) < requestsMax:
		r.TeamID, r.KeyID = p.TeamID, p.KeyID
		u.requests = append(u.requests, r)
	default:
		u.dropped++
	}
}

// of gives the activity of a key, whose lock is held.
func (u *KeyUses) of(p Principal) *activity {
	ref := KeyRef{p.TeamID, p.KeyID}
	a := u.keys[ref]
	if a == nil {
		a = &activity{}
		u.keys[ref] = a
	}
	return a
}

func (a *activity) use(use KeyUse) {
	if use.At.After(a.newest.At) {
		a.newest = use
	}
}

// Run writes until ctx ends, and once more then.
func (u *KeyUses) Run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			u.flushed(ctx)
		case <-ctx.Done():
			u.flushed(context.WithoutCancel(ctx))
			return
		}
	}
}

func (u *KeyUses) flushed(ctx context.Context) {
	start := time.Now()
	err := u.Flush(ctx)
	u.flushes.add(time.Since(start), err)
	if err != nil && ctx.Err() == nil {
		u.log.Warn("last uses and counts of keys wait for the database", "err", err)
	}
}

func (u *KeyUses) pending() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.cells + len(u.requests)
}

// Flush writes what was gathered. What cannot be written now stays for the next time.
func (u *KeyUses) Flush(ctx context.Context) error {
	u.writing.Lock()
	defer u.writing.Unlock()
	if u.unsure != nil {
		if err := u.write(ctx, u.unsure); err != nil {
			return err
		}
	}
	for more := true; more; {
		var b *UsageBatch
		if b, more = u.take(); b != nil {
			u.unsure = b
			if err := u.write(ctx, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// write keeps a batch until the database says that it has it. An error may also mean that it has: the batch keeps its
// number, and is added once.
func (u *KeyUses) write(ctx context.Context, b *UsageBatch) error {
	err := u.store.AddUsage(ctx, u.writer, *b)
	if err != nil && !Unavailable.Is(err) && ctx.Err() == nil {
		u.refusals++
	}
	if u.refusals >= refusalsMax {
		u.log.Error("counts of keys are given up, because the database refuses them", "keys", len(b.Hours), "requests", len(b.Requests), "err", err)
	}
	if err == nil || u.refusals >= refusalsMax {
		u.unsure, u.refusals = nil, 0
	}
	return err
}

// take moves what was gathered into a batch, and gives nil when there is nothing. more tells that something is left. A
// key that was idle for a minute is forgotten.
func (u *KeyUses) take() (b *UsageBatch, more bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b = &UsageBatch{LastUses: map[KeyRef]KeyUse{}, Hours: map[KeyRef][]UsageHour{}}
	taken := 0
	for ref, a := range u.keys {
		if a.newest.At.IsZero() && len(a.cells) == 0 {
			if a.logged.past(u.store.now()) {
				delete(u.keys, ref)
			}
			continue
		}
		if taken >= batchMax {
			more = true
			break
		}
		taken += max(1, len(a.cells))
		if !a.newest.At.IsZero() {
			b.LastUses[ref] = a.newest
		}
		if len(a.cells) > 0 {
			b.Hours[ref] = a.cells
		}
		u.cells = max(0, u.cells-len(a.cells))
		a.newest, a.cells = KeyUse{}, nil
	}
	if u.dropped > 0 {
		u.log.Warn("the log of requests has no room for all", "dropped", u.dropped)
		u.dropped = 0
	}
	n := min(batchMax, len(u.requests))
	b.Requests, u.requests = u.requests[:n:n], u.requests[n:]
	if !more {
		u.cells = 0
	}
	if taken == 0 && n == 0 {
		return nil, false
	}
	u.batches++
	b.Number = u.batches
	return b, more || len(u.requests) > 0
}

// find gives the count of a request, or nil. A key uses few routes, so that going through its counts is faster than hashing.
func (a *activity) find(r *Request, o Outcome) *UsageHour {
	hour := HourOf(r.At)
	for i := range a.cells {
		if c := &a.cells[i]; c.Hour == hour && c.Outcome == o && c.Route == r.Route && c.Method == r.Method {
			return c
		}
	}
	return nil
}

// cell is find that makes what is missing.
func (a *activity) cell(r *Request, o Outcome) *UsageHour {
	if c := a.find(r, o); c != nil {
		return c
	}
	a.cells = append(a.cells, UsageHour{Hour: HourOf(r.At), Method: r.Method, Route: r.Route, Outcome: o})
	return &a.cells[len(a.cells)-1]
}
