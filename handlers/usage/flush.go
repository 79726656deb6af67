package usage

import (
	"context"
	"time"

	"github.com/insighto/insighto/db"
)

const (
	// flushEvery keeps the last use on the page within a second, at no more than 120 updates of a key's row a minute.
	flushEvery = 500 * time.Millisecond
	// batchMax is how many keys, and rows of the log, one transaction takes on, so that a slow database gets through.
	batchMax = 2000
	// refusalsMax is how often a batch is tried that the database refuses. One that a database does not take because it
	// cannot be reached is never given up.
	refusalsMax = 20
)

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
